//! The numbers of persons: masked in lists and exports, whole for who asks, and who asked is written down in a chain.

use sha2::{Digest, Sha256};

use crate::support::*;

const CARD: &str = "513430197001010011";

/// A household and a member of JINYANG with the numbers of persons.
fn people(w: &World) -> (Rec, Rec) {
    let household = Rec::household(JINYANG);
    let helpers = json!([{ "name": "王芳", "phone": "13812345678" }]);
    accepted(w.ali().push_one(household.create_with(json!({ "phone": "0834-8731234", "helpers": helpers }))));
    let member = Rec::new("members", JINYANG);
    accepted(w.ali().push_one(member.create_with(json!({ "household": household.id, "id_number": CARD }))));
    (household, member)
}

/// Who saw numbers, and who exported.
fn audit(session: &Session) -> Vec<Value> {
    session.all("/v1/audit?action[in]=records.reveal,conflicts.reveal,held-ops.reveal,records.export")
}

/// An entry's hash, from what is told of it.
fn reckoned(entry: &Value) -> String {
    let at = chrono::DateTime::parse_from_rfc3339(entry["at"].as_str().unwrap()).unwrap().timestamp_millis();
    let chain = &entry["chain"];
    let told = json!({
        "action": entry["action"], "at_ms": at, "detail": entry["detail"], "id": entry["id"], "n": chain["n"],
        "previous": chain["previous"], "province": chain["province"], "region": entry["region"], "role": entry["role"],
        "subject": entry["subject"], "team": entry["team"], "user": entry["user"],
    });
    jcs::hex(&Sha256::digest(jcs::canonical(&told)))
}

