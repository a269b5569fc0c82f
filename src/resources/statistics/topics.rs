//! Every question of the forms in force, by the topic of its section.

use super::source::{Interviewed, Question};
use crate::fields::Topic;
use crate::http::Problem;
use crate::insight::forms::Definition;
use crate::insight::forms::definition::{Kind, Wording};
use crate::insight::statistics::{Summary, summarize};
use crate::store::{Conn, StoreError, forms};
use rayon::prelude::*;
use serde::Serialize;
use sync_core::scope::Region;
use utoipa::ToSchema;

/// The questions of a topic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsTopic)]
pub(in crate::resources) struct TopicSummary {
    pub(in crate::resources) topic: Topic,
    /// In the order in which they are asked; free texts are left out.
    pub(in crate::resources) questions: Vec<QuestionSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsQuestion)]
pub(in crate::resources) struct QuestionSummary {
    pub(in crate::resources) form: String,
    pub(in crate::resources) question: String,
    pub(in crate::resources) label: Wording,
    #[serde(flatten)]
    pub(in crate::resources) summary: Summary,
}

/// The newest version of each form of a level; of one form alone where it is named.
pub(in crate::resources) fn definitions(
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

/// What the answers to each question come to, by topic.
pub(in crate::resources) fn by_topic(
    interviewed: &Interviewed,
    forms: &[Definition],
    level: &'static str,
) -> Vec<TopicSummary> {
    let questions = forms.iter().flat_map(|form| form.sections.iter().map(move |section| (form, section)));
    let questions = questions.flat_map(|(form, section)| section.questions.iter().map(move |q| (form, section, q)));
    let counted: Vec<_> = questions
        .filter(|(_, _, question)| question.kind != Kind::Text)
        .filter_map(|(form, section, question)| Some((section.topic?, form, question)))
        .collect();
    let summaries = counted.into_par_iter().map(|(topic, form, question)| {
        let asked = Question { key: question.name.clone(), level, form: Some(form.form.clone()) };
        let found = interviewed.answers(&asked);
        let observations: Vec<_> = found.said.into_iter().map(|said| said.observation).collect();
        let summary = summarize(found.sample.as_ref(), &observations);
        let (form, label) = (form.form.clone(), question.label.clone());
        (topic, QuestionSummary { form, question: question.name.clone(), label, summary })
    });
    let mut topics: Vec<TopicSummary> = Vec::new();
    for (topic, summary) in summaries.collect::<Vec<_>>() {
        match topics.iter_mut().find(|known| known.topic == topic) {
            Some(known) => known.questions.push(summary),
            None => topics.push(TopicSummary { topic, questions: vec![summary] }),
        }
    }
    topics
}
