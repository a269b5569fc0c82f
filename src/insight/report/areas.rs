//! The chapters that go from prefecture to prefecture.

use super::chapters::topic_label;
use super::wording::{paragraph, words};
use super::{Answered, Bar, Block, Chart, Material, Part, Section, Table};
use crate::fields::{Area, OUTSIDE};
use crate::lang::Lang;

/// The name of an item, or its code.
fn name(answered: &Answered, i: usize, lang: Lang) -> String {
    let text = |member: &str| answered.text(&format!("/items/{i}/{member}"));
    let code = text("code").unwrap_or_default();
    let outside = (code == OUTSIDE.value).then_some(OUTSIDE.label);
    match Area::parse(code).map(Area::label).or(outside) {
        Some(label) => lang.pick(label.en, label.zh).to_owned(),
        None => text("name").unwrap_or(code).to_owned(),
    }
}

/// Rows of these counts, one for each item of `places`.
fn rows(answered: &Answered, places: impl Iterator<Item = usize>, counts: &[&str], lang: Lang) -> Vec<Vec<Part>> {
    let row = |i: usize| {
        let counts = counts.iter().map(|count| answered.count(&format!("/items/{i}/{count}")).into());
        std::iter::once(name(answered, i, lang).into()).chain(counts).collect()
    };
    places.map(row).collect()
}

/// What was reached where.
pub(super) fn coverage(material: &Material, lang: Lang) -> Section {
    let of = &material.prefectures;
    let all = of.len("/items");
    let bar = |i: usize| {
        let figure = of.quotient(&format!("/items/{i}/counties/reached"), &format!("/items/{i}/counties/all"))?;
        Some(Bar { label: name(of, i, lang), figure, low: None, high: None })
    };
    let table = |answered: &Answered, caption: (&str, &str), place: (&str, &str)| {
        let columns = [
            place,
            ("Counties", "县（个）"),
            ("Reached", "已督查"),
            ("Households visited", "走访贫困户"),
            ("Registered", "在册贫困户"),
            ("Samples done", "样本完成"),
            ("Open", "未完成"),
        ];
        let counts = [
            "counties/all",
            "counties/reached",
            "households/visited",
            "households/registered",
            "slots/done",
            "slots/open",
        ];
        Block::Table(Table {
            caption: lang.pick(caption.0, caption.1).into(),
            columns: words(lang, &columns),
            rows: rows(answered, 0..answered.len("/items"), &counts, lang),
        })
    };
    let blocks = vec![
        table(
            &material.areas,
            ("Coverage by contiguous poor area", "各集中连片特困地区督查覆盖情况"),
            ("Area", "片区"),
        ),
        table(of, ("Coverage by prefecture", "各市（州）督查覆盖情况"), ("Prefecture", "市（州）")),
        Block::Chart(Chart {
            caption: lang.pick("Share of counties reached", "已督查县占比").into(),
            shares: true,
            bars: (0..all).filter_map(bar).collect(),
        }),
    ];
    let title = lang.pick("Coverage by area", "督查覆盖情况").into();
    Section { id: "coverage".into(), title, blocks, sections: Vec::new() }
}

/// Days on site against the minimum.
pub(super) fn days(material: &Material, lang: Lang) -> Section {
    let whole = &material.whole;
    let of = &material.prefectures;
    let blocks = vec![
        paragraph(
            lang,
            "Each leader is to be on site in each of their counties for at least {} days. Of {} leaders (one for each county \
             that they were sent to), {} were, by visits with evidence that list them or list nobody; there is evidence of {} \
             days of teams.",
            "要求每名带队领导在每县实地督查不少于 {} 天。带队领导共 {} 人次（每县计一次），以有佐证且参加人员含本人（或未列名单）的督查活动计，\
             已达到要求 {} 人次；有佐证的督查组工作日 {} 天。",
            &[
                whole.count("/min_days_on_site"),
                whole.count("/items/0/leaders/all"),
                whole.count("/items/0/leaders/enough"),
                whole.count("/items/0/team_days"),
            ],
        ),
        Block::Table(Table {
            caption: lang.pick("Days on site by prefecture", "各市（州）实地督查天数").into(),
            columns: words(
                lang,
                &[
                    ("Prefecture", "市（州）"),
                    ("Leaders", "带队领导（人次）"),
                    ("With the minimum", "达到要求"),
                    ("Days of teams", "督查组工作日"),
                ],
            ),
            rows: rows(of, 0..of.len("/items"), &["leaders/all", "leaders/enough", "team_days"], lang),
        }),
    ];
    let title = lang.pick("Days on site", "实地督查天数").into();
    Section { id: "days".into(), title, blocks, sections: Vec::new() }
}

