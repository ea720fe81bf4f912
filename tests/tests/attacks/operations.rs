//! The operations that must survive every fault of the store, and what shows that each happened.

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, post_as, text};
use claviger_tests::{basic, claims_of, form, location_parameter, with_header};
use serde_json::{Value, json};

/// An operation that must survive, and what shows that it happened.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) start: fn() -> (Setting, Value),
    pub(crate) happened: fn(&mut Setting, &Value),
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: "redeem on cold keys", start: || redeem("jwt", false), happened: tokens_work },
    Operation { name: "redeem, JWT", start: || redeem("jwt", true), happened: tokens_work },
    Operation { name: "redeem, opaque", start: || redeem("opaque", true), happened: tokens_work },
    Operation { name: "refresh, JWT", start: || refresh("jwt"), happened: tokens_work },
    Operation { name: "refresh, opaque", start: || refresh("opaque"), happened: tokens_work },
    Operation {
        name: "introspect",
        start: || about("/introspect", "access_token"),
        happened: |_, done| assert!(text(&done["ok"]["body"]).contains("\"active\":true"), "{done}"),
    },
    Operation {
        name: "introspect as the resource server",
        start: || {
            of_resource(|s, token| {
                let own = json!({ "redirectUris": [], "grantTypes": [], "resources": ["https://api.example.com"] });
                let (server, secret) = client(&mut s.world, own);
                post_as(&basic(&server, &secret), "/introspect", &[("token", token)])
            })
        },
        happened: |_, done| assert!(text(&done["ok"]["body"]).contains("\"active\":true"), "{done}"),
    },
    Operation {
        name: "authenticate",
        start: || {
            of_resource(|_, token| {
                let headers = json!([["authorization", format!("Bearer {token}")]]);
                json!({ "authenticate": { "headers": headers, "audience": "https://api.example.com", "revocation": "check" } })
            })
        },
        happened: |s, done| assert_eq!(done["ok"]["subject"], json!(s.subject), "{done}"),
    },
    Operation {
        name: "revoke a refresh token",
        start: || about("/revoke", "refresh_token"),
        happened: nothing_is_live,
    },
    Operation {
        name: "revoke an access token",
        start: || about("/revoke", "access_token"),
        happened: |s, _| assert!(s.world.store.dump().contains("\"revoked\":true")),
    },
    Operation {
        name: "authorize",
        start: authorize,
        happened: |_, done| assert!(location_parameter(&done["ok"], "interaction").is_some(), "{done}"),
    },
    Operation {
        name: "sign in",
        start: sign_in,
        happened: |s, done| {
            s.browser.keep(&done["ok"]);
            assert!(session_works(s))
        },
    },
    Operation {
        name: "consent",
        start: consent,
        happened: |s, done| {
            let code = location_parameter(&done["ok"], "code").unwrap();
            assert_eq!(s.redeem(&code).0, 200);
            assert_eq!(s.world.store.keys("/grant.").len(), 1)
        },
    },
    Operation {
        name: "clients.create",
        start: || {
            (Setting::opaque(), json!({ "clients.create": { "id": "new", "name": "New", "redirectUris": [CALLBACK] } }))
        },
        happened: |s, done| {
            (s.client, s.secret) = ("new".into(), text(&done["ok"]["secret"]).into());
            s.tokens();
        },
    },
    Operation {
        name: "clients.delete",
        start: || {
            let s = Setting::opaque();
            let ask = json!({ "clients.delete": { "id": s.client } });
            (s, ask)
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["deleted"], true);
            assert!(s.world.store.keys("main.client.").is_empty())
        },
    },
    Operation {
        name: "accounts.create",
        start: || (Setting::opaque(), json!({ "accounts.create": { "login": "grace", "password": PASSWORD } })),
        happened: |s, _| {
            let query = s.query(&[]);
            let interaction = s.browser.begin(&mut s.world, &query);
            assert_eq!(s.browser.sign_in(&mut s.world, &interaction, "grace", PASSWORD)["status"], 303)
        },
    },
    Operation {
        name: "accounts.update",
        start: || {
            let s = Setting::opaque();
            let ask = json!({ "accounts.update": { "id": s.subject, "disabled": true } });
            (s, ask)
        },
        happened: |s, _| assert_eq!(s.world.ok(json!({ "accounts.find": { "login": "ada" } }))["disabled"], true),
    },
    Operation {
        name: "sessions.revoke",
        start: || of_list("sessions"),
        happened: |s, done| {
            assert_eq!(done["ok"]["revoked"], true);
            assert!(!session_works(s))
        },
    },
    Operation {
        name: "grants.revoke",
        start: || of_list("grants"),
        happened: |s, done| {
            assert_eq!(done["ok"]["revoked"], true);
            nothing_is_live(s, done)
        },
    },
    Operation {
        name: "keys.list on a cold store",
        start: || (Setting::opaque(), json!({ "keys.list": {} })),
        happened: |s, done| assert_eq!(s.world.ok(json!({ "keys.list": {} })), done["ok"]),
    },
    Operation {
        name: "keys.rotate",
        start: || {
            let mut s = Setting::opaque();
            s.world.ok(json!({ "keys.list": {} }));
            (s, json!({ "keys.rotate": {} }))
        },
        happened: |s, done| assert_eq!(s.world.ok(json!({ "keys.list": {} })), done["ok"]),
    },
    Operation {
        name: "a device asks for a code",
        start: || {
            let s = television();
            let command = s.post_command("/device_authorization", &[]);
            (s, command)
        },
        happened: |s, done| {
            let asked = serde_json::from_str(text(&done["ok"]["body"])).unwrap();
            assert_eq!(poll(s, &asked)["error"], "authorization_pending")
        },
    },
    Operation {
        name: "a person looks at a device's code",
        start: || {
            let (s, [look, ..]) = entered();
            (s, look)
        },
        // Who is not known to be signed in is sent to sign in.
        happened: |_, done| {
            assert!(done["ok"]["status"] == 200 || location_parameter(&done["ok"], "interaction").is_some())
        },
    },
    Operation {
        name: "a person allows a device",
        start: || {
            let (mut s, [look, decide, _]) = entered();
            s.world.ok(look);
            (s, decide)
        },
        happened: |s, _| assert!(s.world.store.dump().contains("\"approved\"")),
    },
    Operation {
        name: "a token is exchanged",
        start: exchanged,
        happened: |s, done| {
            let tokens: Value = serde_json::from_str(text(&done["ok"]["body"])).unwrap();
            assert!(s.is_active(&tokens["access_token"]))
        },
    },
    Operation {
        name: "a device gets its tokens",
        start: || {
            let (mut s, [look, decide, poll]) = entered();
            s.world.ok(look);
            s.world.ok(decide);
            (s, poll)
        },
        happened: tokens_work,
    },
    Operation {
        name: "introspect, signed, on cold keys",
        start: || {
            let (s, command) = about("/introspect", "access_token");
            (s, with_header(command, "accept", "application/token-introspection+jwt"))
        },
        happened: |_, done| {
            assert_eq!(claims_of(text(&done["ok"]["body"]))["token_introspection"]["active"], true, "{done}")
        },
    },
];

