//! Requests made from nasty parts: whatever comes, no fault, no trap, no server error, and no credential for nothing.

use std::cell::RefCell;

use claviger_tests::setting::{CALLBACK, Setting, text};
use claviger_tests::{CHALLENGE, VERIFIER, World, basic};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::check::{CREDENTIALS, hold_everywhere};

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// A setting that all cases of a run share, with real credentials of every kind to mix in.
struct Stage {
    s: Setting,
    credentials: Vec<String>,
    cookie: String,
}

impl Stage {
    fn new() -> Self {
        let mut s = Setting::new(
            json!({ "capabilities": ["mail"], "pats": {}, "signIn": { "signUp": true, "passwordless": ["link", "code"] } }),
            "jwt",
        );
        let (code, spent, interaction) = (s.code(), s.tokens(), s.interaction());
        let mut credentials = vec![
            code,
            interaction,
            s.client.clone(),
            s.secret.clone(),
            s.subject.clone(),
            basic(&s.client, &s.secret),
            s.browser.cookie_header(),
        ];
        credentials.extend(["access_token", "refresh_token"].map(|name| text(&spent[name]).to_owned()));
        let cookie = s.browser.cookie_header();
        Self { s, credentials, cookie }
    }
}

const METHODS: [&str; 9] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get", ""];
const PATHS: [&str; 26] = [
    "/admin/tokens",
    "/admin/tokens/batch",
    "/forgot",
    "/reset",
    "/verify-email",
    "/sign-up",
    "/sign-in-by-mail",
    "/sign-in-link",
    "/register",
    "/register/abc",
    "/authorize",
    "/token",
    "/introspect",
    "/revoke",
    "/sign-in",
    "/consent",
    "/jwks",
    "/.well-known/oauth-authorization-server",
    "/",
    "",
    "//",
    "/token/",
    "/%74oken",
    "/..",
    "/.well-known/",
    "\u{0}",
];
const NAMES: [&str; 26] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "code",
    "grant_type",
    "refresh_token",
    "token",
    "resource",
    "request",
    "interaction",
    "decision",
    "login",
    "password",
    "login_hint",
    "client_assertion",
    "",
];
const HEADERS: [&str; 9] =
    ["content-type", "authorization", "cookie", "origin", "sec-fetch-site", "host", "x-forwarded-for", "accept", ""];
const VALUES: [&str; 35] = [
    "",
    "code",
    "S256",
    "plain",
    "read",
    "read write",
    "none",
    "login",
    "allow",
    "deny",
    "switch_account",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "query",
    "application/x-www-form-urlencoded",
    "application/json",
    "same-origin",
    "cross-site",
    "null",
    "ada",
    "correct horse",
    CALLBACK,
    CHALLENGE,
    VERIFIER,
    "https://evil.example/cb",
    "javascript:alert(1)",
    "-1",
    "18446744073709551616",
    "\u{0}",
    "\r\nset-cookie: x=y",
    "\"><script>",
    "\u{ff}\u{fe}",
    "Basic ",
    "https://api.example.com",
];

/// A part of a request: a known value, a credential of the stage by number, or noise.
#[derive(Clone, Debug)]
enum Part {
    Known(usize),
    Credential(usize, usize),
    Noise(String),
    Long(usize),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => (0..VALUES.len()).prop_map(Part::Known),
        4 => (0..9_usize, 0..200_usize).prop_map(|(which, cut)| Part::Credential(which, cut)),
        2 => proptest::collection::vec(0_u8..=255, 0..24).prop_map(|bytes| Part::Noise(bytes.into_iter().map(char::from).collect())),
        1 => (0..40_000_usize).prop_map(Part::Long),
    ]
}

impl Part {
    fn text(&self, credentials: &[String]) -> String {
        match self {
            Self::Known(which) => VALUES[*which].to_owned(),
            // One in two is whole, the others are cut somewhere.
            Self::Credential(which, cut) => {
                let whole = &credentials[*which];
                if *cut < 100 { whole.clone() } else { whole.chars().take(cut - 100).collect() }
            }
            Self::Noise(noise) => noise.clone(),
            Self::Long(length) => "a".repeat(*length),
        }
    }
}

