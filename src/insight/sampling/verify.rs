//! Draws again from a published document alone, and says in words what was checked and what differs.

mod report;

pub use report::{Finding, Outcome, Report};

use super::document::{Document, DrawnUnit, FORMAT, State, commitment, digest, seed};
use super::lots::Lots;
use super::select;
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeSet;

/// Of probabilities: a program in another language may round otherwise.
const CLOSE: f64 = 1e-9;

/// Checks a document. `kid` is the key that it must be signed with, if the reader knows it. An error when the text is no
/// such document at all.
pub fn verify(text: &str, kid: Option<&str>) -> Result<Report, serde_json::Error> {
    // Read first as what it has to be: a member that is unknown or given twice is refused.
    let document: Document = serde_json::from_str(text)?;
    let mut report = Report::default();
    check(&document, &serde_json::from_str(text)?, &mut report);
    if let (Some(known), Some(signature)) = (kid, &document.signature)
        && signature.kid != known
    {
        report.bad(
            format!("It is signed with key {}, not with {known}.", signature.kid),
            format!("签名所用的密钥是 {}，而不是 {known}。", signature.kid),
        );
    }
    Ok(report)
}

fn check(document: &Document, value: &Value, report: &mut Report) {
    signature(document, value, report);
    plan(document, report);
    frame(document, report);
    first_stage(document, value, report);
    places(document, report);
    match (document.state, &document.drawn) {
        (State::Committed, None) if document.sample.is_empty() && document.substitutes.is_empty() => report.note(
            "Not drawn yet. Keep this file or its plan digest: after the draw it shows that nothing was changed.",
            "尚未抽取。请保存本文件或其 plan_digest，抽取后可据此证明内容未被更改。",
        ),
        (State::Drawn, Some(_)) => drawn(document, report),
        _ => report.bad(
            "`state` and `drawn` contradict each other, or there is a sample without a seed.",
            "state 与 drawn 相互矛盾，或有样本而无种子。",
        ),
    }
    replacements(document, report);
}

fn signature(document: &Document, value: &Value, report: &mut Report) {
    match &document.signature {
        None => report.bad("It has no signature.", "没有签名。"),
        Some(signature) if signature.is_of(value) => report.good(
            format!("The signature is that of key {} under exactly this content.", signature.kid),
            format!("签名有效：密钥 {} 签署的正是此内容。", signature.kid),
        ),
        Some(signature) => report.bad(
            format!("The signature is not that of key {} under this content: something was changed.", signature.kid),
            format!("签名与密钥 {} 及此内容不符：内容被改动过。", signature.kid),
        ),
    }
}

fn plan(document: &Document, report: &mut Report) {
    if document.format != FORMAT {
        report.bad(format!("`format` is not \"{FORMAT}\"."), format!("format 不是 “{FORMAT}”。"));
    }
    if document.id != document.plan.draw {
        report.bad("`id` is not the plan's `draw`.", "id 与 plan 中的 draw 不一致。");
    }
    let digest = digest(&document.plan);
    report.check(
        digest == document.plan_digest,
        format!("`plan_digest` is the plan's: {digest}."),
        format!("plan_digest 与 plan 相符：{digest}。"),
        format!("`plan_digest` is not the plan's, which is {digest}."),
        format!("plan_digest 与 plan 不符，应为 {digest}。"),
    );
}

fn frame(document: &Document, report: &mut Report) {
    let frame = &document.frame;
    if !frame.windows(2).all(|pair| pair[0].id < pair[1].id) {
        report.bad("`frame` is not in the order of ids, each once.", "frame 未按 id 排序或有重复。");
    }
    let (units, digest) = (frame.len(), digest(frame));
    report.check(
        units == document.plan.units as usize && digest == document.plan.frame_digest,
        format!("The frame has {units} units and the digest of the plan."),
        format!("抽样框有 {units} 个单元，摘要与 plan 相符。"),
        format!("The frame is not the committed one: it has {units} units and the digest {digest}."),
        format!("抽样框不是承诺时的抽样框：有 {units} 个单元，摘要为 {digest}。"),
    );
}

fn first_stage(document: &Document, value: &Value, report: &mut Report) {
    let (first, named) = match (&document.first_stage, &document.plan.first_stage) {
        (None, None) => return,
        (Some(first), Some(named)) => (first, named),
        _ => {
            report.bad("`first_stage` is missing, or not in the plan.", "缺少 first_stage，或 plan 中没有它。");
            return;
        }
    };
    let mut inner = Report::default();
    check(first, &value["first_stage"], &mut inner);
    report.inside("First stage: ", "第一阶段：", inner);
    let same = first.id == named.draw && digest(&**first) == named.digest;
    let here = first.plan.county == document.plan.county && first.plan.campaign == document.plan.campaign;
    report.check(
        same && here,
        "The first stage is the one that the plan names.".into(),
        "第一阶段与 plan 所指一致。".into(),
        "The first stage is not the one that the plan names.".into(),
        "第一阶段与 plan 所指不一致。".into(),
    );
    let villages = first.villages();
    if let Some(unit) = document.frame.iter().find(|unit| !villages.contains_key(unit.stratum.as_str())) {
        report.bad(
            format!("Unit {} is of {}, which the first stage has not drawn.", unit.id, unit.stratum),
            format!("单元 {} 所属的 {} 未在第一阶段抽中。", unit.id, unit.stratum),
        );
    }
}

