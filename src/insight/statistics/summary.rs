//! What answers come to: counts, shares, means and quantiles of a group, plain and estimated.

use super::estimate::{Estimate, Item, mean, share, total};
use super::quantile::{plain_quantile, quantile};
use super::sample::Sample;
use crate::insight::kept::Weigh;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The parts at which quantiles are told.
const PARTS: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
/// Different values that are told; the most frequent ones.
const VALUES_MOST: usize = 50;

/// What was said of one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Its place in the sample, if it was drawn.
    pub unit: Option<usize>,
    /// `Null`: nothing.
    pub value: Value,
}

/// A group of units.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Statistics)]
pub struct Summary {
    /// Units that said something, and units that said nothing.
    pub observed: u64,
    pub missing: u64,
    /// Of those observed, how many belong to the sample.
    pub sampled: u64,
    /// How many units of the population would say something.
    pub population: Option<Estimate>,
    /// Of numbers.
    pub numbers: Option<Numbers>,
    /// Of everything else; the most frequent first.
    pub values: Vec<OneValue>,
    /// Different values that are not told, being rare.
    pub values_left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = NumberStatistics)]
pub struct Numbers {
    /// Of those observed, without weights.
    pub plain_mean: f64,
    /// Of the population.
    pub mean: Option<Estimate>,
    /// Of the population.
    pub total: Option<Estimate>,
    pub quantiles: Vec<Quantile>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Quantile {
    /// 0.5: the median.
    pub part: f64,
    /// Of those observed, without weights.
    pub plain: f64,
    /// Of the population.
    pub estimate: Option<Estimate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ValueStatistics)]
pub struct OneValue {
    #[schema(value_type = Value)]
    pub value: Value,
    /// Of those observed.
    pub count: u64,
    /// Of those observed, without weights.
    pub plain_share: f64,
    /// Of the population's units that say something.
    pub share: Option<Estimate>,
    /// In the population.
    pub total: Option<Estimate>,
}