on_both_engines! {
    fn numbers_are_masked_unless_they_are_asked_for(w) {
        let (household, member) = people(w);
        let list = |session: &Session, path: &str| session.all(path)[0]["fields"].clone();
        let masked = list(w.province(), "/v1/households");
        assert_eq!((&masked["phone"], &masked["helpers"][0]["phone"]), (&json!("083*****1234"), &json!("138****5678")));
        assert_eq!(masked["helpers"][0]["name"], "王芳");
        assert_eq!(list(w.ali(), "/v1/members")["id_number"], "513430********0011");
        let whole = list(w.province(), "/v1/households?reveal=true");
        assert_eq!((&whole["phone"], &whole["helpers"][0]["phone"]), (&json!("0834-8731234"), &json!("13812345678")));
        assert_eq!(list(w.ali(), "/v1/members?reveal=true")["id_number"], CARD);
        assert_eq!(list(w.ali(), "/v1/members?reveal=false")["id_number"], "513430********0011");
        w.ali().get("/v1/members?reveal=yes").send().problem(400, "malformed");
        // The whole number finds its person, a part of it nobody.
        assert_eq!(w.ali().all(&format!("/v1/members?id_number={CARD}")).len(), 1);
        assert_eq!(w.ali().all("/v1/members?id_number=513430").len(), 0);
        // Nor does a range, by which it could be told digit by digit and nothing be written down.
        for range in ["gte", "lt"] {
            w.ali().get(&format!("/v1/members?id_number%5B{range}%5D=513430197")).send().problem(400, "unknown_parameter");
        }
        // One record, read by itself, and what phones get, are whole.
        assert_eq!(w.ali().get(&member.path()).send().ok()["fields"]["id_number"], CARD);
        assert_eq!(w.ali().fields(&household)["phone"], "0834-8731234");
    }

    /// Everything else in a list is known: the digest of the true record would tell a number to whoever tries them all.
    fn no_digest_tells_a_number(w) {
        let (household, _) = people(w);
        let plain = Rec::household(JINYANG);
        accepted(w.ali().push_one(plain.create()));
        let listed = |query: &str, record: &Rec| {
            let all = w.province().all(&format!("/v1/households{query}"));
            all.into_iter().find(|item| item["id"] == *record.id).unwrap()["digest"].clone()
        };
        assert_eq!(listed("", &household), Value::Null);
        assert!(listed("", &plain).is_string());
        assert_eq!(listed("?reveal=true", &household), w.province().get(&household.path()).send().ok()["digest"]);
        let lines = w.province().get("/v1/exports/households.ndjson").send().status(&[200]).text();
        assert_eq!(lines.matches("\"digest\":null").count(), 1, "{lines}");
    }

    fn numbers_are_masked_in_conflicts_and_held_operations(w) {
        let record = Rec::household(JINYANG);
        w.phone("liangshan").push_one(record.create_with(json!({ "phone": "13800000001" })).ago(180));
        accepted(w.ali().push_one(record.edit(json!({ "phone": "13800000002" })).base(1).ago(60)));
        is(w.chen().push_one(record.edit(json!({ "phone": "13800000003" })).base(1).ago(30)), "merged");
        let values = |query: &str| {
            let conflict = w.ali().all(&format!("/v1/conflicts{query}")).remove(0);
            [conflict["base"].clone(), conflict["current"]["value"].clone(), conflict["other"]["value"].clone()]
        };
        assert_eq!(values(""), ["138****0001", "138****0003", "138****0002"]);
        assert_eq!(values("?reveal=true"), ["13800000001", "13800000003", "13800000002"]);
        let member = Rec::new("members", WUSHENG);
        let wrong = member.create_with(json!({ "household": new_id(), "id_number": CARD, "sex": "male" }));
        is(w.ali().push_one(wrong), "quarantined");
        let held = |query: &str| w.guangan().all(&format!("/v1/held-ops{query}")).remove(0);
        assert_eq!(held("")["op"]["fields"]["id_number"], "513430********0011");
        assert_eq!(held("")["op"]["fields"]["sex"], "male");
        assert_eq!(held("?reveal=true")["op"]["fields"]["id_number"], CARD);
        let path = format!("/v1/held-ops/{}", id_of(&held("")));
        assert_eq!(w.guangan().get(&path).send().ok()["op"]["fields"]["id_number"], CARD, "one, read by itself, is whole");
        let told: Vec<_> = audit(w.province()).iter().map(|entry| entry["action"].clone()).collect();
        assert_eq!(told, ["conflicts.reveal", "held-ops.reveal"]);
    }

    /// What is held is often held because it is not as it should be.
    fn numbers_are_masked_in_operations_of_any_shape(w) {
        let phone = "13812345678";
        let number: Value = serde_json::from_str(CARD).unwrap();
        let of = |collection: &str, fields: Value| {
            let mut op = Rec::new("members", JINYANG).create().0;
            (op["collection"], op["fields"]) = (collection.into(), fields);
            Op(op)
        };
        let mut beside = of("members", json!({ "household": 1 })).0;
        beside["phone"] = phone.into();
        for op in [
            of("members", json!({ "household": new_id(), "id_number": number })),
            of("members", json!({ "household": new_id(), "id_number": [CARD] })),
            of("members", json!({ "household": new_id(), "telephone": phone })),
            of("member", json!({ "id_number": CARD, "more": { "phone": phone } })),
            of("households", json!({ "helpers": [phone, { "phone": [phone] }] })),
            of("households", json!({ "helpers": phone })),
            Op(beside),
        ] {
            let told = op.0.to_string();
            is(w.ali().push_one(op), "rejected");
            let listed = Value::from(w.province().all("/v1/held-ops")).to_string();
            assert!(!listed.contains(phone) && !listed.contains("19700101"), "{told} is listed in {listed}");
        }
        assert_eq!(w.province().all("/v1/held-ops").len(), 7);
    }

    fn what_was_asked_for_is_not_written_down_with_its_number(w) {
        people(w);
        let asked = format!("/v1/members?id_number={CARD}&id_number%5Bin%5D={CARD}&reveal=true");
        let one = format!("/v1/members?sex=male&id_number={CARD}&reveal=true");
        w.ali().get(&asked).send();
        w.ali().get(&one).send().ok();
        // However it is written.
        w.ali().get(&format!("/v1/members?id%5Fnumber={CARD}&reveal=true")).send().ok();
        w.ali().get(&format!("/v1/members?q={CARD}&reveal=true")).send().ok();
        let written = Value::from(audit(w.province()));
        assert!(!written.to_string().contains(CARD), "{written}");
        assert!(written.to_string().contains("sex=male&id_number=***&reveal=true"), "{written}");
    }

    fn who_asked_is_written_down(w) {
        people(w);
        assert!(audit(w.province()).is_empty());
        w.ali().all("/v1/members?sex=male&reveal=true");
        w.chen().all("/v1/households?reveal=true");
        w.liangshan().get("/v1/exports/members.csv?reveal=true").send().status(&[200]);
        w.guangan().all("/v1/members?reveal=true");
        let all = audit(w.province());
        let told: Vec<_> = all.iter().map(|entry| (entry["action"].clone(), entry["subject"].clone())).collect();
        assert_eq!(told, [
            (json!("records.reveal"), json!("/v1/members")),
            (json!("records.reveal"), json!("/v1/households")),
            (json!("records.export"), json!("/v1/exports/members.csv")),
            (json!("records.reveal"), json!("/v1/members")),
        ]);
        let first = &all[0];
        assert_eq!((&first["user"], &first["role"]), (&json!(w.ali().user), &json!("team")));
        assert_eq!((&first["team"], &first["region"]), (&json!(w.cast().teams["one"]), &json!("51")));
        assert_eq!(first["detail"], json!({ "query": "sex=male&reveal=true", "records": 1, "buckets": [JINYANG] }));
        assert_near(&first["at"], now(), ms(60_000));
        // To each its own part, and without the chain.
        let users = |session: &Session| audit(session).iter().map(|entry| entry["user"].clone()).collect::<Vec<_>>();
        assert_eq!(users(w.ali()), [json!(w.ali().user)]);
        assert_eq!(users(w.bo()), [json!(w.ali().user)]);
        assert_eq!(users(w.deng()), Vec::<Value>::new());
        assert_eq!(users(w.liangshan()), [json!(w.chen().user), json!(w.cast().users["liangshan"])]);
        assert_eq!(users(w.guangan()), [json!(w.cast().users["guangan"])]);
        assert!(audit(w.liangshan()).iter().all(|entry| entry["chain"] == Value::Null));
        assert_eq!(w.province().all("/v1/audit?action=records.export").len(), 1);
        assert_eq!(w.province().all(&format!("/v1/audit?user={}", w.ali().user)).len(), 1);
    }

    fn the_chain_can_be_reckoned_again(w) {
        people(w);
        for session in [w.province(), w.liangshan(), &w.ali().session] {
            session.all("/v1/members?reveal=true");
        }
        let all = w.province().all("/v1/audit");
        assert_eq!(audit(w.province()).len(), 3);
        let mut previous = "0".repeat(64);
        for (n, entry) in (1..).zip(&all) {
            assert_eq!((&entry["chain"]["n"], &entry["chain"]["province"]), (&json!(n), &json!("51")));
            assert_eq!(entry["chain"]["previous"], previous);
            assert_eq!(entry["chain"]["hash"], reckoned(entry));
            entry["chain"]["hash"].as_str().unwrap().clone_into(&mut previous);
        }
    }
}
