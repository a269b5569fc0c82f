//! The parameters of the lists of records, for the OpenAPI document: one operation lists seven collections, each with
//! filters of its own.

use super::REVEAL;
use crate::http::list::{filter_parameter, paging_parameters, parameter, special_parameters};
use crate::store::listing::Kind;
use crate::store::record_lists::list;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use sync_core::Collection;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, PartialSchema as _};

/// The filters of all collections. Where not every collection has one, `x-collections` tells which do, with the schema of
/// each; at `sort` it tells by what each can be sorted.
pub struct RecordFilters;

impl IntoParams for RecordFilters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let sorts = |c: &Collection| list(*c).columns.iter().filter(|column| column.is_sorted());
        let names = |c: &Collection| sorts(c).map(|column| column.name.to_string()).collect::<Vec<_>>();
        let by: Map<String, Value> = Collection::ALL.iter().map(|c| (c.name().to_owned(), json!(names(c)))).collect();
        let mut parameters = paging_parameters("the names that `x-collections` gives for each collection");
        if let Some(sort) = parameters.last_mut() {
            sort.extensions = Some(told(by));
        }
        let mut kinds: BTreeMap<String, Vec<(Collection, Kind)>> = BTreeMap::new();
        for collection in Collection::ALL {
            for column in &list(collection).columns {
                kinds.entry(column.name.to_string()).or_default().push((collection, column.kind));
            }
        }
        parameters.extend(kinds.into_iter().map(|(name, of)| shared(&name, &of)));
        let mut special: BTreeMap<String, (Parameter, Vec<Collection>)> = BTreeMap::new();
        for collection in Collection::ALL {
            for parameter in special_parameters(list(collection)) {
                special.entry(parameter.name.clone()).or_insert((parameter, Vec::new())).1.push(collection);
            }
        }
        for (mut parameter, of) in special.into_values() {
            if of.len() < Collection::ALL.len() {
                let schema = json!(parameter.schema);
                parameter.extensions = Some(told(of.iter().map(|c| (c.name().to_owned(), schema.clone())).collect()));
            }
            parameters.push(parameter);
        }
        let reveal = "Show the numbers of identity cards and telephones whole; it is written down in the audit";
        parameters.push(parameter(REVEAL, reveal, bool::schema()));
        parameters
    }
}

fn told(by: Map<String, Value>) -> Extensions {
    Extensions::from_iter([("x-collections", Value::Object(by))])
}

/// A filter that several collections have; its own allowed values each.
fn shared(name: &str, of: &[(Collection, Kind)]) -> Parameter {
    let mut choices: Vec<&'static str> = Vec::new();
    for (_, kind) in of {
        if let Kind::Choice(values) = kind {
            choices.extend(values.iter().filter(|value| !choices.contains(value)).collect::<Vec<_>>());
        }
    }
    // Every kind of list is made once.
    let kind = if choices.is_empty() { of[0].1 } else { Kind::Choice(choices.leak()) };
    let mut parameter = filter_parameter(name, kind);
    if of.len() < Collection::ALL.len() || matches!(kind, Kind::Choice(_)) {
        let schema = |kind: &Kind| json!(filter_parameter(name, *kind).schema);
        parameter.extensions = Some(told(of.iter().map(|(c, kind)| (c.name().to_owned(), schema(kind))).collect()));
    }
    parameter
}
