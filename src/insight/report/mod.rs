//! The general report of a campaign 督查调研总报告, as a tree of sections, paragraphs, tables and charts (docs/report.md). It is
//! made from the answers of the API alone: each number is taken out of one, and says of which and where, so that anybody
//! can ask for it again. No I/O, no clock.

mod answer;
mod areas;
mod chapters;
mod topics;
mod wording;

pub use answer::Answered;

use crate::fields::{Level, Topic, VisitMethod};
use crate::insight::forms::Definition;
use crate::lang::Lang;
use serde::Serialize;
use utoipa::ToSchema;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// `zh-CN` or `en`.
    pub lang: &'static str,
    #[schema(example = "督查调研总报告")]
    pub title: String,
    /// The campaign, its days, and the area that is reported on.
    pub subtitle: String,
    /// The day on which it was made.
    #[schema(example = "2015-05-10")]
    pub made_on: String,
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportSection)]
pub struct Section {
    /// Stable, in every language the same.
    #[schema(example = "methods")]
    pub id: String,
    pub title: String,
    pub blocks: Vec<Block>,
    #[schema(no_recursion)]
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ReportBlock)]
pub enum Block {
    Paragraph { parts: Parts },
    List { items: Vec<Parts> },
    Table(Table),
    Chart(Chart),
}

/// Text and numbers in a row.
pub type Parts = Vec<Part>;

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ReportPart)]
pub enum Part {
    Text(String),
    Figure(Figure),
}

/// A number, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportFigure)]
pub struct Figure {
    /// As people read it.
    #[schema(example = "37.5 %")]
    pub text: String,
    pub value: f64,
    /// What gives it, to the same caller.
    #[schema(example = "/v1/campaigns/01961e2a-7c11-7b1f-a3ce-5d2f3a1b4c5d/coverage?level=province")]
    pub query: String,
    /// Where it stands in the answer (RFC 6901); what is not there is 0.
    #[schema(example = "/items/0/counties/reached")]
    pub pointer: String,
    /// Where the number stands by which the first is divided, if it is a quotient.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/items/0/counties/all")]
    pub divided_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportTable)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<String>,
    /// A cell of each column.
    pub rows: Vec<Vec<Part>>,
}

/// Horizontal bars.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportChart)]
pub struct Chart {
    pub caption: String,
    /// The bars are shares: the whole width is 1. Else it is the longest of them.
    pub shares: bool,
    pub bars: Vec<Bar>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReportBar)]
pub struct Bar {
    pub label: String,
    pub figure: Figure,
    /// The ends of the 95 % confidence interval.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
}

impl Chart {
    /// The value at the right end.
    pub fn most(&self) -> f64 {
        let ends = self.bars.iter().flat_map(|bar| [Some(&bar.figure), bar.high.as_ref()]).flatten();
        if self.shares { 1.0 } else { ends.map(|figure| figure.value).fold(1.0, f64::max) }
    }
}

/// What a report is made from: answers to the caller, all of the same moment.
#[derive(Debug, Clone)]
pub struct Material {
    /// The campaign.
    pub campaign: Answered,
    /// The name of the area that is reported on.
    pub area: String,
    /// The day that it is.
    pub today: String,
    /// Coverage of all that is meant, of its contiguous poor areas, its prefectures and its counties.
    pub whole: Answered,
    pub areas: Answered,
    pub prefectures: Answered,
    pub counties: Answered,
    pub spot_checks: Answered,
    /// Findings of all that is meant, and of its prefectures.
    pub found: Answered,
    pub found_there: Answered,
    /// What was answered at each level, by topic, and the forms that were asked.
    pub statistics: Vec<(Level, Answered)>,
    pub forms: Vec<Definition>,
}

impl Material {
    /// What the campaign looks at.
    fn topics(&self) -> Vec<Topic> {
        let all = Topic::ALL.iter().copied();
        all.filter(|topic| self.campaign.holds("/topics", topic.name())).collect()
    }

    /// How it is done.
    fn methods(&self) -> Vec<VisitMethod> {
        let all = VisitMethod::ALL.iter().copied();
        all.filter(|method| self.campaign.holds("/methods", method.name())).collect()
    }
}

/// Writes the report.
pub fn write(material: &Material, lang: Lang) -> Report {
    let campaign = |name: &str| material.campaign.text(&format!("/{name}")).unwrap_or_default();
    let (from, to) = (campaign("from"), campaign("to"));
    Report {
        lang: lang.pick("en", "zh-CN"),
        title: lang.pick("General report of the inspection", "督查调研总报告").into(),
        subtitle: format!("{} · {from} – {to} · {}", campaign("name"), material.area),
        made_on: material.today.clone(),
        sections: [
            chapters::course(material, lang),
            areas::coverage(material, lang),
            chapters::methods(material, lang),
            areas::days(material, lang),
            topics::situation(material, lang),
            chapters::problems(material, lang),
            chapters::good_practices(material, lang),
            chapters::suggestions(material, lang),
            chapters::spot_checks(material, lang),
            areas::annex(material, lang),
        ]
        .into_iter()
        .enumerate()
        .map(|(i, section)| Section { title: wording::numbered(i, &section.title, lang), ..section })
        .collect(),
    }
}
