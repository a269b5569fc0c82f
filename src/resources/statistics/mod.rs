//! `/v1/campaigns/{id}/statistics`: what answers and the register come to, and what a sample tells of everybody
//! (docs/statistics.md).

mod groups;
mod source;
mod topics;

use super::ground::{Counties, Ground, Level as Places, names};
use crate::app::App;
use crate::caller::Caller;
use crate::fields::Fault;
use crate::http::checks::Checks;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::{Answer, Problem, Query};
use crate::store::Conn;
use actix_web::get;
use actix_web::web::{Data, Path};
use groups::{Group, Grouping};
use serde::{Deserialize, Serialize};
use source::{Interviewed, countable};
use topics::TopicSummary;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StatisticsLevel)]
pub(super) enum Level {
    Household,
    Village,
    County,
}

impl Level {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Village => "village",
            Self::County => "county",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StatisticsBy)]
enum By {
    County,
    Prefecture,
    /// The contiguous poor area that a county lies in, or `outside`.
    Area,
    /// Every question of the forms in force, in place of one.
    Topic,
}

impl By {
    const fn places(self) -> Option<Places> {
        match self {
            Self::County => Some(Places::County),
            Self::Prefecture => Some(Places::Prefecture),
            Self::Area => Some(Places::Area),
            Self::Topic => None,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
struct Asked {
    /// A question: the key of an answer.
    #[param(example = "drinking_water_safe")]
    question: Option<String>,
    /// A field of the registered households, in place of a question: a choice, a list of choices, a number, a yes or no, or
    /// the village. A household with several choices counts for each.
    #[param(example = "housing_grade")]
    field: Option<String>,
    /// With a question about households: the field of the register to set beside each answer, one of a single value.
    #[param(example = "water_safe")]
    register: Option<String>,
    /// Of the interviews with the question; `household` when left out.
    #[param(inline)]
    level: Option<Level>,
    /// Only interviews by this form; those by the forms that ask the question when left out.
    form: Option<String>,
    /// A group for each county, prefecture or contiguous poor area; or, without a question or field, all questions by topic.
    #[param(inline)]
    by: Option<By>,
    /// Only the counties of this prefecture.
    #[param(example = "5134", pattern = "^[0-9]{4}$")]
    prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430", pattern = "^[0-9]{6}$")]
    county: Option<String>,
}

/// What answers or the register come to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatisticsReport {
    campaign: Uuid,
    question: Option<String>,
    field: Option<String>,
    level: Level,
    /// The places of samples of this level, and how many of them were reached: their estimates are of all units.
    places: u64,
    reached: u64,
    /// How the estimates are reckoned.
    method: Method,
    /// All counties that are meant; `null` with `by=topic`.
    whole: Option<Group>,
    /// With `by`, each that has anything.
    groups: Vec<Group>,
    /// With `by=topic`.
    topics: Vec<TopicSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsMethod)]
struct Method {
    mean: &'static str,
    total: &'static str,
    variance: &'static str,
    quantile: &'static str,
    confidence: f64,
}

const METHOD: Method = Method {
    mean: "Hájek",
    total: "Horvitz–Thompson",
    variance: "Hájek's approximation at the first stage, two stages, finite population correction",
    quantile: "Woodruff",
    confidence: 0.95,
};

/// Reckons what the answers to a question, or a field of the register, come to: counts, shares, means, quantiles.
///
/// Of a question, what belongs to random samples is estimated for all units too, with 95 % confidence intervals. Of several
/// interviews of one unit, by forms that ask it, the earliest counts, one for a sample before others. The register is known
/// of every household: nothing is estimated.
#[utoipa::path(
    operation_id = "readStatistics",
    tag = "statistics",
    params(("id" = Uuid, Path, description = "The campaign"), Asked),
    responses((status = 200, description = "What it comes to", body = StatisticsReport), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/statistics")]
async fn read(caller: Caller, app: Data<App>, campaign: Path<Uuid>, asked: Query<Asked>) -> Result<Answer, Problem> {
    let asked = asked.into_inner();
    asked.check()?;
    let of = app.clone();
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &asked.meant())?;
        StatisticsReport::read(conn, &of, &caller, &ground, asked)
    });
    Answer::ok(&found.await?)
}

