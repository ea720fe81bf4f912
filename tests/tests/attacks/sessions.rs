//! Sessions and their cookies (SE-002 to SE-025), and passwords as far as sign-in shows them.

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, World, form};
use serde_json::{Value, json};

use crate::check::hold_everywhere;

const SESSION: &str = "__Host-claviger-session";

fn session_cookie(s: &Setting) -> String {
    let header = s.browser.cookie_header();
    header.split("; ").find_map(|pair| pair.strip_prefix(&format!("{SESSION}="))).unwrap().to_owned()
}

/// Whose session this cookie header is.
fn authenticated(world: &mut World, cookie: &str) -> Value {
    world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }))
}

#[test]
fn se_001_signing_in_makes_a_new_session_each_time() {
    let mut s = Setting::opaque();
    s.interaction();
    let first = session_cookie(&s);
    s.interaction();
    assert_ne!(session_cookie(&s), first);
    // What an attacker planted before is no session after.
    let mut victim = Browser::new();
    victim.keep(&json!({ "headers": [["set-cookie", format!("{SESSION}={}", "A".repeat(120))]] }));
    let query = s.query(&[]);
    let interaction = victim.begin(&mut s.world, &query);
    victim.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    assert!(!victim.cookie_header().contains(&"A".repeat(120)));
}

