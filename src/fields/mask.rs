//! The numbers of persons (identity cards, telephones) as lists and exports show them to those who have not asked to see
//! them: with stars in the middle.

use super::field::{Field, Kind};
use super::table;
use serde_json::Value;
use std::borrow::Cow;
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
        fields.set(field.name, Some(canonical::to_string(&value)));
    }
    Ok(Cow::Owned(fields.to_canonical()))
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

/// Any text with all that may be such a number masked: seven digits and more in a row.
pub fn masked_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        shown.push_str(&if digits.len() < 7 {
            std::mem::take(&mut digits)
        } else {
            stars(&std::mem::take(&mut digits))
        });
        shown.push(c);
    }
    shown.pop();
    shown
}

fn has_numbers(field: &Field) -> bool {
    field.personal || matches!(field.kind, Kind::List(members) if members.iter().any(has_numbers))
}

fn hide(field: &Field, value: &mut Value) {
    match (value, &field.kind) {
        (Value::String(text), _) if field.personal => *text = stars(text),
        (Value::Array(items), Kind::List(members)) => {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                for member in members.iter().filter(|member| has_numbers(member)) {
                    if let Some(value) = item.get_mut(member.name) {
                        hide(member, value);
                    }
                }
            }
        }
        _ => {}
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
    use super::{masked, stars};
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
    fn numbers_of_persons_alone_are_masked() {
        let household = r#"{"head_name":"阿力","helpers":[{"name":"a","phone":"13812345678"},{"phone":null},{}],"phone":"13912345678","registry_no":"13912345678"}"#;
        let shown = r#"{"head_name":"阿力","helpers":[{"name":"a","phone":"138****5678"},{"phone":null},{}],"phone":"139****5678","registry_no":"13912345678"}"#;
        assert_eq!(masked(Households, household).unwrap(), shown);
        let member = r#"{"household":"x","id_number":"51343019700101001X","name":"phone"}"#;
        assert_eq!(masked(Members, member).unwrap(), member.replace("19700101", "********"));
        assert_eq!(masked(Visits, member).unwrap(), member);
    }
}
