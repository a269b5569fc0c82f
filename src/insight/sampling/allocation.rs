//! How many places each stratum gets: in proportion to its measure, at least one, at most as many as it has units.

/// A stratum as the allocation sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// More than 0.
    pub measure: u64,
    /// More than 0.
    pub units: u64,
}

/// Proportional allocation by the largest remainder. Shares below one place are raised to one, shares above the units of
/// a stratum are cut to them, and the others share what is left; of equal remainders the earlier stratum's wins. `None`
/// when there are more strata than places, or more places than units.
pub fn allocate(places: u64, strata: &[Share]) -> Option<Vec<u64>> {
    let units: u64 = strata.iter().map(|stratum| stratum.units).sum();
    if places < strata.len() as u64 || places > units {
        return None;
    }
    let mut fixed: Vec<Option<u64>> = vec![None; strata.len()];
    loop {
        let round = Round::of(places, strata, &fixed);
        let (mut low, mut high) = (Vec::new(), Vec::new());
        // What the shares below one lack, and what those above their units have too much, in parts of `total`.
        let (mut lacking, mut beyond) = (0, 0);
        for (place, stratum) in free(strata, &fixed) {
            let share = round.left * u128::from(stratum.measure);
            let most = u128::from(stratum.units) * round.total;
            if share < round.total {
                lacking += round.total - share;
                low.push(place);
            } else if share > most {
                beyond += share - most;
                high.push(place);
            }
        }
        if low.is_empty() && high.is_empty() {
            round.share_out(strata, &mut fixed);
            return fixed.into_iter().collect();
        }
        // The greater trouble first: settling it may end the other.
        if lacking >= beyond {
            for place in low {
                fixed[place] = Some(1);
            }
        }
        if beyond >= lacking {
            for place in high {
                fixed[place] = Some(strata[place].units);
            }
        }
    }
}

/// The strata that are not fixed, with their places in the list.
fn free<'a>(strata: &'a [Share], fixed: &'a [Option<u64>]) -> impl Iterator<Item = (usize, &'a Share)> {
    strata.iter().enumerate().filter(|(place, _)| fixed[*place].is_none())
}

/// What the strata that are not fixed have to share.
struct Round {
    left: u128,
    total: u128,
}

impl Round {
    fn of(places: u64, strata: &[Share], fixed: &[Option<u64>]) -> Self {
        let taken: u64 = fixed.iter().flatten().sum();
        let total = free(strata, fixed).map(|(_, stratum)| u128::from(stratum.measure)).sum();
        Self { left: u128::from(places - taken), total }
    }

    fn share_out(&self, strata: &[Share], fixed: &mut [Option<u64>]) {
        let of = |stratum: &Share| self.left * u128::from(stratum.measure);
        let mut shares: Vec<_> = free(strata, fixed)
            .map(|(place, stratum)| (place, of(stratum) / self.total, of(stratum) % self.total))
            .collect();
        let whole: u128 = shares.iter().map(|(_, whole, _)| whole).sum();
        let mut over = self.left - whole;
        // Sorting is stable: of equal remainders the earlier comes first.
        shares.sort_by_key(|(_, _, remainder)| std::cmp::Reverse(*remainder));
        for (place, whole, _) in shares {
            let more = u128::from(over > 0);
            over -= more;
            fixed[place] = Some((whole + more) as u64);
        }
    }
}