/// A client narrows its own token.
fn exchanged() -> (Setting, Value) {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    let mut s = warm("opaque");
    let grants = json!([GRANT, "authorization_code", "refresh_token"]);
    s.world.ok(json!({ "clients.update": { "id": s.client, "grantTypes": grants } }));
    let tokens = s.tokens();
    let fields = [
        ("grant_type", GRANT),
        ("subject_token", text(&tokens["access_token"])),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let command = s.post_command("/token", &fields);
    (s, command)
}

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A setting whose client is on a device.
fn television() -> Setting {
    let mut s = warm("opaque");
    let grants = json!([DEVICE_GRANT, "authorization_code", "refresh_token"]);
    s.world.ok(json!({ "clients.update": { "id": s.client, "grantTypes": grants } }));
    s
}

fn poll_command(s: &Setting, asked: &Value) -> Value {
    s.post_command("/token", &[("grant_type", DEVICE_GRANT), ("device_code", text(&asked["device_code"]))])
}

fn poll(s: &mut Setting, asked: &Value) -> Value {
    let command = poll_command(s, asked);
    serde_json::from_str(text(&s.world.ok(command)["body"])).unwrap()
}

/// A person who is signed in has typed a device's code: the commands that look at it, allow it, and get the tokens.
fn entered() -> (Setting, [Value; 3]) {
    let mut s = television();
    let (_, asked) = s.post("/device_authorization", &[("scope", "read")]);
    let typed = form(&[("user_code", text(&asked["user_code"]))]);
    let response = s.browser.post(&mut s.world, "/device", &typed);
    let handle = location_parameter(&response, "interaction").unwrap();
    s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    let look = s.browser.get_command(&format!("/device?interaction={handle}"));
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "read")]);
    let decide = s.browser.post_command("/device", &body);
    let poll = poll_command(&s, &asked);
    (s, [look, decide, poll])
}

