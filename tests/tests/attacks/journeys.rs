//! Journeys to another server and back (seeds H4 to H6, SEEDS7-5): `state` that is good once, in one browser and for a while; a way back that
//! stays on this site; and a code for mobile applications that is worth nothing without its verifier.

use std::collections::HashSet;

use claviger_tests::setting::{Setting, text};
use claviger_tests::{Browser, CHALLENGE, VERIFIER, World};
use serde_json::{Value, json};

use crate::operations::Operation;

const HANDLE: &str = "ada.test";
const DID: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "journeys.complete",
        start: || {
            let mut s = Setting::opaque();
            let state = begin(&mut s.world, &mut s.browser, json!({ "redirectPath": "/notes?sort=new" }));
            let command = complete(&s.browser, &state);
            (s, command)
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["redirectPath"], "/notes?sort=new", "{done}");
            assert_eq!(s.world.store.keys("/used.state.").len(), 1);
        },
    },
    Operation {
        name: "journeys.redeemCode",
        start: || {
            let mut s = Setting::opaque();
            let code = issue(&mut s.world);
            (s, redeem(&code, VERIFIER))
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["subject"], DID, "{done}");
            assert_eq!(s.world.store.keys("/used.code.").len(), 1);
        },
    },
];

/// Begins a journey, and keeps its cookie: the state.
fn begin(world: &mut World, browser: &mut Browser, more: Value) -> String {
    let begun = world.ok(command(browser, more));
    assert_eq!(world.asked().len(), 0, "nothing is stored for somebody who may never come back");
    browser.keep(&begun);
    text(&begun["state"]).to_owned()
}

fn command(browser: &Browser, more: Value) -> Value {
    let mut ask = json!({ "cookie": browser.cookie_header(), "handle": HANDLE });
    for (name, value) in more.as_object().into_iter().flatten() {
        ask[name] = value.clone();
    }
    json!({ "journeys.begin": ask })
}

fn complete(browser: &Browser, state: &str) -> Value {
    json!({ "journeys.complete": { "cookie": browser.cookie_header(), "state": state } })
}

fn issue(world: &mut World) -> String {
    let ask = json!({ "subject": DID, "handle": HANDLE, "codeChallenge": CHALLENGE });
    let issued = world.ok(json!({ "journeys.issueCode": ask }));
    assert_eq!((&issued["expiresAt"], world.asked().len()), (&json!(world.now + 60_000), 0));
    text(&issued["code"]).to_owned()
}

fn redeem(code: &str, verifier: &str) -> Value {
    json!({ "journeys.redeemCode": { "code": code, "codeVerifier": verifier } })
}

#[test]
fn h4_h5_a_state_brings_back_whom_it_left_with_in_one_trip() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let ask = json!({ "handle": "Ada.TEST", "redirectPath": "/notes?sort=new#top" });
    let state = begin(&mut world, &mut browser, ask);
    assert!(!state.contains("ada") && state.len() < 600, "{state}");
    let back = world.ok(complete(&browser, &state));
    assert_eq!(back, json!({ "handle": HANDLE, "redirectPath": "/notes?sort=new#top", "codeChallenge": null }));
    assert_eq!(world.asked(), &["commit"]);
    let state = begin(&mut world, &mut browser, json!({}));
    assert_eq!(world.ok(complete(&browser, &state))["redirectPath"], "/");
    assert!(!world.store.dump().contains(HANDLE));
}

#[test]
fn h4_the_cookie_is_for_this_host_alone_and_outlives_the_journey() {
    let mut world = World::with(json!({ "lifetimes": { "interaction": "1m" } }));
    let begun = world.ok(command(&Browser::new(), json!({})));
    let cookie = text(&begun["headers"][0][1]);
    assert!(cookie.starts_with("__Host-claviger-browser="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
}

#[test]
fn seeds7_5_no_two_states_are_alike() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let mut halves = HashSet::new();
    for _ in 0..1000 {
        let state = begin(&mut world, &mut browser, json!({}));
        halves.insert(state[4..36].to_owned());
        halves.insert(state[state.len() - 32..].to_owned());
    }
    assert_eq!(halves.len(), 2000);
}

#[test]
fn seeds7_5_a_state_of_another_browser_is_refused_and_not_spent() {
    let (mut world, mut ada, mut mallory) = (World::new(), Browser::new(), Browser::new());
    let state = begin(&mut world, &mut ada, json!({}));
    begin(&mut world, &mut mallory, json!({}));
    for stranger in [&mallory, &Browser::new()] {
        assert_eq!(world.refused(complete(stranger, &state)), "forbidden");
        assert_eq!(world.asked().len(), 0);
    }
    let twice = format!("{}; {}", ada.cookie_header(), mallory.cookie_header());
    assert_eq!(world.refused(json!({ "journeys.complete": { "cookie": twice, "state": state } })), "forbidden");
    world.ok(complete(&ada, &state));
}

#[test]
fn h5_a_state_is_good_once_and_for_ten_minutes() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let state = begin(&mut world, &mut browser, json!({}));
    let late = begin(&mut world, &mut browser, json!({}));
    world.advance(599);
    world.ok(complete(&browser, &state));
    assert_eq!(world.refused(complete(&browser, &state)), "interaction_ended");
    assert_eq!(world.asked(), &["commit", "load"]);
    world.advance(1);
    assert_eq!(world.refused(complete(&browser, &late)), "interaction_ended");
    assert_eq!(world.asked().len(), 0);
}

