//! Personal access tokens where they are used: exchanged for a JWT, presented to a resource, and never taken for anything else.

use claviger_tests::setting::{Setting, header, post_as, post_raw, reply, text};
use claviger_tests::{World, basic, claims_of, form, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send};
use crate::pats::{bearer, issue, world};

const JSON: (&str, &str) = ("content-type", "application/json");

/// The command that exchanges a token by way of the body.
pub(crate) fn exchange(token: &str, fields: &[(&str, &str)]) -> Value {
    post_as("", "/token", &[&[("client_secret", token)], fields].concat())
}

/// The JWT that a token is exchanged for.
pub(crate) fn exchanged(world: &mut World, token: &str) -> String {
    let response = send(world, exchange(token, &[]));
    let (status, body) = reply(&response);
    assert_eq!(status, 200, "{body}");
    text(&body["access_token"]).to_owned()
}

#[test]
fn p11_p13_a_token_is_exchanged_by_each_of_three_ways_and_the_body_counts_first() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    let (other, other_id) = issue(&mut world, json!({}));
    let (by_bearer, by_basic) = (format!("Bearer {token}"), basic("anybody", &token));
    let escaped = basic("anybody", &token.replace('.', "%2E"));
    let plain = json!({ "client_secret": token }).to_string();
    for command in [
        exchange(&token, &[]),
        exchange(&token, &[("grant_type", "client_credentials"), ("client_id", "anybody")]),
        post_as(&by_bearer, "/token", &[]),
        post_as(&by_basic, "/token", &[("grant_type", "client_credentials")]),
        post_as(&escaped, "/token", &[]),
        post_as(&basic("", &other), "/token", &[("client_secret", &token)]),
        post_raw("/token", &[("authorization", &by_bearer)], ""),
        post_raw("/token", &[("authorization", &by_basic)], ""),
        post_raw("/token", &[JSON], &plain),
        post_raw("/token", &[JSON, ("authorization", &by_basic)], "{}"),
        post_raw("/token", &[JSON, ("authorization", &by_bearer)], r#"{"grant_type":"client_credentials"}"#),
    ] {
        let response = send(&mut world, command);
        let (status, body) = reply(&response);
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")), "{body}");
        assert_eq!(claims_of(text(&body["access_token"]))["sub"], json!(id));
    }
    let response = send(&mut world, post_as(&by_bearer, "/token", &[("client_secret", &other)]));
    assert_eq!(claims_of(text(&reply(&response).1["access_token"]))["sub"], json!(other_id));
}

