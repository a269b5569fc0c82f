//! `/v1/campaigns/{id}/statistics`: what answers and the register come to, and what a sample tells of everybody
//! (docs/statistics.md).

use crate::app::App;
use crate::caller::{Caller, not_found};
use crate::fields::{ColumnKind, Fault, columns};
use crate::http::checks::Checks;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::{Answer, Problem, Query};
use crate::insight::statistics::{Observation, Sample, Summary, frame, summarize};
use crate::store::draws::Sight;
use crate::store::statistics::{self, Question, Said};
use crate::store::{Conn, Instant, Role, campaign_counties, campaigns, divisions};
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Collection, Scope};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StatisticsLevel)]
enum Level {
    Household,
    Village,
    County,
}

impl Level {
    const fn name(self) -> &'static str {
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
    /// The contiguous poor area that a county lies in.
    Area,
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// A question: the key of an answer.
    #[param(example = "drinking_water_safe")]
    question: Option<String>,
    /// A field of the registered households, in place of a question: one with a single value that is no free text.
    #[param(example = "housing_grade")]
    field: Option<String>,
    /// With a question about households: the field of the register to set beside each answer.
    #[param(example = "water_safe")]
    register: Option<String>,
    /// Of the interviews with the question; `household` when left out.
    #[param(inline)]
    level: Option<Level>,
    /// Only interviews by this form.
    form: Option<String>,
    /// A group for each county, prefecture or contiguous poor area.
    #[param(inline)]
    by: Option<By>,
    /// Only the counties of this prefecture.
    #[param(example = "5134")]
    prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430")]
    county: Option<String>,
}

/// What answers or the register come to.
#[derive(Debug, Serialize, ToSchema)]
struct StatisticsReport {
    campaign: Uuid,
    question: Option<String>,
    field: Option<String>,
    level: Level,
    /// The places of samples of this level, and how many of them were reached: their estimates are of all units.
    places: u64,
    reached: u64,
    /// How the estimates are reckoned.
    method: Method,
    /// All counties that are meant.
    whole: Group,
    /// With `by`, each that has anything.
    groups: Vec<Group>,
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

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatisticsGroup)]
struct Group {
    /// Of the county or prefecture; the area's name; `null` for the whole.
    code: Option<String>,
    name: Option<String>,
    #[serde(flatten)]
    summary: Summary,
    /// With `register`: the answers against the register.
    register: Option<Compared>,
}

/// Answers against what the register says of the same households.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisterComparison)]
struct Compared {
    /// Households with both.
    compared: u64,
    agreed: u64,
    /// What the register says of them.
    register: Summary,
    /// Of numbers: the answer less the register's.
    difference: Option<Summary>,
}

/// Reckons what the answers to a question, or a field of the register, come to: counts, shares, means, quantiles.
///
/// Of a question, what belongs to random samples is estimated for all units too, with 95 % confidence intervals. Of several
/// interviews of one unit the earliest counts. The register is known of every household: nothing is estimated.
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
    let subject = Subject::of(&asked)?;
    let found = app.store.snapshot(move |conn| {
        let id = *campaign;
        campaigns::find(conn, id, caller.region.province())?.ok_or_else(not_found)?;
        let counties = campaign_counties::of(conn, [id], caller.scope())?.remove(&id).unwrap_or_default();
        let wanted = |county: &Bucket| {
            let code = county.to_string();
            asked.county.as_ref().is_none_or(|wanted| *wanted == code)
                && asked.prefecture.as_ref().is_none_or(|wanted| code.starts_with(wanted.as_str()))
        };
        let areas: BTreeMap<Bucket, Option<String>> =
            counties.into_iter().filter(|county| wanted(&county.bucket)).map(|c| (c.bucket, c.area)).collect();
        let scope = Scope::Counties(areas.keys().copied().collect());
        let sight = match caller.role {
            Role::Provincial => Sight::whole(&scope),
            Role::Prefecture | Role::Team => Sight::at(&scope, Instant::now()),
        };
        let names = divisions::names_in(conn, caller.region.province())?;
        let found = subject.load(conn, id, &scope, &sight)?;
        Ok::<_, Problem>(report(id, asked, &areas, &names, found))
    });
    Answer::ok(&found.await?)
}

/// What is asked about, checked.
enum Subject {
    Question(Question),
    Field(String),
}

/// What was found of it.
struct Found {
    said: Vec<(Said, Observation, Value)>,
    sample: Option<Sample>,
    places: u64,
    reached: u64,
}

impl Subject {
    fn of(asked: &Asked) -> Result<Self, Problem> {
        let mut checks = Checks::new();
        match (&asked.question, &asked.field) {
            (None, None) => checks.fault("/question", Fault::Required),
            (Some(_), Some(_)) => checks.fault("/field", Fault::NotApplicable),
            _ => {}
        }
        for (pointer, name) in [("/field", &asked.field), ("/register", &asked.register)] {
            if name.as_deref().is_some_and(|name| kind(name).is_none()) {
                checks.fault(pointer, Fault::UnknownField);
            }
        }
        let level = asked.level.unwrap_or(Level::Household);
        for (pointer, misplaced) in [
            ("/register", asked.register.is_some() && (asked.question.is_none() || level != Level::Household)),
            ("/level", asked.field.is_some() && level != Level::Household),
            ("/form", asked.field.is_some() && asked.form.is_some()),
        ] {
            if misplaced {
                checks.fault(pointer, Fault::NotApplicable);
            }
        }
        checks.parameters()?;
        Ok(match (&asked.question, &asked.field) {
            (Some(key), _) => Self::Question(Question {
                key: key.clone(),
                level: level.name(),
                form: asked.form.clone(),
                register: asked.register.clone(),
            }),
            (None, field) => Self::Field(field.clone().unwrap_or_default()),
        })
    }

