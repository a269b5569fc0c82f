//! `POST`, `PATCH` and `DELETE`: the same merge as a push, by somebody who has seen everything.

use super::body::{NewRecord, RecordChange};
use super::{CollectionName, Record, Where, find, gone, named, not_found};
use crate::app::App;
use crate::auth::tokens::Bearer;
use crate::caller::Caller;
use crate::fields::{Fault, FieldError, check};
use crate::http::answer::IfMatch;
use crate::http::body::Json;
use crate::http::checks::invalid;
use crate::http::documented::{BodyProblems, NotFound, Preconditions, ProblemBody, Problems};
use crate::http::idempotency::Idempotency;
use crate::http::{Answer, Arrival, Code, Problem};
use crate::store::records::Key;
use crate::store::{Tx, buckets};
use crate::sync::direct::{By, Direct, Standing};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, patch, post};
use std::collections::BTreeSet;
use sync_core::Collection;
use sync_core::merge::Change;

fn by(caller: &Caller, arrival: Arrival) -> By {
    By { user: caller.user, team: caller.team, now: arrival.ms() }
}

/// A new record, or a village's sheet that was deleted: it is restored.
fn make(tx: &mut Tx<'_>, caller: &Caller, by: By, collection: Collection, new: NewRecord) -> Result<Standing, Problem> {
    let bucket = new.bucket().map_err(|fault| invalid(vec![FieldError::new("/bucket", fault)]))?;
    let id = new.id(collection);
    let judged = new.judge(collection, bucket, id, caller.team);
    // Alike for a county of others and for one that is nowhere.
    if !caller.scope().contains(bucket) || buckets::existing(tx, &BTreeSet::from([bucket]))?.is_empty() {
        let mut errors = vec![FieldError::new("/bucket", Fault::UnknownBucket)];
        errors.extend(judged.err().unwrap_or_default());
        return Err(invalid(errors));
    }
    let named = judged.map_err(invalid)?;
    let direct = Direct::open(tx, by, Key { bucket, collection, id })?;
    if direct.standing().is_some_and(|standing| !standing.shown.deleted) {
        return Err(Problem::new(Code::Conflict)
            .detail("This village has its sheet already: change that one.", "该村已有记录，请修改原有记录。"));
    }
    direct.write(tx, Change::Upsert(named.edits.into()))
}

/// Makes a record.
///
/// The body is its fields, with the county as `bucket`. A team's visit is given its team when it names none. A village
/// has one sheet: while it is there another is 409, and after its deletion a new one brings it back.
#[utoipa::path(
    post,
    path = "/{collection}",
    operation_id = "createRecord",
    tag = "records",
    params(("collection" = inline(CollectionName), Path), Idempotency),
    request_body = NewRecord,
    responses(
        (status = 201, description = "Made", body = Record, headers(("location" = String))),
        (status = 409, description = "The village has its sheet already", body = ProblemBody, content_type = "application/problem+json"),
        NotFound, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[post("/{collection:households|members|villages|visits|interviews|findings|photos}")]
pub(super) async fn create(
    arrival: Arrival,
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<String>,
    idempotency: Idempotency,
    body: Json<NewRecord>,
) -> Result<Answer, Problem> {
    let collection = Collection::from_name(&path).ok_or_else(not_found)?;
    let Json { value: new, bytes } = body;
    let made = app.store.write(move |tx| {
        let caller = Caller::check(tx, &claims)?;
        idempotency.once(tx, caller.user, &bytes, |tx| {
            let record = Record::from(make(tx, &caller, by(&caller, arrival), collection, new)?);
            Answer::created(format!("/v1/{}/{}", record.collection, record.id), &record)
        })
    });
    let made = made.await?;
    app.moves.poke();
    Ok(made)
}

/// The living record that is meant, locked, for somebody who has seen it as it is.
fn hold(
    tx: &mut Tx<'_>,
    caller: &Caller,
    by: By,
    path: (String, String),
    place: &Where,
    if_match: &IfMatch,
) -> Result<(Key, Direct), Problem> {
    let (collection, id) = named(path)?;
    let key = find(tx, caller, collection, id, place.bucket()?)?.key()?;
    let direct = Direct::open(tx, by, key)?;
    let standing = direct.standing().ok_or_else(not_found)?;
    if standing.shown.deleted {
        return Err(gone());
    }
    if_match.check(&Record::from(standing))?;
    Ok((key, direct))
}

/// Changes fields of a record.
///
/// What is left out stays as it is; null clears a field. Like every edit it makes a rev, also one that changes nothing.
#[utoipa::path(
    patch,
    path = "/{collection}/{id}",
    operation_id = "changeRecord",
    tag = "records",
    params(("collection" = inline(CollectionName), Path), ("id" = Uuid, Path), Where, IfMatch),
    request_body = RecordChange,
    responses(
        (status = 200, description = "The record as it is now", body = Record),
        (status = 410, description = "It is deleted", body = ProblemBody, content_type = "application/problem+json"),
        NotFound, Preconditions, BodyProblems, Problems
    ),
    security(("bearer" = []))
)]
#[patch("/{collection:households|members|villages|visits|interviews|findings|photos}/{id}")]
pub(super) async fn change(
    arrival: Arrival,
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<(String, String)>,
    place: Query<Where>,
    if_match: IfMatch,
    body: Json<RecordChange>,
) -> Result<Answer, Problem> {
    let RecordChange(fields) = body.value;
    let changed = app.store.write(move |tx| {
        let caller = Caller::check(tx, &claims)?;
        let (key, direct) = hold(tx, &caller, by(&caller, arrival), path.into_inner(), &place, &if_match)?;
        let named = check(key.collection, key.bucket, key.id, caller.team, &(&fields).into()).map_err(invalid)?;
        direct.write(tx, Change::Upsert(named.edits.into()))
    });
    let changed = Record::from(changed.await?);
    app.moves.poke();
    Answer::ok(&changed)
}

/// Deletes a record.
///
/// Its history stays, and an upsert by a device that has seen the deletion restores it.
#[utoipa::path(
    delete,
    path = "/{collection}/{id}",
    operation_id = "deleteRecord",
    tag = "records",
    params(("collection" = inline(CollectionName), Path), ("id" = Uuid, Path), Where, IfMatch),
    responses(
        (status = 204, description = "Deleted"),
        (status = 410, description = "It was deleted before", body = ProblemBody, content_type = "application/problem+json"),
        NotFound, Preconditions, Problems
    ),
    security(("bearer" = []))
)]
#[delete("/{collection:households|members|villages|visits|interviews|findings|photos}/{id}")]
pub(super) async fn delete(
    arrival: Arrival,
    Bearer(claims): Bearer,
    app: Data<App>,
    path: Path<(String, String)>,
    place: Query<Where>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let deleted = app.store.write(move |tx| {
        let caller = Caller::check(tx, &claims)?;
        let (_, direct) = hold(tx, &caller, by(&caller, arrival), path.into_inner(), &place, &if_match)?;
        direct.write(tx, Change::Delete).map(drop)
    });
    deleted.await?;
    app.moves.poke();
    Ok(HttpResponse::NoContent().finish())
}
