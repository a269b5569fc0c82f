//! Times on the wire: RFC 3339 with milliseconds, in China's one time zone; milliseconds since 1970 inside. Days as
//! `YYYY-MM-DD`, inside and outside.

use super::shape::refuse;
use crate::fields::Fault;
use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

const CHINA_SECONDS_EAST: i32 = 8 * 3600;

/// `2015-04-16T11:02:38.123+08:00`
pub fn format_ms(unix_ms: i64) -> String {
    let utc = DateTime::from_timestamp_millis(unix_ms).unwrap_or_default();
    match FixedOffset::east_opt(CHINA_SECONDS_EAST) {
        Some(zone) => utc.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Millis, true),
        None => utc.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

/// The day that it is in China.
pub fn today() -> NaiveDate {
    day_of(Utc::now().timestamp_millis())
}

/// The day that it was in China.
pub fn day_of(unix_ms: i64) -> NaiveDate {
    let utc = DateTime::from_timestamp_millis(unix_ms).unwrap_or_default();
    FixedOffset::east_opt(CHINA_SECONDS_EAST).map_or(utc.date_naive(), |zone| utc.with_timezone(&zone).date_naive())
}

/// Reads any RFC 3339 time; finer digits than milliseconds are cut.
pub fn parse_ms(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// A day that exists, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(NaiveDate);

impl Day {
    pub fn parse(text: &str) -> Option<Self> {
        // chrono alone would take 2016-1-1, and years of five digits.
        let padded = text.len() == 10 && text.bytes().all(|b| b == b'-' || b.is_ascii_digit());
        // A year 0 would be another one in the database.
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.year() > 0);
        day.filter(|_| padded).map(Self)
    }
}

impl From<NaiveDate> for Day {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}

impl From<Day> for NaiveDate {
    fn from(Day(day): Day) -> Self {
        day
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| refuse(&Fault::InvalidDate))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Date);
        Object::builder().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Day {}
