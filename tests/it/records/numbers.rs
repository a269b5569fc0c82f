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

fn audit(session: &Session) -> Vec<Value> {
    session.all("/v1/audit")
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
        let all = audit(w.province());
        let mut previous = "0".repeat(64);
        for (n, entry) in (1..).zip(&all) {
            assert_eq!((&entry["chain"]["n"], &entry["chain"]["province"]), (&json!(n), &json!("51")));
            assert_eq!(entry["chain"]["previous"], previous);
            assert_eq!(entry["chain"]["hash"], reckoned(entry));
            entry["chain"]["hash"].as_str().unwrap().clone_into(&mut previous);
        }
        assert_eq!(all.len(), 3);
    }
}