pub(crate) fn warm(form: &str) -> Setting {
    let mut s = Setting::new(json!({}), form);
    s.world.ok(json!({ "keys.list": {} }));
    s
}

pub(crate) fn redeem(form: &str, keys: bool) -> (Setting, Value) {
    let mut s = if keys { warm(form) } else { Setting::new(json!({}), form) };
    let code = s.code();
    let command = s.redeem_command(&code);
    (s, command)
}

pub(crate) fn refresh(form: &str) -> (Setting, Value) {
    let mut s = warm(form);
    let tokens = s.tokens();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    (s, command)
}

pub(crate) fn about(path: &str, token: &str) -> (Setting, Value) {
    let mut s = warm("opaque");
    let tokens = s.tokens();
    let command = s.post_command(path, &[("token", text(&tokens[token]))]);
    (s, command)
}

/// A request about an access token for the configured resource.
fn of_resource(command: fn(&mut Setting, &str) -> Value) -> (Setting, Value) {
    let mut s = warm("opaque");
    let query = s.query(&[("resource", Some("https://api.example.com"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
    let tokens = s.redeem(&location_parameter(&answer, "code").unwrap()).1;
    let command = command(&mut s, text(&tokens["access_token"]));
    (s, command)
}

pub(crate) fn authorize() -> (Setting, Value) {
    let mut s = warm("opaque");
    s.interaction();
    let command = s.browser.get_command(&format!("/authorize?{}", s.query(&[])));
    (s, command)
}

pub(crate) fn sign_in() -> (Setting, Value) {
    let mut s = warm("opaque");
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let body = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
    let command = s.browser.post_command("/sign-in", &body);
    (s, command)
}

pub(crate) fn consent() -> (Setting, Value) {
    let mut s = warm("opaque");
    let interaction = s.interaction();
    let body = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
    let command = s.browser.post_command("/consent", &body);
    (s, command)
}

pub(crate) fn of_list(kind: &str) -> (Setting, Value) {
    let mut s = warm("opaque");
    s.tokens();
    let list = s.world.ok(json!({ format!("{kind}.list"): { "subject": s.subject } }));
    let ask = json!({ format!("{kind}.revoke"): { "subject": s.subject, "id": list["items"][0]["id"] } });
    (s, ask)
}

pub(crate) fn tokens_work(s: &mut Setting, done: &Value) {
    let tokens: Value = serde_json::from_str(text(&done["ok"]["body"])).unwrap();
    assert!(s.is_active(&tokens["access_token"]) && s.is_active(&tokens["refresh_token"]));
    s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"] } }));
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 200);
}

pub(crate) fn nothing_is_live(s: &mut Setting, _: &Value) {
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    assert!(grants["items"].as_array().unwrap().iter().all(|grant| grant["state"] == "revoked"), "{grants}");
}

fn session_works(s: &mut Setting) -> bool {
    let cookie = s.browser.cookie_header();
    s.world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } })).get("ok").is_some()
}
