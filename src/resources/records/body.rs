//! The bodies of `POST` and `PATCH`: a record's fields, and in a `POST` the county beside them.

use crate::fields::{Fault, FieldError, Named, check, write_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use sync_core::{Bucket, Collection};
use utoipa::openapi::schema::{AnyOf, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Object, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The fields of a new record, with its county.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct NewRecord(pub(super) Map<String, Value>);

/// Fields that change; what is left out stays as it is, null clears.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RecordChange(pub(super) Map<String, Value>);

impl NewRecord {
    /// The county that it names.
    pub(super) fn bucket(&self) -> Result<Bucket, Fault> {
        match self.0.get("bucket") {
            None | Some(Value::Null) => Err(Fault::Required),
            Some(Value::String(code)) => code.parse().map_err(|_| Fault::UnknownBucket),
            Some(_) => Err(Fault::WrongType { expected: crate::fields::Expected::Text }),
        }
    }

    /// A new one, but for a village's sheet: its id is made from the village's code.
    pub(super) fn id(&self, collection: Collection) -> Uuid {
        match self.0.get("village").and_then(Value::as_str) {
            Some(village) if collection == Collection::Villages => {
                Uuid::new_v5(&Uuid::NAMESPACE_X500, village.as_bytes())
            }
            _ => Uuid::now_v7(),
        }
    }

    /// Every fault of the fields, or what they say.
    pub(super) fn judge(
        mut self,
        collection: Collection,
        bucket: Bucket,
        id: Uuid,
        team: Option<Uuid>,
    ) -> Result<Named, Vec<FieldError>> {
        self.0.remove("bucket");
        check(collection, bucket, id, team, &(&self.0).into())
    }
}

/// `HouseholdFields`: one of a collection.
fn component(collection: Collection, new: bool) -> String {
    let singular = match collection.name() {
        "households" => "Household",
        "members" => "Member",
        "villages" => "Village",
        "visits" => "Visit",
        "interviews" => "Interview",
        "findings" => "Finding",
        _ => "Photo",
    };
    format!("{}{singular}{}", if new { "New" } else { "" }, if new { "" } else { "Fields" })
}

fn fields_of(collection: Collection, new: bool) -> Object {
    let mut object = write_schema(collection);
    if new {
        let county = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[1-9][0-9]{5}$"))
            .description(Some("The county"))
            .examples([json!("513430")]);
        object.properties.insert("bucket".into(), Schema::Object(county.build()).into());
        object.required.push("bucket".into());
        // A team's device may leave its team out.
        let required = crate::fields::required(collection).iter().filter(|name| **name != "team");
        object.required.extend(required.map(ToString::to_string));
    }
    object
}

fn any(new: bool) -> RefOr<Schema> {
    let mut any = AnyOf::new();
    any.description = Some("The fields of the collection in the path: `GET /v1/dictionary` tells them".into());
    any.items = Collection::ALL.iter().map(|c| Ref::from_schema_name(component(*c, new)).into()).collect();
    Schema::AnyOf(any).into()
}

fn components(new: bool, schemas: &mut Vec<(String, RefOr<Schema>)>) {
    let of = |c: &Collection| (component(*c, new), Schema::Object(fields_of(*c, new)).into());
    schemas.extend(Collection::ALL.iter().map(of));
}

impl PartialSchema for NewRecord {
    fn schema() -> RefOr<Schema> {
        any(true)
    }
}

impl ToSchema for NewRecord {
    fn name() -> Cow<'static, str> {
        "NewRecord".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        components(true, schemas);
    }
}

impl PartialSchema for RecordChange {
    fn schema() -> RefOr<Schema> {
        any(false)
    }
}

impl ToSchema for RecordChange {
    fn name() -> Cow<'static, str> {
        "RecordChange".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        components(false, schemas);
    }
}
