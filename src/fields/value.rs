//! Judges one value against its kind and writes its canonical text.

use serde_json::Number;
use sync_core::Bucket;
use sync_core::json::{Json, Object};

use super::canonical::{self, write_string};
use super::fault::{Expected, Fault, FieldError};
use super::field::{Choice, Field, Kind, SAFE_INTEGER, TEXT_MAX};
use super::formats;
use super::pointer::Path;

/// There is a fault, and it is among those that the [`Reader`] collects.
pub(super) struct Noted;

/// Reads values of one operation and collects their faults.
pub(super) struct Reader {
    bucket: Bucket,
    errors: Vec<FieldError>,
    normalised: bool,
}

impl Reader {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self { bucket, errors: Vec::new(), normalised: false }
    }

    pub(super) fn fault(&mut self, here: Path<'_>, fault: Fault) -> Noted {
        self.errors.push(FieldError { pointer: here.pointer(), fault });
        Noted
    }

    /// Whether a value was normalised; else every fault.
    pub(super) fn finish(self) -> Result<bool, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(self.normalised) } else { Err(self.errors) }
    }

    /// Appends the canonical text of `value`, or `null`, which clears; after a fault, `out` holds anything.
    pub(super) fn write_or_clear(
        &mut self,
        kind: &Kind,
        value: &Json<'_>,
        here: Path<'_>,
        out: &mut String,
    ) -> Result<(), Noted> {
        if value.is_null() {
            out.push_str("null");
            return Ok(());
        }
        self.write(kind, value, here, out)
    }

    /// Appends the canonical text of `value`, which is not null; after a fault, `out` holds anything.
    fn write(&mut self, kind: &Kind, value: &Json<'_>, here: Path<'_>, out: &mut String) -> Result<(), Noted> {
        match (kind, value) {
            (Kind::Object(fields), Json::Object(members)) => return self.object(fields, members, here, out),
            (Kind::List(fields), Json::List(items)) => return self.items(&Kind::Object(fields), items, here, out),
            (Kind::Texts | Kind::Answers, Json::List(items)) => return self.items(&Kind::Text, items, here, out),
            (Kind::Choices { of, max }, Json::List(items)) => {
                let few =
                    if items.len() <= *max { Ok(()) } else { Err(self.fault(here, Fault::TooMany { max: *max })) };
                return self.items(&Kind::Choice(of), items, here, out).and(few);
            }
            (_, Json::Text(text)) => self.text(kind, text, out),
            _ => write_scalar(kind, value, out),
        }
        .map_err(|fault| self.fault(here, fault))
    }

    fn text(&mut self, kind: &Kind, text: &str, out: &mut String) -> Result<(), Fault> {
        match form(kind, text, self.bucket)? {
            Form::Free => write_string(text, out),
            Form::Plain => write_plain(text, out),
            Form::Cased(case) => {
                let from = out.len() + 1;
                write_plain(text, out);
                case(&mut out[from..]);
                self.normalised |= out[from..out.len() - 1] != *text;
            }
        }
        Ok(())
    }

    fn items(&mut self, kind: &Kind, items: &[Json<'_>], here: Path<'_>, out: &mut String) -> Result<(), Noted> {
        let mut done = Ok(());
        out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            done = self.write(kind, item, here.index(i), out).and(done);
        }
        out.push(']');
        done
    }

    fn object(
        &mut self,
        fields: &[Field],
        members: &Object<'_>,
        here: Path<'_>,
        out: &mut String,
    ) -> Result<(), Noted> {
        let mut done = Ok(());
        out.push('{');
        for (key, value) in members.iter() {
            let there = here.key(key);
            let Some(field) = fields.iter().find(|field| field.name == key) else {
                done = Err(self.fault(there, Fault::UnknownField));
                continue;
            };
            if !out.ends_with('{') {
                out.push(',');
            }
            write_plain(key, out);
            out.push(':');
            done = if value.is_null() && field.required {
                Err(self.fault(there, Fault::Required))
            } else {
                self.write_or_clear(&field.kind, value, there, out).and(done)
            };
        }
        out.push('}');
        for field in fields.iter().filter(|field| field.required && !members.contains(field.name)) {
            done = Err(self.fault(here.key(field.name), Fault::Required));
        }
        done
    }
}

/// How a valid text is written.
enum Form {
    /// With escapes where it needs them.
    Free,
    /// As it is: it has nothing to escape.
    Plain,
    /// As it is, in one case.
    Cased(fn(&mut str)),
}