    fn load(&self, conn: &mut Conn, campaign: Uuid, scope: &Scope, sight: &Sight) -> Result<Found, Problem> {
        let question = match self {
            Self::Field(field) => {
                let said = statistics::register(conn, scope, field)?.into_iter().map(|said| {
                    let value = stored(field, said.value.as_deref());
                    (said, Observation { unit: None, value }, Value::Null)
                });
                return Ok(Found { said: said.collect(), sample: None, places: 0, reached: 0 });
            }
            Self::Question(question) => question,
        };
        let mut units = BTreeSet::new();
        let mut said = statistics::answers(conn, campaign, scope, question)?;
        said.retain(|said| units.insert((said.county, said.unit.clone())));
        let places = statistics::places(conn, campaign, question.level, sight)?;
        let villages = if question.level == "household" {
            statistics::places(conn, campaign, "village", sight)?
        } else {
            Vec::new()
        };
        let reached: BTreeSet<Uuid> = said.iter().filter_map(|said| said.slot).collect();
        let (sample, at) = frame(&places, &villages, &reached);
        let register = question.register.as_deref();
        let observed = said.into_iter().map(|said| {
            let value = said.value.as_deref().map_or(Value::Null, first_value);
            let unit = said.slot.and_then(|slot| at.get(&slot).copied());
            let beside = register.map_or(Value::Null, |column| stored(column, said.register.as_deref()));
            (said, Observation { unit, value }, beside)
        });
        let said = observed.collect();
        let reached = sample.len() as u64;
        Ok(Found { said, places: places.len() as u64, reached, sample: (!sample.is_empty()).then_some(sample) })
    }
}

/// What a column of the register holds, if it can be counted.
fn kind(name: &str) -> Option<ColumnKind> {
    let column = columns(Collection::Households).iter().find(|column| column.name == name)?;
    let countable = matches!(
        column.kind,
        ColumnKind::Choice(_) | ColumnKind::Int | ColumnKind::Real | ColumnKind::Bool | ColumnKind::Village
    );
    (countable && !["lat", "lon"].contains(&name)).then_some(column.kind)
}

/// A column's value, from the text that the database makes of it.
fn stored(column: &str, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match kind(column) {
        Some(ColumnKind::Bool) => Value::Bool(["true", "1"].contains(&text)),
        Some(ColumnKind::Int) => text.parse::<i64>().map_or(Value::Null, Value::from),
        Some(ColumnKind::Real) => text.parse::<f64>().map_or(Value::Null, Value::from),
        _ => text.into(),
    }
}

/// The JSON value that a text begins with; what is cut off is a long text.
fn first_value(text: &str) -> Value {
    match serde_json::Deserializer::from_str(text).into_iter::<Value>().next() {
        Some(Ok(value)) => value,
        _ => Value::from("…"),
    }
}

fn report(
    campaign: Uuid,
    asked: Asked,
    areas: &BTreeMap<Bucket, Option<String>>,
    names: &BTreeMap<String, String>,
    found: Found,
) -> StatisticsReport {
    let sample = found.sample.as_ref();
    let compares = asked.register.is_some();
    let group = |code: Option<String>, of: &[&(Said, Observation, Value)]| Group {
        name: code.as_ref().and_then(|code| names.get(code)).cloned(),
        code,
        summary: summarize(sample, &of.iter().map(|(_, observation, _)| observation.clone()).collect::<Vec<_>>()),
        register: compares.then(|| compared(sample, of)),
    };
    let mut groups: BTreeMap<String, Vec<&(Said, Observation, Value)>> = BTreeMap::new();
    if let Some(by) = asked.by {
        for one in &found.said {
            let code = one.0.county.to_string();
            let code = match by {
                By::County => Some(code),
                By::Prefecture => Some(code[..4].to_owned()),
                By::Area => areas.get(&one.0.county).cloned().flatten(),
            };
            if let Some(code) = code {
                groups.entry(code).or_default().push(one);
            }
        }
    }
    let whole = group(None, &found.said.iter().collect::<Vec<_>>());
    StatisticsReport {
        campaign,
        level: asked.level.unwrap_or(Level::Household),
        question: asked.question,
        field: asked.field,
        places: found.places,
        reached: found.reached,
        method: METHOD,
        whole,
        groups: groups.into_iter().map(|(code, of)| group(Some(code), &of)).collect(),
    }
}

fn compared(sample: Option<&Sample>, of: &[&(Said, Observation, Value)]) -> Compared {
    let both = || of.iter().filter(|(_, observation, register)| !observation.value.is_null() && !register.is_null());
    let same = |one: &Value, other: &Value| match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= f64::EPSILON * one.abs().max(other.abs()),
        _ => one == other,
    };
    let register: Vec<_> =
        both().map(|(_, o, register)| Observation { unit: o.unit, value: register.clone() }).collect();
    let difference = both().map(|(_, o, register)| {
        let value = o.value.as_f64()? - register.as_f64()?;
        Some(Observation { unit: o.unit, value: value.into() })
    });
    let difference: Option<Vec<_>> = difference.collect();
    Compared {
        compared: register.len() as u64,
        agreed: both().filter(|(_, o, register)| same(&o.value, register)).count() as u64,
        register: summarize(sample, &register),
        difference: difference.filter(|all| !all.is_empty()).map(|all| summarize(sample, &all)),
    }
}
