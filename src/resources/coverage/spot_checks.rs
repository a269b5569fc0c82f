//! Spot checks: a team that is sent to look over the work of others visits a household again. Each is paired with the first
//! visit to the household, and the answers of the two are compared.

use super::{Counties, Ground};
use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::{Answer, Problem, Query};
use crate::insight::agreement::{Answers, Compared, Seen, compare, pairs};
use crate::store::{Conn, spot_checks};
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::Serialize;
use std::collections::BTreeSet;
use sync_core::Bucket;
use utoipa::ToSchema;
use uuid::Uuid;

/// How far those who looked again found the same.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::resources) struct SpotChecks {
    /// All answers that both visits gave.
    overall: Agreement,
    /// By question.
    questions: Vec<QuestionAgreement>,
    /// By county and household.
    pairs: Vec<SpotCheck>,
}

/// Answers to the same question of the same form, in both visits.
#[derive(Debug, Serialize, ToSchema)]
struct Agreement {
    compared: u64,
    agreed: u64,
    /// `null` where nothing could be compared.
    share: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct QuestionAgreement {
    form: String,
    question: String,
    #[serde(flatten)]
    agreement: Agreement,
}

/// A household's first visit, and one that looked again.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Debug, Serialize, ToSchema)]
struct SpotCheck {
    county: String,
    household: Uuid,
    first: Uuid,
    first_team: Uuid,
    spot_check: Uuid,
    spot_check_team: Uuid,
    #[serde(flatten)]
    agreement: Agreement,
}

impl From<Compared> for Agreement {
    fn from(Compared { compared, agreed }: Compared) -> Self {
        Self { compared, agreed, share: (compared > 0).then(|| agreed as f64 / compared as f64) }
    }
}

/// Pairs spot checks with the first visits to the same households, and tells how far they agree.
///
/// A spot check is a done visit by a team that has `spot_check` assignments alone in the county; the first visit is the
/// earliest done one by another team.
#[utoipa::path(
    operation_id = "readSpotChecks",
    tag = "coverage",
    params(("id" = Uuid, Path, description = "The campaign"), Counties),
    responses((status = 200, description = "How far they agree", body = SpotChecks), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/spot-checks")]
pub(super) async fn read(
    caller: Caller,
    app: Data<App>,
    campaign: Path<Uuid>,
    meant: Query<Counties>,
) -> Result<Answer, Problem> {
    let meant = meant.into_inner().checked()?;
    let found = app.store.snapshot(move |conn| {
        let ground = Ground::find(conn, &caller, *campaign, &meant)?;
        SpotChecks::read(conn, &caller, &ground)
    });
    Answer::ok(&found.await?)
}

impl SpotChecks {
    pub(in crate::resources) fn read(conn: &mut Conn, caller: &Caller, ground: &Ground) -> Result<Self, Problem> {
        let campaign = ground.id();
        let checkers: BTreeSet<(Bucket, Uuid)> =
            spot_checks::teams(conn, campaign, caller.scope())?.into_iter().collect();
        let counties: BTreeSet<Bucket> =
            checkers.iter().map(|(county, _)| *county).filter(|county| ground.counties.contains(county)).collect();
        let visits = spot_checks::visits(conn, campaign, &counties)?;
        let pairs = pairs(&visits, |visit| checkers.contains(&(visit.county, visit.team)));
        let asked: BTreeSet<(Bucket, Uuid)> =
            pairs.iter().flat_map(|(first, again)| [(first.county, first.id), (again.county, again.id)]).collect();
        let answers = spot_checks::answers(conn, &asked)?;
        Ok(told(&pairs, &answers))
    }
}

fn told(pairs: &[(&Seen, &Seen)], answers: &Answers) -> SpotChecks {
    let (mut overall, mut questions) = (Compared::default(), std::collections::BTreeMap::new());
    let mut told = Vec::new();
    for (first, again) in pairs {
        let found = compare(answers, first.id, again.id);
        let mut of_pair = Compared::default();
        for ((form, question), agreed) in found {
            for sum in [&mut overall, &mut of_pair, questions.entry((form, question)).or_default()] {
                sum.add(agreed);
            }
        }
        told.push(SpotCheck {
            county: first.county.to_string(),
            household: first.household,
            first: first.id,
            first_team: first.team,
            spot_check: again.id,
            spot_check_team: again.team,
            agreement: of_pair.into(),
        });
    }
    let question = |((form, question), sum): ((String, String), Compared)| QuestionAgreement {
        form,
        question,
        agreement: sum.into(),
    };
    SpotChecks { overall: overall.into(), questions: questions.into_iter().map(question).collect(), pairs: told }
}