/// Each prefecture by itself.
pub(super) fn annex(material: &Material, lang: Lang) -> Section {
    let of = &material.prefectures;
    let title = lang.pick("Annex: prefectures", "附件：各市（州）情况").into();
    let sections = (0..of.len("/items")).map(|i| prefecture(material, i, lang)).collect();
    Section { id: "annex".into(), title, blocks: Vec::new(), sections }
}

fn prefecture(material: &Material, i: usize, lang: Lang) -> Section {
    let (of, counties, found) = (&material.prefectures, &material.counties, &material.found_there);
    let code = of.text(&format!("/items/{i}/code")).unwrap_or_default();
    let within = |answered: &Answered, j: &usize| {
        answered.text(&format!("/items/{j}/code")).is_some_and(|county| county.starts_with(code))
    };
    let of_findings = (0..found.len("/items")).find(|j| within(found, j));
    let mut blocks = vec![Block::Table(Table {
        caption: lang.pick("Its counties", "所辖县（市、区）").into(),
        columns: words(
            lang,
            &[
                ("County", "县（市、区）"),
                ("Households visited", "走访贫困户"),
                ("Registered", "在册贫困户"),
                ("Interviews", "入户访谈"),
                ("Days of teams", "督查组工作日"),
            ],
        ),
        rows: rows(
            counties,
            (0..counties.len("/items")).filter(|j| within(counties, j)),
            &["households/visited", "households/registered", "interviews/household", "team_days"],
            lang,
        ),
    })];
    if let Some(j) = of_findings {
        let count = |pointer: &str| found.count(&format!("/items/{j}/{pointer}"));
        blocks.push(paragraph(
            lang,
            "Problems and difficulties: {}; overdue: {}; good practices: {}; suggestions: {}.",
            "发现问题和困难 {} 个，逾期 {} 个；好的经验做法 {} 条，意见建议 {} 条。",
            &[count("problems"), count("overdue"), count("good_practices"), count("suggestions")],
        ));
        blocks.push(Block::Chart(Chart {
            caption: lang.pick("Problems by topic", "问题按内容分布").into(),
            shares: false,
            bars: material
                .topics()
                .iter()
                .map(|topic| Bar {
                    label: topic_label(topic.name(), lang),
                    figure: count(&format!("topics/{}/all", topic.name())),
                    low: None,
                    high: None,
                })
                .collect(),
        }));
    }
    let missing: Vec<Vec<Part>> = (0..of.len(&format!("/items/{i}/not_reached")))
        .filter_map(|k| of.text(&format!("/items/{i}/not_reached/{k}")))
        .map(|code| {
            let place = (0..counties.len("/items")).find(|j| counties.text(&format!("/items/{j}/code")) == Some(code));
            vec![place.map_or_else(|| code.to_owned(), |j| name(counties, j, lang)).into()]
        })
        .collect();
    if !missing.is_empty() {
        blocks.push(paragraph(lang, "Not reached yet:", "尚未督查的县（市、区）：", &[]));
        blocks.push(Block::List { items: missing });
    }
    Section { id: format!("annex.{code}"), title: name(of, i, lang), blocks, sections: Vec::new() }
}