fn form(kind: &Kind, text: &str, bucket: Bucket) -> Result<Form, Fault> {
    let valid = |yes: bool, form, fault| if yes { Ok(form) } else { Err(fault) };
    match kind {
        Kind::Text | Kind::Answers => free_text(text).map(|()| Form::Free),
        Kind::Choice(of) => in_list(of, text).map(|()| Form::Plain),
        Kind::Date => valid(formats::is_date(text), Form::Plain, Fault::InvalidDate),
        Kind::Time => valid(formats::is_time(text), Form::Plain, Fault::InvalidTime),
        Kind::Uuid(_) => valid(formats::is_uuid(text), Form::Cased(str::make_ascii_lowercase), Fault::InvalidUuid),
        Kind::Sha256 => valid(formats::is_sha256(text), Form::Cased(str::make_ascii_lowercase), Fault::InvalidSha256),
        Kind::IdNumber => formats::id_number(text).map(|()| Form::Cased(str::make_ascii_uppercase)),
        Kind::Village => match formats::county_of_village(text) {
            Some(county) if county == bucket.code() => Ok(Form::Plain),
            Some(_) => Err(Fault::OutsideBucket { bucket: bucket.to_string() }),
            None => Err(Fault::InvalidVillage),
        },
        _ => Err(wrong_type(kind)),
    }
}

fn free_text(text: &str) -> Result<(), Fault> {
    if text.as_bytes().contains(&0) {
        Err(Fault::InvalidText)
    } else if text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX {
        Err(Fault::TooLong { max: TEXT_MAX })
    } else {
        Ok(())
    }
}

fn in_list(of: &[Choice], text: &str) -> Result<(), Fault> {
    if of.iter().any(|choice| choice.value == text) {
        Ok(())
    } else {
        Err(Fault::NotInList { allowed: of.iter().map(|choice| choice.value.to_owned()).collect() })
    }
}

/// Booleans and numbers; anything else does not fit its kind by now.
fn write_scalar(kind: &Kind, value: &Json<'_>, out: &mut String) -> Result<(), Fault> {
    match (kind, value) {
        (Kind::Bool | Kind::Answers, Json::Bool(flag)) => {
            out.push_str(if *flag { "true" } else { "false" });
            Ok(())
        }
        (Kind::Integer { min, max }, Json::Number(number)) => write_whole(number, *min, *max, out),
        (Kind::Number { min, max }, Json::Number(number)) => write_number(number, *min, *max, out),
        (Kind::Answers, Json::Number(number)) if is_exact(number) => write_number(number, f64::MIN, f64::MAX, out),
        (Kind::Answers, Json::Number(_)) => {
            Err(Fault::OutOfRange { min: -SAFE_INTEGER as f64, max: SAFE_INTEGER as f64 })
        }
        _ => Err(wrong_type(kind)),
    }
}

/// Whether a double holds a whole number as it was written: an answer is refused rather than changed.
fn is_exact(number: &Number) -> bool {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    whole.is_none_or(|whole| whole as f64 as i128 == whole)
}

fn write_whole(number: &Number, min: i64, max: i64, out: &mut String) -> Result<(), Fault> {
    let out_of_range = Fault::OutOfRange { min: min as f64, max: max as f64 };
    let whole = match number.as_i64() {
        Some(whole) => whole,
        None => match number.as_f64() {
            // 3.0 and 3e2 are integers too.
            Some(double) if double.fract() != 0.0 => return Err(Fault::WrongType { expected: Expected::Integer }),
            Some(double) if double.abs() <= SAFE_INTEGER as f64 => double as i64,
            _ => return Err(out_of_range),
        },
    };
    if !(min..=max).contains(&whole) {
        return Err(out_of_range);
    }
    out.push_str(itoa::Buffer::new().format(whole));
    Ok(())
}

fn write_number(number: &Number, min: f64, max: f64, out: &mut String) -> Result<(), Fault> {
    // Rounding to a double cannot bring a number back inside: 2^53 + 1 becomes 2^53, which is outside too.
    match number.as_f64() {
        Some(double) if (min..=max).contains(&double) => {
            canonical::write_number(number, out);
            Ok(())
        }
        _ => Err(Fault::OutOfRange { min, max }),
    }
}

fn write_plain(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

fn wrong_type(kind: &Kind) -> Fault {
    let expected = match kind {
        Kind::Bool => Expected::Boolean,
        Kind::Integer { .. } => Expected::Integer,
        Kind::Number { .. } => Expected::Number,
        Kind::Object(_) => Expected::Object,
        Kind::List(_) | Kind::Choices { .. } | Kind::Texts => Expected::List,
        Kind::Answers => Expected::Answer,
        Kind::Text
        | Kind::Choice(_)
        | Kind::Date
        | Kind::Time
        | Kind::Uuid(_)
        | Kind::Village
        | Kind::IdNumber
        | Kind::Sha256 => Expected::Text,
    };
    Fault::WrongType { expected }
}
