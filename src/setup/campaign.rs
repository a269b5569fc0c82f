//! Reading the list of a campaign's counties, and making of the campaign what it says.

use super::table::Table;
use super::users::told;
use crate::fields::{Area, Leads};
use crate::http::checks::Checks;
use crate::store::campaign_counties::{self, County};
use crate::store::campaigns::{self, Campaign};
use crate::store::users::{self, User};
use crate::store::{Instant, Role, Tx, buckets, divisions};
use anyhow::{Context as _, anyhow, bail, ensure};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use sync_core::Bucket;
use sync_core::scope::Region;
use uuid::Uuid;

const COLUMNS: [&str; 4] = ["county", "name", "area", "led_by"];

/// Which campaign, and in whose name.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// A campaign of this name is brought up to the list; else one is made.
    pub name: String,
    /// Of a new one; an old one keeps what is not given.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// A provincial user; not needed where there is one only.
    pub user: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub campaign: Uuid,
    /// It was not there before.
    pub made: bool,
    /// Of its counties.
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
}

/// A line that is right by itself.
#[derive(Debug)]
pub(super) struct Line {
    number: u64,
    name: Option<String>,
    county: County,
}

pub(super) fn read(csv: impl Read) -> anyhow::Result<Vec<Line>> {
    let Table { headers, rows } = Table::read(csv, &["county"])?;
    let mut places = BTreeMap::new();
    for (place, header) in headers.iter().enumerate() {
        ensure!(COLUMNS.contains(&header), "line 1: the column {header:?} is none of {}", COLUMNS.join(", "));
        ensure!(places.insert(header, place).is_none(), "line 1: the column {header} is there twice");
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, row) in rows {
        let value = |column| places.get(column).and_then(|place| row.get(*place)).filter(|value| !value.is_empty());
        let wrong = |column, what: String| anyhow!("line {number}, column {column}: {what}");
        let code = value("county").unwrap_or_default();
        let bucket = code.parse::<Bucket>();
        let bucket = bucket.map_err(|_| wrong("county", format!("{code:?} is not a county's code of 6 digits")))?;
        ensure!(seen.insert(bucket), wrong("county", format!("{bucket} is there twice")));
        let area = value("area").map(|area| {
            Area::parse(area)
                .ok_or_else(|| wrong("area", format!("{area:?} is none of {}", names(Area::ALL, Area::name))))
        });
        let area = area.transpose()?;
        let led_by = value("led_by").map(|leads| {
            Leads::parse(leads)
                .ok_or_else(|| wrong("led_by", format!("{leads:?} is none of {}", names(Leads::ALL, Leads::name))))
        });
        let usual = if area.is_some() { Leads::Provincial } else { Leads::Prefecture };
        let led_by = led_by.transpose()?.unwrap_or(usual).name().to_owned();
        let county = County { bucket, area: area.map(|area| area.name().to_owned()), led_by };
        lines.push(Line { number, name: value("name").map(Into::into), county });
    }
    ensure!(!lines.is_empty(), "there is no county in it");
    Ok(lines)
}

fn names<T: Copy>(terms: &[T], name: fn(T) -> &'static str) -> String {
    terms.iter().map(|term| name(*term)).collect::<Vec<_>>().join(", ")
}

/// Makes the campaign what the lines say.
pub(super) fn import(tx: &mut Tx<'_>, lines: &[Line], wanted: &Wanted) -> anyhow::Result<Imported> {
    let user = provincial(tx, wanted.user.as_deref())?;
    let province = Region::parse(&user.region).context("the user's region cannot be read")?.province();
    known(tx, lines, province)?;
    let after: Vec<County> = lines.iter().map(|line| line.county.clone()).collect();
    let found = campaigns::named(tx, &wanted.name, province)?;
    let (row, before, made) = match &found[..] {
        [] => {
            let (Some(from), Some(to)) = (wanted.from, wanted.to) else {
                bail!("there is no campaign of this name yet: say --from and --to to make one");
            };
            let new = Campaign::new(wanted.name.clone(), (from, to), province, user.id, Instant::now());
            let new = Campaign { every_county: false, ..new };
            sound(&new)?;
            campaigns::insert(tx, &new)?;
            (new, Vec::new(), true)
        }
        [one] => {
            let old = campaigns::lock(tx, one.id.0, province)?.context("the campaign is gone")?;
            ensure!(old.closed_at.is_none(), "the campaign is closed");
            let scope = sync_core::Scope::Region(province);
            let before = campaign_counties::of(tx, [old.id.0], &scope)?.remove(&old.id.0).unwrap_or_default();
            let (from, to) = (wanted.from.unwrap_or(old.from), wanted.to.unwrap_or(old.to));
            let new = Campaign { from, to, every_county: false, ..old };
            sound(&new)?;
            campaigns::update(tx, &new)?;
            (new, before, false)
        }
        more => bail!("{} campaigns have this name: rename all but one", more.len()),
    };
    let (old, new) = (by_bucket(&before), by_bucket(&after));
    let removed: Vec<&Bucket> = old.keys().filter(|bucket| !new.contains_key(bucket)).collect();
    let used = campaign_counties::in_use(tx, row.id.0)?;
    let stay: Vec<String> = removed.iter().filter(|bucket| used.contains(bucket)).map(ToString::to_string).collect();
    ensure!(
        stay.is_empty(),
        "not in the list, but with assignments or draws of the campaign: {}. These stay in it",
        stay.join(", ")
    );
    campaign_counties::replace(tx, row.id.0, &before, &after)?;
    let added = new.keys().filter(|bucket| !old.contains_key(bucket)).count();
    let changed = new.iter().filter(|(bucket, county)| old.get(bucket).is_some_and(|old| old != *county)).count();
    Ok(Imported { campaign: row.id.0, made, added, changed, removed: removed.len() })
}