#[test]
fn h5_a_purged_marker_brings_no_state_back_to_life() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let state = begin(&mut world, &mut browser, json!({}));
    world.ok(complete(&browser, &state));
    let mut left = usize::MAX;
    for _ in 0..13 {
        world.advance(60);
        world.ok(json!({ "purge": {} }));
        // A host whose clock is behind by a minute.
        world.now -= 59_000;
        assert_eq!(world.refused(complete(&browser, &state)), "interaction_ended");
        world.now += 59_000;
        left = world.store.len();
    }
    assert_eq!(left, 0);
}

#[test]
fn h5_what_is_no_state_of_here_costs_no_trip() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let state = begin(&mut world, &mut browser, json!({}));
    let code = issue(&mut world);
    let mut bad: Vec<String> = (4..state.len()).step_by(7).map(|at| state[..at].to_owned()).collect();
    for at in (0..state.len()).step_by(5) {
        let mut bent = state.clone();
        bent.replace_range(at..=at, if &state[at..=at] == "A" { "B" } else { "A" });
        bad.push(bent);
    }
    let foreign = Setting::opaque().interaction();
    bad.extend([String::new(), format!("{state}A"), "A".repeat(10_000), format!("cvy_{}", "A".repeat(5000))]);
    bad.extend([code.clone(), code.replacen("cvq_", "cvy_", 1), foreign.replacen("cvi_", "cvy_", 1), foreign]);
    for state in bad {
        assert_eq!(world.refused(complete(&browser, &state)), "interaction_ended", "{state}");
        assert_eq!(world.asked().len(), 0);
    }
    let mut other = World::with(json!({ "secret": "another root secret, also for tests: zz81" }));
    assert_eq!(other.refused(complete(&browser, &state)), "interaction_ended");
    let mut tenant = World::with(json!({ "tenant": "other" }));
    assert_eq!(tenant.refused(complete(&browser, &state)), "interaction_ended");
    world.ok(complete(&browser, &state));
}

#[test]
fn seeds7_2_sixty_four_with_one_state_are_one() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let state = begin(&mut world, &mut browser, json!({}));
    let ended = world.race(&complete(&browser, &state), 64);
    assert_eq!(ended.iter().filter(|done| done.get("ok").is_some()).count(), 1);
    let refused = ended.iter().filter(|done| done["refused"]["code"] == "interaction_ended");
    assert_eq!(refused.count(), 63);
}

#[test]
fn seeds7_5_who_comes_back_stays_on_this_site() {
    let (mut world, browser) = (World::new(), Browser::new());
    for bad in [
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "/%2Fevil.test",
        "/%5cevil.test",
        "https://evil.test",
        "evil",
        "",
    ] {
        assert_eq!(world.refused(command(&browser, json!({ "redirectPath": bad }))), "invalid_argument", "{bad:?}");
    }
}

#[test]
fn h4_who_is_no_handle_goes_nowhere() {
    let (mut world, browser) = (World::new(), Browser::new());
    for bad in
        ["", "ada", "ada.localhost", "127.0.0.1", "ada.test/", "@ada.test", "ada.test\n", "https://ada.test", "a..test"]
    {
        assert_eq!(world.refused(command(&browser, json!({ "handle": bad }))), "invalid_argument", "{bad:?}");
    }
}

#[test]
fn h6_a_mobile_application_begins_with_a_challenge_and_nobody_else_does() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let short = &CHALLENGE[1..];
    for bad in [
        json!({ "mobile": true }),
        json!({ "mobile": true, "codeChallenge": null }),
        json!({ "mobile": true, "codeChallenge": "" }),
        json!({ "mobile": true, "codeChallenge": short }),
        json!({ "mobile": false, "codeChallenge": CHALLENGE }),
        json!({ "codeChallenge": CHALLENGE }),
    ] {
        assert_eq!(world.refused(command(&browser, bad.clone())), "invalid_argument", "{bad}");
    }
    let state = begin(&mut world, &mut browser, json!({ "mobile": true, "codeChallenge": CHALLENGE }));
    assert_eq!(world.ok(complete(&browser, &state))["codeChallenge"], CHALLENGE);
}

