//! Sessions that browsers keep themselves (SE-005 to SE-018 where no row stands for a session).

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

const SESSION: &str = "__Host-claviger-session";

fn setting(revalidate: &str) -> Setting {
    let changes = json!({
        "sessions": { "form": "sealed", "revalidate": revalidate },
        "lifetimes": { "session": "1d", "sessionIdle": "1h" },
    });
    Setting::new(changes, "opaque")
}

/// Signs ada in with one more browser, and gives the value of its session cookie.
fn signed_in(s: &mut Setting) -> (Browser, String) {
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let value = value(&browser.cookie_header());
    (browser, value)
}

fn value(cookies: &str) -> String {
    cookies.split("; ").find_map(|pair| pair.strip_prefix(&format!("{SESSION}="))).unwrap().to_owned()
}

fn authenticated(world: &mut World, value: &str) -> Value {
    world.run(json!({ "authenticate": { "headers": [["cookie", format!("{SESSION}={value}")]] } }))
}

/// The value of the cookie that takes the place of the one that was presented.
fn renewed(done: &Value) -> Option<String> {
    let set = text(done["ok"]["headers"].get(0)?.get(1)?).to_owned();
    Some(set.split(';').next().unwrap().strip_prefix(&format!("{SESSION}=")).unwrap().to_owned())
}

#[test]
fn a_sealed_session_is_no_row_and_costs_no_trip_until_it_is_looked_at_again() {
    let mut s = setting("60s");
    let (_, cookie) = signed_in(&mut s);
    assert!(cookie.starts_with("cvz_") && s.world.store.keys("/session.").is_empty());
    let before = s.world.store.dump();
    s.world.advance(59);
    let done = authenticated(&mut s.world, &cookie);
    assert_eq!((&done["ok"]["subject"], done["ok"].get("headers")), (&json!(s.subject), None), "{done}");
    assert!(s.world.asked().is_empty());
    s.world.advance(1);
    let done = authenticated(&mut s.world, &cookie);
    assert_eq!(s.world.asked(), &["load"]);
    let renewed = renewed(&done).unwrap();
    s.world.advance(59);
    assert_eq!(authenticated(&mut s.world, &renewed)["ok"]["subject"], json!(s.subject));
    assert!(s.world.asked().is_empty());
    assert_eq!(s.world.store.dump(), before, "nothing is ever written");
}

#[test]
fn se_005_a_sealed_cookie_that_is_cut_lengthened_bent_or_mixed_opens_nowhere() {
    let mut s = setting("60s");
    let (_, one) = signed_in(&mut s);
    let (_, two) = signed_in(&mut s);
    let half = one.len() / 2;
    let cut = (0..one.len()).map(|length| one[..length].to_owned());
    let flipped = (4..one.len()).map(|at| {
        let other = if &one[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &one[..at], &one[at + 1..])
    });
    let mixed = [format!("{}{}", &one[..half], &two[half..]), format!("{one}A"), format!("cvs_{}", &one[4..])];
    for bent in cut.chain(flipped).chain(mixed) {
        let done = authenticated(&mut s.world, &bent);
        assert_eq!(done["refused"]["code"], "unauthenticated", "{bent}");
        assert!(s.world.asked().is_empty());
    }
}

#[test]
fn se_007_se_015_a_sealed_session_is_over_by_its_inner_times() {
    let mut s = setting("60s");
    let (_, unused) = signed_in(&mut s);
    let mut used = unused.clone();
    let mut minutes = 0;
    while minutes + 50 < 24 * 60 {
        s.world.advance(50 * 60);
        minutes += 50;
        used = renewed(&authenticated(&mut s.world, &used)).unwrap();
    }
    assert_eq!(authenticated(&mut s.world, &unused)["refused"]["code"], "unauthenticated");
    assert!(s.world.asked().is_empty(), "it says so itself");
    s.world.advance((24 * 60 - minutes) * 60);
    assert_eq!(authenticated(&mut s.world, &used)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_008_what_ended_is_dead_when_the_cookie_is_looked_at_and_an_older_cookie_with_it() {
    type End = fn(&mut Setting, &mut Browser, &str);
    let ends: [(&str, End); 4] = [
        ("everywhere", |s, _, _| _ = s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }))),
        ("disabled", |s, _, _| {
            s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
            s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
        }),
        ("by its id", |s, _, id| {
            let revoke = json!({ "sessions.revoke": { "subject": s.subject, "id": id } });
            assert_eq!(s.world.ok(revoke.clone()), json!({ "revoked": true }));
            assert_eq!(s.world.ok(revoke), json!({ "revoked": false }));
        }),
        ("signed out", |s, browser, _| {
            let page = browser.get(&mut s.world, "/account");
            let token = text(&page["body"]).split("name=\"token\" value=\"").nth(1).unwrap();
            let token = token.split('"').next().unwrap();
            let out = browser.post(&mut s.world, "/account", &form(&[("token", token), ("sign_out", "here")]));
            assert!(header(&out, "set-cookie").unwrap().contains("Max-Age=0"), "{out}");
        }),
    ];
    for (name, end) in ends {
        let mut s = setting("60s");
        let (mut browser, first) = signed_in(&mut s);
        s.world.advance(60);
        let done = authenticated(&mut s.world, &first);
        let second = renewed(&done).unwrap();
        end(&mut s, &mut browser, text(&done["ok"]["sessionId"]));
        // The limit of a cookie that nobody looks at: `sessions.revalidate`.
        assert!(authenticated(&mut s.world, &second).get("ok").is_some(), "{name}");
        s.world.advance(60);
        for cookie in [first, second] {
            assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated", "{name}");
        }
        // Whoever signs in after it is not touched by it.
        let (_, anew) = signed_in(&mut s);
        s.world.advance(3000);
        assert!(authenticated(&mut s.world, &anew).get("ok").is_some(), "{name}");
    }
}

