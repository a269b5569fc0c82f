//! The members of a JSON object as one canonical text, and where each stands in it: a record's content is stored, sent and
//! digested as that text, so it is written once, and a member costs no memory of its own.

use crate::canonical::{key_order, write_string};
use crate::json::Name;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// So many members are put into their places one by one: each moves what stands behind it.
const FEW: usize = 4;

/// Members in canonical order ([`key_order`]), each name once. Values are never parsed: equal values have equal texts.
#[derive(Clone)]
pub struct Members {
    /// `{"name":value,…}`
    text: String,
    places: Vec<Place>,
}

/// Where a member stands in the text, in bytes: its name's quote, its value, the value's end.
#[derive(Clone)]
struct Place {
    start: u32,
    value: u32,
    end: u32,
    /// The name, where it is written with escapes.
    name: Option<Box<str>>,
}

impl Place {
    fn name<'a>(&'a self, text: &'a str) -> &'a str {
        // Between its quotes; behind them stands a colon.
        self.name.as_deref().unwrap_or_else(|| &text[self.start as usize + 1..self.value as usize - 2])
    }

    fn value<'a>(&self, text: &'a str) -> &'a str {
        &text[self.value as usize..self.end as usize]
    }

    fn shift(&mut self, by: i64) {
        for at in [&mut self.start, &mut self.value, &mut self.end] {
            *at = (i64::from(*at) + by) as u32;
        }
    }
}

impl Default for Members {
    fn default() -> Self {
        Self { text: "{}".to_owned(), places: Vec::new() }
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Members {}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Members {
    /// Reads the text of an object whose values are canonical.
    pub fn read(text: Cow<'_, str>) -> Result<Self, serde_json::Error> {
        let found = members_of(&text)?;
        match places_in(&text, &found) {
            Some(places) => Ok(Self { places, text: text.into_owned() }),
            None => Ok(found.iter().map(|(name, value)| (name.as_ref(), value.get())).collect()),
        }
    }

    /// The canonical text of the object.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Names and values, in canonical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.places.iter().map(|place| (place.name(&self.text), place.value(&self.text)))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|i| self.places[i].value(&self.text))
    }

    /// Gives a member this canonical value, or, with `None`, takes it out.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        match (self.find(name), value) {
            (Ok(i), Some(value)) => {
                let Place { value: start, end, .. } = self.places[i];
                self.replace(i + 1, start, end, value);
                self.places[i].end = start + value.len() as u32;
            }
            (Ok(i), None) => {
                let place = self.places.remove(i);
                // The comma behind it goes too, or that before the last.
                let (start, end) = match (self.places.get(i), i.checked_sub(1)) {
                    (Some(next), _) => (place.start, next.start),
                    (None, Some(last)) => (self.places[last].end, place.end),
                    (None, None) => (place.start, place.end),
                };
                self.replace(i, start, end, "");
            }
            (Err(i), Some(value)) => {
                let mut member = String::with_capacity(name.len() + value.len() + 4);
                let mut place = write_member(name, value, &mut member);
                let at = match (self.places.get(i), i.checked_sub(1)) {
                    (Some(next), _) => {
                        member.push(',');
                        next.start
                    }
                    (None, Some(last)) => {
                        member.insert(0, ',');
                        place.shift(1);
                        self.places[last].end
                    }
                    (None, None) => 1,
                };
                place.shift(i64::from(at));
                self.replace(i, at, at, &member);
                self.places.insert(i, place);
            }
            (Err(_), None) => {}
        }
    }

    /// [`Members::set`] for many, in canonical order: the text is gone through once, however many they are.
    pub fn apply<'a>(&mut self, edits: impl ExactSizeIterator<Item = (&'a str, Option<&'a str>)>) {
        if edits.len() <= FEW {
            return edits.for_each(|(name, value)| self.set(name, value));
        }
        let mut writer = Writer::with_capacity(self.len() + edits.len(), self.text.len());
        let mut standing = self.iter().peekable();
        for (name, value) in edits {
            while let Some((before, kept)) = standing.next_if(|(before, _)| key_order(before, name).is_lt()) {
                writer.member(before, |out| out.push_str(kept));
            }
            standing.next_if(|(before, _)| *before == name);
            if let Some(value) = value {
                writer.member(name, |out| out.push_str(value));
            }
        }
        for (before, kept) in standing {
            writer.member(before, |out| out.push_str(kept));
        }
        *self = writer.finish();
    }

    /// Puts `with` in the place of a piece of the text; the members from `first` on stand behind it.
    fn replace(&mut self, first: usize, start: u32, end: u32, with: &str) {
        self.text.replace_range(start as usize..end as usize, with);
        let by = with.len() as i64 - i64::from(end - start);
        self.places[first..].iter_mut().for_each(|place| place.shift(by));
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|place| key_order(place.name(&self.text), name))
    }
}

