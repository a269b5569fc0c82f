//! What is written in words: findings, what becomes of them, remarks.

use super::land::weighted;
use crate::demo::households::{object, one_of};
use crate::demo::world::County;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(super) fn new_phone(rng: &mut StdRng) -> String {
    format!("原电话停机，{}提供新号", one_of(rng, &["本人", "邻居", "村干部"]))
}

pub(super) fn income(yuan: f64) -> String {
    format!("入户核实人均纯收入约{yuan}元")
}

/// Topic, kind, title.
const OF_HOUSEHOLDS: [(&str, &str, &str); 10] = [
    ("targeted_practice", "problem", "帮扶记录不全"),
    ("targeted_practice", "problem", "识别不准"),
    ("plan_tasks", "problem", "饮水不安全"),
    ("plan_tasks", "problem", "危房未改造"),
    ("decisions", "problem", "低保未应保尽保"),
    ("targeted_practice", "problem", "帮扶责任人不熟悉情况"),
    ("difficulties", "difficulty", "缺乏发展资金"),
    ("difficulties", "difficulty", "大病负担重"),
    ("difficulties", "suggestion", "建议增加技术培训"),
    ("targeted_practice", "good_practice", "庭院经济带动增收"),
];
const OF_PLACES: [(&str, &str, &str); 8] = [
    ("plan_tasks", "problem", "村道未硬化"),
    ("plan_tasks", "problem", "村卫生室无执业医师"),
    ("decisions", "problem", "资金拨付滞后"),
    ("decisions", "problem", "公示公告不到位"),
    ("institutional_innovation", "suggestion", "建议整合涉农资金"),
    ("institutional_innovation", "good_practice", "驻村工作队轮值制度"),
    ("difficulties", "difficulty", "产业发展缺少龙头企业"),
    ("targeted_practice", "good_practice", "一户一策台账清楚"),
];

/// A finding as the team records it.
pub(super) fn finding(rng: &mut StdRng, county: &County, level: &str, visit: Uuid) -> Map<String, Value> {
    let (topic, kind, title) = if level == "household" {
        // The first ones are the most frequent.
        let first = rng.random_range(0..OF_HOUSEHOLDS.len());
        OF_HOUSEHOLDS[first.min(rng.random_range(0..OF_HOUSEHOLDS.len()))]
    } else {
        OF_PLACES[rng.random_range(0..OF_PLACES.len())]
    };
    let mut fields = object(json!({
        "visit": visit,
        "level": level,
        "topic": topic,
        "kind": kind,
        "title": title,
        "detail": format!("{}督查中发现：{title}", county.name),
        "state": "open",
    }));
    if kind == "problem" {
        fields.insert("severity".into(), weighted(rng, &["low", "medium", "high"], &[45, 40, 15]).into());
        fields.insert("due_on".into(), one_of(rng, &["2015-05-31", "2015-06-30", "2015-09-30"]).into());
        fields.insert("responsible".into(), format!("{}扶贫和移民工作局", county.name).into());
    }
    fields
}

/// So many steps of a finding's life, and after how many days each is taken; five end in a rejection after the first.
pub(super) fn steps(rng: &mut StdRng, count: usize) -> Vec<(i64, Map<String, Value>)> {
    let mut day = 0;
    let mut after = |rng: &mut StdRng| {
        day += rng.random_range(2..12);
        day
    };
    let accepted = |day| (day, object(json!({"state": "accepted"})));
    if count == 5 {
        let first = accepted(after(rng));
        let why = one_of(rng, &["经核查情况不属实", "与其他问题重复"]);
        return vec![first, (after(rng), object(json!({"state": "rejected", "verified_note": why})))];
    }
    let mut steps = Vec::new();
    for step in 0..count {
        let day = after(rng);
        steps.push(match step {
            0 => accepted(day),
            1 => {
                let done = one_of(rng, &["已完善档案", "已列入改造计划并开工", "已调整帮扶责任人", "已公示并补发"]);
                (day, object(json!({"state": "rectified", "rectification": done, "rectified_on": super::day(day)})))
            }
            2 => (day, object(json!({"state": "verified", "verified_note": "现场核实，整改到位"}))),
            _ => (day, object(json!({"state": "closed"}))),
        });
    }
    steps
}
