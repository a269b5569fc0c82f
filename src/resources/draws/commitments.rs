//! What was committed to, of every draw: also of those that are still hidden. Whoever notes it can tell later that no draw was
//! changed, and that none is missing.

use super::{check_campaign, published};
use crate::app::App;
use crate::caller::Caller;
use crate::http::documented::{NotFound, NotModified, Problems};
use crate::http::time::format_ms;
use crate::http::{Answer, Problem};
use crate::insight::sampling::document::Plan;
use crate::store::draws;
use actix_web::get;
use actix_web::web::{Data, Path};
use serde::Serialize;
use sync_core::Scope;
use utoipa::ToSchema;
use uuid::Uuid;

/// The commitments of a campaign's draws.
#[derive(Debug, Serialize, ToSchema)]
struct Commitments {
    /// By the moment of the commitment.
    items: Vec<Commitment>,
}

#[expect(clippy::struct_field_names, reason = "the names on the wire")]
/// A draw, without what would tell where it leads.
#[derive(Debug, Serialize, ToSchema)]
struct Commitment {
    committed_at: String,
    /// SHA-256 of the seed, in hex: `plan.commitment` of the draw when it is seen.
    commitment: String,
    /// SHA-256 of the RFC 8785 form of the draw's `plan`, in hex.
    plan_digest: String,
}

/// Lists what was committed to: of all draws of a campaign, hidden ones too, in every county.
///
/// It tells neither county nor level. As soon as a draw is seen, its `plan.commitment` and `plan_digest` are found here.
#[utoipa::path(
    operation_id = "listCommitments",
    tag = "draws",
    params(("id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, description = "The commitments", body = Commitments), NotFound, NotModified, Problems),
    security(("bearer" = []))
)]
#[get("/campaigns/{id}/commitments")]
pub(super) async fn list(caller: Caller, app: Data<App>, campaign: Path<Uuid>) -> Result<Answer, Problem> {
    let found = app.store.snapshot(move |conn| {
        let campaign = check_campaign(conn, &caller, *campaign)?;
        // Digests tell nothing of a county, and everybody is to be able to hold the province to them.
        let province = Scope::Region(caller.region.province());
        let mut items = Vec::new();
        for (plan, plan_digest, committed_at) in draws::commitments(conn, campaign.id.0, &province)? {
            let Plan { commitment, .. } = published::read(&plan)?;
            items.push(Commitment { committed_at: format_ms(committed_at.ms()), commitment, plan_digest });
        }
        Ok::<_, Problem>(Commitments { items })
    });
    Answer::ok(&found.await?)
}