/// Of a name that is given twice, the later.
impl<'a> FromIterator<(&'a str, &'a str)> for Members {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut writer = Writer::with_capacity(members.size_hint().0, 0);
        for (name, value) in members {
            writer.member(name, |out| out.push_str(value));
        }
        writer.finish()
    }
}

/// Writes members one after the other.
pub struct Writer(Members);

impl Writer {
    /// `bytes` that the text will probably have.
    pub fn with_capacity(members: usize, bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes + 2);
        text.push('{');
        Self(Members { text, places: Vec::with_capacity(members) })
    }

    /// Adds a member whose canonical value `write` appends.
    pub fn member<T>(&mut self, name: &str, write: impl FnOnce(&mut String) -> T) -> T {
        let Members { text, places } = &mut self.0;
        if !places.is_empty() {
            text.push(',');
        }
        let mut place = write_name(name, text);
        let done = write(text);
        place.end = text.len() as u32;
        places.push(place);
        done
    }

    /// In canonical order, whatever the order in which they came. Of a name that was given twice, the later.
    pub fn finish(self) -> Members {
        let Self(mut members) = self;
        members.text.push('}');
        let text = &members.text;
        if members.places.is_sorted_by(|a, b| key_order(a.name(text), b.name(text)).is_lt()) {
            return members;
        }
        let mut sorted: Vec<_> = members.iter().collect();
        sorted.sort_by(|a, b| key_order(a.0, b.0));
        let mut writer = Self::with_capacity(sorted.len(), members.text.len());
        for (i, (name, value)) in sorted.iter().enumerate() {
            if sorted.get(i + 1).is_none_or(|(next, _)| next != name) {
                writer.member(name, |out| out.push_str(value));
            }
        }
        writer.0.text.push('}');
        writer.0
    }
}

/// Appends a name and its colon; the value comes next.
fn write_name(name: &str, out: &mut String) -> Place {
    let start = out.len() as u32;
    write_string(name, out);
    let escaped = out.len() - start as usize > name.len() + 2;
    out.push(':');
    Place { start, value: out.len() as u32, end: 0, name: escaped.then(|| name.into()) }
}

fn write_member(name: &str, value: &str, out: &mut String) -> Place {
    let mut place = write_name(name, out);
    out.push_str(value);
    place.end = out.len() as u32;
    place
}

type Found<'a> = (Cow<'a, str>, &'a RawValue);

fn members_of(text: &str) -> Result<Vec<Found<'_>>, serde_json::Error> {
    struct Object;
    impl<'de> Visitor<'de> for Object {
        type Value = Vec<Found<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of fields")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::with_capacity(24);
            while let Some(member) = map.next_entry_seed(Name, PhantomData::<&'de RawValue>)? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Object)?;
    deserializer.end().map(|()| members)
}

/// Where these members stand in the text that they come from; `None` where it is not as it would be written here.
fn places_in(text: &str, members: &[Found<'_>]) -> Option<Vec<Place>> {
    let (mut places, mut written, mut last) = (Vec::with_capacity(members.len()), String::new(), None);
    let mut end = 0;
    for (name, value) in members {
        if last.replace(name).is_some_and(|last| !key_order(last, name).is_lt()) {
            return None;
        }
        // Behind one byte, which can only be the brace, or the comma behind the member before.
        let start = end + 1;
        written.clear();
        let mut place = write_name(name, &mut written);
        place.shift(start as i64);
        let given = text.get(start..)?.strip_prefix(written.as_str())?;
        given.strip_prefix(value.get())?;
        end = place.value as usize + value.get().len();
        place.end = end as u32;
        places.push(place);
    }
    let written_to = if places.is_empty() { 1 } else { end };
    (text.starts_with('{') && written_to + 1 == text.len()).then_some(places)
}
