//! `/v1/findings/{id}/steps`: what became of a finding, who did it, and what comes next.

use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::Caller;
use crate::http::body::Json;
use crate::http::documented::{BodyProblems, NotFound, NotModified, ProblemBody, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::time::{Day, format_ms, today};
use crate::http::{Answer, Arrival, Problem};
use crate::insight::findings::{Actor, State, Taken, Warning, next};
use crate::lang::Lang;
use crate::resources::records::{Where, find, gone};
use crate::store::records;
use crate::sync::direct::By;
use crate::sync::steps::{self, Case, Wish};
use actix_web::web::{Data, Path, Query};
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sync_core::Collection;
use sync_core::clock::Corrected;
use utoipa::ToSchema;
use uuid::Uuid;

/// A finding's life so far.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingSteps {
    pub bucket: String,
    pub id: Uuid,
    pub rev: u64,
    pub title: Option<String>,
    pub state: State,
    #[schema(value_type = Option<Day>)]
    pub due_on: Option<String>,
    /// It was due before today (in China), and is neither closed nor rejected.
    pub overdue: bool,
    /// The steps that the caller may take now.
    pub next: Vec<State>,
    /// In the order of their (corrected) times, whatever the order of their arrival.
    pub steps: Vec<FindingStep>,
}

/// A change of the state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingStep {
    pub from: State,
    pub to: State,
    /// Of the operation that made it.
    pub rev: u64,
    /// The corrected time.
    pub at: String,
    /// What the clock claimed differs from it by more than a minute: weigh it.
    pub clock_corrected: bool,
    pub user: Uuid,
    pub team: Option<Uuid>,
    /// What is wrong with it; it counts all the same.
    pub warnings: Vec<StepFlag>,
}

/// A warning about a step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepFlag {
    pub code: Warning,
    /// In English or Chinese, by `Accept-Language`.
    pub detail: &'static str,
}

impl FindingSteps {
    fn new(case: &Case, by: Actor, lang: Lang) -> Self {
        let text = |name: &str| case.record.fields.get(name).and_then(|text| serde_json::from_str::<String>(text).ok());
        let (state, due_on) = (case.state(), text("due_on"));
        let late = due_on.as_deref().is_some_and(|due| *due < *today().to_string());
        Self {
            bucket: case.key.bucket.to_string(),
            id: case.key.id,
            rev: case.record.last.rev,
            title: text("title"),
            state,
            due_on,
            overdue: late && state.is_pending(),
            next: next(state, by),
            steps: case.steps().iter().map(|step| FindingStep::new(step, lang)).collect(),
        }
    }
}

impl FindingStep {
    fn new(step: &Taken, lang: Lang) -> Self {
        let written = &step.written;
        let flag = |warning: &Warning| {
            let (en, zh) = warning.detail();
            StepFlag { code: *warning, detail: lang.pick(en, zh) }
        };
        Self {
            from: step.from,
            to: step.to,
            rev: written.rev,
            at: format_ms(written.at),
            clock_corrected: Corrected { at: written.at, claimed: written.claimed }.is_marked(),
            user: written.author.user,
            team: written.author.team,
            warnings: step.warnings.iter().map(flag).collect(),
        }
    }
}

fn actor(caller: &Caller) -> Actor {
    if caller.team.is_some() { Actor::Team } else { Actor::Office }
}

/// Reads a finding's steps, each with what is wrong with it.
#[utoipa::path(
    operation_id = "readFindingSteps",
    tag = "findings",
    params(("id" = Uuid, Path), Where),
    responses(
        (status = 200, description = "The finding's life so far", body = FindingSteps),
        (status = 410, description = "It is deleted; its history is still there", body = ProblemBody, content_type = "application/problem+json"),
        NotFound, NotModified, Problems
    ),
    security(("bearer" = []))
)]
#[get("/findings/{id}/steps")]
pub(super) async fn read(
    caller: Caller,
    app: Data<App>,
    lang: Lang,
    id: Path<Uuid>,
    place: Query<Where>,
) -> Result<Answer, Problem> {
    let id = id.into_inner();
    let bucket = place.bucket()?;
    let by = actor(&caller);
    let case = app.store.snapshot(move |conn| {
        let row = find(conn, &caller, Collection::Findings, id, bucket)?;
        if row.deleted {
            return Err(gone());
        }
        let key = row.key()?;
        let past = records::load_past(conn, &[key])?.remove(&key).unwrap_or_default();
        Ok(Case { key, record: row.into_record()?, past })
    });
    Answer::ok(&FindingSteps::new(&case.await?, by, lang))
}

/// A step to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "rectified", "rectification": "已新建水池，通水到户", "rectified_on": "2015-05-20"}))]
pub(super) struct StepToTake {
    to: State,
    /// What was done: with `rectified`, unless it stands there.
    rectification: Option<String>,
    /// With `rectified`; today by default.
    rectified_on: Option<Day>,
    /// The reason: with `rejected`, and with every step back.
    verified_note: Option<String>,
}

impl StepToTake {
    fn wish(self) -> Wish {
        let day = self.rectified_on.map(|day| day.to_string());
        let texts =
            [("rectification", self.rectification), ("rectified_on", day), ("verified_note", self.verified_note)];
        let given = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
        Wish { to: self.to, fields: given.collect::<Map<_, _>>() }
    }
}

/// Takes a step: open → accepted → rectified → verified → closed, or rejected with a reason.
///
/// `verified`, `closed`, `rejected` and every way back are for the province and for the prefecture of the county. It
/// counts as an edit by somebody who has seen the finding as it is, and reaches every device by pull.
#[utoipa::path(
    operation_id = "takeFindingStep",
    tag = "findings",
    params(("id" = Uuid, Path), Where, Idempotency),
    request_body = StepToTake,
    responses(
        (status = 200, description = "The finding's life so far", body = FindingSteps),
        (status = 409, description = "Its state does not lead there (`wrong_step`, with `next`), or it is deleted", body = ProblemBody, content_type = "application/problem+json"),
        NotFound, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/findings/{id}/steps")]
#[expect(clippy::too_many_arguments, reason = "what a request is made of")]
pub(super) async fn take(
    arrival: Arrival,
    Bearer(claims): Bearer,
    app: Data<App>,
    lang: Lang,
    id: Path<Uuid>,
    place: Query<Where>,
    idempotency: Idempotency,
    body: Json<StepToTake>,
) -> Result<Answer, Problem> {
    let Json { value, bytes } = body;
    let id = id.into_inner();
    let bucket = place.bucket()?;
    let wish = value.wish();
    let taken = app.store.write(move |tx| {
        let caller: Caller = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let key = find(tx, &caller, Collection::Findings, id, bucket)?.key()?;
            let by = By { user: caller.user, team: caller.team, now: arrival.ms() };
            Answer::ok(&FindingSteps::new(&steps::take(tx, by, key, wish)?, actor(&caller), lang))
        })
    });
    let taken = taken.await?;
    app.moves.poke();
    Ok(taken)
}
