//! Every question of the forms in force, by the topic of its section.

use super::source::Interviewed;
use crate::fields::Topic;
use crate::http::Problem;
use crate::insight::forms::Definition;
use crate::insight::forms::definition::{Kind, Wording};
use crate::insight::statistics::{Summary, summarize};
use crate::store::{Conn, StoreError, forms};
use serde::Serialize;
use std::collections::BTreeSet;
use sync_core::scope::Region;
use utoipa::ToSchema;

/// The questions of a topic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsTopic)]
pub(super) struct TopicSummary {
    pub(super) topic: Topic,
    /// In the order in which they are asked; free texts are left out.
    pub(super) questions: Vec<QuestionSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsQuestion)]
pub(super) struct QuestionSummary {
    pub(super) form: String,
    pub(super) question: String,
    pub(super) label: Wording,
    #[serde(flatten)]
    pub(super) summary: Summary,
}

/// The newest version of each form of a level; of one form alone where it is named.
pub(super) fn definitions(
    conn: &mut Conn,
    province: Region,
    level: &str,
    form: Option<&str>,
) -> Result<Vec<Definition>, Problem> {
    let all = forms::current(conn, province)?.into_iter();
    let meant = all.filter(|(row, _)| row.level == level && form.is_none_or(|form| form == row.form));
    let read = meant.map(|(_, json)| serde_json::from_str(&json.0).map_err(|e| StoreError::Corrupt(e.to_string())));
    Ok(read.collect::<Result<_, _>>()?)
}

/// The forms of a level that ask a question, by their newest versions; and of those that were never published, or where
/// none asks it, those by which it was `answered`.
pub(super) fn asking(
    conn: &mut Conn,
    province: Region,
    level: &str,
    question: &str,
    answered: BTreeSet<String>,
) -> Result<BTreeSet<String>, Problem> {
    let published = definitions(conn, province, level, None)?;
    let asks = |form: &&Definition| form.questions().any(|asked| asked.name == question);
    let asking: BTreeSet<String> = published.iter().filter(asks).map(|form| form.form.clone()).collect();
    if asking.is_empty() {
        return Ok(answered);
    }
    let unknown = answered.into_iter().filter(|form| published.iter().all(|known| known.form != *form));
    Ok(unknown.chain(asking).collect())
}

/// What the answers to each question come to, by topic.
pub(super) fn by_topic(interviewed: &Interviewed, forms: &[Definition], level: &'static str) -> Vec<TopicSummary> {
    let mut topics: Vec<TopicSummary> = Vec::new();
    for form in forms {
        let units = interviewed.units(level, &[form.form.clone()].into());
        for section in &form.sections {
            let Some(topic) = section.topic else { continue };
            let asked = section.questions.iter().filter(|question| question.kind != Kind::Text);
            let summaries = asked.map(|question| {
                let observations: Vec<_> =
                    units.answers(&question.name).into_iter().map(|said| said.observation).collect();
                let summary = summarize(units.sample(), &observations);
                let (form, label) = (form.form.clone(), question.label.clone());
                QuestionSummary { form, question: question.name.clone(), label, summary }
            });
            match topics.iter_mut().find(|known| known.topic == topic) {
                Some(known) => known.questions.extend(summaries),
                None => topics.push(TopicSummary { topic, questions: summaries.collect() }),
            }
        }
    }
    topics
}
