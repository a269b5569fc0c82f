//! The tables for BI tools (docs/bi.md), which PostgreSQL has.

use crate::support::engine::Engine;
use crate::support::outside::Outside;
use crate::support::*;

const CARD: &str = "513430197001010011";

#[test]
fn every_view_shows_what_is_documented() {
    let w = &World::new(Engine::Postgres);
    let home = Rec::household(JINYANG);
    let helpers = json!([{ "name": "王芳", "phone": "13812345678" }]);
    let fields = json!({ "phone": "0834-8731234", "helpers": helpers, "people": 4, "water_safe": true });
    let member = Rec::new("members", JINYANG);
    let visit = Rec::new("visits", JINYANG);
    let interview = Rec::interview(JINYANG);
    let gone = Rec::household(JINYANG);
    w.ali().push([
        home.create_with(fields),
        member.create_with(json!({ "household": home.id, "id_number": CARD })),
        Rec::new("villages", JINYANG).create(),
        visit.create_with(json!({ "campaign": w.cast().campaign, "household": home.id, "state": "done" })),
        interview.create_with(json!({ "visit": visit.id, "household": home.id, "level": "household",
            "answers": { "drinking_water_safe": true, "rooms": 3 } })),
        Rec::new("findings", JINYANG).create(),
        Rec::new("photos", JINYANG).create(),
        gone.create(),
        gone.delete().base(1),
    ]);
    let mut outside = Outside::open(w);
    let mut has = |view: &str, rows: i64, of: &str, wanted: &str| {
        let count = outside.number(&format!("SELECT count(*) AS n FROM bi.{view}"));
        assert!(if view == "counties" { count >= rows } else { count == rows }, "{view} has {count} rows");
        let fits = format!("SELECT count(*) AS n FROM bi.{view} WHERE {of}");
        assert_eq!(outside.number(&fits), wanted.parse::<i64>().unwrap(), "{view}: {of}");
        // No number of a person is there, under whatever name.
        let told = "SELECT count(*) AS n FROM bi.{} t WHERE row_to_json(t)::text ~ '8731234|13812345678|19700101001'";
        assert_eq!(outside.number(&told.replace("{}", view)), 0, "{view}");
    };
    has("counties", 100, &format!("county = '{JINYANG}' AND prefecture = '5134'"), "1");
    has("households", 1, "people = 4 AND water_safe", "1");
    has("members", 1, "id_number = '513430********0011'", "1");
    has("villages", 1, &format!("county = '{JINYANG}'"), "1");
    has("visits", 1, "household IS NOT NULL AND day IS NOT NULL", "1");
    has("interviews", 1, &format!("visit = '{}'", visit.id), "1");
    has("findings", 1, "topic IS NOT NULL", "1");
    has("photos", 1, "subject_id IS NOT NULL", "1");
    has("answers", 2, "question = 'rooms' AND number = 3 OR question = 'drinking_water_safe' AND flag", "2");
    // The document's own questions.
    let asked = include_str!("../../docs/bi.md").split("-- ").skip(1).map(|part| {
        let sql = part.split_once('\n').unwrap().1;
        sql.split_once(';').unwrap().0.to_owned()
    });
    let asked: Vec<String> = asked.collect();
    assert_eq!(asked.len(), 2);
    for sql in asked {
        assert_eq!(outside.number(&format!("SELECT count(*) AS n FROM ({sql}) x")), 1, "{sql}");
    }
}
