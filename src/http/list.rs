//! Lists as callers ask for them: `cursor`, `limit`, `count`, `sort`, and filters `field=`, `field[in]=`, `field[gte]=`,
//! `field[lt]=`; where a list has texts or places, `q`, `near` and `bbox`. What a list offers is described once, in the
//! store; anything else is refused by its name, and a value that no row can have by the name and the fault.

use super::time::{Day, parse_ms};
use super::{Code, Problem};
use crate::auth::keys::Keys;
use crate::fields::{Expected, Fault, FieldError, is_village};
use crate::insight::extent::Extent;
use crate::store::listing::{Compare, Filter, Found, Kind, List, Listed, Listing, Order, Place, Value};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;
use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Object, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};
use uuid::Uuid;

pub const LIMIT_DEFAULT: usize = 100;
pub const LIMIT_MOST: usize = 1000;
/// Values of one `[in]`.
const VALUES_MOST: usize = 100;
/// Characters of `q`, and words in it.
const Q_LONGEST: usize = 100;
const WORDS_MOST: usize = 8;
/// Metres of `near`.
const NEAR_MOST: f64 = 100_000.0;

const PURPOSE: &str = "list cursor";
const MAC_BYTES: usize = 32;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` at the end.
    pub next: Option<String>,
    /// How many items all pages have; present with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// The parameters of a list, unread.
#[derive(Debug, Clone)]
pub struct ListParams(Vec<(String, String)>);

impl FromRequest for ListParams {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        ready(read.map(|pairs| Self(pairs.into_inner())).map_err(|_| {
            Problem::new(Code::Malformed).detail("The query string cannot be read.", "查询字符串无法读取。")
        }))
    }
}

/// What the document says of a list's parameters: `params(ListOf<User>)`.
pub struct ListOf<R>(PhantomData<R>);

impl<R: Listed> IntoParams for ListOf<R> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let list = R::list();
        let columns = &list.columns;
        let sorted: Vec<_> = columns.iter().filter(|column| column.is_sorted()).map(|column| &*column.name).collect();
        let mut parameters = paging_parameters(&sorted.join(", "));
        parameters.extend(columns.iter().map(|column| filter_parameter(&column.name, column.kind)));
        parameters.extend(special_parameters(list));
        parameters
    }
}

/// What the document says of the parameters that every list has; `sort`, by these, is the last.
pub fn paging_parameters(sorted: &str) -> Vec<Parameter> {
    let sort =
        format!("Fields, each with `-` before it to turn its order, behind which come those that have none: {sorted}");
    let limit = Object::builder().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(LIMIT_MOST));
    vec![
        parameter("cursor", "`next` of the page before; the other parameters stay as they were", String::schema()),
        parameter("limit", "Items on a page", limit.default(Some(LIMIT_DEFAULT.into())).into()),
        parameter("count", "Tell in `total` how many items all pages have", bool::schema()),
        parameter("sort", &sort, String::schema()),
    ]
}

/// What the document says of a filter.
pub fn filter_parameter(name: &str, kind: Kind) -> Parameter {
    let more = if is_ordered(kind) { format!(", `{name}[gte]=`, `{name}[lt]=`") } else { String::new() };
    let which = if matches!(kind, Kind::Choices(_)) { "Only those that have it among theirs" } else { "Only these" };
    parameter(name, &format!("{which}; also `{name}[in]=a,b`{more}"), schema(kind))
}

/// What the document says of the filters of texts, places and deadlines.
pub fn special_parameters<R>(list: &List<R>) -> Vec<Parameter> {
    let text = |example: &str| Object::builder().schema_type(Type::String).examples([example]).into();
    let mut parameters = Vec::new();
    if list.texts.is_some() {
        let q = "Only those in whose names and texts every one of these words stands, as a part of any word";
        let schema = Object::builder().schema_type(Type::String).min_length(Some(1)).max_length(Some(Q_LONGEST));
        parameters.push(parameter("q", q, schema.into()));
    }
    if list.places.is_some() {
        let near = "Only those at most so many metres (up to 100,000) from a place of WGS-84: `lat,lon,metres`";
        parameters.push(parameter("near", near, text("27.7,103.2,500")));
        let bbox = "Only those inside of these degrees of WGS-84: `west,south,east,north`";
        parameters.push(parameter("bbox", bbox, text("102.5,27.5,103.5,28.2")));
    }
    if list.deadlines.is_some() {
        let overdue =
            "Only those due before today (in China) and neither closed nor rejected; `false`: only the others";
        parameters.push(parameter("overdue", overdue, bool::schema()));
    }
    parameters
}

/// What the document says of one parameter.
pub fn parameter(name: &str, description: &str, schema: RefOr<Schema>) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

fn schema(kind: Kind) -> RefOr<Schema> {
    let text = |format| Object::builder().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
    match kind {
        Kind::Text | Kind::Whole => String::schema(),
        Kind::Uuid => text(KnownFormat::Uuid).into(),
        Kind::Day => text(KnownFormat::Date).into(),
        Kind::Instant | Kind::Millis => text(KnownFormat::DateTime).into(),
        Kind::Int => i64::schema(),
        Kind::Real => f64::schema(),
        Kind::Bool => bool::schema(),
        Kind::Choice(of) | Kind::Choices(of) => {
            Object::builder().schema_type(Type::String).enum_values(Some(of.iter().copied())).into()
        }
        Kind::Village => Object::builder().schema_type(Type::String).pattern(Some("^[0-9]{12}$")).into(),
    }
}

/// Whether greater and less mean something.
fn is_ordered(kind: Kind) -> bool {
    !matches!(kind, Kind::Whole | Kind::Uuid | Kind::Bool | Kind::Choice(_) | Kind::Choices(_))
}

/// A list that was asked for, and by whom: makes the cursors of its pages.
pub struct Asked<R: 'static> {
    pub listing: Listing<R>,
    /// What a cursor must have been made for.
    purpose: Vec<u8>,
    keys: Keys,
}

impl ListParams {
    /// Takes out a parameter that is none of the list's own. It must be in the list's name or filters, or a cursor would
    /// serve two different lists.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.remove(place).1)
    }

    /// [`ListParams::take`] of one that is `true` or `false`; false where it is not given.
    pub fn take_flag(&mut self, name: &str) -> Result<bool, Problem> {
        let Some(text) = self.take(name) else { return Ok(false) };
        text.parse().map_err(|_| bad_value(name, Fault::WrongType { expected: Expected::Boolean }))
    }

    /// What was asked of `list`. A cursor counts for the list, the order, the filters and the caller that it was made for.
    pub fn read<R>(self, list: &'static List<R>, keys: &Keys, caller: Uuid) -> Result<Asked<R>, Problem> {
        let (mut order, mut filters, mut cursor) = (Vec::new(), Vec::new(), None);
        let (mut limit, mut count, mut seen) = (LIMIT_DEFAULT, false, BTreeSet::new());
        for (name, text) in &self.0 {
            if !seen.insert(name) {
                return Err(unknown(name, "is given twice", "重复出现"));
            }
            match name.as_str() {
                "cursor" => cursor = Some(text),
                "limit" => limit = read_limit(text)?,
                "count" => {
                    count =
                        text.parse().map_err(|_| bad_value(name, Fault::WrongType { expected: Expected::Boolean }))?;
                }
                "sort" => order = read_sort(list, text)?,
                "q" if list.texts.is_some() => filters.push(Filter::Texts(read_words(text)?)),
                "near" if list.places.is_some() => filters.push(Filter::Place(read_near(text)?)),
                "overdue" if list.deadlines.is_some() => {
                    let is = text.parse();
                    let wrong = |_| bad_value(name, Fault::WrongType { expected: Expected::Boolean });
                    filters.push(Filter::Overdue(is.map_err(wrong)?));
                }
                "bbox" if list.places.is_some() => filters.push(Filter::Place(read_box(text)?)),
                _ => filters.push(read_filter(list, name, text)?),
            }
        }
        filters.sort_by_cached_key(|filter| format!("{filter:?}"));
        let order = list.order(order);
        let purpose = format!("{}\n{caller}\n{order:?}\n{filters:?}\n", list.name).into_bytes();
        let after = cursor.map(|text| open(keys, &purpose, text)).transpose()?;
        let listing = Listing { list, filters, order, after, limit, count };
        Ok(Asked { listing, purpose, keys: keys.clone() })
    }
}

impl<R> Asked<R> {
    /// The page, as it goes out.
    pub fn page<T>(&self, found: Found<R>, item: impl FnMut(R) -> T) -> Page<T> {
        let next = found.next.map(|values| seal(&self.keys, &self.purpose, &values));
        Page { items: found.rows.into_iter().map(item).collect(), next, total: found.total }
    }

    /// [`Asked::page`] for rows that may turn out unreadable.
    pub fn try_page<T, E>(&self, found: Found<R>, item: impl FnMut(R) -> Result<T, E>) -> Result<Page<T>, E> {
        let Found { rows, next, total } = found;
        let items = rows.into_iter().map(item).collect::<Result<_, E>>()?;
        Ok(Page { items, next: next.map(|values| seal(&self.keys, &self.purpose, &values)), total })
    }
}

fn read_limit(text: &str) -> Result<usize, Problem> {
    let out_of_range = || bad_value("limit", Fault::OutOfRange { min: 1.0, max: LIMIT_MOST as f64 });
    text.parse().ok().filter(|limit| (1..=LIMIT_MOST).contains(limit)).ok_or_else(out_of_range)
}

fn read_sort<R>(list: &List<R>, text: &str) -> Result<Vec<Order>, Problem> {
    let mut orders: Vec<Order> = Vec::new();
    for field in text.split(',') {
        let (name, down) = field.strip_prefix('-').map_or((field, false), |name| (name, true));
        let column = list.columns.iter().position(|column| column.name == name && column.is_sorted());
        let column = column.ok_or_else(|| unknown(name, "cannot be sorted by", "不能用于排序"))?;
        if orders.iter().any(|order| order.column == column) {
            return Err(unknown(name, "is given twice", "重复出现"));
        }
        orders.push(Order { column, down });
    }
    Ok(orders)
}

fn read_filter<R>(list: &List<R>, name: &str, text: &str) -> Result<Filter, Problem> {
    let unknown = || refuse_parameter(name);
    let (field, compare) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        None => (name, None),
        Some((field, "in")) => (field, Some(Compare::In)),
        Some((field, "gte")) => (field, Some(Compare::Gte)),
        Some((field, "lt")) => (field, Some(Compare::Lt)),
        Some(_) => return Err(unknown()),
    };
    let place = list.columns.iter().position(|column| column.name == field).ok_or_else(unknown)?;
    let kind = list.columns[place].kind;
    if matches!(compare, Some(Compare::Gte | Compare::Lt)) && !is_ordered(kind) {
        return Err(unknown());
    }
    let texts: Vec<&str> = if compare == Some(Compare::In) { text.split(',').collect() } else { vec![text] };
    if texts.len() > VALUES_MOST {
        return Err(bad_value(name, Fault::TooMany { max: VALUES_MOST }));
    }
    let values = texts.iter().map(|text| read_value(kind, text)).collect::<Result<_, _>>();
    let values = values.map_err(|fault| bad_value(name, fault))?;
    Ok(Filter::Column { column: place, compare: compare.unwrap_or(Compare::In), values })
}

fn read_value(kind: Kind, text: &str) -> Result<Value, Fault> {
    // A bare `+` in a query string means a space.
    let time = || parse_ms(&text.replace(' ', "+")).ok_or(Fault::InvalidTime);
    let wrong = |expected| Fault::WrongType { expected };
    Ok(match kind {
        // PostgreSQL cannot keep a NUL.
        Kind::Text | Kind::Whole if text.contains('\0') => return Err(Fault::InvalidText),
        Kind::Text | Kind::Whole => Value::Text(text.to_owned()),
        Kind::Uuid => {
            let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
            Value::Uuid(id.ok_or(Fault::InvalidUuid)?)
        }
        Kind::Day => Value::Text(Day::parse(text).ok_or(Fault::InvalidDate)?.to_string()),
        Kind::Instant => Value::Instant(time()?),
        Kind::Millis => Value::Int(time()?),
        Kind::Int => Value::Int(text.parse().map_err(|_| wrong(Expected::Integer))?),
        Kind::Real => Value::Real(read_degrees(text).ok_or(wrong(Expected::Number))?),
        Kind::Bool => Value::Bool(text.parse().map_err(|_| wrong(Expected::Boolean))?),
        Kind::Choice(of) | Kind::Choices(of) if of.contains(&text) => Value::Text(text.to_owned()),
        Kind::Choice(of) | Kind::Choices(of) => {
            return Err(Fault::NotInList { allowed: of.iter().map(ToString::to_string).collect() });
        }
        Kind::Village if is_village(text) => Value::Text(text.to_owned()),
        Kind::Village => return Err(Fault::InvalidVillage),
    })
}

/// The words that are looked for.
fn read_words(text: &str) -> Result<Vec<String>, Problem> {
    if text.contains('\0') {
        return Err(bad_value("q", Fault::InvalidText));
    }
    if text.chars().count() > Q_LONGEST {
        return Err(bad_value("q", Fault::TooLong { max: Q_LONGEST }));
    }
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    match words.len() {
        0 => Err(bad_value("q", Fault::TooShort { min: 1 })),
        1..=WORDS_MOST => Ok(words),
        _ => Err(bad_value("q", Fault::TooMany { max: WORDS_MOST })),
    }
}

/// A finite number.
fn read_degrees(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn read_numbers<const N: usize>(name: &str, text: &str) -> Result<[f64; N], Problem> {
    let numbers: Option<Vec<f64>> = text.split(',').map(read_degrees).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| bad_value(name, Fault::InvalidForm))
}

fn in_range(name: &str, number: f64, min: f64, max: f64) -> Result<(), Problem> {
    if (min..=max).contains(&number) { Ok(()) } else { Err(bad_value(name, Fault::OutOfRange { min, max })) }
}

/// `lat,lon,metres`
fn read_near(text: &str) -> Result<Place, Problem> {
    let [lat, lon, metres] = read_numbers("near", text)?;
    in_range("near", lat, -90.0, 90.0)?;
    in_range("near", lon, -180.0, 180.0)?;
    in_range("near", metres, 0.0, NEAR_MOST)?;
    Ok(Place::Near { lat, lon, metres })
}

/// `west,south,east,north`, as in GeoJSON.
fn read_box(text: &str) -> Result<Place, Problem> {
    let [west, south, east, north] = read_numbers("bbox", text)?;
    for (number, most) in [(west, 180.0), (east, 180.0), (south, 90.0), (north, 90.0)] {
        in_range("bbox", number, -most, most)?;
    }
    if west > east || south > north {
        return Err(bad_value("bbox", Fault::InvalidForm));
    }
    Ok(Place::Inside(Extent { south, west, north, east }))
}

/// 400: the parameter is none of these here.
pub fn refuse_parameter(name: &str) -> Problem {
    unknown(name, "is not known here", "不是此处可用的参数")
}

/// 400: the value is none of the allowed ones.
pub fn refuse_value(name: &str, allowed: &[&str]) -> Problem {
    bad_value(name, Fault::NotInList { allowed: allowed.iter().map(ToString::to_string).collect() })
}

pub(super) fn unknown(name: &str, en: &str, zh: &str) -> Problem {
    Problem::new(Code::UnknownParameter)
        .detail(format!("`{name}` {en}."), format!("“{name}”{zh}。"))
        .with("parameter", name)
}

/// 400 with what is wrong with a parameter's value. The parameters are pointed into as if they were one object.
pub(super) fn bad_value(name: &str, fault: Fault) -> Problem {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    Problem::new(Code::Malformed)
        .detail(
            format!("The value of `{name}` cannot be taken: see `errors`."),
            format!("参数“{name}”的值无效，详见 errors。"),
        )
        .errors(vec![FieldError::new(pointer, fault)])
        .with("parameter", name)
}

/// Where a page begins, as it travels: base64url of the sort values and of a code that only this server's key makes.
fn seal(keys: &Keys, purpose: &[u8], values: &[Value]) -> String {
    // Serialising plain data into memory cannot fail.
    let mut bytes = postcard::to_stdvec(values).unwrap_or_default();
    let mac = keys.mac(PURPOSE, &[purpose, &bytes].concat());
    bytes.extend_from_slice(&mac);
    BASE64.encode(bytes)
}

fn open(keys: &Keys, purpose: &[u8], text: &str) -> Result<Vec<Value>, Problem> {
    let values = || {
        let bytes = BASE64.decode(text).ok()?;
        let (data, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        if !keys.mac_is(PURPOSE, &[purpose, data].concat(), mac) {
            return None;
        }
        postcard::from_bytes(data).ok()
    };
    values().ok_or_else(|| {
        Problem::new(Code::BadCursor).detail(
            "This cursor was not issued to you for this list, with these filters and this order.",
            "该游标不是为您的这个列表（及其筛选和排序）签发的。",
        )
    })
}