#[test]
fn p14_p15_the_answer_is_kept_nowhere_and_the_jwt_says_who_acts() {
    let mut world = world();
    let end = world.now + 3_600_000;
    let (token, id) = issue(&mut world, json!({ "admin": true, "roles": ["ops"], "expiresAt": end }));
    let response = send(&mut world, exchange(&token, &[("state", "a&b")]));
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    let (_, body) = reply(&response);
    assert_eq!((&body["expires_in"], &body["state"]), (&json!(300), &json!("a&b")));
    assert_eq!(body.as_object().unwrap().len(), 4);
    let claims = claims_of(text(&body["access_token"]));
    let now = world.now / 1000;
    for (name, value) in [
        ("iss", json!(World::ISSUER)),
        ("aud", json!(World::ISSUER)),
        ("sub", json!(id)),
        ("client_id", json!(id)),
        ("owner", json!("ada")),
        ("admin", json!(true)),
        ("roles", json!(["ops"])),
        ("iat", json!(now)),
        ("exp", json!(now + 300)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_ne!(claims["jti"], claims_of(&exchanged(&mut world, &token))["jti"]);
    // Without roles, an empty list; not longer than the token.
    let end = world.now + 30_500;
    let (short, _) = issue(&mut world, json!({ "expiresAt": end }));
    let (_, body) = reply(&send(&mut world, exchange(&short, &[])));
    let claims = claims_of(text(&body["access_token"]));
    assert_eq!((&claims["roles"], &claims["admin"], &body["expires_in"]), (&json!([]), &json!(false), &json!(30)));
    assert!(body.get("state").is_none());
}

#[test]
fn a_jwt_of_a_replaced_secret_or_of_a_former_token_administers_nothing() {
    for is_replaced in [true, false] {
        let mut world = world();
        let (token, id) = issue(&mut world, json!({ "admin": true }));
        let jwt = exchanged(&mut world, &token);
        let list = |jwt: &str| {
            json!({ "http": {
            "method": "GET", "url": format!("{}/admin/tokens", World::ISSUER), "headers": [["authorization", format!("Bearer {jwt}")]],
        } })
        };
        assert_eq!(world.ok(list(&jwt))["status"], 200);
        world.advance(2);
        let next = world.ok(json!({ "pats.generate": { "id": id } }));
        if is_replaced {
            world.ok(json!({ "pats.update": { "id": id, "hash": next["hash"] } }));
        } else {
            world.ok(json!({ "pats.delete": { "id": id } }));
            world.ok(json!({ "pats.register": { "id": id, "hash": next["hash"], "owner": "eve", "admin": true } }));
        }
        assert_eq!(world.ok(list(&jwt))["status"], 401, "{is_replaced}");
        let own = exchanged(&mut world, text(&next["token"]));
        assert_eq!(world.ok(list(&own))["status"], 200, "{is_replaced}");
    }
}

#[test]
fn p11_an_exchange_is_one_trip_and_a_second_one_once_in_a_minute() {
    let mut world = world();
    let (token, _) = issue(&mut world, json!({}));
    exchanged(&mut world, &token);
    world.advance(1);
    exchanged(&mut world, &token);
    assert_eq!(*world.asked(), ["load"]);
    world.advance(60);
    exchanged(&mut world, &token);
    assert_eq!(*world.asked(), ["load", "commit"]);
}

#[test]
fn p12_p14_what_is_refused_is_an_error_of_oauth_and_tells_no_reason() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    let (revoked, revoked_id) = issue(&mut world, json!({}));
    world.ok(json!({ "pats.revoke": { "id": revoked_id } }));
    let wrong = world.ok(json!({ "pats.generate": { "id": id } }));
    let unknown = world.ok(json!({ "pats.generate": {} }));
    world.take_events();
    for bad in [&revoked, text(&wrong["token"]), text(&unknown["token"]), "pat_x", &format!("{token}x")] {
        assert_eq!(refusal(&mut world, exchange(bad, &[])), (401, "invalid_client".into()), "{bad}");
        let response = send(&mut world, post_as(&basic("x", bad), "/token", &[]));
        assert_eq!((&response["status"], header(&response, "www-authenticate").is_some()), (&json!(401), true));
        let response = send(&mut world, post_as(&format!("Bearer {bad}"), "/token", &[]));
        assert_eq!(header(&response, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    let told: Vec<Value> = world.take_events();
    let reasons: Vec<&str> = told.iter().step_by(3).map(|event| text(&event["reason"])).collect();
    assert_eq!(reasons, ["revoked", "invalid_secret", "not_found", "invalid_format", "invalid_format"]);
    assert_eq!((&told[0]["tokenId"], &told[9]["tokenId"]), (&json!(revoked_id), &Value::Null));
    for (command, expected) in [
        (exchange(&token, &[("grant_type", "password")]), (400, "unsupported_grant_type")),
        (exchange(&token, &[("grant_type", "authorization_code")]), (400, "unsupported_grant_type")),
        (exchange(&token, &[("scope", "read")]), (400, "invalid_scope")),
        (exchange(&token, &[("resource", "https://other.example.com")]), (400, "invalid_target")),
        (exchange(&token, &[("resource", "https://api.example.com")]), (400, "invalid_target")),
        (exchange(&token, &[("client_secret", "again")]), (400, "invalid_request")),
        (post_raw("/token", &[JSON], "{}"), (400, "invalid_request")),
        (post_raw("/token", &[JSON], "[]"), (400, "invalid_request")),
        (post_raw("/token", &[JSON], r#"{"client_secret":1}"#), (400, "invalid_request")),
        (post_raw("/token", &[JSON], r#"{"client_secret":"x"}"#), (401, "invalid_client")),
        (
            post_raw("/token", &[JSON], &json!({ "client_secret": token, "grant_type": "x" }).to_string()),
            (400, "unsupported_grant_type"),
        ),
        (post_raw("/token", &[JSON, ("authorization", "Basic !")], "{}"), (401, "invalid_client")),
        (post_raw("/token", &[], ""), (400, "invalid_request")),
        (post_raw("/token", &[("content-type", "text/plain")], &token), (415, "invalid_request")),
        (post_as("", "/token", &[]), (400, "invalid_request")),
    ] {
        let (status, code) = refusal(&mut world, command.clone());
        assert_eq!((status, code.as_str()), expected, "{command}");
        assert!(world.asked().is_empty(), "{command}");
    }
}

#[test]
fn p15_a_jwt_for_a_resource_is_good_there_alone_and_as_long_as_the_resource_says() {
    let resource = "https://files.example.com";
    let mut world = World::with(json!({ "pats": {}, "resources": { resource: { "lifetime": "1m" } } }));
    let (token, _) = issue(&mut world, json!({}));
    let (_, body) = reply(&send(&mut world, exchange(&token, &[("resource", resource)])));
    assert_eq!(body["expires_in"], 60);
    let jwt = text(&body["access_token"]).to_owned();
    let mut at = bearer(&jwt);
    assert_eq!(world.refused(json!({ "authenticate": at })), "invalid_token");
    at["audience"] = json!(resource);
    assert_eq!(world.ok(json!({ "authenticate": at }))["audience"], json!([resource]));
}

#[test]
fn p21_a_token_and_its_jwt_are_principals_with_what_they_may() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({ "roles": ["ops", "read"] }));
    let jwt = exchanged(&mut world, &token);
    for (presented, trips) in [(&token, 1), (&jwt, 0)] {
        let who = world.ok(json!({ "authenticate": bearer(presented) }));
        assert_eq!(world.asked().len(), trips);
        let pat = json!({ "id": id, "owner": "ada", "admin": false, "roles": ["ops", "read"] });
        assert_eq!((&who["kind"], &who["pat"]), (&json!("pat"), &pat), "{who}");
        assert_eq!((&who["subject"], &who["clientId"], &who["scopes"]), (&Value::Null, &Value::Null, &json!([])));
        assert_eq!(who["expiresAt"], json!(world.now + 300_000));
        assert_eq!(world.ok(json!({ "tokens.verify": { "token": presented } }))["pat"], pat);
    }
    // At another resource only the token itself, which the host looks at, is good.
    let mut elsewhere = bearer(&token);
    elsewhere["audience"] = json!("https://api.example.com");
    assert_eq!(world.ok(json!({ "authenticate": elsewhere }))["kind"], "pat");
}

#[test]
fn p3_the_most_roles_that_a_token_may_have_fit_in_its_jwt() {
    let mut world = world();
    let roles: Vec<String> = (0..50).map(|n| format!("{n:02}{}", "\"".repeat(98))).collect();
    let (token, _) = issue(&mut world, json!({ "owner": "\"".repeat(100), "roles": roles }));
    let jwt = exchanged(&mut world, &token);
    assert_eq!(world.ok(json!({ "authenticate": bearer(&jwt) }))["pat"]["roles"], json!(roles));
    let roles: Vec<String> = (0..50).map(|n| format!("{n:02}{}", "é".repeat(50))).collect();
    assert_eq!(world.refused(json!({ "pats.issue": { "owner": "x", "roles": roles } })), "invalid_argument");
}

/// The event says what a log needs to find whoever acts, and nothing that anybody could act with.
#[test]
fn p25_the_log_learns_what_was_exchanged_for_what_and_by_whom() {
    let mut world = world();
    world.reopen(json!({ "pats": {}, "trustedHops": 1 }));
    let (token, id) = issue(&mut world, json!({}));
    let secret = token.rsplit_once('.').map_or("", |(_, secret)| secret).to_owned();
    let from = |token: &str, remote: Value| {
        let mut command = exchange(token, &[]);
        command["http"]["remote"] = remote;
        command
    };
    world.take_events();
    let response = send(&mut world, from(&token, json!("203.0.113.9")));
    let jwt = text(&reply(&response).1["access_token"]).to_owned();
    let told = world.take_events();
    let exchanged = told.iter().find(|event| event["name"] == "pat.exchanged").unwrap();
    for (name, value) in [
        ("tokenId", json!(id)),
        ("owner", json!("ada")),
        ("jti", claims_of(&jwt)["jti"].clone()),
        ("remote", json!("203.0.113.9")),
        ("at", json!(world.now)),
    ] {
        assert_eq!(exchanged[name], value, "{name}");
    }
    assert_eq!(exchanged.as_object().unwrap().len(), 6);
    // By way of a proxy that is trusted.
    let mut command = with_header(from(&token, json!("10.0.0.1")), "x-forwarded-for", "198.51.100.7");
    send(&mut world, command.clone());
    assert_eq!(world.take_events()[0]["remote"], "198.51.100.7");
    command = from(&token, Value::Null);
    send(&mut world, command);
    assert!(world.take_events()[0].get("remote").is_none());
    // What is refused: why, and to whom.
    let bad = format!("{token}x");
    assert_eq!(refusal(&mut world, from(&bad, json!("203.0.113.9"))), (401, "invalid_client".into()));
    let refused = world.take_events();
    let expected = json!({ "name": "pat.refused", "at": world.now, "tokenId": null, "reason": "invalid_format", "remote": "203.0.113.9" });
    assert_eq!(refused, [expected]);
    // Neither the token nor the JWT is in any of it.
    let all = format!("{told:?}{refused:?}");
    let signature = jwt.rsplit('.').next().unwrap();
    assert!(!secret.is_empty() && [&*secret, &*token, &*jwt, signature].iter().all(|secret| !all.contains(secret)));
}

#[test]
fn p21_the_log_learns_which_token_was_let_through() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({}));
    let jwt = exchanged(&mut world, &token);
    world.take_events();
    for presented in [&token, &jwt] {
        world.ok(json!({ "authenticate": bearer(presented) }));
        let told = world.take_events();
        assert_eq!((&told[0]["name"], &told[0]["tokenId"]), (&json!("authentication.succeeded"), &json!(id)));
    }
    let mut s = Setting::new(json!({ "pats": {} }), "opaque");
    s.interaction();
    s.world.take_events();
    s.world.ok(json!({ "authenticate": { "headers": [["cookie", s.browser.cookie_header()]] } }));
    assert!(s.world.take_events()[0].get("tokenId").is_none());
}

#[test]
fn p22_roles_and_administration_are_asked_for_and_nobody_else_has_them() {
    let mut s = Setting::new(json!({ "pats": {} }), "jwt");
    let (plain, _) = issue(&mut s.world, json!({ "roles": ["ops", "read"] }));
    let (admin, _) = issue(&mut s.world, json!({ "admin": true }));
    let access_token = text(&s.tokens()["access_token"]).to_owned();
    for (needed, plain_may, admin_may) in [
        (json!({ "roles": ["ops"] }), true, false),
        (json!({ "roles": ["ops", "read"] }), true, false),
        (json!({ "roles": ["ops", "write"] }), false, false),
        (json!({ "admin": true }), false, true),
        (json!({ "admin": true, "roles": ["ops"] }), false, false),
        (json!({ "scopes": ["read"] }), false, false),
        (json!({ "maxAge": 60 }), false, false),
        (json!({ "only": "token" }), true, true),
        (json!({}), true, true),
    ] {
        let mut ask = |token: &str| {
            let mut ask = bearer(token);
            for (name, value) in needed.as_object().unwrap() {
                ask[name] = value.clone();
            }
            s.world.run(json!({ "authenticate": ask }))
        };
        for (token, may) in [(&plain, plain_may), (&admin, admin_may)] {
            let done = ask(token);
            assert_eq!(done.get("ok").is_some(), may, "{needed}: {done}");
            let status = done["refused"]["status"].as_u64();
            assert!(may || status == Some(403) || (needed.get("maxAge").is_some() && status == Some(401)), "{done}");
        }
        let wants_roles = needed.get("admin").is_some() || needed.get("roles").is_some();
        assert!(!wants_roles || ask(&access_token).get("refused").is_some(), "{needed}");
    }
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    assert!(s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some());
    assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers, "admin": true } })), "insufficient_scope");
    for ask in [json!({ "token": plain, "admin": true }), json!({ "token": admin, "roles": ["ops"] })] {
        assert_eq!(s.world.refused(json!({ "tokens.verify": ask })), "insufficient_scope");
    }
}