/// Signs this person in once more in the same browser, and says what was committed.
fn sign_in_again(s: &mut Setting, login: &str, password: &str) -> Vec<Value> {
    let query = s.query(&[("prompt", Some("login"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let fields = form(&[("interaction", &interaction), ("login", login), ("password", password)]);
    let mut commits = Vec::new();
    let done = s.world.run_with(s.browser.post_command("/sign-in", &fields), |ask, _, store| {
        commits.extend(ask.get("commit").cloned());
        store.answer(ask)
    });
    assert_eq!(done["ok"]["status"], 303, "{done}");
    s.browser.keep(&done["ok"]);
    commits
}

#[test]
fn se_001_signing_in_again_ends_the_session_before_in_the_same_commit() {
    let mut s = Setting::opaque();
    s.interaction();
    let old = s.browser.cookie_header();
    let commits = sign_in_again(&mut s, "ada", PASSWORD);
    assert_eq!(commits.len(), 1);
    assert_eq!((commits[0]["put"].as_array().unwrap().len(), commits[0].get("delete")), (1, None), "in its place");
    assert_eq!(authenticated(&mut s.world, &old)["refused"]["code"], "unauthenticated");
    let new = s.browser.cookie_header();
    assert_eq!(authenticated(&mut s.world, &new)["ok"]["subject"], s.subject.as_str());
    assert_eq!(s.world.store.keys("/session.").len(), 1);
}

#[test]
fn se_001_another_person_in_the_same_browser_ends_the_session_before() {
    let mut s = Setting::opaque();
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": "nanoseconds" } }));
    s.interaction();
    let old = s.browser.cookie_header();
    sign_in_again(&mut s, "grace", "nanoseconds");
    assert_eq!(authenticated(&mut s.world, &old)["refused"]["code"], "unauthenticated");
    assert_eq!(s.world.store.keys("/session.").len(), 1);
}

#[test]
fn se_001_using_another_account_ends_the_session() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let old = s.browser.cookie_header();
    let fields = form(&[("interaction", &interaction), ("decision", "switch_account")]);
    assert_eq!(s.browser.post(&mut s.world, "/consent", &fields)["status"], 303);
    assert_eq!(authenticated(&mut s.world, &old)["refused"]["code"], "unauthenticated");
    assert!(s.world.store.keys("/session.").is_empty());
}

#[test]
fn se_001_the_hosts_own_sign_in_ends_the_session_before() {
    let mut s = Setting::opaque();
    let handle = s.interaction();
    let cookie = s.browser.cookie_header();
    let complete = json!({ "handle": handle, "cookie": cookie, "subject": s.subject, "methods": ["hwk"] });
    s.world.ok(json!({ "interactions.complete": complete }));
    assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
    assert_eq!(s.world.store.keys("/session.").len(), 1);
}

#[test]
fn se_002_a_cookie_without_the_prefix_is_no_cookie() {
    let mut s = Setting::opaque();
    s.interaction();
    let value = session_cookie(&s);
    assert_eq!(authenticated(&mut s.world, &format!("{SESSION}={value}"))["ok"]["subject"], s.subject.as_str());
    for name in
        ["claviger-session", "__Secure-claviger-session", "__host-claviger-session", "%5F_Host-claviger-session"]
    {
        let done = authenticated(&mut s.world, &format!("{name}={value}"));
        assert_eq!(done["refused"]["code"], "unauthenticated", "{name}");
    }
}

#[test]
fn se_003_se_024_cookies_are_host_only_secure_httponly_lax_and_uncached() {
    let mut s = Setting::opaque();
    let query = s.query(&[]);
    let started = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
    let interaction = claviger_tests::location_parameter(&started, "interaction").unwrap();
    let signed_in = s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    for response in [started, signed_in] {
        hold_everywhere(&response);
        let cookie = header(&response, "set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain="));
    }
}

#[test]
fn se_005_a_bent_cookie_is_no_session() {
    let mut s = Setting::opaque();
    s.interaction();
    let one = session_cookie(&s);
    s.interaction();
    let two = session_cookie(&s);
    let half = one.len() / 2;
    let swapped = format!("{}{}", &one[..half], &two[half..]);
    let cut = (0..one.len()).map(|length| one[..length].to_owned());
    for bent in cut.chain([swapped, format!("{one}A"), one.to_uppercase()]) {
        let done = authenticated(&mut s.world, &format!("{SESSION}={bent}"));
        assert_eq!(done["refused"]["code"], "unauthenticated", "{bent}");
        assert!(s.world.asked().is_empty(), "a forged handle costs no trip");
    }
}

#[test]
fn se_007_a_session_is_over_by_the_engines_clock() {
    let mut s = Setting::opaque();
    s.interaction();
    let cookie = s.browser.cookie_header();
    s.world.advance(14 * 86_400 - 1);
    assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
    s.world.advance(1);
    assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_008_se_017_revoked_sessions_are_dead_at_once() {
    let mut s = Setting::opaque();
    s.interaction();
    let first = s.browser.cookie_header();
    s.interaction();
    let second = s.browser.cookie_header();
    let sessions = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    for session in sessions["items"].as_array().unwrap() {
        let ask = json!({ "sessions.revoke": { "subject": s.subject, "id": session["id"] } });
        assert_eq!(s.world.ok(ask.clone())["revoked"], true);
        assert_eq!(s.world.ok(ask)["revoked"], false);
    }
    for cookie in [first, second] {
        assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
    }
}

#[test]
fn se_009_a_rotated_secret_opens_old_cookies_until_it_is_removed() {
    let mut s = Setting::opaque();
    s.interaction();
    let cookie = s.browser.cookie_header();
    let fresh = "another root secret for tests: 9fQmX2vLpZ7c";
    s.world.reopen(json!({ "secret": [fresh, World::SECRET] }));
    assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
    s.world.reopen(json!({ "secret": fresh }));
    assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_014_contradicting_cookies_are_not_trusted() {
    let mut s = Setting::opaque();
    s.interaction();
    let value = session_cookie(&s);
    let flood: String = (0..1000).map(|n| format!("c{n}=x; ")).collect();
    assert!(authenticated(&mut s.world, &format!("{flood}{SESSION}={value}")).get("ok").is_some());
    for cookie in [
        format!("{SESSION}={value}; {SESSION}=x"),
        format!("{SESSION}=x; {SESSION}={value}"),
        format!("{SESSION}=\"{value}\""),
        format!("{SESSION}={value}\0"),
    ] {
        assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated", "{cookie}");
        let apart: Vec<_> = cookie.split("; ").map(|pair| json!(["cookie", pair])).collect();
        let done = s.world.run(json!({ "authenticate": { "headers": apart } }));
        assert_eq!(done["refused"]["code"], "unauthenticated", "{cookie} in headers of their own");
    }
    let apart = json!([["cookie", "a=b"], ["cookie", format!("{SESSION}={value}")]]);
    assert!(s.world.run(json!({ "authenticate": { "headers": apart } })).get("ok").is_some());
}

#[test]
fn se_023_the_store_finds_a_session_by_its_key_and_holds_no_secret() {
    let mut s = Setting::opaque();
    s.interaction();
    let value = session_cookie(&s);
    assert!(!s.world.store.dump().contains(&value[4..]));
    let keys = s.world.store.keys("/session.");
    assert_eq!(keys.len(), 1);
    let stored = s.world.store.value(&keys[0]).unwrap();
    assert_eq!(text(&stored["value"]["secret_sha256"]).len(), 43);
}

#[test]
fn se_025_an_endless_login_is_bounded_before_the_store() {
    let mut s = Setting::opaque();
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let long = "a".repeat(20_000);
    let answer = s.browser.sign_in(&mut s.world, &interaction, &long, PASSWORD);
    assert_eq!(answer["status"], 401);
    let huge = "a".repeat(1 << 20);
    assert_eq!(s.browser.sign_in(&mut s.world, &interaction, &huge, PASSWORD)["status"], 413);
    assert_eq!(
        s.world.refused(json!({ "accounts.create": { "login": long, "password": PASSWORD } })),
        "invalid_argument"
    );
}

#[test]
fn pw_014_an_account_without_a_password_cannot_sign_in_by_one() {
    let mut s = Setting::opaque();
    s.world.ok(json!({ "accounts.create": { "login": "grace" } }));
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    for (login, password) in [("grace", ""), ("grace", "!"), ("grace", "null"), ("ada", ""), ("", PASSWORD), ("", "")] {
        let before = but_counters(&s);
        let answer = s.browser.sign_in(&mut s.world, &interaction, login, password);
        assert!(header(&answer, "set-cookie").is_none() && header(&answer, "location").is_none(), "{login} {password}");
        assert_eq!(but_counters(&s), before);
    }
    assert_eq!(s.world.refused(json!({ "accounts.create": { "login": "eve", "password": "" } })), "invalid_argument");
}

#[test]
fn an_unknown_login_looks_like_a_wrong_password() {
    let mut s = Setting::opaque();
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    let off = s.world.ok(json!({ "accounts.find": { "login": "grace" } }));
    s.world.ok(json!({ "accounts.update": { "id": off["id"], "disabled": true } }));
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let mut answers = [("ada", "wrong"), ("eve", "wrong"), ("grace", PASSWORD)].map(|(login, password)| {
        let mut answer = s.browser.sign_in(&mut s.world, &interaction, login, password);
        answer["body"] = json!(text(&answer["body"]).replace(login, "LOGIN"));
        answer
    });
    assert_eq!(answers[0]["status"], 401);
    assert_eq!(answers[0], answers[1]);
    answers.swap(0, 2);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn switching_the_account_takes_the_session_from_the_browser() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let body = form(&[("interaction", &interaction), ("decision", "switch_account")]);
    s.browser.post(&mut s.world, "/consent", &body);
    assert!(!s.browser.cookie_header().contains(SESSION));
    assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 403);
}

/// All that is stored, but how often somebody guessed.
fn but_counters(s: &Setting) -> Vec<String> {
    s.world.store.dump().lines().filter(|row| !row.contains("/count.")).map(str::to_owned).collect()
}
