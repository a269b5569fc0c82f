//! Who has days to make up, now and at a moment.

use super::*;

/// Gives a team a leader.
pub(super) fn lead(w: &World, team: &str, name: &str) {
    let body = json!({ "leader": { "name": name, "rank": "department" } });
    w.province().patch(&format!("/v1/teams/{}", w.cast().teams[team]), &body).header("if-match", "*").send().ok();
}

on_both_engines! {
    fn teams_with_leaders_and_work_to_do_are_counted(w) {
        let leaders = || county(w, JINYANG)["leaders"].clone();
        assert_eq!(leaders(), json!({ "all": 0, "enough": 0 }));
        let teams = county(w, JINYANG)["teams"].clone();
        assert!(teams.as_array().unwrap().iter().all(|team| team["leader_days"].is_null() && team["enough"] == false), "{teams}");
        lead(w, "one", "马海");
        lead(w, "two", "沙马");
        assert_eq!(leaders(), json!({ "all": 2, "enough": 0 }));
        // Days of others are days of the team.
        for day in ["2015-04-16", "2015-04-17"] {
            let (record, op) = visit(w, JINYANG, json!({ "day": day, "participants": [{ "name": "李" }] }));
            w.ali().push([op, interview(&record, json!({}))]);
        }
        assert_eq!((leaders(), county(w, JINYANG)["team_days"].clone()), (json!({ "all": 2, "enough": 0 }), json!(2)));
        // A leader's name counts as soon as it is right.
        lead(w, "one", "李");
        assert_eq!(leaders(), json!({ "all": 2, "enough": 1 }));
        // Closed without any day it was never meant; closed with some it still counts.
        w.close("two", JINYANG);
        w.close("one", JINYANG);
        assert_eq!(leaders(), json!({ "all": 1, "enough": 1 }));
    }

    fn later_assignments_are_not_of_the_past(w) {
        for team in ["one", "two", "four"] {
            lead(w, team, "马海");
        }
        let then = moment();
        w.assign("four", JINYANG);
        w.close("two", JINYANG);
        let told = |query: &str| at(w, &format!("?level=county&county={JINYANG}{query}"));
        let teams = |told: &Value| {
            let mut ids: Vec<_> = told["items"][0]["teams"].as_array().unwrap().iter().map(|team| team["team"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let of = |names: &[&str]| { let mut ids: Vec<_> = names.iter().map(|name| w.cast().teams[*name].clone()).collect(); ids.sort(); ids };
        let now = told("");
        assert_eq!((teams(&now), &now["items"][0]["leaders"]["all"]), (of(&["one", "two", "four"]), &json!(2)));
        let before = told(&format!("&as_of={}", http::urlencode(&then)));
        assert_eq!((teams(&before), &before["items"][0]["leaders"]["all"]), (of(&["one", "two"]), &json!(2)));
        assert!(before["teams"].as_array().unwrap().iter().all(|team| team["team"] != w.cast().teams["four"]));
        let long_ago = told("&as_of=2015-01-01T00:00:00.000%2B08:00");
        assert_eq!(long_ago["items"][0]["leaders"]["all"], 0);
    }
}
