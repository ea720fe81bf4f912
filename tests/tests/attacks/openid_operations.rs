//! The operations of OpenID Connect that must survive every fault of the store.

use claviger_tests::setting::{PASSWORD, Setting, text};
use claviger_tests::{World, form, location_parameter};
use serde_json::{Value, json};

use crate::backchannel::answered;
use crate::openid::{provider, signed_in, verified};
use crate::operations::{Operation, nothing_is_live};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "redeem, with an ID token",
        start: || {
            let (mut s, _) = after_sign_in();
            let code = crate::openid::code(&mut s, "openid", &[("prompt", Some("login"))]);
            let command = s.redeem_command(&code);
            (s, command)
        },
        happened: an_id_token_is_there,
    },
    Operation {
        name: "refresh, with an ID token",
        start: || {
            let (s, tokens) = after_sign_in();
            let command = s.refresh_command(text(&tokens["refresh_token"]));
            (s, command)
        },
        happened: an_id_token_is_there,
    },
    Operation {
        name: "userinfo",
        start: || {
            let (s, tokens) = after_sign_in();
            let headers = json!([["authorization", format!("Bearer {}", text(&tokens["access_token"]))]]);
            let url = format!("{}/userinfo", World::ISSUER);
            (s, json!({ "http": { "method": "GET", "url": url, "headers": headers } }))
        },
        happened: |s, done| assert!(text(&done["ok"]["body"]).contains(&s.subject), "{done}"),
    },
    Operation {
        name: "sign in again",
        start: || {
            let (mut s, _) = after_sign_in();
            let query = s.query(&[("scope", Some("openid")), ("prompt", Some("login"))]);
            let interaction = s.browser.begin(&mut s.world, &query);
            let body = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
            let command = s.browser.post_command("/sign-in", &body);
            (s, command)
        },
        happened: |s, done| {
            s.browser.keep(&done["ok"]);
            let headers = json!([["cookie", s.browser.cookie_header()]]);
            assert!(s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some())
        },
    },
    Operation {
        name: "a client signs the person out",
        start: || {
            let (s, tokens) = after_sign_in();
            let query = form(&[("id_token_hint", text(&tokens["id_token"]))]);
            let command = s.browser.get_command(&format!("/logout?{query}"));
            (s, command)
        },
        happened: all_is_over_or_asked,
    },
    Operation {
        name: "sessions.revokeAll",
        start: || {
            let (s, _) = after_sign_in();
            let ask = json!({ "sessions.revokeAll": { "subject": s.subject } });
            (s, ask)
        },
        happened: nothing_is_live,
    },
    Operation {
        name: "accounts.update that disables",
        start: || {
            let (s, _) = after_sign_in();
            let ask = json!({ "accounts.update": { "id": s.subject, "disabled": true } });
            (s, ask)
        },
        happened: nothing_is_live,
    },
    Operation {
        name: "logout.deliver",
        start: || {
            let (mut s, _) = after_sign_in();
            s.world.take_events();
            s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
            let due = s.world.take_events().into_iter().find(|event| event["name"] == "logout.due").unwrap();
            let ask = json!({ "subject": due["subject"], "sessionId": due["sessionId"], "clientId": due["clientId"] });
            (s, json!({ "logout.deliver": ask }))
        },
        // A client whose row is gone wants to be told no more.
        happened: |s, done| {
            let told = done["ok"]["delivered"] == true && !s.world.store.fetched.is_empty();
            assert!(told || done["ok"]["retryIn"].is_null(), "{done}");
        },
    },
];

/// A provider at which Ada has signed in to a client that wants to be told of the end; the tokens.
fn after_sign_in() -> (Setting, Value) {
    let mut s = provider(json!({ "capabilities": ["fetch"] }));
    let told = "https://app.example.com/logged-out";
    s.world.store.web.insert(told.into(), answered(200));
    let openid = json!({ "backchannelLogoutUri": told });
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": openid } }));
    s.world.ok(json!({ "keys.list": {} }));
    let tokens = signed_in(&mut s, "openid read", &[]);
    s.world.advance(1);
    (s, tokens)
}

fn an_id_token_is_there(s: &mut Setting, done: &Value) {
    let tokens: Value = serde_json::from_str(text(&done["ok"]["body"])).unwrap();
    let told = verified(s, &tokens);
    assert_eq!(told["sub"], json!(s.subject));
    assert!(s.is_active(&tokens["access_token"]));
}

/// Who is not known to be signed in is told that they are not, and what is not known of the session is not ended.
fn all_is_over_or_asked(s: &mut Setting, done: &Value) {
    let is_cleared = done["ok"]["headers"].to_string().contains("Max-Age=0");
    assert!(is_cleared && location_parameter(&done["ok"], "error").is_none(), "{done}");
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    if listed["items"].as_array().unwrap().is_empty() {
        nothing_is_live(s, done);
    }
}
