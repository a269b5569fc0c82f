//! The examples of R's package *survey* (Lumley 2004, 2010): samples of Californian schools, stratified, of whole
//! districts, and in two stages, with the figures that its manual prints, to the digits that version 4.1-1 under R 4.2.2
//! gives. The data are the Academic Performance Index 2000 of the California Department of Education, which is public:
//! `api/*.csv` holds the columns that are used.

use super::super::{Chance, Estimate, Item, Primary, Sample, Stratum, Unit, mean, quantile, share, total};
use super::{between, is, near};
use std::collections::HashMap;

struct Example {
    sample: Sample,
    rows: Vec<HashMap<String, String>>,
}

fn read(text: &str) -> Vec<HashMap<String, String>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| names.iter().map(|n| (*n).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

fn number(row: &HashMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

/// The places of distinct values.
fn places(rows: &[HashMap<String, String>], name: &str) -> HashMap<String, u32> {
    let mut places = HashMap::new();
    for row in rows {
        let next = places.len() as u32;
        places.entry(row[name].clone()).or_insert(next);
    }
    places
}

impl Example {
    /// `apistrat`: schools in strata by type.
    fn stratified() -> Self {
        let rows = read(include_str!("api/strat.csv"));
        let types = places(&rows, "stype");
        let count = |of: &str| rows.iter().filter(|row| row["stype"] == of).count() as f64;
        let strata: Vec<_> = (0..types.len() as u32).map(|group| Stratum { group, drawn: 0 }).collect();
        let primary = |row: &HashMap<String, String>| Primary {
            stratum: types[&row["stype"]],
            chance: Chance { weight: number(row, "pw"), fraction: count(&row["stype"]) / number(row, "fpc") },
            drawn: 1,
        };
        let primaries: Vec<_> = rows.iter().map(primary).collect();
        let units: Vec<_> = (0..rows.len() as u32).map(|primary| Unit { primary, chance: Chance::CERTAIN }).collect();
        Self { sample: Sample::new(&strata, &primaries, &units), rows }
    }

    /// Of districts: `chance` gives that of a district and, from the district's number of sampled schools, of a school.
    fn clustered(text: &str, chance: impl Fn(&HashMap<String, String>, f64) -> (Chance, Chance)) -> Self {
        let rows = read(text);
        let districts = places(&rows, "dnum");
        let mut primaries = vec![None; districts.len()];
        let mut units = Vec::new();
        for row in &rows {
            let sampled = rows.iter().filter(|other| other["dnum"] == row["dnum"]).count();
            let (district, school) = chance(row, sampled as f64);
            let primary = districts[&row["dnum"]];
            primaries[primary as usize] = Some(Primary { stratum: 0, chance: district, drawn: sampled as u32 });
            units.push(Unit { primary, chance: school });
        }
        let primaries: Vec<Primary> = primaries.into_iter().flatten().collect();
        let strata = [Stratum { group: 0, drawn: primaries.len() as u32 }];
        Self { sample: Sample::new(&strata, &primaries, &units), rows }
    }

    /// `apiclus1`: all schools of 15 of 757 districts.
    fn districts() -> Self {
        Self::clustered(include_str!("api/clus1.csv"), |row, _| {
            (Chance { weight: number(row, "pw"), fraction: 15.0 / 757.0 }, Chance::CERTAIN)
        })
    }

    /// `apiclus2`: up to five schools of each of 40 of 757 districts.
    fn two_stages() -> Self {
        Self::clustered(include_str!("api/clus2.csv"), |row, sampled| {
            (Chance::of(40.0 / 757.0), Chance::of(sampled / number(row, "fpc2")))
        })
    }

    /// The same, as if the districts had been drawn with replacement.
    fn with_replacement() -> Self {
        Self::clustered(include_str!("api/clus2.csv"), |row, _| {
            (Chance { weight: number(row, "pw"), fraction: 0.0 }, Chance::CERTAIN)
        })
    }

    fn items(&self, name: &str, only: impl Fn(&HashMap<String, String>) -> bool) -> Vec<Item> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| only(row) && !row[name].is_empty());
        rows.map(|(unit, row)| (unit, number(row, name))).collect()
    }

    fn scores(&self) -> Vec<Item> {
        self.items("api00", |_| true)
    }

    fn of_type(&self, of: &str) -> Vec<Item> {
        self.items("api00", |row| row["stype"] == of)
    }

    fn indicator(&self, name: &str, value: &str) -> Vec<Item> {
        self.rows.iter().map(|row| f64::from(u8::from(row[name] == value))).enumerate().collect()
    }

    fn mean(&self) -> Estimate {
        mean(&self.sample, &self.scores()).unwrap()
    }
}

