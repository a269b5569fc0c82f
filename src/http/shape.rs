//! Reads a type out of JSON and says what does not fit and where, as a [`Fault`] that can be told in either language:
//! what serde's own messages cannot give.

use crate::fields::{Expected, Fault, FieldError};
use serde::de::value::{MapAccessDeserializer, StrDeserializer, StringDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Map, Value};
use std::fmt;

/// Reads a `T`; the first fault otherwise.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, FieldError> {
    T::deserialize(Node(value)).map_err(|misfit| FieldError::new(misfit.pointer, misfit.fault))
}

/// For a type's own `Deserialize`: an error that comes out of [`read`] as this fault.
pub fn refuse<E: de::Error>(fault: &Fault) -> E {
    E::custom(serde_json::to_string(fault).unwrap_or_default())
}

/// A fault on its way out, the path to it growing from its end.
#[derive(Debug)]
struct Misfit {
    pointer: String,
    fault: Fault,
}

impl Misfit {
    fn wrong(expected: Expected) -> Self {
        Fault::WrongType { expected }.into()
    }

    fn inside(mut self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        self.pointer.insert_str(0, &format!("/{key}"));
        self
    }
}

impl From<Fault> for Misfit {
    fn from(fault: Fault) -> Self {
        Self { pointer: String::new(), fault }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.fault.code())
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let known = || message.starts_with("UUID parsing failed").then_some(Fault::InvalidUuid);
        serde_json::from_str(&message).ok().or_else(known).unwrap_or(Fault::InvalidForm).into()
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Fault::NotInList { allowed: expected.iter().map(ToString::to_string).collect() }.into()
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::from(Fault::UnknownField).inside(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::from(Fault::Required).inside(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::from(Fault::DuplicateField).inside(field)
    }
}

/// A value that is being read.
struct Node(Value);

macro_rules! integers {
    ($($method:ident $visit:ident $int:ty,)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let Value::Number(number) = self.0 else { return Err(Misfit::wrong(Expected::Integer)) };
            let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
            let whole = whole.ok_or_else(|| Misfit::wrong(Expected::Integer))?;
            let (min, max) = (i128::from(<$int>::MIN) as f64, i128::from(<$int>::MAX) as f64);
            visitor.$visit(<$int>::try_from(whole).map_err(|_| Fault::OutOfRange { min, max })?)
        })+
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Misfit;

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            // PostgreSQL cannot keep a NUL.
            Value::String(text) if text.contains('\0') => Err(Fault::InvalidText.into()),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Value::Object(members) => visitor.visit_map(Members::new(members)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_boolean() { self.deserialize_any(visitor) } else { Err(Misfit::wrong(Expected::Boolean)) }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0.as_f64() {
            Some(value) => visitor.visit_f64(value),
            None => Err(Misfit::wrong(Expected::Number)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_string() { self.deserialize_any(visitor) } else { Err(Misfit::wrong(Expected::Text)) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_array() { self.deserialize_any(visitor) } else { Err(Misfit::wrong(Expected::List)) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_object() { self.deserialize_any(visitor) } else { Err(Misfit::wrong(Expected::Object)) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(text) => StrDeserializer::new(&text).deserialize_enum(name, variants, visitor),
            Value::Object(members) => visitor.visit_enum(MapAccessDeserializer::new(Members::new(members))),
            _ => Err(Misfit::wrong(Expected::Text)),
        }
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Node(item)).map(Some).map_err(|misfit| misfit.inside(index))
    }
}

struct Members {
    members: serde_json::map::IntoIter,
    current: Option<(String, Value)>,
}

impl Members {
    fn new(members: Map<String, Value>) -> Self {
        Self { members: members.into_iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.current = self.members.next();
        let Some((key, _)) = &self.current else { return Ok(None) };
        if key.contains('\0') {
            return Err(Fault::InvalidText.into());
        }
        seed.deserialize(StringDeserializer::new(key.clone())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let (key, value) = self.current.take().unwrap_or_default();
        seed.deserialize(Node(value)).map_err(|misfit| misfit.inside(key))
    }
}

#[cfg(test)]
mod tests;
