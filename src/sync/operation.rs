//! One operation as a device sent it: read leniently, judged precisely. Whatever is wrong with it concerns it alone.

use super::strict::{self, NotStrict};
use crate::fields::{self, Expected, Fault, FieldError, Named, SAFE_INTEGER};
use crate::http::strict::VALUES;
use crate::http::time::parse_ms;
use crate::store::records::Key;
use sync_core::clock::Reading;
use sync_core::json::{Json, Object};
use sync_core::merge::Change;
use sync_core::{Bucket, Collection, Digest, canonical};
use uuid::Uuid;

/// Faults of fields that are told of one operation at most: each is longer than what it is told of.
const FAULTS: usize = 100;

/// An operation as it came.
#[derive(Debug, Clone)]
pub struct Sent {
    pub op_seq: u64,
    /// Of the RFC 8785 form of the parsed operation; of its bytes where it cannot be parsed.
    pub digest: Digest,
    /// What was sent, to the letter.
    pub raw: String,
    pub at: Reading,
    /// The names that it gives, where they are real ones, whether or not it is valid.
    pub bucket: Option<Bucket>,
    pub collection: Option<Collection>,
    pub id: Option<Uuid>,
    pub verdict: Result<Valid, Vec<FieldError>>,
}

/// What an operation wants, if it is valid by itself.
#[derive(Debug, Clone)]
pub struct Valid {
    pub key: Key,
    pub base: Option<u64>,
    pub change: Change,
    /// A value is kept in another form than it was sent in.
    pub normalised: bool,
}

impl Sent {
    /// `None` when there is no readable `op_seq`. `team` is the author's.
    pub fn read(raw: &str, team: Option<Uuid>) -> Option<Self> {
        match strict::parse(raw) {
            Ok(value) => {
                let op_seq = numbered(integer(value.as_object()?.get("op_seq")?)?)?;
                Some(Self::of_value(op_seq, raw, &value, team))
            }
            Err(fault) => {
                let outline = strict::outline(raw);
                let op_seq = numbered(integer(&outline.op_seq?)?)?;
                Some(Self {
                    op_seq,
                    digest: Digest::of(raw.as_bytes()),
                    raw: raw.to_owned(),
                    at: reading(outline.at.as_ref()),
                    bucket: outline.bucket.and_then(|code| code.parse().ok()),
                    collection: outline.collection.as_deref().and_then(Collection::from_name),
                    id: outline.id.as_deref().and_then(uuid),
                    verdict: Err(vec![unreadable(&fault)]),
                })
            }
        }
    }

    fn of_value(op_seq: u64, raw: &str, value: &Json<'_>, team: Option<Uuid>) -> Self {
        let none = Object::default();
        let op = value.as_object().unwrap_or(&none);
        let text = |name: &str| op.get(name).and_then(Json::as_text);
        let mut written = String::with_capacity(raw.len());
        canonical::write(value, &mut written);
        Self {
            op_seq,
            digest: Digest::of(written.as_bytes()),
            raw: raw.to_owned(),
            at: reading(op.get("at")),
            bucket: text("bucket").and_then(|code| code.parse().ok()),
            collection: text("collection").and_then(Collection::from_name),
            id: text("id").and_then(uuid),
            verdict: judge(op, team),
        }
    }

    /// Judges it again for an author of another team.
    pub fn judge_again(&mut self, team: Option<Uuid>) {
        let judged = match strict::parse(&self.raw) {
            Ok(Json::Object(op)) => judge(&op, team),
            _ => return,
        };
        self.verdict = judged;
    }
}

/// Judges a stored operation anew, to release it.
pub fn judge_stored(raw: &str, team: Option<Uuid>) -> Result<Valid, Vec<FieldError>> {
    match strict::parse(raw) {
        Ok(Json::Object(op)) => judge(&op, team),
        Ok(_) => Err(vec![FieldError::new("", Fault::WrongType { expected: Expected::Object })]),
        Err(fault) => Err(vec![unreadable(&fault)]),
    }
}

/// What two clocks showed; anything unreadable counts as absent.
pub fn reading(value: Option<&Json<'_>>) -> Reading {
    let read = || {
        let clocks = value?.as_object()?;
        let wall = match clocks.get("wall") {
            None | Some(Json::Null) => None,
            Some(wall) => Some(parse_ms(wall.as_text()?)?),
        };
        let mono = match clocks.get("mono") {
            None | Some(Json::Null) => None,
            Some(mono) => Some(integer(mono)?),
        };
        let boot = match clocks.get("boot") {
            None | Some(Json::Null) => None,
            Some(boot) => Some(boot.as_text()?.to_owned()),
        };
        Some(Reading { wall, mono, boot })
    };
    read().unwrap_or_default()
}