#[test]
fn means() {
    // As printed: 662.29 (9.4089), 644.17 (23.542), 670.81 (30.099); with replacement 670.81 (30.712).
    is(Example::stratified().mean(), 662.287363159321, 9.40894080278458);
    is(Example::districts().mean(), 644.169398907104, 23.542240693781);
    is(Example::two_stages().mean(), 670.811808118081, 30.0990273768366);
    is(Example::with_replacement().mean(), 670.811808118081, 30.7115763093288);
}

#[test]
fn intervals_of_means() {
    between(Example::stratified().mean(), 643.732188272086, 680.842538046555);
    between(Example::districts().mean(), 593.676314463326, 694.662483350882);
    between(Example::two_stages().mean(), 609.930778741016, 731.692837495146);
}

#[test]
fn totals() {
    // As printed: 3687178 (114642), 3404940 (932235), 2639273 (799638).
    for (example, value, se) in [
        (Example::stratified(), 3687177.53243828, 114641.71610078),
        (Example::districts(), 3404940.13452911, 932235.027041215),
        // Of some schools it is not known.
        (Example::two_stages(), 2639272.93, 799637.773648358),
    ] {
        is(total(&example.sample, &example.items("enroll", |_| true)), value, se);
    }
    let two = Example::two_stages();
    is(mean(&two.sample, &two.items("enroll", |_| true)).unwrap(), 526.262641509434, 80.3409839904244);
}

#[test]
fn counts_of_categories() {
    let two = Example::two_stages();
    for (of, value, se) in
        [("E", 3493.555, 1119.74802997835), ("H", 688.87, 289.353667906196), ("M", 946.25, 311.813024410957)]
    {
        is(total(&two.sample, &two.indicator("stype", of)), value, se);
    }
    // Drawn in these strata: there is nothing uncertain in their sizes.
    let stratified = Example::stratified();
    let found = total(&stratified.sample, &stratified.indicator("stype", "H"));
    near(found.value, 755.000019073486);
    assert!(found.se.unwrap() < 1e-6, "{found:?}");
}

#[test]
fn shares() {
    for (example, value, se, low, high) in [
        (Example::stratified(), 0.827948011001957, 0.0243447801130748, 0.774539654351568, 0.870814854544509),
        (Example::districts(), 0.87431693988704, 0.0203594772446274, 0.823798892379034, 0.911900077021223),
        (Example::two_stages(), 0.751291512848065, 0.0663949884342883, 0.595507870747193, 0.861074379853113),
    ] {
        let found = share(&example.sample, &example.indicator("sch.wide", "Yes")).unwrap();
        near(found.value, value);
        // R reckons these by iteration.
        let close = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-7, "{found:?}");
        close(found.se, se);
        close(found.low, low);
        close(found.high, high);
    }
}