#[test]
fn p15_a_revoked_token_ends_its_jwts_at_once_where_that_is_asked_for() {
    let mut world = world();
    let (token, id) = issue(&mut world, json!({ "roles": ["old"] }));
    let jwt = exchanged(&mut world, &token);
    let mut checked = bearer(&jwt);
    checked["revocation"] = json!("check");
    let checked = json!({ "authenticate": checked });
    world.ok(json!({ "pats.update": { "id": id, "roles": ["new"] } }));
    assert_eq!(world.ok(checked.clone())["pat"]["roles"], json!(["new"]), "as it is now");
    assert_eq!(*world.asked(), ["load"]);
    world.ok(json!({ "pats.revoke": { "id": id } }));
    assert_eq!(world.refused(checked.clone()), "invalid_token");
    assert!(world.run(json!({ "authenticate": bearer(&jwt) })).get("ok").is_some(), "until it expires");
    world.ok(json!({ "pats.restore": { "id": id } }));
    world.ok(checked.clone());
    world.ok(json!({ "pats.delete": { "id": id } }));
    assert_eq!(world.refused(checked), "invalid_token");
    world.advance(300);
    assert_eq!(world.refused(json!({ "authenticate": bearer(&jwt) })), "invalid_token");
}

#[test]
fn pt_010_a_token_is_taken_for_no_other_and_no_other_for_it() {
    let mut s = Setting::new(json!({ "pats": {}, "openid": {} }), "opaque");
    let (token, _) = issue(&mut s.world, json!({ "admin": true }));
    let jwt = exchanged(&mut s.world, &token);
    let tokens = s.tokens();
    for pat in [&token, &jwt] {
        assert_eq!(s.introspect(pat), json!({ "active": false }));
        assert_eq!(s.world.ok(json!({ "tokens.introspect": { "token": pat } })), json!({ "active": false }));
        assert_eq!(s.post("/revoke", &[("token", pat)]).0, 200);
        assert_eq!(s.world.ok(json!({ "tokens.revoke": { "token": pat } })), json!({ "revoked": false }));
        let headers = json!([["authorization", format!("Bearer {pat}")]]);
        let url = format!("{}/userinfo", World::ISSUER);
        let userinfo = json!({ "http": { "method": "GET", "url": url, "headers": headers } });
        assert_eq!(refusal(&mut s.world, userinfo), (401, "invalid_token".into()));
        assert_eq!(
            s.refresh(pat),
            (400, s.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]).1)
        );
        assert_ne!(s.redeem(pat).0, 200);
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", pat),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        assert_ne!(s.post("/token", &fields).0, 200);
        assert!(s.world.run(json!({ "sessions.refreshTokens": { "refreshToken": pat } })).get("ok").is_none());
        assert!(s.world.run(json!({ "authenticate": bearer(pat) })).get("ok").is_some(), "it is good, though");
    }
    for other in [text(&tokens["access_token"]), text(&tokens["refresh_token"]), &s.secret.clone(), &jwt] {
        let verified = s.world.ok(json!({ "pats.verify": { "token": other } }));
        assert_eq!(verified["reason"], "invalid_prefix");
        let json = json!({ "client_secret": other }).to_string();
        assert_eq!(refusal(&mut s.world, post_raw("/token", &[JSON], &json)).0, 401);
    }
    // A DPoP scheme makes no bearer token better.
    let headers = json!([["authorization", format!("DPoP {token}")]]);
    let ask = json!({ "headers": headers, "method": "GET", "url": World::ISSUER });
    assert!(s.world.run(json!({ "authenticate": ask })).get("ok").is_none());
}

