//! Back-channel logout (LO-011, LO-013, LO-014): who is told that a session is over, what exactly, and who waits for it.

use claviger_tests::setting::{PASSWORD, Setting, client, reply, text};
use claviger_tests::{Browser, World, claims_of, form, parameter};
use serde_json::{Value, json};

use crate::check::hold_everywhere;
use crate::openid::{provider, signed_in, verified_as};

const TOLD: &str = "https://app.example.com/logged-out";
const SALT: &str = "a salt that nobody ever changes again";

/// A provider at which Ada signed in to a client that wants to be told; the tokens.
fn after_sign_in(changes: Value, openid: Value) -> (Setting, Value) {
    let mut config = json!({ "capabilities": ["fetch"] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let mut s = provider(config);
    let mut wants = json!({ "backchannelLogoutUri": TOLD });
    for (name, value) in openid.as_object().into_iter().flatten() {
        wants[name] = value.clone();
    }
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": wants } }));
    let tokens = signed_in(&mut s, "openid read", &[]);
    s.world.take_events();
    (s, tokens)
}

pub(crate) fn answered(status: u16) -> Value {
    json!({ "response": { "status": status, "headers": [], "body": "" } })
}

/// Ends all of Ada's sessions and gives what is to be delivered.
fn end(s: &mut Setting) -> Vec<Value> {
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    due(s)
}

fn due(s: &mut Setting) -> Vec<Value> {
    let events = s.world.take_events();
    let due = events.into_iter().filter(|event| event["name"] == "logout.due");
    due.map(
        |event| json!({ "subject": event["subject"], "sessionId": event["sessionId"], "clientId": event["clientId"] }),
    )
    .collect()
}

fn deliver(s: &mut Setting, due: &Value, attempt: u8) -> Value {
    let mut ask = due.clone();
    ask["attempt"] = json!(attempt);
    s.world.ok(json!({ "logout.deliver": ask }))
}

/// The logout token of the last request, whose signature verifies with the published keys.
fn told(s: &mut Setting) -> Value {
    let fetch = s.world.store.fetched.last().cloned().unwrap();
    assert_eq!((&fetch["method"], &fetch["url"]), (&json!("POST"), &json!(TOLD)));
    assert_eq!(fetch["headers"], json!([["content-type", "application/x-www-form-urlencoded"]]));
    let token = parameter(&format!("?{}", text(&fetch["body"])), "logout_token").unwrap();
    let claims = verified_as(s, &token, "logout+jwt", &["jti", "exp", "iat"]);
    json!({ "claims": claims, "token": token })
}

#[test]
fn lo_011_a_client_is_told_which_session_of_whom_is_over_and_nothing_else() {
    let (mut s, tokens) = after_sign_in(json!({}), json!({}));
    let due = end(&mut s);
    assert_eq!(due.len(), 1);
    s.world.store.web.insert(TOLD.into(), answered(200));
    assert_eq!(deliver(&mut s, &due[0], 1), json!({ "delivered": true, "retryIn": null }));
    assert_eq!(s.world.asked().as_slice(), ["load".to_owned(), "fetch".to_owned()]);
    assert_eq!(s.world.take_event_names(), ["logout.delivered"]);
    let said = told(&mut s)["claims"].clone();
    let id_token = claims_of(text(&tokens["id_token"]));
    for same in ["iss", "sub", "aud", "sid"] {
        assert_eq!(said[same], id_token[same], "{same}");
    }
    let now = s.world.now / 1000;
    assert_eq!((&said["iat"], &said["exp"]), (&json!(now), &json!(now + 120)));
    assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    let mut names: Vec<&String> = said.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and no nonce");
    // Another token each time.
    deliver(&mut s, &due[0], 2);
    assert_ne!(told(&mut s)["claims"]["jti"], said["jti"]);
}

#[test]
fn lo_011_a_pairwise_client_is_told_by_its_own_names_and_algorithm() {
    let config = json!({ "openid": { "pairwiseSalt": SALT }, "signing": { "alternatives": ["ES256"] } });
    let (mut s, tokens) = after_sign_in(config, json!({ "subjectType": "pairwise", "idTokenAlg": "ES256" }));
    let due = end(&mut s);
    deliver(&mut s, &due[0], 1);
    let told = told(&mut s);
    assert_ne!(told["claims"]["sub"], json!(s.subject));
    assert_eq!(told["claims"]["sub"], claims_of(text(&tokens["id_token"]))["sub"]);
    let header = |token: &str| token.split('.').next().unwrap().len();
    assert!(header(text(&told["token"])) > 0);
    assert!(text(&told["token"]).starts_with("eyJhbGciOiJFUzI1NiI"), "ES256");
}

#[test]
fn lo_011_whatever_ends_a_session_is_told_and_once() {
    type Way = fn(&mut Setting, &Value);
    let ways: [(&str, Way); 5] = [
        ("an application", |s, tokens| {
            let hint = text(&tokens["id_token"]).to_owned();
            let answer = s.browser.get(&mut s.world, &format!("/logout?{}", form(&[("id_token_hint", &hint)])));
            hold_everywhere(&answer);
        }),
        ("the host", |s, _| {
            let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
            let ask = json!({ "subject": s.subject, "id": sessions["items"][0]["id"] });
            assert_eq!(s.world.ok(json!({ "sessions.revoke": ask })), json!({ "revoked": true }));
        }),
        ("everywhere", |s, _| _ = s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }))),
        ("disabled", |s, _| _ = s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }))),
        ("another person", |s, _| {
            s.world.ok(json!({ "accounts.create": { "login": "eve", "password": PASSWORD } }));
            let query = s.query(&[("prompt", Some("login"))]);
            s.world.advance(1);
            let interaction = s.browser.begin(&mut s.world, &query);
            s.browser.sign_in(&mut s.world, &interaction, "eve", PASSWORD);
        }),
    ];
    for (name, way) in ways {
        let (mut s, tokens) = after_sign_in(json!({}), json!({}));
        signed_in(&mut s, "openid", &[]);
        s.world.take_events();
        way(&mut s, &tokens);
        let due = due(&mut s);
        assert_eq!(due.len(), 1, "{name}");
        assert_eq!((&due[0]["clientId"], &due[0]["subject"]), (&json!(s.client), &json!(s.subject)), "{name}");
        deliver(&mut s, &due[0], 1);
        assert_eq!(told(&mut s)["claims"]["sid"], claims_of(text(&tokens["id_token"]))["sid"], "{name}");
    }
}

