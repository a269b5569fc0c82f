//! Every list of the document, with every filter and every sort that it offers, and its totals.

use std::collections::BTreeSet;

use super::marked::Marked;
use super::model::{Eyes, Thing};
use super::scanner::Scanner;
use crate::support::http::urlencode;
use crate::support::*;

/// A list as the document tells of it.
struct List {
    /// `/v1/users`
    path: String,
    kind: String,
    filters: Vec<(String, Value)>,
    sorts: Vec<String>,
}

/// What every list takes.
const PAGING: [&str; 5] = ["cursor", "limit", "count", "sort", "reveal"];

/// Every operation of the document that counts, but those of one record or one draw.
fn lists(document: &Value, campaign: &str) -> Vec<List> {
    let mut lists = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let named = |name: &str| parameters.iter().find(|parameter| parameter["name"] == name);
        if named("count").is_none() || path.ends_with("/history") || path.ends_with("/units") {
            continue;
        }
        let query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let filters = query.filter_map(|parameter| {
            let name = parameter["name"].as_str().expect("a name").to_owned();
            (!PAGING.contains(&name.as_str())).then(|| (name, parameter.clone()))
        });
        let filters: Vec<_> = filters.collect();
        let sorts = named("sort").expect("a list can be sorted")["description"].as_str().expect("it says by what");
        let sorts: Vec<_> = sorts.rsplit(": ").next().unwrap_or_default().split(", ").map(Into::into).collect();
        assert!(!filters.is_empty() && !sorts.is_empty(), "{path}");
        let kinds = match path.as_str() {
            "/v1/{collection}" => COLLECTIONS.map(Into::into).into(),
            path => vec![path.rsplit('/').next().expect("a path").to_owned()],
        };
        for kind in kinds {
            let path = path.replace("{collection}", &kind).replace("{id}", campaign);
            // One operation for all collections says what each of them has.
            let own = |parameter: &Value| match &parameter["x-collections"] {
                Value::Null => Some(parameter.clone()),
                own => own.get(&kind).map(|schema| json!({ "schema": schema })),
            };
            let filters = filters.iter().filter_map(|(name, parameter)| Some((name.clone(), own(parameter)?)));
            let sorts = match named("sort").expect("a list can be sorted")["x-collections"].get(&kind) {
                Some(own) => serde_json::from_value(own.clone()).expect("names"),
                None => sorts.clone(),
            };
            lists.push(List { path, kind: kind.clone(), filters: filters.collect(), sorts });
        }
    }
    assert!(lists.len() > 14, "seven collections, and seven lists more");
    lists
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().unwrap_or_else(|| panic!("no id in {item}")).to_owned()).collect()
}

/// Values that a curious caller might filter by: of others, of themselves, of nobody; and the tests beside `field=`
/// that the kind of value has.
fn values(
    m: &Marked<'_>,
    eyes: &Eyes,
    list: &List,
    name: &str,
    parameter: &Value,
) -> (Vec<String>, &'static [&'static str]) {
    let schema = &parameter["schema"];
    let hidden = |thing: &&Thing| !eyes.may_know(thing);
    let of_list = |thing: &&Thing| thing.kind == list.kind;
    let things = || m.model.things.iter();
    let special = match name {
        "near" => Some(vec!["27.7,103.2,100000".to_owned()]),
        "bbox" => Some(vec!["97,26,109,35".to_owned()]),
        "q" => {
            let foreign = things().filter(of_list).filter(hidden);
            Some(
                foreign
                    .flat_map(|thing| thing.marks.iter().cloned())
                    .take(3)
                    .chain(["mk".into(), "阿".into()])
                    .collect(),
            )
        }
        _ => None,
    };
    if let Some(values) = special {
        return (values, &[]);
    }
    if let Some(allowed) = schema["enum"].as_array() {
        let allowed = allowed.iter().map(|value| value.as_str().expect("a text").to_owned());
        return (allowed.collect(), &["[in]"]);
    }
    let values = match (schema["type"].as_str().unwrap_or_default(), schema["format"].as_str().unwrap_or_default()) {
        ("string", "uuid") => {
            // Of every kind, for the filter may be of any.
            let mut kinds = BTreeSet::new();
            let foreign = things().filter(hidden).filter(|thing| kinds.insert(thing.kind));
            let own = things().find(|thing| of_list(thing) && eyes.sees(&thing.home));
            return (own.into_iter().chain(foreign).map(|thing| thing.id.clone()).collect(), &["[in]"]);
        }
        ("boolean", _) => return (vec!["true".into(), "false".into()], &["[in]"]),
        ("string", "date") => vec!["2015-04-15".into()],
        ("string", "date-time") => vec![wire(ago(60)), wire(now())],
        ("number", _) => ["0", "28.5"].map(Into::into).into(),
        ("string", _) if schema["pattern"].is_string() => [JINYANG, WUSHENG].map(op::village_of).into(),
        ("integer", _) => [JINYANG, ZHAOJUE, WUSHENG, "1"].map(Into::into).into(),
        ("string", _) => {
            let foreign = things().filter(of_list).filter(hidden);
            let marks: Vec<String> = foreign.flat_map(|thing| thing.marks.iter().cloned()).take(3).collect();
            marks.into_iter().chain(["5116".into(), "open".into()]).collect()
        }
        other => panic!("{name} is of an unknown kind {other:?}: say what to filter it by"),
    };
    (values, &["[in]", "[gte]", "[lt]"])
}

