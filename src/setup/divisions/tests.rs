//! A list is read, worked out and worked out again, without a database.

use super::{ALWAYS, Line, apply, read, timelines, versions};
use crate::store::divisions::Version;
use chrono::NaiveDate;

const HEADER: &str = "code,level,name,parent,valid_from,successor\n";
const LIST: &str = "51,province,四川省,,,\n5134,prefecture,凉山州,51,,\n513430,county,金阳县,5134,,\n";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn lines(csv: &str) -> anyhow::Result<Vec<Line>> {
    read(format!("{HEADER}{csv}").as_bytes())
}

/// What stands after a list is imported on a day into what stood before.
fn after(before: &[Version], csv: &str, today: &str) -> anyhow::Result<Vec<Version>> {
    let mut timelines = timelines(before);
    apply(&mut timelines, lines(csv)?, day(today))?;
    Ok(versions(&timelines))
}

fn told(versions: &[Version], code: &str) -> Vec<(String, NaiveDate, Option<NaiveDate>, Option<String>)> {
    let of = versions.iter().filter(|v| v.code == code);
    of.map(|v| (v.name.clone(), v.valid_from, v.valid_to, v.successor.clone())).collect()
}

#[test]
fn the_first_list_holds_from_always() {
    let versions = after(&[], LIST, "2016-01-01").unwrap();
    assert_eq!(told(&versions, "513430"), [("金阳县".into(), ALWAYS, None, None)]);
    let county = versions.iter().find(|v| v.code == "513430").unwrap();
    assert_eq!((county.level.as_str(), county.parent.as_deref()), ("county", Some("5134")));
}

#[test]
fn a_repeat_changes_nothing_on_any_day() {
    let more = format!("{LIST}513499,county,旧县,5134,2010-01-01,\n513498,county,新县,5134,2012-01-01,\n");
    let ends = "513499,county,旧县,5134,2012-01-01,513498\n";
    let first = after(&[], &format!("{more}{ends}"), "2016-01-01").unwrap();
    assert_eq!(
        told(&first, "513499"),
        [("旧县".into(), day("2010-01-01"), Some(day("2012-01-01")), Some("513498".into()))]
    );
    assert_eq!(after(&first, &format!("{more}{ends}"), "2020-01-01").unwrap(), first);
}

#[test]
fn a_new_name_is_a_new_version_from_its_day() {
    let first = after(&[], LIST, "2016-01-01").unwrap();
    let renamed = LIST.replace("金阳县", "金阳市");
    let second = after(&first, &renamed, "2020-05-01").unwrap();
    let today = day("2020-05-01");
    let expected = [("金阳县".into(), ALWAYS, Some(today), None), ("金阳市".into(), today, None, None)];
    assert_eq!(told(&second, "513430"), expected);
    assert_eq!(after(&second, &renamed, "2021-01-01").unwrap(), second);
}

#[test]
fn an_older_version_goes_in_before_the_newer() {
    let first = after(&[], &format!("{LIST}513431,county,昭觉市,5134,2020-01-01,\n"), "2021-01-01").unwrap();
    let second = after(&first, "513431,county,昭觉县,5134,1952-01-01,\n", "2021-01-01").unwrap();
    let turn = day("2020-01-01");
    let expected = [("昭觉县".into(), day("1952-01-01"), Some(turn), None), ("昭觉市".into(), turn, None, None)];
    assert_eq!(told(&second, "513431"), expected);
}

#[test]
fn a_bad_line_is_named() {
    for (bad, number) in [
        ("x,county,乱,5134,,\n", 2),
        ("513430,village,金阳县,5134,,\n", 2),
        ("513430,county,金阳县,51,,\n", 2),
        ("513430,county,,5134,,\n", 2),
        ("513430,county,金阳县,5134,2015-02-30,\n", 2),
        ("513430,county,金阳县,5134,,513430\n", 2),
        ("51,province,四川省,,,\n051,province,四川省,,,\n", 3),
        ("51,province,四川省,,,\n51,province,四川,,,\n", 3),
        ("51,province,四川省,,,\n5134,prefecture\n", 3),
        // Known only beside the other lines.
        ("51,province,四川省,,,\n\n513430,county,金阳县,5134,,\n", 4),
        ("51,province,四川省,,,\r\n\r\n513430,county,金阳县,5134,,\r\n", 4),
        ("51,province,四川省,,,\n51,province,四川省,,2000-01-01,52\n", 3),
        ("51,province,四川省,,2000-01-01,52\n", 2),
    ] {
        let error = after(&[], bad, "2016-01-01").unwrap_err();
        assert!(format!("{error:#}").starts_with(&format!("line {number}:")), "{bad}: {error:#}");
    }
    assert!(read("code,name\n51,四川省\n".as_bytes()).is_err());
}

#[test]
fn the_real_list_reads() {
    assert_eq!(read(&include_bytes!("../../../data/sichuan-divisions.csv")[..]).unwrap().len(), 58_581);
}
