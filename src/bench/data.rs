//! What is sent and stored: interviews of 600 to 700 bytes with 15 answers, as phones make them over some days. The same
//! seed makes the same ones; the server and the raw engine get the same bytes.

use crate::http::time::format_ms;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::fmt::Write as _;
use uuid::Uuid;

/// The first identifier's time: 2015-04-13, in milliseconds since 1970.
const FIRST_DAY: u64 = 1_428_883_200_000;
/// Between two interviews of one phone.
const APART: u64 = 20 * 60 * 1000;

/// A record: its identity and its fields in canonical form.
#[derive(Debug, Clone)]
pub(super) struct Interview {
    pub id: Uuid,
    pub fields: String,
    pub visit: Uuid,
    pub household: Uuid,
    /// Milliseconds since 1970.
    pub started: i64,
    pub respondent: String,
}

/// What goes into one push and one transaction: interviews of one county.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub bucket: u32,
    pub interviews: Vec<Interview>,
}

impl Batch {
    /// Its first interviews.
    pub(super) fn first(&self, count: usize) -> Self {
        Self { bucket: self.bucket, interviews: self.interviews[..count].to_vec() }
    }
}

/// The batches of each connection.
pub(super) type Load = Vec<Vec<Batch>>;

/// How much, in which pieces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub connections: usize,
    /// Of each connection.
    pub batches: usize,
    pub batch: usize,
}

impl Shape {
    /// About `records` in batches of `batch`, as many for each connection; smaller batches where there are too few.
    pub(super) fn of(records: usize, connections: usize, batch: usize) -> Self {
        let each = records.div_ceil(connections).max(1);
        let batch = batch.min(each);
        Self { connections, batches: each.div_ceil(batch), batch }
    }

    pub(super) fn records(self) -> usize {
        self.connections * self.batches * self.batch
    }

    /// Consecutive batches of a connection go to different counties, where there are several.
    pub(super) fn load(self, rng: &mut StdRng, buckets: &[u32]) -> Load {
        let connection = |connection| {
            let mut time = FIRST_DAY + rng.random_range(0..APART);
            let batch = |number| {
                let interviews = (0..self.batch)
                    .map(|_| {
                        time += APART;
                        interview(rng, time)
                    })
                    .collect();
                Batch { bucket: buckets[(connection * 7 + number) % buckets.len()], interviews }
            };
            (0..self.batches).map(batch).collect()
        };
        (0..self.connections).map(connection).collect()
    }
}

fn id(rng: &mut StdRng, time: u64) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(time, &rng.random()).into_uuid()
}

/// One with 15 answers that the household form allows.
fn interview(rng: &mut StdRng, time: u64) -> Interview {
    let mut flag = |share| if rng.random_bool(share) { "true" } else { "false" };
    let mut fields = String::with_capacity(704);
    // Writing to a string cannot fail.
    let _ = write!(
        fields,
        r#"{{"answers.enough_clothing":{},"answers.enough_food":{},"answers.housing_safe":{},"answers.plan_known":{}"#,
        flag(0.9),
        flag(0.95),
        flag(0.7),
        flag(0.5)
    );
    let _ = write!(
        fields,
        r#","answers.asked_for_opinion":{},"answers.drinking_water_safe":{},"answers.knows_helper":true,"answers.knows_registered":{}"#,
        flag(0.6),
        flag(0.6),
        flag(0.9)
    );
    let source = ["migrant_work", "crops", "livestock", "subsidy"][rng.random_range(0..4)];
    let wish = ["road", "water", "training", "loan"][rng.random_range(0..4)];
    let satisfied = ["satisfied", "neutral"][rng.random_range(0..2)];
    let _ = write!(
        fields,
        r#","answers.debt":{},"answers.income_total":{},"answers.children":{},"answers.income_source":"{source}","answers.helper_visits":{},"answers.satisfied":"{satisfied}","answers.wishes":["{wish}","housing"]"#,
        rng.random_range(10_000..99_999),
        rng.random_range(1_000..9_999),
        rng.random_range(0..5),
        rng.random_range(0..20),
    );
    let respondent = ["阿力木呷", "吉克木呷", "马海木呷", "沙马木呷"][rng.random_range(0..4)].to_owned();
    let (household, visit) = (id(rng, FIRST_DAY), id(rng, time));
    let started = (FIRST_DAY as i64) + rng.random_range(0..16 * 24 * 60) * 60_000;
    let _ = write!(
        fields,
        r#","form":"household","form_version":1,"household":"{household}","level":"household","respondent":"{respondent}","started_at":"{}","visit":"{visit}"}}"#,
        format_ms(started)
    );
    Interview { id: id(rng, time), fields: sorted(&fields), visit, household, started, respondent }
}

/// The canonical form, which the text above is not quite: its members are not in order.
fn sorted(fields: &str) -> String {
    match serde_json::from_str(fields) {
        Ok(value) => sync_core::canonical::to_string(&value),
        Err(_) => String::new(),
    }
}

/// The field that a change changes, and its new value.
pub(super) fn change(rng: &mut StdRng) -> (&'static str, String) {
    ("answers.income_total", rng.random_range(100_000..999_999).to_string())
}

/// The fields with one of them changed.
pub(super) fn changed(fields: &str, name: &str, value: &str) -> String {
    let begin = fields.find(name).map_or(0, |at| at + name.len() + 2);
    let end = begin + fields[begin..].find(',').unwrap_or_default();
    format!("{}{value}{}", &fields[..begin], &fields[end..])
}

#[cfg(test)]
mod tests {
    use super::{Shape, change, changed};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use serde_json::Value;

    fn some() -> Vec<String> {
        let load = Shape::of(500, 3, 100).load(&mut StdRng::seed_from_u64(1), &[513_401]);
        load.into_iter().flatten().flat_map(|batch| batch.interviews).map(|i| i.fields).collect()
    }

    #[test]
    fn interviews_have_the_size_and_the_answers_that_are_promised() {
        for text in some() {
            let value: Value = serde_json::from_str(&text).unwrap();
            let answers = value.as_object().unwrap().keys().filter(|key| key.starts_with("answers.")).count();
            assert!((600..=700).contains(&text.len()) && answers == 15, "{} bytes, {answers}: {text}", text.len());
            assert_eq!(sync_core::canonical::to_string(&value), text);
        }
    }

    #[test]
    fn a_change_changes_one_answer() {
        for text in some() {
            let (name, new) = change(&mut StdRng::seed_from_u64(2));
            let (old, new): (Value, Value) =
                (serde_json::from_str(&text).unwrap(), serde_json::from_str(&changed(&text, name, &new)).unwrap());
            let (old, new) = (old.as_object().unwrap(), new.as_object().unwrap());
            let differing: Vec<_> = new.iter().filter(|(key, value)| old.get(*key) != Some(value)).collect();
            assert_eq!((old.len(), differing.len(), differing[0].0.as_str()), (new.len(), 1, name));
        }
    }

    #[test]
    fn shapes_come_close_to_what_is_wanted() {
        for (records, connections) in [(50_000, 1), (50_000, 8), (50_000, 32), (200, 32), (1, 8)] {
            let shape = Shape::of(records, connections, 100);
            assert!(shape.records() >= records && shape.batch <= 100);
            assert!(shape.records() - records <= connections * shape.batch);
        }
    }
}