fn places(document: &Document, report: &mut Report) {
    match select::strata(&document.frame, &document.plan.design()) {
        Ok(strata) => {
            let places: u32 = strata.iter().map(|stratum| stratum.places).sum();
            report.check(
                strata == document.strata,
                format!("{places} places in {} strata, as the design has them.", strata.len()),
                format!("共 {places} 个名额、{} 层，与设计相符。", strata.len()),
                "`strata` is not what follows from the frame and the design.".into(),
                "strata 与抽样框和设计推出的结果不符。".into(),
            );
        }
        Err(unfit) => {
            let (en, zh) = unfit.details();
            report.bad(en, zh);
        }
    }
}

fn drawn(document: &Document, report: &mut Report) {
    let Some(drawn) = &document.drawn else { return };
    let Some(seed) = seed(&drawn.seed) else {
        report.bad("`seed` is not 64 lower-case hexadecimal digits.", "seed 不是 64 位小写十六进制数。");
        return;
    };
    report.check(
        commitment(&seed) == document.plan.commitment,
        "The seed is the one that was committed to: its SHA-256 is `commitment`.".into(),
        "种子与承诺相符：其 SHA-256 即 commitment。".into(),
        format!("The seed is not the one that was committed to: its SHA-256 is {}.", commitment(&seed)),
        format!("种子与承诺不符：其 SHA-256 为 {}。", commitment(&seed)),
    );
    if drawn.public_value.is_some() != document.plan.public_source.is_some() {
        report.bad(
            "A public value belongs to a public source: one is there without the other.",
            "公开数值与公开来源应同时具备。",
        );
    }
    if let (Some(source), Some(given)) = (&document.plan.public_source, &drawn.public_value) {
        report.note(
            format!("The public value is \"{given}\". Compare it with its source: {source}."),
            format!("公开数值为“{given}”，请与其来源核对：{source}。"),
        );
    }
    let lots = Lots::new(&seed, drawn.public_value.as_deref());
    // What is unfit for a draw has been told with the places.
    let first = document.first_stage.as_deref();
    let Ok((sample, substitutes)) = document.plan.draw(&document.frame, first, &lots) else { return };
    let same = compare("sample", &sample, &document.sample, report);
    if same && compare("substitutes", &substitutes, &document.substitutes, report) {
        let sum: f64 = sample.iter().map(|unit| unit.probability).sum();
        report.good(
            format!(
                "Drawn again from the seed: the same {} units and {} substitutes in the same order, with the same numbers \
                 and probabilities (of the sample's units, together {sum:.6}).",
                sample.len(),
                substitutes.len()
            ),
            format!(
                "以种子重新抽取：{} 个样本单元、{} 个替补，次序、随机数和入样概率均相同（样本单元概率之和 {sum:.6}）。",
                sample.len(),
                substitutes.len()
            ),
        );
    }
}

/// Names the first difference.
fn compare(list: &str, expected: &[DrawnUnit], given: &[DrawnUnit], report: &mut Report) -> bool {
    if expected.len() != given.len() {
        report.bad(
            format!("`{list}` has {} units; drawn again there are {}.", given.len(), expected.len()),
            format!("{list} 有 {} 个单元，重新抽取得到 {} 个。", given.len(), expected.len()),
        );
        return false;
    }
    for (i, (expected, given)) in expected.iter().zip(given).enumerate() {
        let close = |a: f64, b: f64| (a - b).abs() <= CLOSE;
        let differs = [
            ("unit", expected.unit != given.unit, expected.unit.clone()),
            ("id", expected.id != given.id, expected.id.to_string()),
            ("stratum", expected.stratum != given.stratum, expected.stratum.clone()),
            ("place", expected.place != given.place, expected.place.to_string()),
            ("number", expected.number != given.number, expected.number.clone()),
            ("probability", !close(expected.probability, given.probability), expected.probability.to_string()),
            ("overall", !close(expected.overall, given.overall), expected.overall.to_string()),
        ];
        if let Some((name, _, expected)) = differs.into_iter().find(|(_, differs, _)| *differs) {
            report.bad(
                format!("`{list}`, entry {}: drawn again, its `{name}` is {expected}.", i + 1),
                format!("{list} 第 {} 项：重新抽取得到的 {name} 为 {expected}。", i + 1),
            );
            return false;
        }
    }
    true
}

/// Each gives the place to the next substitute of its stratum, with a reason, one after the other.
fn replacements(document: &Document, report: &mut Report) {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    let mut holding: BTreeSet<_> = document.sample.iter().map(|unit| unit.id).collect();
    let mut waiting: Vec<&DrawnUnit> = document.substitutes.iter().collect();
    let mut before = document.drawn.as_ref().and_then(|drawn| time(&drawn.at));
    let all = || document.sample.iter().chain(&document.substitutes);
    for (i, replacement) in document.replacements.iter().enumerate() {
        let stratum = all().find(|unit| unit.id == replacement.unit).map(|unit| &unit.stratum);
        let next = waiting.iter().position(|unit| Some(&unit.stratum) == stratum);
        let next = next.filter(|next| waiting[*next].id == replacement.by && holding.remove(&replacement.unit));
        let at = time(&replacement.at);
        let (Some(next), true) = (next, !replacement.reason.trim().is_empty() && at.is_some() && at >= before) else {
            report.bad(
                format!("`replacements`, entry {}: not the next substitute, or no reason, or out of time.", i + 1),
                format!("replacements 第 {} 项：替补不按次序，或缺少理由，或时间有误。", i + 1),
            );
            return;
        };
        holding.insert(waiting.remove(next).id);
        before = at;
    }
    if !document.replacements.is_empty() {
        report.good(
            format!("{} replacements, each by the next substitute and with a reason.", document.replacements.len()),
            format!("{} 次替换，均按替补次序并附理由。", document.replacements.len()),
        );
    }
}
