//! The situation by the topics of the campaign: what was answered, estimated from the samples, and what was found.

use super::chapters::topic_label;
use super::wording::{paragraph, words};
use super::{Answered, Bar, Block, Chart, Figure, Material, Part, Section, Table};
use crate::fields::{Level, Topic};
use crate::insight::forms::definition::Wording;
use crate::lang::Lang;
use serde_json::Value;

fn in_words(wording: &Wording, lang: Lang) -> Option<&str> {
    let (en, zh) = (wording.en.as_deref(), wording.zh.as_deref());
    match lang {
        Lang::En => en.or(zh),
        Lang::Zh => zh.or(en),
    }
}

/// A chapter with a section for each topic.
pub(super) fn situation(material: &Material, lang: Lang) -> Section {
    let sections = material.topics().into_iter().map(|topic| of_topic(material, topic, lang)).collect();
    let title = lang.pick("The situation by topic", "各方面督查内容的情况").into();
    let note = paragraph(
        lang,
        "Of each question the most frequent answer is told (of yes and no: yes), of numbers the mean. What has an interval is an \
         estimate for all units that the samples were drawn from (Hájek's estimator, 95 % confidence intervals); the rest is of \
         those who were asked.",
        "每题列出最多的回答（是非题列“是”），数值题列平均值。带区间的为依据抽样对总体的估计（Hájek 估计，95% 置信区间）；其余为受访者中的情况。",
        &[],
    );
    Section { id: "situation".into(), title, blocks: vec![note], sections }
}

fn of_topic(material: &Material, topic: Topic, lang: Lang) -> Section {
    let found = &material.found;
    let count = |column: &str| found.count(&format!("/items/0/topics/{}/{column}", topic.name()));
    let mut blocks = vec![paragraph(
        lang,
        "Problems and difficulties: {}, of which {} are of high severity.",
        "发现问题和困难 {} 个，其中严重 {} 个。",
        &[count("all"), count("high")],
    )];
    for (level, answers) in &material.statistics {
        let place =
            (0..answers.len("/topics")).find(|i| answers.text(&format!("/topics/{i}/topic")) == Some(topic.name()));
        if let Some(place) = place {
            let all = 0..answers.len(&format!("/topics/{place}/questions"));
            let told: Vec<_> = all
                .filter_map(|i| Told::read(material, answers, &format!("/topics/{place}/questions/{i}"), lang))
                .collect();
            blocks.extend(of_level(*level, told, lang));
        }
    }
    let title = topic_label(topic.name(), lang);
    Section { id: format!("situation.{}", topic.name()), title, blocks, sections: Vec::new() }
}

fn of_level(level: Level, told: Vec<Told>, lang: Lang) -> Vec<Block> {
    if told.is_empty() {
        return Vec::new();
    }
    let caption = match (level, lang) {
        (Level::Household, Lang::En) => "What households say",
        (Level::Household, Lang::Zh) => "户级访谈",
        (Level::Village, Lang::En) => "What villages say",
        (Level::Village, Lang::Zh) => "村级访谈",
        (Level::County, Lang::En) => "What counties say",
        (Level::County, Lang::Zh) => "县级访谈",
    };
    let bars: Vec<Bar> = told.iter().filter(|told| told.yes).filter_map(Told::bar).collect();
    let chart = (!bars.is_empty()).then(|| {
        let caption = format!("{caption}{}", lang.pick(": share of yes", "：回答“是”的比例"));
        Block::Chart(Chart { caption, shares: true, bars })
    });
    let row = |told: Told| {
        let [low, high] = told.interval.map_or([None, None], |ends| ends.map(Some));
        let cells: [Part; 4] = [told.asked.into(), told.figure.into(), low.into(), high.into()];
        [told.label.into(), told.answer.into()].into_iter().chain(cells).collect()
    };
    let table = Block::Table(Table {
        caption: caption.into(),
        columns: words(
            lang,
            &[
                ("Question", "问题"),
                ("Answer", "回答"),
                ("Asked", "受访数"),
                ("Share or mean", "比例或平均"),
                ("From (95 %)", "区间下限"),
                ("To (95 %)", "区间上限"),
            ],
        ),
        rows: told.into_iter().map(row).collect(),
    });
    chart.into_iter().chain([table]).collect()
}

/// What is told of a question.
struct Told {
    label: String,
    answer: String,
    /// The answer is yes.
    yes: bool,
    asked: Figure,
    figure: Option<Figure>,
    interval: Option<[Figure; 2]>,
}

impl Told {
    /// `None` where nobody was asked.
    fn read(material: &Material, answers: &Answered, at: &str, lang: Lang) -> Option<Self> {
        let asked = answers.count(&format!("{at}/observed"));
        if asked.value == 0.0 {
            return None;
        }
        let name = answers.text(&format!("{at}/question")).unwrap_or_default();
        let wording: Wording = serde_json::from_value(answers.at(&format!("{at}/label")).clone()).unwrap_or_default();
        let label = in_words(&wording, lang).unwrap_or(name).to_owned();
        let read = |pointer: &str, share: bool| {
            if share { answers.share(pointer) } else { answers.mean(pointer) }
        };
        let estimated = |estimate: &str, plain: &str, share: bool| {
            let of = |end: &str| read(&format!("{estimate}/{end}"), share);
            let figure = of("value").or_else(|| read(plain, share));
            let interval = if let (Some(low), Some(high)) = (of("low"), of("high")) { Some([low, high]) } else { None };
            (figure, interval)
        };
        if answers.at(&format!("{at}/numbers")).is_object() {
            let (figure, interval) =
                estimated(&format!("{at}/numbers/mean"), &format!("{at}/numbers/plain_mean"), false);
            let answer = lang.pick("mean", "平均").to_owned();
            return Some(Self { label, answer, yes: false, asked, figure, interval });
        }
        let values = 0..answers.len(&format!("{at}/values"));
        let value = |i: usize| answers.at(&format!("{at}/values/{i}/value"));
        let yes = values.clone().find(|i| *value(*i) == Value::Bool(true));
        let place = yes.or_else(|| values.clone().next())?;
        let of_value = format!("{at}/values/{place}");
        let (figure, interval) = estimated(&format!("{of_value}/share"), &format!("{of_value}/plain_share"), true);
        let form = answers.text(&format!("{at}/form")).unwrap_or_default();
        let answer = material.choice(form, name, value(place), lang);
        Some(Self { label, answer, yes: yes.is_some(), asked, figure, interval })
    }

    fn bar(&self) -> Option<Bar> {
        let [low, high] = self.interval.clone().map_or([None, None], |ends| ends.map(Some));
        Some(Bar { label: self.label.clone(), figure: self.figure.clone()?, low, high })
    }
}

impl Material {
    /// An answer as people read it.
    fn choice(&self, form: &str, question: &str, value: &Value, lang: Lang) -> String {
        let form = self.forms.iter().find(|known| known.form == form);
        let question = form.and_then(|form| form.questions().find(|known| known.name == question));
        match value {
            Value::Bool(true) => lang.pick("yes", "是").to_owned(),
            Value::Bool(false) => lang.pick("no", "否").to_owned(),
            Value::String(text) => {
                let choice = question.and_then(|question| question.choices.iter().find(|choice| choice.value == *text));
                choice.and_then(|choice| in_words(&choice.label, lang)).unwrap_or(text).to_owned()
            }
            other => other.to_string(),
        }
    }
}
