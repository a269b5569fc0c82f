//! Whether two visits to the same household found the same.

use std::collections::{BTreeMap, HashMap};
use sync_core::Bucket;
use uuid::Uuid;

/// A done visit to a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub county: Bucket,
    pub id: Uuid,
    pub team: Uuid,
    pub household: Uuid,
    /// `YYYY-MM-DD`
    pub day: String,
}

/// Of each visit: form and question, with the answer's canonical JSON.
pub type Answers = HashMap<Uuid, BTreeMap<(String, String), String>>;

/// Answers that were given twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    pub compared: u64,
    pub agreed: u64,
}

impl Compared {
    pub fn add(&mut self, agreed: bool) {
        self.compared += 1;
        self.agreed += u64::from(agreed);
    }
}

/// Each visit that looks again, with the first other one to the same household (by day, then by id), in the order of
/// counties and households.
pub fn pairs(visits: &[Seen], again: impl Fn(&Seen) -> bool) -> Vec<(&Seen, &Seen)> {
    let mut homes: BTreeMap<(Bucket, Uuid), Vec<&Seen>> = BTreeMap::new();
    for visit in visits {
        homes.entry((visit.county, visit.household)).or_default().push(visit);
    }
    let mut pairs = Vec::new();
    for visits in homes.values_mut() {
        visits.sort_by_key(|visit| (&visit.day, visit.id));
        let Some(first) = visits.iter().find(|visit| !again(visit)).copied() else { continue };
        pairs.extend(visits.iter().filter(|visit| again(visit)).map(|visit| (first, *visit)));
    }
    pairs
}

/// Whether two visits agree, for each question that both asked by the same form.
pub fn compare(answers: &Answers, first: Uuid, again: Uuid) -> BTreeMap<(String, String), bool> {
    let (Some(first), Some(again)) = (answers.get(&first), answers.get(&again)) else { return BTreeMap::new() };
    let both = first.iter().filter_map(|(question, answer)| Some((question.clone(), again.get(question)? == answer)));
    both.collect()
}

#[cfg(test)]
mod tests {
    use super::{Answers, Seen, compare, pairs};
    use sync_core::Bucket;
    use uuid::Uuid;

    fn seen(id: u128, team: u128, household: u128, day: &str) -> Seen {
        let (id, team, household) = (Uuid::from_u128(id), Uuid::from_u128(team), Uuid::from_u128(household));
        Seen { county: Bucket::new(513_430).unwrap(), id, team, household, day: day.into() }
    }

    #[test]
    fn who_looks_again_is_paired_with_who_was_first() {
        let visits = [
            seen(1, 9, 70, "2015-04-16"),
            seen(2, 5, 70, "2015-04-18"),
            seen(3, 5, 70, "2015-04-17"),
            seen(4, 9, 70, "2015-04-20"),
            // Nobody was there before.
            seen(5, 9, 71, "2015-04-20"),
            // Nobody has looked again.
            seen(6, 5, 72, "2015-04-20"),
        ];
        let checker = Uuid::from_u128(9);
        let found = pairs(&visits, |visit| visit.team == checker);
        let ids: Vec<_> = found.iter().map(|(first, again)| (first.id.as_u128(), again.id.as_u128())).collect();
        assert_eq!(ids, [(3, 1), (3, 4)]);
    }

    #[test]
    fn answers_to_the_same_question_of_the_same_form_are_compared() {
        let answers = |given: &[(&str, &str, &str)]| {
            given.iter().map(|(form, question, text)| (((*form).into(), (*question).into()), (*text).into())).collect()
        };
        let (first, again) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut all = Answers::new();
        all.insert(
            first,
            answers(&[("h", "water", "true"), ("h", "road", "3"), ("h", "roof", "1"), ("v", "bus", "1")]),
        );
        all.insert(again, answers(&[("h", "water", "false"), ("h", "road", "3"), ("x", "bus", "1")]));
        let found: Vec<_> = compare(&all, first, again).into_iter().map(|((_, q), agreed)| (q, agreed)).collect();
        assert_eq!(found, [("road".to_owned(), true), ("water".to_owned(), false)]);
        assert!(compare(&all, first, Uuid::from_u128(3)).is_empty());
    }
}