#[test]
fn another_grant_of_the_endpoint_is_as_ever() {
    let mut s = Setting::new(json!({ "pats": {} }), "opaque");
    let tokens = s.tokens();
    let refresh = text(&tokens["refresh_token"]).to_owned();
    assert_eq!(s.refresh(&refresh).0, 200);
    let body = form(&[("grant_type", "client_credentials")]);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let authorization = basic(&s.client, &s.secret);
    let command = post_raw("/token", &[form, ("authorization", &authorization)], &body);
    assert_eq!(refusal(&mut s.world, command), (400, "unauthorized_client".into()));
    // Without the setting JSON is no form.
    let mut plain = World::new();
    assert_eq!(refusal(&mut plain, post_raw("/token", &[JSON], "{}")).0, 415);
}

#[test]
fn p2_the_first_use_of_a_token_of_another_system_waits_for_its_commit() {
    let mut world = World::with(json!({ "pats": { "imported": true } }));
    let register = json!({ "id": crate::pats::IMPORTED_ID, "hash": crate::pats::IMPORTED_PHC, "owner": "ada" });
    world.ok(json!({ "pats.register": register }));
    world.ok(json!({ "keys.list": {} }));
    let token = format!("pat_{}.{}", crate::pats::IMPORTED_ID, crate::pats::IMPORTED_SECRET);
    let by_basic = basic("", &token);
    let done = world.run_with(post_as(&by_basic, "/token", &[]), |ask, _, store| match ask.get("commit") {
        Some(_) => json!({ "failed": "down" }),
        None => store.answer(ask),
    });
    assert_eq!(done["ok"]["status"], 503, "{done}");
    // With a plus and an equals sign in it, as it is and escaped.
    for authorization in
        [by_basic, basic("", &token.replace('+', "%2B").replace('=', "%3D")), format!("Bearer {token}")]
    {
        assert_eq!(send(&mut world, post_as(&authorization, "/token", &[]))["status"], 200, "{authorization}");
    }
    exchanged(&mut world, &token);
}