impl StatisticsReport {
    /// Every question of a level, by topic.
    pub(super) fn by_topic(
        conn: &mut Conn,
        app: &App,
        caller: &Caller,
        ground: &Ground,
        level: Level,
    ) -> Result<Self, Problem> {
        let asked = Asked { by: Some(By::Topic), level: Some(level), ..Asked::default() };
        Self::read(conn, app, caller, ground, asked)
    }

    fn read(conn: &mut Conn, app: &App, caller: &Caller, ground: &Ground, asked: Asked) -> Result<Self, Problem> {
        let names = names(conn, caller)?;
        let grouping = Grouping { by: asked.by.and_then(By::places), ground, names: &names };
        let level = asked.level.unwrap_or(Level::Household);
        let mut report = StatisticsReport {
            campaign: ground.id(),
            question: asked.question.clone(),
            field: asked.field.clone(),
            level,
            places: 0,
            reached: 0,
            method: METHOD,
            whole: None,
            groups: Vec::new(),
            topics: Vec::new(),
        };
        if let Some((column, _)) = asked.field.as_deref().and_then(countable) {
            let (whole, groups) = grouping.register(&source::register(conn, app, ground, column)?);
            return Ok(StatisticsReport { whole: Some(whole), groups, ..report });
        }
        let register = asked.register.as_deref().and_then(countable).map(|(column, _)| column);
        let interviewed = Interviewed::read(conn, app, ground, register)?;
        if let Some(question) = &asked.question {
            let forms = if let Some(form) = asked.form {
                [form].into()
            } else {
                let answered = interviewed.answered_by(question);
                topics::asking(conn, caller.region.province(), level.name(), question, answered)?
            };
            let units = interviewed.units(level.name(), &forms);
            let (whole, groups) = grouping.answers(&units, question, register.is_some());
            (report.places, report.reached) = units.reach();
            (report.whole, report.groups) = (Some(whole), groups);
        } else {
            let forms = topics::definitions(conn, caller.region.province(), level.name(), asked.form.as_deref())?;
            report.topics = topics::by_topic(&interviewed, &forms, level.name());
        }
        Ok(report)
    }
}

impl Asked {
    fn meant(&self) -> Counties {
        Counties { prefecture: self.prefecture.clone(), county: self.county.clone() }
    }

    fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::new();
        self.meant().check(&mut checks);
        let by_topic = self.by == Some(By::Topic);
        match (&self.question, &self.field) {
            (None, None) if !by_topic => checks.fault("/question", Fault::Required),
            (Some(_), Some(_)) => checks.fault("/field", Fault::NotApplicable),
            (Some(_), _) | (_, Some(_)) if by_topic => checks.fault("/by", Fault::NotApplicable),
            _ => {}
        }
        let unknown = [
            ("/field", self.field.as_deref().is_some_and(|name| countable(name).is_none())),
            ("/register", self.register.as_deref().is_some_and(|name| countable(name).is_none())),
        ];
        for (pointer, _) in unknown.into_iter().filter(|(_, unknown)| *unknown) {
            checks.fault(pointer, Fault::UnknownField);
        }
        let household = self.level.is_none_or(|level| level == Level::Household);
        for (pointer, misplaced) in [
            ("/register", self.register.is_some() && (self.question.is_none() || !household)),
            ("/level", self.field.is_some() && !household),
            ("/form", self.field.is_some() && self.form.is_some()),
        ] {
            if misplaced {
                checks.fault(pointer, Fault::NotApplicable);
            }
        }
        checks.parameters()
    }
}
