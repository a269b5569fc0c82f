//! The chapters about the whole of what is reported on.

use super::wording::{paragraph, sentence, with_note, words};
use super::{Answered, Bar, Block, Chart, Material, Part, Section, Table};
use crate::fields::{Level, Topic, VisitMethod};
use crate::lang::Lang;

fn section(id: &str, lang: Lang, en: &str, zh: &str, blocks: Vec<Block>) -> Section {
    Section { id: id.into(), title: lang.pick(en, zh).into(), blocks, sections: Vec::new() }
}

pub(super) fn topic_label(name: &str, lang: Lang) -> String {
    Topic::parse(name).map_or_else(|| name.to_owned(), |topic| lang.pick(topic.label().en, topic.label().zh).to_owned())
}

/// How the campaign went.
pub(super) fn course(material: &Material, lang: Lang) -> Section {
    let whole = &material.whole;
    let of = |pointer: &str| whole.count(&format!("/items/0/{pointer}"));
    let blocks = vec![
        paragraph(
            lang,
            "{} counties took part; {} of them were reached. {} registered poor households were visited, of {}.",
            "本次督查涉及 {} 个县（市、区），已实地督查 {} 个；走访贫困户 {} 户，在册贫困户共 {} 户。",
            &[of("counties/all"), of("counties/reached"), of("households/visited"), of("households/registered")],
        ),
        paragraph(
            lang,
            "Of the places of random samples, {} are done and {} open; {} units were replaced.",
            "随机抽样的样本中，已完成 {} 个，未完成 {} 个，更换 {} 个。",
            &[of("slots/done"), of("slots/open"), of("slots/replaced")],
        ),
        Block::Table(Table {
            caption: lang.pick("Interviews by level", "各层级访谈情况").into(),
            columns: words(lang, &[("Level", "层级"), ("Interviews", "访谈（份）")]),
            rows: Level::ALL
                .iter()
                .map(|level| {
                    let label = lang.pick(level.label().en, level.label().zh);
                    vec![label.into(), of(&format!("interviews/{}", level.name())).into()]
                })
                .collect(),
        }),
    ];
    section("course", lang, "How the campaign went", "督查工作开展情况", blocks)
}

/// The methods of the campaign.
pub(super) fn methods(material: &Material, lang: Lang) -> Section {
    let whole = &material.whole;
    let of = |method: &VisitMethod, state: &str| whole.count(&format!("/items/0/visits/{}/{state}", method.name()));
    let methods = material.methods();
    let label = |method: &VisitMethod| lang.pick(method.label().en, method.label().zh).to_owned();
    let blocks = vec![
        Block::Table(Table {
            caption: lang.pick("Visits by method", "各督查方式开展次数").into(),
            columns: words(lang, &[("Method", "方式"), ("Done", "已完成"), ("Planned", "计划中"), ("Void", "作废")]),
            rows: methods
                .iter()
                .map(|method| {
                    let states = ["done", "planned", "void"].map(|state| Part::from(of(method, state)));
                    std::iter::once(label(method).into()).chain(states).collect()
                })
                .collect(),
        }),
        Block::Chart(Chart {
            caption: lang.pick("Done visits by method", "各督查方式已完成次数").into(),
            shares: false,
            bars: methods
                .iter()
                .map(|method| Bar { label: label(method), figure: of(method, "done"), low: None, high: None })
                .collect(),
        }),
    ];
    section("methods", lang, "Methods", "督查方式", blocks)
}

/// Findings by topic and severity, and the most frequent ones.
pub(super) fn problems(material: &Material, lang: Lang) -> Section {
    let found = &material.found;
    let of = |pointer: &str| found.count(&format!("/items/0/{pointer}"));
    let row = |topic: &Topic| {
        let counts =
            ["all", "high", "medium", "low"].map(|column| of(&format!("topics/{}/{column}", topic.name())).into());
        std::iter::once(topic_label(topic.name(), lang).into()).chain(counts).collect()
    };
    let mut blocks = vec![
        paragraph(
            lang,
            "{} problems and difficulties were found. {} findings are overdue; {} are closed, {} were rejected.",
            "共发现问题和困难 {} 个；逾期未整改 {} 个，已销号 {} 个，不予认定 {} 个。",
            &[of("problems"), of("overdue"), of("states/closed"), of("states/rejected")],
        ),
        Block::Table(Table {
            caption: lang.pick("Problems by topic and severity", "问题按内容和严重程度分布").into(),
            columns: words(
                lang,
                &[("Topic", "督查内容"), ("All", "合计"), ("High", "严重"), ("Medium", "一般"), ("Low", "轻微")],
            ),
            rows: material.topics().iter().map(row).collect(),
        }),
    ];
    let frequent: Vec<Vec<Part>> = (0..found.len("/frequent"))
        .map(|i| {
            let text = |name: &str| found.text(&format!("/frequent/{i}/{name}")).unwrap_or_default();
            let count = found.count(&format!("/frequent/{i}/count"));
            vec![text("title").into(), topic_label(text("topic"), lang).into(), count.into()]
        })
        .collect();
    if !frequent.is_empty() {
        blocks.push(Block::Table(Table {
            caption: lang.pick("The most frequent problems", "反映最集中的问题").into(),
            columns: words(lang, &[("Problem", "问题"), ("Topic", "督查内容"), ("Times", "次数")]),
            rows: frequent,
        }));
    }
    section("problems", lang, "Problems found", "发现的主要问题", blocks)
}

fn told(found: &Answered, list: &str, lang: Lang) -> Vec<Block> {
    let item = |i: usize| {
        let text = |name: &str| found.text(&format!("/{list}/{i}/{name}"));
        let county = text("county_name").or_else(|| text("county")).unwrap_or_default();
        vec![with_note(text("title").unwrap_or_default(), county, lang).into()]
    };
    let items: Vec<_> = (0..found.len(&format!("/{list}"))).map(item).collect();
    if items.is_empty() { Vec::new() } else { vec![Block::List { items }] }
}

pub(super) fn good_practices(material: &Material, lang: Lang) -> Section {
    let all = [material.found.count("/items/0/good_practices")];
    let mut blocks = vec![paragraph(
        lang,
        "{} good practices were recorded; the latest of them:",
        "共记录好的经验做法 {} 条，近期的有：",
        &all,
    )];
    blocks.extend(told(&material.found, "good_practices", lang));
    section("good_practices", lang, "Good practices", "好的经验做法", blocks)
}

pub(super) fn suggestions(material: &Material, lang: Lang) -> Section {
    let all = [material.found.count("/items/0/suggestions")];
    let mut blocks = vec![paragraph(
        lang,
        "{} suggestions were recorded; the latest of them:",
        "共收集意见建议 {} 条，近期的有：",
        &all,
    )];
    blocks.extend(told(&material.found, "suggestions", lang));
    section("suggestions", lang, "Suggestions", "意见建议", blocks)
}

/// Whether those who looked again found the same.
pub(super) fn spot_checks(material: &Material, lang: Lang) -> Section {
    let checks = &material.spot_checks;
    let counts = [checks.count("/overall/compared"), checks.count("/overall/agreed")];
    let mut parts = sentence(
        lang,
        "In spot checks {} answers were compared with those of the first visit; {} agreed",
        "抽查复核共比对答案 {} 项，与首次走访一致 {} 项",
        &counts,
    );
    if let Some(share) = checks.share("/overall/share") {
        parts.extend(sentence(lang, " ({})", "（{}）", &[share]));
    }
    parts.push(lang.pick(".", "。").into());
    section("spot_checks", lang, "Spot checks", "抽查复核", vec![Block::Paragraph { parts }])
}
