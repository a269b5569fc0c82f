//! Records in which every text, id and number of a person is a mark of its own. What there is to fill comes from the
//! dictionary, so that a new field is marked without anybody's doing.

use std::cell::Cell;

use sha2::{Digest as _, Sha256};

use crate::support::*;

/// Makes marks that no other place has.
pub(crate) struct Marker {
    /// `513431`
    place: String,
    made: Cell<u32>,
}

impl Marker {
    pub(crate) fn new(place: &str) -> Self {
        Self { place: place.into(), made: Cell::new(0) }
    }

    fn number(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// `mk513431x7z`
    pub(crate) fn mark(&self) -> String {
        format!("mk{}x{}z", self.place, self.number())
    }
}

/// Fields of a new record of `collection`, and the marks in them.
pub(crate) struct Filled {
    pub(crate) fields: Value,
    pub(crate) marks: Vec<String>,
}

pub(crate) fn fill(dictionary: &Value, collection: &str, county: &str, campaign: &str, marker: &Marker) -> Filled {
    let sheets = dictionary["collections"].as_array().expect("collections");
    let sheet = sheets.iter().find(|sheet| sheet["name"] == collection).expect("the collection is in the dictionary");
    let mut filler = Filler { county, campaign, marker, marks: Vec::new() };
    let fields = filler.object(&sheet["fields"]);
    Filled { fields, marks: filler.marks }
}

struct Filler<'a> {
    county: &'a str,
    campaign: &'a str,
    marker: &'a Marker,
    marks: Vec<String>,
}

impl Filler<'_> {
    fn object(&mut self, fields: &Value) -> Value {
        let mut object = json!({});
        for field in fields.as_array().expect("fields") {
            let name = field["name"].as_str().expect("a name");
            // The server gives a visit its team.
            if field["read_only"] == true || name == "team" {
                continue;
            }
            let value = if name == "campaign" { json!(self.campaign) } else { self.value(field) };
            if !value.is_null() {
                object[name] = value;
            }
        }
        object
    }

    /// A marked value, or what is needed; null for what can tell nothing of where it is from.
    fn value(&mut self, field: &Value) -> Value {
        match field["type"].as_str().expect("a type") {
            "text" => self.mark(self.marker.mark()),
            "texts" => json!([self.mark(self.marker.mark())]),
            "uuid" => self.mark(new_id()),
            "village_code" => json!(op::village_of(self.county)),
            "id_number" => self.mark(identity(self.county, self.marker.number())),
            "sha256" => self.mark(jcs::hex(&Sha256::digest(self.marker.mark()))),
            "answers" => {
                let (key, value) = (self.marker.mark(), self.marker.mark());
                self.marks.extend([key.clone(), value.clone()]);
                json!({ key: value })
            }
            "list" => json!([self.object(&field["fields"])]),
            _ if field["required"] != true => Value::Null,
            "object" => self.object(&field["fields"]),
            "choice" => field["values"][0]["value"].clone(),
            "date" => json!("2015-04-16"),
            "integer" => json!(1),
            other => panic!("no value for a required {other}: say what it is to be"),
        }
    }

    fn mark(&mut self, mark: String) -> Value {
        self.marks.push(mark.clone());
        mark.into()
    }
}

/// A citizen's number of this county (GB 11643).
fn identity(county: &str, n: u32) -> String {
    let body = format!("{county}19700101{n:03}");
    let weighed = body.bytes().zip([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    // The check character may be an X: the scanner looks at small letters only.
    format!("{body}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize])
}