#[test]
fn h6_a_code_is_good_once_with_its_verifier_and_for_a_minute() {
    let mut world = World::new();
    let code = issue(&mut world);
    assert!(!code.contains("did") && code.len() < 500, "{code}");
    for wrong in [CHALLENGE, "", &VERIFIER[1..], &format!("{VERIFIER}A"), &"a".repeat(43)] {
        assert_eq!(world.refused(redeem(&code, wrong)), "invalid_grant");
        assert_eq!(world.asked().len(), 0, "who has no verifier spends nothing");
    }
    world.advance(59);
    assert_eq!(world.ok(redeem(&code, VERIFIER)), json!({ "subject": DID, "handle": HANDLE }));
    assert_eq!(world.asked(), &["commit"]);
    assert_eq!(world.refused(redeem(&code, VERIFIER)), "invalid_grant");
    let late = issue(&mut world);
    world.advance(60);
    assert_eq!(world.refused(redeem(&late, VERIFIER)), "invalid_grant");
    assert_eq!(world.asked().len(), 0);
}

#[test]
fn h6_seeds7_2_sixty_four_with_one_code_are_one() {
    let mut world = World::new();
    let code = issue(&mut world);
    let ended = world.race(&redeem(&code, VERIFIER), 64);
    assert_eq!(ended.iter().filter(|done| done["ok"]["subject"] == DID).count(), 1);
    assert_eq!(ended.iter().filter(|done| done["refused"]["code"] == "invalid_grant").count(), 63);
}

#[test]
fn h6_what_is_no_code_of_here_is_none() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let state = begin(&mut world, &mut browser, json!({ "mobile": true, "codeChallenge": CHALLENGE }));
    let code = issue(&mut world);
    let bent = format!("{}A{}", &code[..20], &code[21..]);
    let bent = if bent == code { format!("{}B{}", &code[..20], &code[21..]) } else { bent };
    let of_grant = Setting::opaque().code();
    for bad in [&state, &state.replacen("cvy_", "cvq_", 1), &bent, &of_grant, &String::new(), &code[..40].to_owned()] {
        assert_eq!(world.refused(redeem(bad, VERIFIER)), "invalid_grant", "{bad}");
    }
    for bad in [
        json!({ "subject": "", "codeChallenge": CHALLENGE }),
        json!({ "subject": "a b", "codeChallenge": CHALLENGE }),
        json!({ "subject": "a".repeat(256), "codeChallenge": CHALLENGE }),
        json!({ "subject": DID, "codeChallenge": "plain" }),
        json!({ "subject": DID, "handle": "a".repeat(254), "codeChallenge": CHALLENGE }),
        json!({ "subject": DID }),
    ] {
        assert_eq!(world.refused(json!({ "journeys.issueCode": bad })), "invalid_argument");
    }
}

#[test]
fn h6_the_longest_code_is_one_that_is_looked_at() {
    let mut world = World::new();
    let (subject, handle) = ("d".repeat(255), "\u{1f511}".repeat(63));
    let ask = json!({ "subject": subject, "handle": handle, "codeChallenge": CHALLENGE });
    let code = world.ok(json!({ "journeys.issueCode": ask }))["code"].clone();
    assert_eq!(world.ok(redeem(text(&code), VERIFIER))["subject"], subject);
}

#[test]
fn h4_the_longest_state_is_one_that_is_looked_at() {
    let (mut world, mut browser) = (World::new(), Browser::new());
    let handle = format!("{}test", "abcdefgh.".repeat(27));
    let path = format!("/{}", "a".repeat(1023));
    let ask = json!({ "handle": handle, "redirectPath": path, "mobile": true, "codeChallenge": CHALLENGE });
    let state = begin(&mut world, &mut browser, ask);
    assert_eq!(world.ok(complete(&browser, &state))["redirectPath"], path);
}

#[test]
fn whoever_begins_too_often_from_one_address_waits() {
    let (mut s, browser) = (Setting::opaque(), Browser::new());
    let from = |remote: &str| command(&browser, json!({ "remote": remote }));
    let ended = s.world.race(&from("203.0.113.9"), 400);
    let begun = ended.iter().filter(|done| done["ok"]["state"].is_string()).count();
    let waits = |done: &&Value| done["refused"]["code"] == "too_many_requests";
    assert_eq!((begun, ended.iter().filter(waits).count()), (300, 100));
    s.world.ok(from("203.0.113.10"));
    assert_eq!(s.world.asked(), &["commit"]);
    // What is refused anyway is not counted, and a host that does not say where people come from has nobody counted.
    s.world.refused(command(&browser, json!({ "remote": "203.0.113.11", "handle": "localhost" })));
    assert!(s.world.asked().is_empty());
    s.world.ok(command(&browser, json!({})));
    assert!(s.world.asked().is_empty());
    s.world.advance(3600);
    s.world.ok(from("203.0.113.9"));
}
