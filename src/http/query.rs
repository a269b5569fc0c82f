//! The parameters of a query string, beside those of lists.

use super::list::{bad_value, refuse_parameter, unknown};
use super::{Code, Problem};
use crate::fields::Fault;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{RefOr, Schema};

/// A `T` with a member for each parameter, all of them optional: what the document says of `T` is what is taken.
#[derive(Debug, Clone)]
pub struct Query<T>(T);

impl<T> Query<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned + IntoParams + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn malformed() -> Problem {
    Problem::new(Code::Malformed).detail("The query string cannot be read.", "查询字符串无法读取。")
}

fn from_query<T: DeserializeOwned>(text: &str) -> Option<T> {
    web::Query::from_query(text).ok().map(web::Query::into_inner)
}

fn read<T: DeserializeOwned + IntoParams>(text: &str) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = from_query(text).ok_or_else(malformed)?;
    let known = T::into_params(|| None);
    for (i, (name, _)) in pairs.iter().enumerate() {
        if known.iter().all(|parameter| parameter.name != *name) {
            return Err(refuse_parameter(name));
        }
        if pairs[..i].iter().any(|(before, _)| before == name) {
            return Err(unknown(name, "is given twice", "重复出现"));
        }
    }
    from_query(text).ok_or_else(|| {
        // Each is read by itself: the first that cannot be is named.
        let mut pieces = text.split('&').filter(|piece| !piece.is_empty()).zip(&pairs);
        let wrong = pieces.find(|(piece, _)| from_query::<T>(piece).is_none());
        let wrong = wrong.and_then(|(_, (name, _))| known.iter().find(|parameter| parameter.name == *name));
        wrong.map_or_else(malformed, |parameter| bad_value(&parameter.name, fault(parameter)))
    })
}

fn fault(parameter: &Parameter) -> Fault {
    parameter.schema.as_ref().and_then(allowed).map_or(Fault::InvalidForm, |allowed| Fault::NotInList { allowed })
}

/// The texts that a schema lists; that of an optional one is an alternative to null.
fn allowed(schema: &RefOr<Schema>) -> Option<Vec<String>> {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let values = object.enum_values.as_ref()?;
            Some(values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
        }
        RefOr::T(Schema::OneOf(either)) => either.items.iter().find_map(allowed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;

    #[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "lowercase")]
    enum By {
        County,
        Area,
    }

    #[derive(Debug, PartialEq, Deserialize, IntoParams)]
    struct Asked {
        #[param(inline)]
        by: Option<By>,
        most: Option<u32>,
        name: Option<String>,
    }

    fn refused(text: &str) -> serde_json::Value {
        let problem = read::<Asked>(text).unwrap_err();
        serde_json::to_value(problem.body(crate::lang::Lang::En, None, None)).unwrap()
    }

    #[test]
    fn what_is_known_is_read() {
        let asked = read::<Asked>("name=%E5%AE%89&by=area&most=3").unwrap();
        assert_eq!(asked, Asked { by: Some(By::Area), most: Some(3), name: Some("安".into()) });
        assert_eq!(read::<Asked>("").unwrap(), Asked { by: None, most: None, name: None });
        assert_eq!(read::<Asked>("&&most=1&").unwrap().most, Some(1));
    }

    #[test]
    fn what_is_not_is_told_by_name() {
        for (text, code, name) in
            [("nmae=1", "unknown_parameter", "nmae"), ("most=1&most=2", "unknown_parameter", "most")]
        {
            let told = refused(text);
            assert_eq!((&told["code"], &told["parameter"]), (&code.into(), &name.into()), "{text}");
        }
        let told = refused("name=x&by=village");
        assert_eq!((&told["code"], &told["errors"][0]["pointer"]), (&"malformed".into(), &"/by".into()));
        assert_eq!(told["errors"][0]["code"], "not_in_list");
        let told = refused("most=-1");
        assert_eq!(
            (&told["errors"][0]["pointer"], &told["errors"][0]["code"]),
            (&"/most".into(), &"invalid_form".into())
        );
    }
}