#[test]
fn of_64_who_end_a_session_at_once_one_does_and_all_of_it_ends() {
    let (mut s, tokens) = after_sign_in(json!({}), json!({}));
    let second = signed_in(&mut s, "openid", &[]);
    let hint = text(&tokens["id_token"]).to_owned();
    let command = s.browser.get_command(&format!("/logout?{}", form(&[("id_token_hint", &hint)])));
    let ends = s.world.race(&command, 64);
    assert!(ends.iter().all(|end| end["ok"]["status"] == 200), "{ends:?}");
    let told: Vec<&Value> = ends.iter().flat_map(|end| end["events"].as_array().into_iter().flatten()).collect();
    let count = |name: &str| told.iter().filter(|event| event["name"] == name).count();
    assert_eq!((count("session.revoked"), count("logout.due"), count("grant.revoked")), (1, 1, 2));
    for token in [&tokens["access_token"], &second["access_token"], &second["refresh_token"]] {
        assert!(!s.is_active(token));
    }
}

#[test]
fn each_client_of_a_session_is_told_and_no_other() {
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let (first, first_secret) = (s.client.clone(), s.secret.clone());
    (s.client, s.secret) = client(&mut s.world, json!({ "openid": { "backchannelLogoutUri": TOLD } }));
    signed_in(&mut s, "openid", &[]);
    let second = s.client.clone();
    // Those that want nothing, or signed nobody in.
    (s.client, s.secret) = client(&mut s.world, json!({}));
    signed_in(&mut s, "openid", &[]);
    (s.client, s.secret) = client(&mut s.world, json!({ "openid": { "backchannelLogoutUri": TOLD } }));
    signed_in(&mut s, "read", &[]);
    (s.client, s.secret) = (first.clone(), first_secret);
    // In another browser there is nobody to tell of it.
    s.browser = Browser::new();
    s.interaction();
    s.world.take_events();
    let due = end(&mut s);
    let clients: Vec<&str> = due.iter().map(|due| text(&due["clientId"])).collect();
    assert_eq!(clients, [first.as_str(), second.as_str()]);
}