fn by_bucket(counties: &[County]) -> BTreeMap<Bucket, &County> {
    counties.iter().map(|county| (county.bucket, county)).collect()
}

/// The provincial user in whose name something is set up: the named one, or the only one.
pub(super) fn provincial(tx: &mut Tx<'_>, name: Option<&str>) -> anyhow::Result<User> {
    let fits = |user: &User| user.role == Role::Provincial.name() && user.disabled_at.is_none();
    if let Some(name) = name {
        let user = users::by_name(tx, name)?.with_context(|| format!("there is no user {name}"))?;
        ensure!(fits(&user), "{name} is no provincial user who may sign in");
        return Ok(user);
    }
    let mut all: Vec<User> = users::all(tx)?.into_iter().filter(fits).collect();
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => bail!("there is no provincial user yet: add one with ruhu user add"),
        (Some(_), false) => bail!("there are several provincial users: say in whose name with --user"),
    }
}

/// Every county must be one of the province's, under the name that the list of divisions has for it.
fn known(tx: &mut Tx<'_>, lines: &[Line], province: Region) -> anyhow::Result<()> {
    let buckets = buckets::existing(tx, &lines.iter().map(|line| line.county.bucket).collect())?;
    let names = divisions::names(tx, &buckets.iter().map(ToString::to_string).collect())?;
    for Line { number, name, county } in lines {
        let code = county.bucket.to_string();
        ensure!(
            buckets.contains(&county.bucket) && province.contains(county.bucket),
            "line {number}, column county: the province {province} has no county {code}"
        );
        let (Some(name), Some(known)) = (name, names.get(&code)) else { continue };
        ensure!(
            known.contains(name),
            "line {number}, column name: {code} is {}, not {name}",
            known.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(())
}

fn sound(campaign: &Campaign) -> anyhow::Result<()> {
    let mut checks = Checks::new();
    checks.name("/name", &campaign.name, Campaign::NAME_MAX);
    checks.period(campaign.from, campaign.to);
    let faults = checks.faults();
    ensure!(faults.is_empty(), told(&faults));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_real_list_reads() {
        let lines = read(&include_bytes!("../../data/campaign-2015-counties.csv")[..]).unwrap();
        let led = |by: &str| lines.iter().filter(|line| line.county.led_by == by).count();
        assert_eq!((lines.len(), led("provincial"), led("prefecture")), (161, 88, 73));
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        for (csv, told) in [
            ("name\n金阳县\n", "line 1: the column county is missing"),
            ("county,colour\n513430,red\n", "line 1: the column \"colour\" is none of"),
            ("county,area,area\n513430,,\n", "line 1: the column area is there twice"),
            ("county\n513430\n5134\n", "line 3, column county: \"5134\" is not"),
            ("county\n513430\n\n513430\n", "line 4, column county: 513430 is there twice"),
            ("county,area\n513430,plains\n", "line 2, column area: \"plains\" is none of qinba, wumeng"),
            ("county,led_by\n513430,county\n", "line 2, column led_by: \"county\" is none of provincial, prefecture"),
            ("county,area\n513430\n", "line 2: "),
            ("county,name\n", "there is no county in it"),
        ] {
            let error = format!("{:#}", read(csv.as_bytes()).unwrap_err());
            assert!(error.starts_with(told), "{csv:?}: {error}");
        }
    }

    #[test]
    fn who_leads_follows_from_the_area() {
        let lines = read(&b"\xef\xbb\xbfcounty,area\r\n513430,qinba\r\n513431,\r\n"[..]).unwrap();
        let led: Vec<_> = lines.iter().map(|line| line.county.led_by.as_str()).collect();
        assert_eq!(led, ["provincial", "prefecture"]);
    }
}