#[derive(Clone, Debug)]
struct Wild {
    method: usize,
    path: usize,
    query: Vec<(usize, Part, bool)>,
    headers: Vec<(usize, Part)>,
    body: Option<Vec<(usize, Part, bool)>>,
    form: bool,
    cookie: bool,
}

fn wild() -> impl Strategy<Value = Wild> {
    let parameters = || proptest::collection::vec((0..NAMES.len(), part(), any::<bool>()), 0..8);
    let method = prop_oneof![3 => 0..2_usize, 1 => 0..METHODS.len()];
    let path = prop_oneof![4 => 0..16_usize, 1 => 0..PATHS.len()];
    let headers = proptest::collection::vec((0..HEADERS.len(), part()), 0..4);
    (method, path, parameters(), headers, proptest::option::of(parameters()), any::<bool>(), any::<bool>()).prop_map(
        |(method, path, query, headers, body, form, cookie)| Wild { method, path, query, headers, body, form, cookie },
    )
}

fn joined(parameters: &[(usize, Part, bool)], credentials: &[String]) -> String {
    let pairs = parameters.iter().map(|(name, part, encoded)| {
        let value = part.text(credentials);
        let value = if *encoded { claviger_tests::form(&[("", &value)])[1..].to_owned() } else { value };
        format!("{}={value}", NAMES[*name])
    });
    pairs.collect::<Vec<_>>().join("&")
}

impl Wild {
    fn command(&self, credentials: &[String], cookie: &str) -> Value {
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, part)| (HEADERS[*name].to_owned(), part.text(credentials))).collect();
        if self.form {
            headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        }
        if self.cookie {
            headers.push(("cookie".into(), cookie.to_owned()));
        }
        let url = format!("https://auth.example.com{}?{}", PATHS[self.path], joined(&self.query, credentials));
        let body = self.body.as_ref().map(|body| joined(body, credentials));
        json!({ "http": { "method": METHODS[self.method], "url": url, "headers": headers, "body": body } })
    }
}

/// All that is stored, but how often somebody asked, and the mails that anybody may ask for: both are bounded, and soon over.
fn lasting(world: &World) -> Vec<String> {
    let passing = |row: &&str| row.contains("/count.") || row.contains("/link.");
    world.store.dump().lines().filter(|row| !passing(row)).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_is_answered_without_a_fault(wild in wild()) {
        STAGE.with_borrow_mut(|stage| {
            let stage = stage.get_or_insert_with(Stage::new);
            let command = wild.command(&stage.credentials, &stage.cookie);
            let done = stage.s.world.run(command.clone());
            assert!(done.get("fault").is_none() && done.get("ok").is_some(), "{command} ended in {done}");
            hold_everywhere(&done["ok"]);
            let asked = stage.s.world.asked();
            assert!(asked.len() <= 12, "{asked:?}");
        });
    }

    #[test]
    fn no_request_without_a_credential_writes_a_row_or_gets_a_credential(wild in wild()) {
        STAGE.with_borrow_mut(|stage| {
            let stage = stage.get_or_insert_with(Stage::new);
            let mut command = wild.command(&["x"; 9].map(str::to_owned), "");
            command["http"]["headers"].as_array_mut().unwrap().retain(|header| header[0] != "cookie" && header[0] != "authorization");
            let before = lasting(&stage.s.world);
            let done = stage.s.world.run(command);
            assert_eq!(lasting(&stage.s.world), before);
            let answer = done["ok"].to_string();
            assert!(!CREDENTIALS.iter().any(|prefix| answer.contains(prefix)), "{answer}");
        });
    }

    #[test]
    fn whatever_text_is_handed_over_is_answered_in_json(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
        let config = World::config(json!({}));
        let mut engine = claviger_core::Engine::open(config.to_string().as_bytes()).unwrap();
        for answer in [engine.begin_json(&bytes), engine.resume_json(&bytes), engine.cancel_json(&bytes)] {
            assert!(serde_json::from_slice::<Value>(&answer).is_ok());
        }
    }
}