#[test]
fn se_018_what_had_ended_is_not_brought_back_by_being_the_one_that_is_kept() {
    let mut s = setting("0s");
    let (_, cookie) = signed_in(&mut s);
    let id = text(&authenticated(&mut s.world, &cookie)["ok"]["sessionId"]).to_owned();
    let keep = json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": id } });
    // While it lives it goes on, however often the others end.
    for _ in 0..2 {
        s.world.ok(keep.clone());
        assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
    }
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    for _ in 0..2 {
        s.world.ok(keep.clone());
        assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
    }
}

#[test]
fn se_008_se_017_without_a_window_the_end_is_noticed_at_once() {
    let mut s = setting("0s");
    let (_, cookie) = signed_in(&mut s);
    assert!(authenticated(&mut s.world, &cookie).get("ok").is_some());
    assert_eq!(s.world.asked(), &["load"]);
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_018_all_others_end_and_one_goes_on_though_its_cookie_is_of_the_epoch_before() {
    let mut s = setting("0s");
    let (_, kept) = signed_in(&mut s);
    let (_, other) = signed_in(&mut s);
    let id = authenticated(&mut s.world, &kept)["ok"]["sessionId"].clone();
    s.world.ok(json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": id } }));
    assert_eq!(authenticated(&mut s.world, &other)["refused"]["code"], "unauthenticated");
    let kept = renewed(&authenticated(&mut s.world, &kept)).unwrap();
    s.world.ok(json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": id } }));
    assert!(authenticated(&mut s.world, &kept).get("ok").is_some());
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    assert_eq!(authenticated(&mut s.world, &kept)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_018_a_changed_password_ends_all_sessions_but_the_one_that_changed_it() {
    let mut s = setting("0s");
    let (_, kept) = signed_in(&mut s);
    let (_, other) = signed_in(&mut s);
    let id = authenticated(&mut s.world, &kept)["ok"]["sessionId"].clone();
    let change = json!({ "id": s.subject, "current": PASSWORD, "new": "a new horse", "keepSession": id });
    s.world.ok(json!({ "accounts.changePassword": change }));
    assert!(authenticated(&mut s.world, &kept).get("ok").is_some());
    assert_eq!(authenticated(&mut s.world, &other)["refused"]["code"], "unauthenticated");
    s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }));
    assert_eq!(authenticated(&mut s.world, &kept)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_001_whoever_signs_in_after_somebody_else_ends_their_sealed_session() {
    let mut s = setting("0s");
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": "nanoseconds" } }));
    let (mut browser, adas) = signed_in(&mut s);
    let query = s.query(&[("prompt", Some("login"))]);
    let interaction = browser.begin(&mut s.world, &query);
    browser.sign_in(&mut s.world, &interaction, "grace", "nanoseconds");
    let graces = value(&browser.cookie_header());
    assert_ne!(authenticated(&mut s.world, &graces)["ok"]["subject"], json!(s.subject));
    assert_eq!(authenticated(&mut s.world, &adas)["refused"]["code"], "unauthenticated");
}

#[test]
fn se_009_an_old_secret_opens_and_the_cookie_is_sealed_anew() {
    let fresh = "another root secret for tests: 9fQmX2vLpZ7c";
    for form in ["sealed", "row"] {
        let sessions = json!({ "form": form, "revalidate": "1h" });
        let mut s = Setting::new(json!({ "sessions": sessions }), "opaque");
        let (_, old) = signed_in(&mut s);
        s.world.reopen(json!({ "sessions": sessions, "secret": [fresh, World::SECRET] }));
        let done = authenticated(&mut s.world, &old);
        let new = renewed(&done).unwrap();
        assert!(authenticated(&mut s.world, &new)["ok"].get("headers").is_none(), "{form}");
        s.world.reopen(json!({ "sessions": sessions, "secret": fresh }));
        assert_eq!(authenticated(&mut s.world, &new)["ok"]["sessionId"], done["ok"]["sessionId"], "{form}");
        assert_eq!(authenticated(&mut s.world, &old)["refused"]["code"], "unauthenticated", "{form}");
    }
}

#[test]
fn se_010_with_eight_secrets_a_forged_cookie_fails_and_costs_no_trip() {
    let mut s = setting("60s");
    let (_, cookie) = signed_in(&mut s);
    let mut secrets: Vec<String> = (0..7).map(|n| format!("root secret number {n} for tests: 9fQmX2vLpZ7c")).collect();
    let strange = setting_with_secret(&secrets[0]);
    secrets.push(World::SECRET.to_owned());
    let sealed = json!({ "form": "sealed" });
    s.world.reopen(json!({ "sessions": sealed, "secret": secrets }));
    assert!(authenticated(&mut s.world, &cookie).get("ok").is_some(), "the last of them made it");
    assert!(authenticated(&mut s.world, &strange).get("ok").is_some(), "the first of them made it");
    s.world.reopen(json!({ "sessions": sealed, "secret": &secrets[1..7] }));
    for forged in [cookie, strange] {
        assert_eq!(authenticated(&mut s.world, &forged)["refused"]["code"], "unauthenticated");
        assert!(s.world.asked().is_empty());
    }
}

/// A cookie sealed under another secret alone.
fn setting_with_secret(secret: &str) -> String {
    let mut s = Setting::new(json!({ "sessions": { "form": "sealed" }, "secret": secret }), "opaque");
    signed_in(&mut s).1
}

#[test]
fn se_011_no_two_sealed_cookies_share_a_nonce() {
    let mut s = setting("0s");
    let (_, mut cookie) = signed_in(&mut s);
    let mut nonces = HashSet::new();
    for _ in 0..256 {
        cookie = renewed(&authenticated(&mut s.world, &cookie)).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&cookie[4..]).unwrap();
        assert!(nonces.insert(bytes[..24].to_vec()), "192 bits of the call's seed");
    }
}

#[test]
fn a_store_that_fails_denies_a_sealed_cookie_that_is_to_be_looked_at() {
    let mut s = setting("60s");
    let (_, cookie) = signed_in(&mut s);
    s.world.advance(60);
    let command = json!({ "authenticate": { "headers": [["cookie", format!("{SESSION}={cookie}")]] } });
    let done = s.world.run_with(command, |_, _, _| json!({ "failed": "no disk" }));
    assert_eq!(done["fault"]["code"], "store_failed");
    let (_, other) = signed_in(&mut s);
    let revoke = json!({ "sessions.revokeAll": { "subject": s.subject } });
    let done = s.world.run_with(revoke, |ask, _, store| {
        if ask.get("commit").is_some() { json!({ "failed": "no disk" }) } else { store.answer(ask) }
    });
    assert_eq!(done["fault"]["code"], "store_failed", "nobody is told that it ended");
    s.world.advance(60);
    assert!(authenticated(&mut s.world, &other).get("ok").is_some());
}

#[test]
fn clients_get_codes_and_tokens_in_a_sealed_session() {
    let mut s = setting("60s");
    let tokens = s.tokens();
    assert!(s.is_active(&tokens["access_token"]));
    s.world.advance(90);
    let back = s.authorize(&[("prompt", None)]);
    assert!(location_parameter(&back, "code").is_some(), "allowed before, signed in still: {back}");
}

#[test]
fn a_sealed_cookie_is_nothing_where_sessions_are_rows() {
    let mut s = setting("60s");
    let (_, cookie) = signed_in(&mut s);
    s.world.reopen(json!({}));
    assert_eq!(authenticated(&mut s.world, &cookie)["refused"]["code"], "unauthenticated");
    // The other way round, who is signed in stays so.
    let (_, row) = signed_in(&mut s);
    s.world.reopen(json!({ "sessions": { "form": "sealed" } }));
    assert!(authenticated(&mut s.world, &row).get("ok").is_some());
}
