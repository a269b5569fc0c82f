//! The forms that a text may have to keep: UUID, date, time, village code, identity number, digest. Judged over bytes,
//! without allocation.

use super::fault::Fault;
use chrono::NaiveDate;

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// The number that ASCII digits make; `None` when one is no digit.
fn decimal(bytes: &[u8]) -> Option<u32> {
    all_digits(bytes).then(|| bytes.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

/// Hyphenated, of any version and in either case.
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn exists(year: u32, month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)
}

/// `YYYY-MM-DD` from the year 0001 on, the first that PostgreSQL can write so.
pub(super) fn is_date(text: &str) -> bool {
    date(text.as_bytes()).is_some()
}

/// The day that `YYYY-MM-DD` names.
pub fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_date(text))
}

fn date(bytes: &[u8]) -> Option<()> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return None };
    let (year, month, day) = (decimal(&[y1, y2, y3, y4])?, decimal(&[m1, m2])?, decimal(&[d1, d2])?);
    (year > 0 && exists(year, month, day)).then_some(())
}

/// RFC 3339, section 5.6, with at most nine digits of a second; a leap second is one.
pub(super) fn is_time(text: &str) -> bool {
    time(text.as_bytes()).is_some()
}

fn time(bytes: &[u8]) -> Option<()> {
    let (day, rest) = bytes.split_at_checked(10)?;
    date(day)?;
    let ([b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2], rest) = rest.split_first_chunk()? else { return None };
    let (hour, minute, second) = (decimal(&[*h1, *h2])?, decimal(&[*m1, *m2])?, decimal(&[*s1, *s2])?);
    let offset = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            &fraction[digits..]
        }
    };
    (hour < 24 && minute < 60 && second <= 60 && is_offset(offset)).then_some(())
}

fn is_offset(bytes: &[u8]) -> bool {
    match *bytes {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            decimal(&[h1, h2]).is_some_and(|h| h < 24) && decimal(&[m1, m2]).is_some_and(|m| m < 60)
        }
        _ => false,
    }
}

/// 12 digits.
pub fn is_village(text: &str) -> bool {
    county_of_village(text).is_some()
}

/// The county's code in front of a 12-digit village code.
pub(super) fn county_of_village(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    if bytes.len() == 12 && all_digits(bytes) { decimal(&bytes[..6]) } else { None }
}

/// GB 11643 with its check digit (ISO 7064 MOD 11-2), or a disability-card number: the same, the category (1 to 7),
/// the grade (1 to 4) and, on a card that was issued again, `B` and how often. Letters in either case.
pub(super) fn id_number(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let shaped = matches!(
        *bytes.get(18..).ok_or(Fault::InvalidIdNumber)?,
        [] | [b'1'..=b'7', b'1'..=b'4'] | [b'1'..=b'7', b'1'..=b'4', b'B' | b'b', b'1'..=b'9']
    );
    let check = match bytes[17] {
        b'X' | b'x' => 10,
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        _ => return Err(Fault::InvalidIdNumber),
    };
    if !shaped || bytes[0] == b'0' || !all_digits(&bytes[..17]) {
        return Err(Fault::InvalidIdNumber);
    }
    // Horner's form of ISO 7064: each step doubles the sum so far; a right number ends at 1.
    let sum = bytes[..17].iter().fold(0, |sum, b| (sum + u32::from(b - b'0')) * 2 % 11);
    if (sum + check) % 11 != 1 {
        return Err(Fault::InvalidCheckDigit);
    }
    let born = (decimal(&bytes[6..10]), decimal(&bytes[10..12]), decimal(&bytes[12..14]));
    match born {
        (Some(year @ 1800..=2199), Some(month), Some(day)) if exists(year, month, day) => Ok(()),
        _ => Err(Fault::InvalidBirthDate),
    }
}
