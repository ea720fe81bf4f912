//! Every kind of wrong answer at every ask of every operation (SF-001 to SF-009, SF-019, RV-007).

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, post_as, text};
use claviger_tests::{Memory, basic, form, location_parameter};
use serde_json::{Value, json};

use crate::check::CREDENTIALS;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Failed,
    Stale,
    StaleAlways,
    UnknownApplied,
    UnknownNotApplied,
    UnknownLate,
    WrongKind,
    NoRows,
    OtherTenant,
    Garbled,
}

use Fault::*;

const OF_COMMITS: [Fault; 7] = [Failed, Stale, StaleAlways, UnknownApplied, UnknownNotApplied, UnknownLate, WrongKind];
const OF_LOADS: [Fault; 5] = [Failed, WrongKind, NoRows, OtherTenant, Garbled];

/// Answers for the store, and goes wrong at one ask.
struct Saboteur {
    fault: Fault,
    at: usize,
    late: Option<Value>,
}

impl Saboteur {
    fn answer(&mut self, ask: &Value, number: usize, store: &mut Memory) -> Value {
        let is_commit = ask.get("commit").is_some();
        if number > self.at && is_commit {
            // The commit that nobody could tell about arrives before the next one.
            self.late.take().map(|late| store.answer(&late));
        }
        let always = self.fault == StaleAlways && number > self.at && is_commit;
        if number != self.at && !always {
            return store.answer(ask);
        }
        match self.fault {
            Failed => json!({ "failed": "the disk is gone" }),
            Stale | StaleAlways => json!({ "commit": "stale" }),
            UnknownApplied => {
                store.answer(ask);
                json!({ "commit": "unknown" })
            }
            UnknownNotApplied => json!({ "commit": "unknown" }),
            UnknownLate => {
                self.late = Some(ask.clone());
                json!({ "commit": "unknown" })
            }
            WrongKind => json!({ "verified": true }),
            NoRows => changed(store.answer(ask), |_| Value::Null),
            OtherTenant => changed(store.answer(ask), |row| {
                let value = text(&row["value"]).replacen("\"tenant\":\"main\"", "\"tenant\":\"other\"", 1);
                json!({ "version": row["version"], "value": value })
            }),
            Garbled => changed(store.answer(ask), |row| {
                let value = text(&row["value"]);
                json!({ "version": row["version"], "value": value[..value.len() / 2] })
            }),
        }
    }
}

fn changed(answer: Value, change: impl Fn(Value) -> Value) -> Value {
    let rows = answer["rows"].as_array().into_iter().flatten().cloned();
    json!({ "rows": rows.map(|row| if row.is_null() { row } else { change(row) }).collect::<Vec<_>>() })
}

/// An operation that must survive, and what shows that it happened.
struct Operation {
    name: &'static str,
    start: fn() -> (Setting, Value),
    happened: fn(&mut Setting, &Value),
}