#[test]
fn lo_013_signing_out_waits_for_nobody_and_a_client_that_is_down_is_told_three_times() {
    let (mut s, tokens) = after_sign_in(json!({}), json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    let answer = s.browser.get(&mut s.world, &format!("/logout?{}", form(&[("id_token_hint", &hint)])));
    assert_eq!(answer["status"], 200);
    assert!(!s.world.asked().contains(&"fetch".to_owned()), "{:?}", s.world.asked());
    let due = due(&mut s);
    for failing in [answered(500), answered(503), answered(429), json!({ "failed": "too slow" })] {
        s.world.store.web.insert(TOLD.into(), failing);
        assert_eq!(deliver(&mut s, &due[0], 1), json!({ "delivered": false, "retryIn": 5 }));
        assert_eq!(deliver(&mut s, &due[0], 2), json!({ "delivered": false, "retryIn": 60 }));
        assert!(s.world.take_event_names().is_empty());
        assert_eq!(deliver(&mut s, &due[0], 3), json!({ "delivered": false, "retryIn": null }));
        let events = s.world.take_events();
        assert_eq!((&events[0]["name"], &events[0]["clientId"]), (&json!("logout.not_delivered"), &json!(s.client)));
        assert!(events[0]["reason"].is_string());
    }
    let refused = s.world.refused(json!({ "logout.deliver": { "subject": s.subject, "sessionId": due[0]["sessionId"],
        "clientId": s.client, "attempt": 4 } }));
    assert_eq!(refused, "invalid_argument");
}

#[test]
fn lo_013_a_client_that_says_no_is_not_asked_again() {
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let due = end(&mut s);
    for status in [400, 404, 302] {
        s.world.store.web.insert(TOLD.into(), answered(status));
        assert_eq!(deliver(&mut s, &due[0], 1), json!({ "delivered": false, "retryIn": null }), "{status}");
    }
    for change in [json!({ "disabled": true }), json!({ "disabled": false, "openid": {} })] {
        let mut update = change;
        update["id"] = json!(s.client);
        s.world.ok(json!({ "clients.update": update }));
        s.world.take_events();
        assert_eq!(deliver(&mut s, &due[0], 1), json!({ "delivered": false, "retryIn": null }));
        assert_eq!(s.world.asked().as_slice(), ["load".to_owned()]);
        assert_eq!(s.world.take_event_names(), ["logout.not_delivered"]);
    }
}

#[test]
fn lo_014_only_the_public_internet_is_told_by_https_and_without_redirects() {
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let due = end(&mut s);
    deliver(&mut s, &due[0], 1);
    let fetch = s.world.store.fetched.last().cloned().unwrap();
    assert_eq!(fetch["limits"], json!({ "bytes": 65_536, "millis": 5000, "redirects": 0, "publicOnly": true }));
    for bad in
        ["http://app.example.com/x", "https://app.example.com/x#y", "javascript:alert(1)", "x", "http://127.0.0.1/"]
    {
        let ask = json!({ "clients.update": { "id": s.client, "openid": { "backchannelLogoutUri": bad } } });
        assert_eq!(s.world.refused(ask), "invalid_argument", "{bad}");
    }
}

#[test]
fn a_session_that_is_not_over_is_told_to_nobody() {
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let session = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }))["items"][0]["id"].clone();
    let ask = json!({ "subject": s.subject, "sessionId": session, "clientId": s.client });
    assert_eq!(s.world.refused(json!({ "logout.deliver": ask })), "invalid_argument");
    assert!(s.world.store.fetched.is_empty());
}

#[test]
fn without_fetch_nobody_can_be_told_and_nothing_is_promised() {
    let mut s = provider(json!({}));
    let ask = json!({ "clients.update": { "id": s.client, "openid": { "backchannelLogoutUri": TOLD } } });
    assert_eq!(s.world.refused(ask), "invalid_argument");
    let metadata = |s: &mut Setting| {
        let url = format!("{}/.well-known/openid-configuration", World::ISSUER);
        reply(&s.world.ok(json!({ "http": { "method": "GET", "url": url } }))).1
    };
    assert!(metadata(&mut s).get("backchannel_logout_supported").is_none());
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let said = metadata(&mut s);
    assert_eq!(said["end_session_endpoint"], format!("{}/logout", World::ISSUER));
    for promised in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(said[promised], true);
    }
}

#[test]
fn a_client_registers_where_it_is_told_and_gone_back_to() {
    let mut world = World::with(json!({ "openid": {}, "registration": { "mode": "open" }, "capabilities": ["fetch"] }));
    let says = json!({ "redirect_uris": ["https://app.example.com/cb"], "backchannel_logout_uri": TOLD,
        "backchannel_logout_session_required": true, "post_logout_redirect_uris": ["https://app.example.com/bye"] });
    let headers = json!([["content-type", "application/json"]]);
    let url = format!("{}/register", World::ISSUER);
    let answer =
        world.ok(json!({ "http": { "method": "POST", "url": url, "headers": headers, "body": says.to_string() } }));
    let (status, registered) = reply(&answer);
    assert_eq!(status, 201, "{registered}");
    for (name, value) in says.as_object().unwrap() {
        assert_eq!(registered[name], *value, "{name}");
    }
}

#[test]
fn whom_to_tell_is_noted_in_the_commit_that_makes_the_code_and_only_once() {
    let (mut s, _) = after_sign_in(json!({}), json!({}));
    let note = |s: &mut Setting| {
        let query = s.query(&[("scope", Some("openid"))]);
        let interaction = s.browser.begin(&mut s.world, &query);
        let fields = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "openid")]);
        let mut put = Vec::new();
        let done = s.world.run_with(s.browser.post_command("/consent", &fields), |ask, _, store| {
            put.extend(ask["commit"]["put"].as_array().into_iter().flatten().map(|put| text(&put["key"]).to_owned()));
            store.answer(ask)
        });
        assert_eq!(done["ok"]["status"], 303, "{done}");
        assert_eq!(s.world.asked().as_slice(), ["load".to_owned(), "commit".to_owned()]);
        put.iter().any(|key| key.contains("/session."))
    };
    assert!(!note(&mut s), "known already");
    (s.client, s.secret) = client(&mut s.world, json!({ "openid": { "backchannelLogoutUri": TOLD } }));
    assert!(note(&mut s));
    assert!(!note(&mut s));
}