#[test]
fn domains() {
    let cases = [
        (
            Example::stratified(),
            [
                ("E", 674.43, 12.3824797939073, 649.860473690253, 698.999526309747, 2981654.96825409, 54742.9420352142),
                ("M", 636.6, 16.2147073081845, 604.015325716174, 669.184674283826, 648058.81942749, 16506.5725345654),
                ("H", 625.82, 14.9371291853931, 595.802715075234, 655.837284924766, 472494.111936569, 11277.5328198749),
            ],
        ),
        (
            Example::districts(),
            [
                (
                    "E",
                    648.868055555556,
                    22.3624088938319,
                    600.90545865029,
                    696.830652460821,
                    3162561.79397202,
                    842713.660539605,
                ),
                ("M", 631.44, 31.6094652272455, 561.8680361164, 701.0119638836, 534308.683708191, 108710.656480138),
                (
                    "H",
                    618.571428571429,
                    38.0202493594075,
                    528.667824884569,
                    708.475032258289,
                    293114.988021851,
                    104059.76385511,
                ),
            ],
        ),
        (
            Example::two_stages(),
            [
                (
                    "E",
                    692.810400866739,
                    29.926604237403,
                    631.992223722752,
                    753.628578010725,
                    2420371.24,
                    740445.61202131,
                ),
                ("M", 642.352, 45.0913163003311, 548.293162408406, 736.410837591594, 607825.58, 179505.496966554),
                (
                    "H",
                    598.340659340659,
                    17.694167126091,
                    560.114735279238,
                    636.566583402081,
                    412178.93,
                    166661.899350694,
                ),
            ],
        ),
    ];
    for (example, types) in cases {
        for (of, value, se, low, high, sum, sum_se) in types {
            let items = example.of_type(of);
            let found = mean(&example.sample, &items).unwrap();
            is(found, value, se);
            between(found, low, high);
            is(total(&example.sample, &items), sum, sum_se);
        }
    }
}

#[test]
fn quantiles() {
    let cases = [
        (Example::stratified(), [(0.25, 565, 535, 597), (0.5, 668, 642, 694), (0.75, 756, 726, 778)]),
        (Example::districts(), [(0.25, 552, 492, 627), (0.5, 652, 561, 714), (0.75, 719, 696, 777)]),
        (Example::two_stages(), [(0.25, 545, 489, 627), (0.5, 653, 580, 766), (0.75, 807, 710, 929)]),
        (Example::with_replacement(), [(0.25, 545, 489, 631), (0.5, 653, 580, 766), (0.75, 807, 698, 934)]),
    ];
    for (example, quantiles) in cases {
        for (part, value, low, high) in quantiles {
            let found = quantile(&example.sample, &example.scores(), part).unwrap();
            near(found.value, f64::from(value));
            between(found, f64::from(low), f64::from(high));
        }
    }
    is(quantile(&Example::stratified().sample, &Example::stratified().scores(), 0.5).unwrap(), 668.0, 13.1840557881618);
    for (of, value, low, high) in [("E", 652, 561, 717), ("M", 642, 528, 720)] {
        let districts = Example::districts();
        let found = quantile(&districts.sample, &districts.of_type(of), 0.5).unwrap();
        near(found.value, f64::from(value));
        between(found, f64::from(low), f64::from(high));
    }
}

#[test]
fn a_stratum_of_one() {
    // `options(survey.lonely.psu = "adjust")`, with the first high school alone.
    let whole = Example::stratified();
    let first = whole.rows.iter().position(|row| row["stype"] == "H").unwrap();
    let kept: Vec<usize> = (0..whole.rows.len()).filter(|i| *i == first || whole.rows[*i]["stype"] != "H").collect();
    let types = places(&whole.rows, "stype");
    let strata: Vec<_> = (0..3).map(|group| Stratum { group, drawn: 0 }).collect();
    let primary = |i: &usize| {
        let row = &whole.rows[*i];
        let count = kept.iter().filter(|k| whole.rows[**k]["stype"] == row["stype"]).count() as f64;
        let chance = Chance { weight: number(row, "pw"), fraction: count / number(row, "fpc") };
        Primary { stratum: types[&row["stype"]], chance, drawn: 1 }
    };
    let primaries: Vec<_> = kept.iter().map(primary).collect();
    let units: Vec<_> = (0..kept.len() as u32).map(|primary| Unit { primary, chance: Chance::CERTAIN }).collect();
    let sample = Sample::new(&strata, &primaries, &units);
    let items: Vec<Item> = kept.iter().map(|i| number(&whole.rows[*i], "api00")).enumerate().collect();
    is(mean(&sample, &items).unwrap(), 666.794801764414, 10.4979456670911);
}