const OPERATIONS: &[Operation] = &[
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

fn warm(form: &str) -> Setting {
    let mut s = Setting::new(json!({}), form);
    s.world.ok(json!({ "keys.list": {} }));
    s
}

fn redeem(form: &str, keys: bool) -> (Setting, Value) {
    let mut s = if keys { warm(form) } else { Setting::new(json!({}), form) };
    let code = s.code();
    let command = s.redeem_command(&code);
    (s, command)
}

fn refresh(form: &str) -> (Setting, Value) {
    let mut s = warm(form);
    let tokens = s.tokens();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    (s, command)
}

fn about(path: &str, token: &str) -> (Setting, Value) {
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

fn authorize() -> (Setting, Value) {
    let mut s = warm("opaque");
    s.interaction();
    let command = s.browser.get_command(&format!("/authorize?{}", s.query(&[])));
    (s, command)
}

fn sign_in() -> (Setting, Value) {
    let mut s = warm("opaque");
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let body = form(&[("interaction", &interaction), ("login", "ada"), ("password", PASSWORD)]);
    let command = s.browser.post_command("/sign-in", &body);
    (s, command)
}

fn consent() -> (Setting, Value) {
    let mut s = warm("opaque");
    let interaction = s.interaction();
    let body = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
    let command = s.browser.post_command("/consent", &body);
    (s, command)
}

fn of_list(kind: &str) -> (Setting, Value) {
    let mut s = warm("opaque");
    s.tokens();
    let list = s.world.ok(json!({ format!("{kind}.list"): { "subject": s.subject } }));
    let ask = json!({ format!("{kind}.revoke"): { "subject": s.subject, "id": list["items"][0]["id"] } });
    (s, ask)
}

fn tokens_work(s: &mut Setting, done: &Value) {
    let tokens: Value = serde_json::from_str(text(&done["ok"]["body"])).unwrap();
    assert!(s.is_active(&tokens["access_token"]) && s.is_active(&tokens["refresh_token"]));
    s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"] } }));
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 200);
}

fn nothing_is_live(s: &mut Setting, _: &Value) {
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    assert!(grants["items"].as_array().unwrap().iter().all(|grant| grant["state"] == "revoked"), "{grants}");
}

fn session_works(s: &mut Setting) -> bool {
    let cookie = s.browser.cookie_header();
    s.world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } })).get("ok").is_some()
}

fn succeeded(done: &Value) -> bool {
    let status = &done["ok"]["status"];
    let nothing_there = done["ok"]["deleted"] == false || done["ok"]["revoked"] == false;
    !nothing_there
        && done.get("ok").is_some()
        && done.get("fault").is_none()
        && status.as_u64().is_none_or(|status| status < 400)
}

/// The asks of an operation when nothing goes wrong.
fn asks(operation: &Operation) -> Vec<String> {
    let (mut s, command) = (operation.start)();
    let done = s.world.run(command);
    assert!(succeeded(&done), "{}: {done}", operation.name);
    let asked = s.world.asked().clone();
    (operation.happened)(&mut s, &done);
    asked
}

/// Whether a single fault of this kind must not be seen by the requester at all.
fn is_healed(fault: Fault) -> bool {
    matches!(fault, Stale | UnknownApplied | UnknownNotApplied | UnknownLate)
}

fn survives(operation: &Operation, at: usize, fault: Fault) {
    let what = format!("{} with {fault:?} at ask {at}", operation.name);
    let (mut s, command) = (operation.start)();
    let mut saboteur = Saboteur { fault, at, late: None };
    let done = s.world.run_with(command.clone(), |ask, number, store| saboteur.answer(ask, number, store));
    assert!(s.world.asked().len() < 20, "{what}: {:?}", s.world.asked());
    if succeeded(&done) {
        assert!(!matches!(fault, Failed | StaleAlways | WrongKind), "{what}: {done}");
        return (operation.happened)(&mut s, &done);
    }
    assert!(!is_healed(fault), "{what}: {done}");
    releases_nothing(&what, fault, &done);
    let again = s.world.run(command);
    assert!(succeeded(&again), "{what}, then again: {again}");
    (operation.happened)(&mut s, &again);
}

/// A fault is told with 503 or 500, or the request is refused; either way no credential leaves.
fn releases_nothing(what: &str, fault: Fault, done: &Value) {
    let expected: &[u64] = match fault {
        Failed => &[503],
        StaleAlways => &[503, 409],
        WrongKind | OtherTenant | Garbled => &[500],
        _ => &[200, 400, 401, 403, 404, 409],
    };
    let told = if done.get("ok").is_some() { &done["ok"]["status"] } else { &done["refused"]["status"] };
    let told = if done.get("fault").is_some() { &done["fault"]["status"] } else { told };
    let nothing_to_do = fault == NoRows && done["ok"]["status"].is_null() && done.get("ok").is_some();
    assert!(nothing_to_do || told.as_u64().is_some_and(|status| expected.contains(&status)), "{what}: {done}");
    let body = done["ok"].to_string();
    assert!(!CREDENTIALS.iter().any(|prefix| body.contains(prefix)), "{what}: {done}");
    assert!(!body.contains("disk"), "details are for the log alone: {what}: {done}");
}

