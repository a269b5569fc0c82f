//! Lists as files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use crate::support::http::Reply;
use crate::support::*;

fn export(session: &Session, file: &str) -> Reply {
    session.get(&format!("/v1/exports/{file}")).send().status(&[200])
}

/// The rows of a CSV, by the names in its head.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn household(w: &World, name: &str, fields: Value) -> Rec {
    let record = Rec::household(JINYANG);
    accepted(w.ali().push_one(record.create_with(fields).field("head_name", name)));
    record
}

on_both_engines! {
    fn a_csv_has_a_column_for_each_value(w) {
        let location = json!({ "lat": 27.693_600_997_4, "lon": 103.250_908_916_9, "datum": "gcj02", "accuracy_m": 8 });
        let record = household(w, "阿力 \"the elder\"", json!({ "registry_no": "0071", "income_per_capita": 2800.5,
            "cooperative": true, "causes_other": ["land", "water"], "location": location,
            "helpers": [{ "name": "王芳", "phone": "13812345678" }], "remarks": "=1+1" }));
        let reply = export(w.province(), "households.csv");
        assert!(reply.header("content-type").unwrap().starts_with("text/csv"));
        assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"households.csv\""));
        let text = reply.text();
        assert!(text.starts_with("\"bucket\",\"id\",\"rev\",\"updated_at\",\"village\","), "{text}");
        // Codes and identifiers are texts, numbers are numbers.
        assert!(text.contains(&format!("\n\"{JINYANG}\",\"{}\",1,\"", record.id)), "{text}");
        assert!(text.contains("\"0071\"") && text.contains(",2800.5,"), "{text}");
        let row = rows(&text).remove(0);
        for (name, value) in [
            ("head_name", "阿力 \"the elder\""),
            ("village", "513430100201"),
            ("cooperative", "true"),
            ("causes_other", "land; water"),
            ("location.datum", "gcj02"),
            ("location.lat", "27.6936009974"),
            ("location.lat_wgs84", "27.6970000"),
            ("location.lon_wgs84", "103.2490000"),
            ("helpers", r#"[{"name":"王芳","phone":"138****5678"}]"#),
            ("remarks", "=1+1"),
            ("fuel", ""),
        ] {
            assert_eq!(row[name], value, "{name}");
        }
        let marked = export(w.province(), "households.csv?bom=true").text();
        // Spreadsheets read a quoted number as a number: its zeros, or all after fifteen digits, would be lost.
        assert!(marked.contains("\"=\"\"0071\"\"\"") && marked.contains("\"=\"\"513430100201\"\"\""), "{marked}");
        assert!(marked.contains(",2800.5,"), "{marked}");
        assert!(marked.starts_with("\u{feff}\"bucket\"") && marked.contains("\"'=1+1\""), "{marked}");
        let shown = export(w.province(), "households.csv?reveal=true&labels=zh-CN").text();
        assert!(shown.contains("13812345678") && shown.contains("\"户主\"") && shown.contains("\"缺土地; 缺水\""), "{shown}");
        assert!(shown.contains("\"在册\""), "{shown}");
    }

    fn filters_and_order_are_those_of_the_list(w) {
        for (n, status) in ["poor", "lifted", "poor", "returned", "poor"].into_iter().enumerate() {
            household(w, &format!("h{n}"), json!({ "status": status, "people": 9 - n }));
        }
        for query in ["status=poor", "status%5Bin%5D=lifted,returned&sort=-people", "q=h3", "sort=people", "people%5Bgte%5D=100"] {
            let listed: Vec<_> = w.province().all(&format!("/v1/households?{query}")).iter().map(id_of).collect();
            let csv = rows(&export(w.province(), &format!("households.csv?{query}")).text());
            assert_eq!(csv.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), listed, "{query}");
            let lines = export(w.province(), &format!("households.ndjson?{query}")).text();
            let ids: Vec<_> = lines.lines().map(|line| id_of(&serde_json::from_str(line).unwrap())).collect();
            assert_eq!(ids, listed, "{query}");
        }
        for query in ["limit=5", "cursor=x", "count=true", "colour=red", "bom=maybe", "labels=tlh", "status=rich"] {
            w.province().get(&format!("/v1/exports/households.csv?{query}")).send().refused(&[400]);
        }
        w.province().get("/v1/exports/households.ndjson?bom=true").send().problem(400, "unknown_parameter");
        for file in ["cows.csv", "households.pdf", "households", "members.geojson"] {
            w.province().get(&format!("/v1/exports/{file}")).send().refused(&[404]);
        }
    }

    fn every_answer_has_a_column(w) {
        let one = Rec::interview(JINYANG);
        accepted(w.ali().push_one(one.create_with(json!({ "answers": { "q1": true, "crops": ["玉米", "土豆"] } }))));
        let two = Rec::interview(JINYANG);
        accepted(w.ali().push_one(two.create_with(json!({ "answers": { "q2": 3.5 } }))));
        let rows = rows(&export(w.chen(), "interviews.csv").text());
        let of = |record: &Rec| rows.iter().find(|row| row["id"] == record.id).unwrap();
        let answers = |row: &BTreeMap<String, String>| ["answers.crops", "answers.q1", "answers.q2"].map(|name| row[name].clone());
        assert_eq!(answers(of(&one)), ["玉米; 土豆", "true", ""]);
        assert_eq!(answers(of(&two)), ["", "", "3.5"]);
    }

    fn places_are_features(w) {
        let house = household(w, "a", json!({ "location": { "lat": 27.697, "lon": 103.249 } }));
        household(w, "b", json!({}));
        let reply = export(w.province(), "households.geojson");
        assert_eq!(reply.header("content-type"), Some("application/geo+json"));
        let features = reply.json();
        assert_eq!(features["type"], "FeatureCollection");
        let all = features["features"].as_array().unwrap();
        assert_eq!(all.len(), 2);
        let feature = all.iter().find(|feature| feature["id"] == house.id).unwrap();
        assert_eq!(feature["geometry"], json!({ "type": "Point", "coordinates": [103.249, 27.697] }));
        let properties = &feature["properties"];
        assert_eq!((&properties["head_name"], &properties["bucket"], &properties["rev"]), (&json!("a"), &json!(JINYANG), &json!(1)));
        assert!(properties.as_object().unwrap().values().all(|value| !value.is_object() && !value.is_array() && !value.is_null()));
        assert!(all.iter().any(|feature| feature["geometry"] == Value::Null));
        assert_eq!(export(w.province(), "visits.geojson").json()["features"], json!([]));
    }

    fn a_spreadsheet_opens(w) {
        household(w, "<阿力> & 木呷", json!({ "people": 5, "cooperative": false, "registry_no": "0071" }));
        let reply = export(w.province(), "households.xlsx?labels=en");
        let mut zip = zip::ZipArchive::new(Cursor::new(reply.bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let sheet = part("xl/worksheets/sheet1.xml");
        assert_eq!(sheet.matches("<row ").count(), 2);
        for cell in ["<c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">County</t>", ">&lt;阿力&gt; &amp; 木呷<", ">0071<", "<v>5</v>",
            " t=\"b\"><v>0</v>", ">513430100201<", ">On the register<"]
        {
            assert!(sheet.contains(cell), "{cell} in {sheet}");
        }
        assert!(part("xl/workbook.xml").contains("name=\"households\""));
        assert!(part("[Content_Types].xml").contains("/xl/worksheets/sheet1.xml"));
    }

    fn an_export_is_of_ones_own_counties(w) {
        household(w, "ours", json!({}));
        accepted(w.deng().push_one(Rec::household(WUSHENG).create_with(json!({ "head_name": "theirs" }))));
        for format in ["csv", "ndjson", "geojson"] {
            let text = export(w.ali(), &format!("households.{format}")).text();
            assert!(text.contains("ours") && !text.contains("theirs") && !text.contains(WUSHENG), "{text}");
            let text = export(w.ali(), &format!("households.{format}?bucket={WUSHENG}")).text();
            assert!(!text.contains("ours") && !text.contains("theirs"), "{text}");
        }
        assert!(!export(w.er(), "households.csv").text().contains("ours"));
    }

    fn more_than_a_page_comes_whole(w) {
        let records: Vec<Rec> = (0..1203).map(|_| Rec::new("findings", JINYANG)).collect();
        for batch in records.chunks(401) {
            w.ali().push(batch.iter().map(Rec::create));
        }
        let lines = export(w.chen(), "findings.ndjson").text();
        let ids: std::collections::BTreeSet<_> = lines.lines().map(|line| id_of(&serde_json::from_str(line).unwrap())).collect();
        assert_eq!(ids, records.into_iter().map(|record| record.id).collect());
        assert_eq!(lines.lines().count(), 1203);
    }
}
