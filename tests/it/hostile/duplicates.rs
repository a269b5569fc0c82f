//! A member given twice: two readers would see two things. In an operation it is rejected alone, however deep it is;
//! around the operations, and in every other body, the request is refused.

use super::*;

on_both_engines! {
    fn a_member_given_twice_is_rejected_alone_however_deep(w) {
        let interview = |more: &str| {
            let identity = format!(r#""bucket":"{JINYANG}","collection":"interviews","id":"{}""#, new_id());
            let fields = format!(r#""visit":"{}","level":"household","form":"f","form_version":1,{more}"#, new_id());
            format!(r#"{{"op_seq":SEQ,"kind":"upsert",{identity},"fields":{{{fields}}}}}"#)
        };
        for (bad, pointer) in [
            (household(r#","head_name":"a""#), "/fields/head_name"),
            (household(r#","remarks":"a","remarks":"a""#), "/fields/remarks"),
            // The same name, otherwise spelt.
            (household(r#","remarks":"a","\u0072emarks":"b""#), "/fields/remarks"),
            (household(r#","helpers":[{"name":"a"},{"name":"b","phone":"1","phone":"2"}]"#), "/fields/helpers/1/phone"),
            (household(r#","location":{"lat":1,"lon":2,"lat":3}"#), "/fields/location/lat"),
            (interview(r#""answers":{"q":1,"q":2}"#), "/fields/answers/q"),
            (interview(r#""answers":{"a~/b":1,"a~/b":2}"#), "/fields/answers/a~0~1b"),
            (interview(r#""answers.q":1,"answers.q":2"#), "/fields/answers.q"),
            (interview(r#""answers":{"q":1},"answers":{"r":2}"#), "/fields/answers"),
            (household("").replacen(r#""kind""#, r#""kind":"delete","kind""#, 1), "/kind"),
            (household("").replacen(r#""fields""#, r#""fields":{},"fields""#, 1), "/fields"),
            (household("").replacen(r#""bucket""#, r#""bucket":"513431","bucket""#, 1), "/bucket"),
            (household("").replacen(r#""kind""#, r#""at":{"wall":"a","wall":"b"},"kind""#, 1), "/at/wall"),
            (household("").replacen(r#""kind""#, r#""x":[{"y":{"z":1,"z":2}}],"kind""#, 1), "/x/0/y/z"),
        ] {
            let error = rejected_alone(w, &bad);
            assert_eq!(codes(&error), ["duplicate_field"], "{bad}: {error}");
            assert_eq!(error["errors"][0]["pointer"], pointer, "{bad}");
        }
        // An answer by its flat name, and inside the map.
        let error = rejected_alone(w, &interview(r#""answers":{"q":1},"answers.q":1"#));
        assert_eq!(codes(&error), ["duplicate_field"], "{error}");
    }

    fn an_op_seq_given_twice_cannot_be_read(w) {
        let op = household("").replace(r#""op_seq":SEQ"#, r#""op_seq":1,"op_seq":1"#);
        post(w.ali(), PUSH, envelope(&[op])).problem(400, "malformed");
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn an_envelope_member_given_twice_is_malformed(w) {
        let op = household("").replace("SEQ", "1");
        for body in [
            format!(r#"{{"schema":1,"schema":1,"ops":[{op}]}}"#),
            format!(r#"{{"schema":1,"ops":[{op}],"ops":[]}}"#),
            format!(r#"{{"schema":1,"ops":[],"ops":[{op}]}}"#),
            format!(r#"{{"schema":1,"clock":null,"clock":null,"ops":[{op}]}}"#),
        ] {
            post(w.ali(), PUSH, body).problem(400, "malformed");
        }
        for body in [
            r#"{"schema":1,"schema":1}"#, r#"{"schema":1,"limit":1,"limit":2}"#, r#"{"schema":1,"cursor":"a","cursor":"b"}"#,
            r#"{"schema":1,"restart":[],"restart":[]}"#,
        ] {
            post(w.ali(), PULL, body).problem(400, "malformed");
        }
        assert_eq!(w.ali().push([]).acked(), 0);
    }

    fn a_member_given_twice_in_any_other_body_is_refused(w) {
        let twice = |reply: Reply, pointer: &str| {
            let problem = reply.problem(422, "invalid");
            assert_eq!(codes(&problem), ["duplicate_field"], "{problem}");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        };
        twice(post(w.province(), "/v1/teams", r#"{"name":"a","region":"51","name":"b"}"#), "/name");
        twice(post(w.province(), "/v1/teams", r#"{"name":"a","members":[{"name":"b","name":"c"}]}"#), "/members/0/name");
        twice(post(&w.session, "/v1/auth/login", r#"{"username":"ali","username":"bo","password":"x"}"#), "/username");
        twice(post(&w.session, "/v1/auth/login", r#"{"username":"ali","password":"x","device":{"name":"a","name":"b"}}"#), "/device/name");
        let path = format!("/v1/devices/{}/revoke", w.bo().device);
        twice(post(w.province(), &path, r#"{"mode":"flush","mode":"wipe"}"#), "/mode");
        w.bo().push([Rec::household(JINYANG).create()]);
        assert!(w.province().all("/v1/teams").iter().all(|team| team["name"] != "a" && team["name"] != "b"));
    }
}