/// A list of choices is each of them.
fn choices(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

/// Sums a group up; with a sample, estimates beside it.
pub fn summarize(sample: Option<&Sample>, observations: &[Observation]) -> Summary {
    let said: Vec<&Observation> = observations.iter().filter(|o| !o.value.is_null()).collect();
    let drawn: Vec<(usize, &Value)> = said.iter().filter_map(|o| Some((o.unit?, &o.value))).collect();
    let ones: Vec<Item> = drawn.iter().map(|(unit, _)| (*unit, 1.0)).collect();
    let sample = sample.filter(|_| !drawn.is_empty());
    let numeric = !said.is_empty() && said.iter().all(|o| o.value.is_number());
    let (values, values_left_out) = if numeric { (Vec::new(), 0) } else { values(sample, &said, &drawn) };
    Summary {
        observed: said.len() as u64,
        missing: (observations.len() - said.len()) as u64,
        sampled: drawn.len() as u64,
        population: sample.map(|sample| total(sample, &ones)),
        numbers: numeric.then(|| numbers(sample, &said, &drawn)),
        values,
        values_left_out,
    }
}

fn numbers(sample: Option<&Sample>, said: &[&Observation], drawn: &[(usize, &Value)]) -> Numbers {
    let mut plain: Vec<(f64, u64)> = said.iter().filter_map(|o| Some((o.value.as_f64()?, 1))).collect();
    let items: Vec<Item> = drawn.iter().filter_map(|(unit, value)| Some((*unit, value.as_f64()?))).collect();
    let mut quantile = |part: f64| {
        let estimate = sample.and_then(|sample| quantile(sample, &items, part));
        Some(Quantile { part, plain: plain_quantile(&mut plain, part)?, estimate })
    };
    Numbers {
        quantiles: PARTS.into_iter().filter_map(&mut quantile).collect(),
        plain_mean: plain_mean(&plain),
        mean: sample.and_then(|sample| mean(sample, &items)),
        total: sample.map(|sample| total(sample, &items)),
    }
}

fn values(sample: Option<&Sample>, said: &[&Observation], drawn: &[(usize, &Value)]) -> (Vec<OneValue>, usize) {
    let mut counts: BTreeMap<String, (Value, u64)> = BTreeMap::new();
    for value in said.iter().flat_map(|o| choices(&o.value)) {
        counts.entry(value.to_string()).or_insert_with(|| (value.clone(), 0)).1 += 1;
    }
    let (counts, left_out) = most_frequent(counts);
    let one = |(value, count): (Value, u64)| {
        let is = |of: &Value| f64::from(u8::from(choices(of).contains(&&value)));
        let items: Vec<Item> = drawn.iter().map(|(unit, of)| (*unit, is(of))).collect();
        let here: Vec<Item> = items.iter().filter(|(_, is)| *is > 0.0).copied().collect();
        OneValue {
            count,
            plain_share: count as f64 / said.len() as f64,
            share: sample.and_then(|sample| share(sample, &items)),
            total: sample.map(|sample| total(sample, &here)),
            value,
        }
    };
    (counts.into_iter().map(one).collect(), left_out)
}

fn plain_mean(values: &[(f64, u64)]) -> f64 {
    let (sum, size) = values.iter().fold((0.0, 0), |(sum, size), (y, count)| (sum + y * *count as f64, size + count));
    sum / size as f64
}

/// By the texts of the values; and how many others there are.
fn most_frequent(counts: BTreeMap<String, (Value, u64)>) -> (Vec<(Value, u64)>, usize) {
    let mut counts: Vec<(Value, u64)> = counts.into_values().collect();
    // Of equals, in the order of their texts.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let left_out = counts.len().saturating_sub(VALUES_MOST);
    counts.truncate(VALUES_MOST);
    (counts, left_out)
}

/// How often each value stands in a column of a county's register.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Nothing stands there.
    pub missing: u64,
    pub numbers: Vec<(f64, u64)>,
    pub values: Vec<(Value, u64)>,
}

impl Counts {
    pub fn add(&mut self, value: Value, count: u64) {
        match value {
            Value::Null => self.missing += count,
            Value::Number(number) => self.numbers.push((number.as_f64().unwrap_or_default(), count)),
            value => self.values.push((value, count)),
        }
    }
}

impl Weigh for Counts {
    fn weight(&self) -> usize {
        self.numbers.len() * size_of::<(f64, u64)>() + self.values.len() * (size_of::<(Value, u64)>() + 16)
    }
}

/// Sums counts of a register up: it is known of everybody, so that there is nothing to estimate.
pub fn tally<'a>(counts: impl IntoIterator<Item = &'a Counts>) -> Summary {
    let (mut observed, mut missing, mut plain) = (0, 0, Vec::new());
    let mut values = BTreeMap::<String, (Value, u64)>::new();
    for one in counts {
        missing += one.missing;
        plain.extend_from_slice(&one.numbers);
        for (value, count) in &one.values {
            observed += count;
            for choice in choices(value) {
                values.entry(choice.to_string()).or_insert_with(|| (choice.clone(), 0)).1 += count;
            }
        }
    }
    observed += plain.iter().map(|(_, count)| count).sum::<u64>();
    let (values, values_left_out) = most_frequent(values);
    let mut quantile = |part| Some(Quantile { part, plain: plain_quantile(&mut plain, part)?, estimate: None });
    let quantiles: Vec<Quantile> = PARTS.into_iter().filter_map(&mut quantile).collect();
    let numbers =
        (!plain.is_empty()).then(|| Numbers { plain_mean: plain_mean(&plain), mean: None, total: None, quantiles });
    let one = |(value, count): (Value, u64)| OneValue {
        value,
        count,
        plain_share: count as f64 / observed as f64,
        share: None,
        total: None,
    };
    let values = values.into_iter().map(one).collect();
    Summary { observed, missing, sampled: 0, population: None, numbers, values, values_left_out }
}