/// Every fault at every ask of the operations with these numbers; they are split so that the tests run side by side.
fn every_fault(operations: std::ops::Range<usize>) {
    for operation in &OPERATIONS[operations] {
        for (at, ask) in asks(operation).iter().enumerate() {
            let faults: &[Fault] = if ask == "commit" { &OF_COMMITS } else { &OF_LOADS };
            for fault in faults {
                survives(operation, at, *fault);
            }
        }
    }
}

#[test]
fn sf_001_sf_004_sf_009_redemption_survives_every_fault() {
    every_fault(0..3);
}

#[test]
fn sf_001_sf_004_sf_009_refresh_survives_every_fault() {
    every_fault(3..5);
}

#[test]
fn rv_007_introspection_and_revocation_survive_every_fault() {
    every_fault(5..10);
}

#[test]
fn sf_001_the_pages_survive_every_fault() {
    every_fault(10..13);
}

#[test]
fn sf_001_administration_survives_every_fault() {
    every_fault(13..19);
}

#[test]
fn sf_020_the_keys_survive_every_fault() {
    every_fault(19..21);
}

#[test]
fn sf_001_sf_004_sf_009_a_device_and_an_exchange_survive_every_fault() {
    every_fault(21..OPERATIONS.len());
}

#[test]
fn sf_009_an_outcome_that_stays_unknown_is_a_503_and_grants_nothing() {
    for apply in [false, true] {
        let (mut s, command) = redeem("opaque", true);
        // Neither the commits nor the reading back can be told about.
        let done = s.world.run_with(command.clone(), |ask, number, store| match ask.get("commit") {
            Some(_) => {
                if apply && number == 1 {
                    store.answer(ask);
                }
                json!({ "commit": "unknown" })
            }
            None if number == 0 => store.answer(ask),
            None => json!({ "failed": "down" }),
        });
        assert_eq!((&done["ok"]["status"], &done["fault"]["code"]), (&json!(503), &json!("store_failed")));
        releases_nothing("a lasting doubt", Failed, &done);
        assert_eq!(s.world.ok(command)["status"] == 200, !apply);
    }
}

#[test]
fn what_was_not_committed_is_not_told() {
    let replay = |s: &mut Setting, answer: &str| {
        let code = s.code();
        s.redeem(&code);
        s.world.take_events();
        let command = s.redeem_command(&code);
        let done = s.world.run_with(command, |ask, _, store| match ask.get("commit") {
            Some(_) if !answer.is_empty() => json!({ "failed": answer }),
            _ => store.answer(ask),
        });
        (done["ok"]["status"].clone(), s.world.take_event_names())
    };
    let mut s = Setting::opaque();
    assert_eq!(replay(&mut s, "the disk is gone"), (json!(503), vec![]));
    assert_eq!(replay(&mut s, ""), (json!(400), vec!["code.replayed".to_owned(), "grant.revoked".to_owned()]));
}

#[test]
fn what_was_committed_is_told_even_when_a_later_commit_loses_its_race() {
    let (mut s, command) = redeem("jwt", false);
    s.world.take_events();
    let mut saboteur = Saboteur { fault: Stale, at: 2, late: None };
    let done = s.world.run_with(command, |ask, number, store| saboteur.answer(ask, number, store));
    assert_eq!(s.world.asked(), &["load", "commit", "commit", "load", "commit"]);
    assert_eq!(done["ok"]["status"], 200);
    let told = s.world.take_event_names();
    assert_eq!(told, ["key.generated", "key.rotated", "key.generated", "token.issued"]);
}
