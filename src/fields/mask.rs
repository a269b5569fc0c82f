//! The numbers of persons (identity cards, telephones) as lists and exports show them to those who have not asked to see
//! them: with stars in the middle.

use super::field::{Field, Kind};
use super::table;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Reverse;
use sync_core::{Collection, Fields, canonical};

/// The same fields (canonical JSON) with the numbers of persons masked. Length and ends stay, so that two can be told apart.
pub fn masked(collection: Collection, json: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    let personal = || table::sheet(collection).fields.iter().filter(|field| has_numbers(field));
    if !personal().any(|field| json.contains(field.name)) {
        return Ok(Cow::Borrowed(json));
    }
    let mut fields = Fields::from_canonical(json)?;
    for field in personal() {
        let Some(text) = fields.get(field.name) else { continue };
        let mut value: Value = serde_json::from_str(text)?;
        hide(field, &mut value);
        fields.set(field.name, Some(&canonical::to_string(&value)));
    }
    Ok(Cow::Owned(fields.canonical().to_owned()))
}

/// Whether a field of any collection is a number of a person, or has such in it.
pub fn is_personal(name: &str) -> bool {
    Collection::ALL.into_iter().any(|collection| personal_field(collection, name).is_some())
}

fn personal_field(collection: Collection, name: &str) -> Option<&'static Field> {
    table::sheet(collection).fields.iter().find(|field| field.name == name && has_numbers(field))
}

/// The value of one field with the numbers of persons masked; `None` where it has none.
pub fn masked_value(collection: Collection, name: &str, value: &Value) -> Option<Value> {
    let field = personal_field(collection, name)?;
    let mut value = value.clone();
    hide(field, &mut value);
    Some(value)
}

/// What may be a number of a person in any text: seven digits and more in a row.
pub fn long_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() >= 7)
}

/// Any text with all [`long_numbers`] masked.
pub fn masked_text(text: &str) -> String {
    let mut numbers: Vec<&str> = long_numbers(text).collect();
    // One may stand in another.
    numbers.sort_by_key(|number| Reverse(number.len()));
    numbers.into_iter().fold(text.to_owned(), |shown, number| shown.replace(number, &stars(number)))
}

fn has_numbers(field: &Field) -> bool {
    field.personal || matches!(field.kind, Kind::List(members) if members.iter().any(has_numbers))
}

/// Masks what was given as a record's fields, however wrong it is: the collection may be none, a field unknown, a value of
/// another type.
pub fn mask_given(collection: Option<Collection>, given: &mut Value) {
    let known = |name: &str| {
        let fields = collection.map_or(&[][..], |collection| table::sheet(collection).fields);
        fields.iter().find(|field| field.name == name)
    };
    let Some(members) = given.as_object_mut().filter(|_| collection.is_some()) else {
        return hide_runs(given);
    };
    for (name, value) in members {
        match known(name) {
            Some(field) if has_numbers(field) => hide(field, value),
            None if !name.starts_with("answers") => hide_runs(value),
            _ => {}
        }
    }
}

/// Masks the value of a field that has numbers of persons.
fn hide(field: &Field, value: &mut Value) {
    let (Value::Array(items), Kind::List(members)) = (&mut *value, &field.kind) else {
        return hide_all(value);
    };
    for item in items {
        let Some(item) = item.as_object_mut() else {
            hide_all(item);
            continue;
        };
        for (name, value) in item {
            match members.iter().find(|member| member.name == name) {
                Some(member) if has_numbers(member) => hide(member, value),
                Some(_) => {}
                None => hide_runs(value),
            }
        }
    }
}

/// Whatever stands where a number of a person belongs.
fn hide_all(value: &mut Value) {
    hide_texts(value, &stars);
}

/// Where anything may stand.
pub fn hide_runs(value: &mut Value) {
    hide_texts(value, &masked_text);
}

fn hide_texts(value: &mut Value, masked: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Number(number) => {
            let (plain, shown) = (number.to_string(), masked(&number.to_string()));
            if shown != plain {
                *value = shown.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_texts(item, masked)),
        Value::Object(members) => members.values_mut().for_each(|member| hide_texts(member, masked)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Of an identity number the division in front and four characters at the end stay; of a telephone's three and four; of
/// anything shorter, less.
fn stars(text: &str) -> String {
    let long = text.chars().count();
    let (front, end) = match long {
        15.. => (6, 4),
        11.. => (3, 4),
        7.. => (1, 2),
        _ => (0, 0),
    };
    text.chars().enumerate().map(|(i, c)| if i < front || i >= long - end { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{masked, masked_text, stars};
    use sync_core::Collection::{Households, Members, Visits};

    #[test]
    fn the_middle_is_hidden() {
        for (number, shown) in [
            ("51343019700101001X", "513430********001X"),
            ("51343019700101001X43B1", "513430************43B1"),
            ("13812345678", "138****5678"),
            ("0834-8731234", "083*****1234"),
            ("8731234", "8****34"),
            ("873123", "******"),
            ("", ""),
            ("座机八七三一二三四五六", "座机八****三四五六"),
        ] {
            assert_eq!(stars(number), shown);
        }
    }

    #[test]
    fn long_numbers_are_masked_in_any_text() {
        for (text, shown) in [
            ("电话 13812345678，或 8731234", "电话 138****5678，或 8****34"),
            ("2015-04-16 513430 x", "2015-04-16 513430 x"),
            ("3812345 13812345678", "3****45 138****5678"),
        ] {
            assert_eq!(masked_text(text), shown);
        }
    }

    #[test]
    fn numbers_of_persons_alone_are_masked() {
        let household = r#"{"head_name":"阿力","helpers":[{"name":"a","phone":"13812345678"},{"phone":null},{}],"phone":"13912345678","registry_no":"13912345678"}"#;
        let shown = r#"{"head_name":"阿力","helpers":[{"name":"a","phone":"138****5678"},{"phone":null},{}],"phone":"139****5678","registry_no":"13912345678"}"#;
        assert_eq!(masked(Households, household).unwrap(), shown);
        let member = r#"{"household":"x","id_number":"51343019700101001X","name":"phone"}"#;
        assert_eq!(masked(Members, member).unwrap(), member.replace("19700101", "********"));
        assert_eq!(masked(Visits, member).unwrap(), member);
    }
}