/// An `op_seq` as it may be.
fn numbered(op_seq: i64) -> Option<u64> {
    u64::try_from(op_seq).ok().filter(|seq| (1..=SAFE_INTEGER as u64).contains(seq))
}

fn unreadable(fault: &NotStrict) -> FieldError {
    let (pointer, fault) = match fault {
        NotStrict::Twice(pointer) => (pointer.clone(), Fault::DuplicateField),
        NotStrict::TooDeep => (String::new(), Fault::TooDeep),
        NotStrict::TooMany => (String::new(), Fault::TooMany { max: VALUES }),
        NotStrict::NotUnicode => (String::new(), Fault::InvalidText),
        NotStrict::NumberOutOfRange => {
            (String::new(), Fault::OutOfRange { min: -SAFE_INTEGER as f64, max: SAFE_INTEGER as f64 })
        }
        NotStrict::NotJson => (String::new(), Fault::WrongType { expected: Expected::Object }),
    };
    FieldError::new(pointer, fault)
}

/// Validity from the operation alone, with every fault.
fn judge(op: &Object<'_>, team: Option<Uuid>) -> Result<Valid, Vec<FieldError>> {
    let mut faults = Vec::new();
    let bucket = text(op, "bucket", &mut faults)
        .and_then(|code| code.parse::<Bucket>().map_err(|_| faults.push(fault("bucket", Fault::UnknownBucket))).ok());
    let collection = text(op, "collection", &mut faults).and_then(|name| {
        let known = Collection::from_name(name);
        if known.is_none() {
            faults.push(fault("collection", Fault::UnknownCollection));
        }
        known
    });
    let id = text(op, "id", &mut faults).and_then(|id| {
        let id = uuid(id);
        if id.is_none() {
            faults.push(fault("id", Fault::InvalidUuid));
        }
        id
    });
    let base = base(op.get("base"), &mut faults);
    let wants = match text(op, "kind", &mut faults) {
        Some("upsert") => fields_of(op, &mut faults).map(Some),
        Some("delete") => Some(None),
        Some(_) => {
            faults.push(fault("kind", Fault::NotInList { allowed: vec!["upsert".into(), "delete".into()] }));
            None
        }
        None => None,
    };
    let (Some(bucket), Some(collection), Some(id), Some(wants)) = (bucket, collection, id, wants) else {
        return Err(faults);
    };
    let named = match wants {
        None => None,
        Some(fields) => match fields::check(collection, bucket, id, team, fields) {
            Ok(named) => Some(named),
            Err(mut errors) => {
                errors.truncate(FAULTS);
                faults.extend(errors.into_iter().map(|error| error.under("/fields")));
                None
            }
        },
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let normalised = named.as_ref().is_some_and(|named| named.normalised);
    let change = named.map_or(Change::Delete, |Named { edits, .. }| Change::Upsert(edits.into()));
    Ok(Valid { key: Key { bucket, collection, id }, base, change, normalised })
}

fn fault(name: &str, fault: Fault) -> FieldError {
    FieldError::new(format!("/{name}"), fault)
}

fn text<'a>(op: &'a Object<'_>, name: &str, faults: &mut Vec<FieldError>) -> Option<&'a str> {
    match op.get(name) {
        Some(Json::Text(text)) => Some(text),
        None | Some(Json::Null) => {
            faults.push(fault(name, Fault::Required));
            None
        }
        Some(_) => {
            faults.push(fault(name, Fault::WrongType { expected: Expected::Text }));
            None
        }
    }
}

fn fields_of<'a, 'b>(op: &'a Object<'b>, faults: &mut Vec<FieldError>) -> Option<&'a Object<'b>> {
    match op.get("fields") {
        Some(Json::Object(fields)) => Some(fields),
        None | Some(Json::Null) => {
            faults.push(fault("fields", Fault::Required));
            None
        }
        Some(_) => {
            faults.push(fault("fields", Fault::WrongType { expected: Expected::Object }));
            None
        }
    }
}

/// Absent, null and 0 are no base.
fn base(value: Option<&Json<'_>>, faults: &mut Vec<FieldError>) -> Option<u64> {
    let value = value.filter(|value| !value.is_null())?;
    match integer(value) {
        Some(base) if (0..=SAFE_INTEGER).contains(&base) => u64::try_from(base).ok().filter(|base| *base > 0),
        Some(_) => {
            faults.push(fault("base", Fault::OutOfRange { min: 0.0, max: SAFE_INTEGER as f64 }));
            None
        }
        None => {
            faults.push(fault("base", Fault::WrongType { expected: Expected::Integer }));
            None
        }
    }
}

/// A whole number, also one that is written `3.0`.
fn integer(value: &Json<'_>) -> Option<i64> {
    let Json::Number(number) = value else { return None };
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() <= SAFE_INTEGER as f64).then_some(float as i64)
    })
}

/// A UUID in its hyphenated form, in whatever case.
pub fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}
