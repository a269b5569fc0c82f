//! Reading the list of divisions, and working out what it changes. A code says its level by its length and begins with
//! its parent's, so that a line can only name, rename or end a code.

use super::table::Table;
use crate::store::Tx;
use crate::store::divisions::{self, Version};
use anyhow::{Context as _, bail, ensure};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// From when a division holds whose line gives no day: before anything is recorded here.
const ALWAYS: NaiveDate = match NaiveDate::from_ymd_opt(1949, 10, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Versions that are written between two words of progress.
const STEP: usize = 4096;

const NAME_MAX: usize = 100;

/// Level, and digits of its codes.
const LEVELS: [(&str, usize); 5] =
    [("province", 2), ("prefecture", 4), ("county", 6), ("township", 9), ("village", 12)];

#[derive(Deserialize)]
struct Raw {
    code: String,
    level: String,
    name: String,
    parent: String,
    #[serde(default)]
    valid_from: Option<NaiveDate>,
    #[serde(default)]
    successor: Option<String>,
}

/// A line that is right by itself.
#[derive(Debug)]
pub(super) struct Line {
    number: u64,
    code: String,
    day: Option<NaiveDate>,
    event: Event,
}

/// What happens to a code on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    /// It has this name from now on.
    Named(String),
    /// It is no more; another may have taken its place.
    Ended(Option<String>),
}

type Timelines = BTreeMap<String, BTreeMap<NaiveDate, Event>>;

pub(super) fn read(csv: impl Read) -> anyhow::Result<Vec<Line>> {
    let Table { headers, rows } = Table::read(csv, &["code", "level", "name", "parent"])?;
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, record) in rows {
        let line = record.deserialize(Some(&headers)).map_err(Into::into).and_then(|raw| check(raw, number));
        let line = line.with_context(|| format!("line {number}"))?;
        let new = seen.insert((line.code.clone(), line.day));
        ensure!(new, "line {number}: {} is there twice", line.code);
        lines.push(line);
    }
    Ok(lines)
}

fn check(raw: Raw, number: u64) -> anyhow::Result<Line> {
    let Raw { code, level, name, parent, valid_from, successor } = raw;
    let Some(digits) = LEVELS.iter().find(|(name, _)| *name == level).map(|(_, digits)| *digits) else {
        bail!("the level {level:?} is none of province, prefecture, county, township, village");
    };
    ensure!(is_code(&code) && code.len() == digits, "the code of a {level} has {digits} digits, the first not 0");
    let above = parent_of(&code);
    ensure!(
        above.as_deref().unwrap_or_default() == parent,
        "{code} begins with the code of its parent, not {parent:?}"
    );
    let named = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_control);
    ensure!(named, "a name has 1 to {NAME_MAX} characters, none of them a control character");
    let event = match successor.filter(|code| !code.is_empty()) {
        Some(successor) => {
            ensure!(successor != code && is_code(&successor), "the successor {successor:?} is not another code");
            Event::Ended(Some(successor))
        }
        None => Event::Named(name),
    };
    Ok(Line { number, code, day: valid_from, event })
}

fn is_code(text: &str) -> bool {
    LEVELS.iter().any(|(_, digits)| *digits == text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with('0')
}

fn parent_of(code: &str) -> Option<String> {
    LEVELS.iter().rev().find(|(_, digits)| *digits < code.len()).map(|(_, digits)| code[..*digits].to_owned())
}

fn level_of(code: &str) -> &'static str {
    LEVELS.iter().find(|(_, digits)| *digits == code.len()).map_or("", |(level, _)| level)
}

/// Imports what is new and gives how many versions changed.
pub(super) fn import(
    tx: &mut Tx<'_>,
    lines: Vec<Line>,
    today: NaiveDate,
    progress: &dyn Fn(usize),
) -> anyhow::Result<usize> {
    let before = divisions::all(tx)?;
    let mut timelines = timelines(&before);
    apply(&mut timelines, lines, today)?;
    let before: BTreeSet<_> = before.iter().map(key).collect();
    let mut changed = versions(&timelines);
    changed.retain(|version| !before.contains(&key(version)));
    let mut done = 0;
    for step in changed.chunks(STEP) {
        divisions::put(tx, step)?;
        done += step.len();
        progress(done);
    }
    Ok(done)
}

/// Everything of a version that can change.
fn key(v: &Version) -> (&str, NaiveDate, Option<NaiveDate>, &str, Option<&str>) {
    (&v.code, v.valid_from, v.valid_to, &v.name, v.successor.as_deref())
}

fn timelines(versions: &[Version]) -> Timelines {
    let mut timelines = Timelines::new();
    for version in versions {
        let timeline = timelines.entry(version.code.clone()).or_default();
        // A version that begins on the day on which the one before it ends takes the place of that end.
        timeline.insert(version.valid_from, Event::Named(version.name.clone()));
        if let Some(end) = version.valid_to {
            timeline.insert(end, Event::Ended(version.successor.clone()));
        }
    }
    timelines
}

fn apply(timelines: &mut Timelines, lines: Vec<Line>, today: NaiveDate) -> anyhow::Result<()> {
    let mut mentioned = Vec::new();
    for Line { number, code, day, event } in lines {
        let timeline = timelines.entry(code.clone()).or_default();
        let day = day.unwrap_or(if timeline.is_empty() { ALWAYS } else { today });
        let before = timeline.range(..=day).next_back();
        if before.is_some_and(|(_, known)| *known == event) {
            continue;
        }
        if let Event::Ended(successor) = &event {
            let stands = before.is_some_and(|(begin, known)| matches!(known, Event::Named(_)) && *begin < day);
            ensure!(stands, "line {number}: {code} does not stand before {day}, so it cannot end then");
            mentioned.extend(successor.clone().map(|successor| (number, successor)));
        }
        mentioned.extend(parent_of(&code).map(|parent| (number, parent)));
        timeline.insert(day, event);
    }
    // Only now: a parent or a successor may come further down in the file.
    for (number, code) in mentioned {
        ensure!(timelines.contains_key(&code), "line {number}: there is no division {code}");
    }
    Ok(())
}

fn versions(timelines: &Timelines) -> Vec<Version> {
    let mut versions = Vec::new();
    for (code, timeline) in timelines {
        let mut events = timeline.iter().peekable();
        while let Some((day, event)) = events.next() {
            let Event::Named(name) = event else { continue };
            let next = events.peek();
            versions.push(Version {
                code: code.clone(),
                valid_from: *day,
                valid_to: next.map(|(day, _)| **day),
                level: level_of(code).to_owned(),
                name: name.clone(),
                parent: parent_of(code),
                successor: next.and_then(|(_, event)| match event {
                    Event::Ended(successor) => successor.clone(),
                    Event::Named(_) => None,
                }),
            });
        }
    }
    versions
}

#[cfg(test)]
mod tests;