/// The ids that they are to be given. The audit grows with all that is done: it is what the provinces' offices see now, by
/// who did it.
fn expected(m: &Marked<'_>, eyes: &Eyes, list: &List) -> BTreeSet<String> {
    if list.kind != "audit" {
        return m.model.listed(&list.kind, eyes);
    }
    let theirs = |entry: &Value| match &eyes.team {
        Some(team) => entry["team"] == **team,
        None => entry["region"].as_str().is_some_and(|region| region.starts_with(&eyes.region)),
    };
    let all = [m.w.province(), &m.guizhou.session].into_iter().flat_map(|office| office.all("/v1/audit?limit=1000"));
    all.filter(theirs).map(|entry| id_of(&entry)).collect()
}

/// Every list, whole.
pub(crate) fn glance(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    for list in lists(&m.document, &m.own_campaign(eyes)).iter().filter(|list| list.kind != "divisions") {
        Asker { eyes, scanner, list, expected: expected(m, eyes, list), all: Vec::new() }.whole();
    }
}

pub(crate) fn scan(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    for list in lists(&m.document, &m.own_campaign(eyes)).iter().filter(|list| list.kind != "divisions") {
        let mut asker = Asker { eyes, scanner, list, expected: expected(m, eyes, list), all: Vec::new() };
        asker.whole();
        // One operation lists all seven collections; two of them are asked in every way.
        if COLLECTIONS.contains(&list.kind.as_str()) && !["households", "villages"].contains(&list.kind.as_str()) {
            continue;
        }
        for (name, parameter) in &list.filters {
            let (values, tests) = values(m, eyes, list, name, parameter);
            asker.filtered(name, &values, tests);
        }
        for sort in &list.sorts {
            asker.sorted(sort);
            asker.sorted(&format!("-{sort}"));
        }
        asker.refused();
    }
}

struct Asker<'a> {
    eyes: &'a Eyes,
    scanner: &'a Scanner,
    list: &'a List,
    /// The ids that the model says are theirs.
    expected: BTreeSet<String>,
    all: Vec<Value>,
}

impl Asker<'_> {
    fn ask(&self, query: &str) -> Value {
        let path = format!("{}?{query}", self.list.path);
        let reply = self.eyes.session.get(&path).send();
        self.scanner.scan(&format!("GET {path}"), &reply);
        if reply.status == 200 { reply.json() } else { reply.refused(&[400]) }
    }

    fn name(&self, query: &str) -> String {
        format!("{}: GET {}?{query}", self.eyes.name, self.list.path)
    }

    fn whole(&mut self) {
        let page = self.ask("limit=1000&count=true");
        let given: BTreeSet<String> = ids(&page).into_iter().collect();
        assert_eq!(given, self.expected, "{}", self.name(""));
        assert_eq!(page["total"], self.expected.len(), "{}", self.name("count=true"));
        self.all = serde_json::from_value(page["items"].clone()).expect("items");
    }

    fn filtered(&self, name: &str, values: &[String], tests: &[&str]) {
        let ask = |test: &str, value: &str| {
            let query = format!("{name}{}={}&limit=1000&count=true", urlencode(test), urlencode(value));
            let page = self.ask(&query);
            assert_ne!(page["status"], 400, "{}: {page}", self.name(&query));
            let given = ids(&page);
            assert!(given.iter().all(|id| self.expected.contains(id)), "{}", self.name(&query));
            assert_eq!(page["total"], given.len(), "{}", self.name(&query));
            given.len()
        };
        // The one's own, and the first of the others.
        let single: usize = values.iter().take(2).map(|value| ask("", value)).sum();
        for test in tests {
            let value = if *test == "[in]" { values.join(",") } else { values[0].clone() };
            let given = ask(test, &value);
            assert!(*test != "[in]" || given >= single, "{}: {name}[in]={value}", self.name(""));
        }
        // What others have is nothing to this caller: asking for it beside one's own gives one's own.
        for item in &self.all {
            if let Some(own) = item[name].as_str().filter(|own| !own.contains(['T', ','])) {
                let same = self.all.iter().filter(|item| item[name].as_str() == Some(own)).count();
                assert_eq!(ask("[in]", &format!("{own},{own}")), same, "{}: {name}={own}", self.name(""));
                break;
            }
        }
    }

    /// Page after page, so that each cursor is seen; and each page counts all.
    fn sorted(&self, sort: &str) {
        let limit = self.expected.len().div_ceil(2).max(1);
        let (mut given, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("sort={sort}&limit={limit}&count=true{cursor}");
            let page = self.ask(&query);
            assert_eq!(page["total"], self.expected.len(), "{}", self.name(&query));
            given.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={}", urlencode(next));
        }
        assert_eq!(given.len(), self.expected.len(), "{}: each once", self.name(sort));
        assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), self.expected, "{}", self.name(sort));
    }

    /// Mistakes tell nothing either.
    fn refused(&self) {
        for query in ["colour=red", "sort=colour", "cursor=x"] {
            let problem = self.ask(query);
            assert_eq!(problem["status"], 400, "{}", self.name(query));
        }
    }
}
