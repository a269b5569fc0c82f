//! Signing in and out, devices, tokens, passwords, keys.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};

use crate::support::cast::PASSWORD;
use crate::support::http::Reply;
use crate::support::*;

fn sign_in(w: &World, body: Value) -> Reply {
    w.session.post("/v1/auth/login", &body).send()
}

fn refresh(w: &World, token: &Value) -> Reply {
    w.session.post("/v1/auth/refresh", &json!({ "refresh_token": token })).send()
}

fn bearer(w: &World, tokens: &Value) -> Session {
    w.session.with_token(tokens["access_token"].as_str().unwrap())
}

fn device(name: &str) -> Value {
    json!({ "name": name, "platform": "ios", "app_version": "2.1" })
}

/// A part of a token: header (0), claims (1).
fn part(token: &str, n: usize) -> Value {
    let text = token.split('.').nth(n).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn pack(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The property names of a request body, from the OpenAPI document: for the one body that `API.md` does not name.
fn body_properties(w: &World, path: &str) -> Vec<String> {
    let document = w.session.get("/openapi.json").send().ok();
    let mut schema = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
    if let Some(reference) = schema["$ref"].as_str() {
        schema = document.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
    }
    schema["properties"].as_object().expect("a body with properties").keys().cloned().collect()
}

/// A body for `POST /v1/auth/password`.
fn password_change(w: &World, old: &str, new: &str) -> Value {
    let mut body = json!({});
    for name in body_properties(w, "/v1/auth/password") {
        let value = if name.contains("new") { new } else { old };
        body[name] = value.into();
    }
    body
}

on_both_engines! {
    fn signing_in_gives_tokens(w) {
        let tokens = sign_in(w, json!({ "username": "ali", "password": PASSWORD })).ok();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 900);
        assert!(tokens["refresh_token"].is_string());
        assert!(tokens["user"].to_string().contains(&w.cast().users["ali"]), "{tokens}");
        assert_eq!(tokens.get("device").cloned().unwrap_or_default(), Value::Null);
        bearer(w, &tokens).get("/v1/me").send().ok();
    }

    fn a_wrong_password_and_an_unknown_user_look_alike(w) {
        let wrong = sign_in(w, json!({ "username": "ali", "password": "wrong" })).refused(&[401]);
        let unknown = sign_in(w, json!({ "username": "nobody", "password": "wrong" })).refused(&[401]);
        for member in ["code", "title", "detail", "type"] {
            assert_eq!(wrong[member], unknown[member]);
        }
    }

    fn an_incomplete_sign_in_is_refused(w) {
        let wrong = json!({ "username": 5, "password": PASSWORD });
        for body in [json!({}), json!({ "username": "ali" }), wrong, json!([])] {
            sign_in(w, body).refused(&[400, 422]);
        }
    }

    fn a_device_is_registered_at_sign_in(w) {
        let body = json!({ "username": "ali", "password": PASSWORD, "device": device("阿力的手机") });
        let tokens = sign_in(w, body).ok();
        let id = tokens["device"]["id"].as_str().unwrap();
        assert_ne!(id, w.ali().device);
        let me = bearer(w, &tokens).get("/v1/me").send().ok();
        assert_eq!(me["device"], json!({ "id": id, "acked": 0 }));
        let listed = w.province().all("/v1/devices").into_iter().find(|device| device["id"] == id).unwrap();
        assert_eq!((&listed["name"], &listed["platform"]), (&json!("阿力的手机"), &json!("ios")));
    }

    fn each_registration_is_a_new_device(w) {
        let (one, two) = (w.new_phone("ali"), w.new_phone("ali"));
        assert_ne!(one.device, two.device);
    }

    fn a_known_device_signs_in_again(w) {
        w.ali().push([Rec::household(JINYANG).create()]);
        let body = json!({ "username": "ali", "password": PASSWORD, "device_id": w.ali().device });
        let tokens = sign_in(w, body).ok();
        assert_eq!(tokens["device"]["id"], w.ali().device);
        let me = bearer(w, &tokens).get("/v1/me").send().ok();
        assert_eq!(me["device"], json!({ "id": w.ali().device, "acked": 1 }));
    }

    fn a_device_of_another_user_is_not_there(w) {
        for id in [w.bo().device.clone(), new_id()] {
            let body = json!({ "username": "ali", "password": PASSWORD, "device_id": id });
            sign_in(w, body).refused(&[404]);
        }
    }

    fn me_tells_who_one_is(w) {
        let me = w.ali().get("/v1/me").send().ok();
        assert_eq!(me["role"], "team");
        assert_eq!(me["team"], w.cast().teams["one"]);
        assert_eq!(me["region"], "51");
        assert_eq!(me["buckets"], json!([JINYANG]));
        assert!(me["user"].to_string().contains(&w.ali().user), "{me}");
        assert_eq!(me["device"], json!({ "id": w.ali().device, "acked": 0 }));
        let me = w.liangshan().get("/v1/me").send().ok();
        assert_eq!((&me["role"], &me["region"]), (&json!("prefecture"), &json!("5134")));
        assert_eq!(me["team"], Value::Null);
        assert_eq!(me.get("device").cloned().unwrap_or_default(), Value::Null);
    }

    fn a_refresh_gives_new_tokens(w) {
        let first = json!(w.cast().offices["province"]);
        let tokens = refresh(w, &first).ok();
        assert_ne!(tokens["refresh_token"], first);
        assert_eq!(tokens["expires_in"], 900);
        bearer(w, &tokens).get("/v1/me").send().ok();
        refresh(w, &tokens["refresh_token"]).ok();
    }

    fn a_refreshed_token_is_still_bound_to_its_device(w) {
        let tokens = refresh(w, &json!(w.ali().refresh_token)).ok();
        let me = bearer(w, &tokens).get("/v1/me").send().ok();
        assert_eq!(me["device"]["id"], w.ali().device);
    }

    fn a_reused_refresh_token_revokes_its_family(w) {
        let first = json!(w.cast().offices["province"]);
        let second = refresh(w, &first).ok()["refresh_token"].clone();
        let third = refresh(w, &second).ok()["refresh_token"].clone();
        refresh(w, &first).refused(&[401]);
        for token in [first, second, third] {
            refresh(w, &token).refused(&[401]);
        }
    }

    fn a_reuse_leaves_other_families(w) {
        let first = json!(w.cast().offices["province"]);
        refresh(w, &first).ok();
        refresh(w, &first).refused(&[401]);
        refresh(w, &json!(w.cast().phones["province"].0)).ok();
        refresh(w, &json!(w.cast().offices["liangshan"])).ok();
    }

    fn one_refresh_token_at_the_same_moment_counts_once_at_most(w) {
        let first = json!(w.cast().offices["province"]);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| refresh(w, &first).status)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(statuses.iter().filter(|status| **status == 200).count() <= 1, "{statuses:?}");
    }

    fn nonsense_is_no_refresh_token(w) {
        for token in [json!(""), json!("x"), json!(w.session.token), json!(5), json!(null)] {
            refresh(w, &token).refused(&[400, 401, 422]);
        }
        let access = w.ali().token.clone();
        refresh(w, &json!(access)).refused(&[401]);
    }

    fn refresh_tokens_survive_a_restart(w) {
        let access = w.province().clone();
        w.restart();
        access.get("/v1/me").send().ok();
        refresh(w, &json!(w.cast().offices["liangshan"])).ok();
    }

    fn after_a_logout_the_refresh_token_is_dead(w) {
        let tokens = refresh(w, &json!(w.cast().offices["province"])).ok();
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        bearer(w, &tokens).post("/v1/auth/logout", &body).send().status(&[200, 204]);
        refresh(w, &tokens["refresh_token"]).refused(&[401]);
        refresh(w, &json!(w.cast().phones["province"].0)).ok();
    }

    fn a_password_is_changed_by_its_owner(w) {
        let new = "Jinyang-by-the-river-7";
        w.er().post("/v1/auth/password", &password_change(w, PASSWORD, new)).send().status(&[200, 204]);
        sign_in(w, json!({ "username": "er", "password": PASSWORD })).refused(&[401]);
        sign_in(w, json!({ "username": "er", "password": new })).ok();
    }

    fn a_password_change_needs_the_old_one(w) {
        let body = password_change(w, "not the old one", "Jinyang-by-the-river-7");
        w.er().post("/v1/auth/password", &body).send().refused(&[400, 401, 403, 422]);
        sign_in(w, json!({ "username": "er", "password": PASSWORD })).ok();
    }

    fn an_access_token_is_verified_with_the_published_key(w) {
        let token = w.ali().token.clone().unwrap();
        let header = part(&token, 0);
        assert_eq!(header["alg"], "EdDSA");
        let keys = w.session.get("/.well-known/jwks.json").send().ok();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).expect("its key");
        assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
        assert_eq!(key.get("d"), None, "public keys only");
        let public = BASE64_URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
    }

    fn an_access_token_has_its_claims(w) {
        let claims = part(w.ali().token.as_ref().unwrap(), 1);
        assert_eq!(claims["sub"], w.ali().user);
        assert_eq!(claims["role"], "team");
        assert_eq!(claims["region"], "51");
        assert_eq!(claims["team"], w.cast().teams["one"]);
        assert_eq!(claims["device"], w.ali().device);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        for name in ["iss", "aud", "jti"] {
            assert!(!claims[name].is_null(), "{name}");
        }
    }

    fn a_token_that_was_tampered_with_is_refused(w) {
        let token = w.ali().token.clone().unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let mut claims = part(&token, 1);
        claims["role"] = "provincial".into();
        claims["device"] = w.bo().device.clone().into();
        let none = pack(&json!({ "alg": "none", "typ": "JWT" }));
        let hmac = pack(&json!({ "alg": "HS256", "typ": "JWT", "kid": part(&token, 0)["kid"] }));
        let forged = [
            format!("{}.{}.{}", parts[0], pack(&claims), parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{hmac}.{}.{}", parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            token[1..].to_owned(),
            format!("{token}A"),
            String::new(),
            "a.b.c".into(),
        ];
        for token in forged {
            w.session.with_token(&token).get("/v1/me").send().refused(&[401]);
        }
    }

    fn only_a_bearer_token_signs_in(w) {
        let token = w.ali().token.clone().unwrap();
        for value in [format!("Basic {token}"), token.clone(), format!("Bearer{token}"), "Bearer ".into()] {
            w.session.get("/v1/me").header("authorization", &value).send().refused(&[401]);
        }
        w.session.get(&format!("/v1/me?access_token={token}")).send().refused(&[400, 401]);
    }

    fn a_disabled_user_is_out_at_the_next_request(w) {
        w.er().get("/v1/me").send().ok();
        let path = format!("/v1/users/{}", w.er().user);
        let tag = w.province().get(&path).send().header("etag").unwrap().to_owned();
        let patch = w.province().patch(&path, &json!({ "disabled": true })).header("if-match", &tag);
        assert_eq!(patch.send().ok()["disabled"], true);
        w.er().get("/v1/me").send().refused(&[401, 403]);
        w.er().send(&json!({ "schema": 1, "ops": [] })).refused(&[401, 403]);
        sign_in(w, json!({ "username": "er", "password": PASSWORD })).refused(&[401, 403]);
        refresh(w, &json!(w.er().refresh_token)).refused(&[401, 403]);
    }

    fn the_signing_key_is_for_its_owner_only(w) {
        use std::os::unix::fs::PermissionsExt;
        let mut keys = 0;
        let mut dirs = vec![w.store.data_dir()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap().flatten() {
                let (path, mode) = (entry.path(), entry.metadata().unwrap().permissions().mode());
                if path.is_dir() {
                    dirs.push(path);
                } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("PRIVATE KEY") {
                    assert_eq!(mode & 0o777, 0o600, "{}", path.display());
                    keys += 1;
                }
            }
        }
        assert!(keys > 0, "a first start makes a signing key");
    }

    fn a_password_never_comes_back(w) {
        for path in ["/v1/me", "/v1/users", "/v1/devices"] {
            let text = w.province().get(path).send().text();
            assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{path}: {text}");
        }
    }
}
