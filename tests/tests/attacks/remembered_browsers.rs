//! Browsers that begin sessions by themselves (seeds A5 and A6, SE-018): convergent for two tabs, a trap for thieves, and honest about what
//! was proved.

use std::collections::HashSet;

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

const REMEMBER: &str = "__Host-claviger-remember";

pub(crate) fn setting(changes: Value) -> Setting {
    let mut all = json!({ "signIn": { "rememberFor": "30d" }, "lifetimes": { "session": "1h" } });
    for (name, value) in changes.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    Setting::new(all, "opaque")
}

/// Signs ada in, who wishes to stay signed in or not.
fn sign_in(s: &mut Setting, browser: &mut Browser, wishes: bool) {
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    let mut fields = vec![("interaction", interaction.as_str()), ("login", "ada"), ("password", PASSWORD)];
    fields.extend(wishes.then_some(("remember", "on")));
    assert_eq!(browser.post(&mut s.world, "/sign-in", &form(&fields))["status"], 303);
}

pub(crate) fn remembered(s: &mut Setting) -> Browser {
    let mut browser = Browser::new();
    sign_in(s, &mut browser, true);
    browser
}

/// The pair of the remember cookie alone: a browser whose session cookie is gone.
pub(crate) fn pair(cookies: &str) -> String {
    cookies.split("; ").find(|pair| pair.starts_with(REMEMBER)).unwrap_or_default().to_owned()
}

pub(crate) fn resume(cookie: &str) -> Value {
    json!({ "sessions.resume": { "cookie": cookie } })
}

/// The cookie header after what a result sets.
pub(crate) fn after(result: &Value) -> String {
    let mut browser = Browser::new();
    browser.keep(result);
    browser.cookie_header()
}

pub(crate) fn authenticated(world: &mut World, cookie: &str) -> Value {
    world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }))
}

#[test]
fn a5_a_remembered_browser_gets_a_session_that_says_nothing_was_proved_since() {
    let mut s = setting(json!({}));
    let signed_in_at = s.world.now;
    let mut browser = remembered(&mut s);
    s.world.advance(2 * 3600);
    assert_eq!(authenticated(&mut s.world, &browser.cookie_header())["refused"]["code"], "unauthenticated");
    let again = browser.get(&mut s.world, "/account?x=1");
    assert_eq!((&again["status"], header(&again, "location")), (&json!(303), Some("/account?x=1")), "{again}");
    assert_eq!(s.world.asked(), &["load", "load", "commit"]);
    assert_eq!(browser.get(&mut s.world, "/account")["status"], 200);
    let principal = authenticated(&mut s.world, &browser.cookie_header())["ok"].clone();
    assert_eq!(principal["methods"], json!(["remember"]));
    assert_eq!(principal["authTime"], signed_in_at);
    // An application that wants a fresh sign-in gets one.
    let fresh = s.query(&[("max_age", Some("600")), ("prompt", None)]);
    let asked = browser.get(&mut s.world, &format!("/authorize?{fresh}"));
    assert!(header(&asked, "location").unwrap().contains("/sign-in?"), "{asked}");
    let events = s.world.take_event_names();
    assert!(events.contains(&"session.remembered".to_owned()), "{events:?}");
}

#[test]
fn a5_nobody_is_remembered_who_did_not_wish_so_or_where_it_is_not_configured() {
    let mut s = setting(json!({}));
    let mut browser = Browser::new();
    sign_in(&mut s, &mut browser, false);
    assert!(!browser.cookie_header().contains(REMEMBER) && s.world.store.keys("/remember.").is_empty());
    let mut s = Setting::opaque();
    let mut browser = Browser::new();
    sign_in(&mut s, &mut browser, true);
    assert!(!browser.cookie_header().contains(REMEMBER) && s.world.store.keys("/remember.").is_empty());
    // One that was made before it was configured away is good for nothing.
    let mut s = setting(json!({}));
    let cookie = pair(&remembered(&mut s).cookie_header());
    s.world.reopen(json!({}));
    assert_eq!(s.world.ok(resume(&cookie))["subject"], json!(null));
    assert!(s.world.asked().is_empty());
}

#[test]
fn a5_the_cookie_is_host_only_and_the_store_holds_nothing_that_makes_one() {
    let mut s = setting(json!({}));
    let mut browser = Browser::new();
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    let fields = [("interaction", interaction.as_str()), ("login", "ada"), ("password", PASSWORD), ("remember", "on")];
    let done = browser.post(&mut s.world, "/sign-in", &form(&fields));
    let set =
        done["headers"].as_array().unwrap().iter().map(|pair| text(&pair[1])).find(|value| value.starts_with(REMEMBER));
    let set = set.unwrap();
    assert!(set.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"), "{set}");
    let value = set.split(['=', ';']).nth(1).unwrap();
    assert!(value.starts_with("cvm_") && !s.world.store.dump().contains(&value[4..]));
    let cut = (0..value.len()).map(|length| &value[..length]);
    for bent in cut.chain([value.to_uppercase().as_str(), &format!("cvs_{}", &value[4..])]) {
        assert_eq!(s.world.ok(resume(&format!("{REMEMBER}={bent}")))["subject"], json!(null), "{bent}");
        assert!(s.world.asked().is_empty(), "a forged handle costs no trip");
    }
}

#[test]
fn a5_sixty_four_tabs_at_once_get_one_and_the_same_session() {
    for form in ["row", "sealed"] {
        let mut s = setting(json!({ "sessions": { "form": form } }));
        let cookie = pair(&remembered(&mut s).cookie_header());
        s.world.advance(2 * 3600);
        let ends = s.world.race(&resume(&cookie), 64);
        let sessions: HashSet<_> = ends.iter().map(|done| text(&done["ok"]["sessionId"])).collect();
        let cookies: HashSet<_> = ends.iter().map(|done| pair(&after(&done["ok"]))).collect();
        assert_eq!((sessions.len(), cookies.len()), (1, 1), "{form}");
        for done in &ends {
            let cookie = after(&done["ok"]);
            assert_eq!(authenticated(&mut s.world, &cookie)["ok"]["subject"], json!(s.subject), "{form}");
        }
        let live = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
        assert_eq!(live["items"].as_array().unwrap().len(), usize::from(form == "row"), "{form}");
        // The next one takes its turn.
        s.world.advance(2 * 3600);
        let next = s.world.ok(resume(cookies.iter().next().unwrap()));
        assert_ne!(text(&next["sessionId"]), *sessions.iter().next().unwrap());
    }
}

#[test]
fn a5_a_cookie_that_was_used_before_ends_the_series_and_the_sessions_that_it_made() {
    let mut s = setting(json!({}));
    let stolen = pair(&remembered(&mut s).cookie_header());
    let (other, _) = (remembered(&mut s), ());
    s.world.advance(2 * 3600);
    // Whoever comes first, the other one springs the trap.
    let first = after(&s.world.ok(resume(&stolen)));
    s.world.advance(11);
    s.world.take_events();
    let second = s.world.ok(resume(&stolen));
    assert_eq!(second["subject"], json!(null));
    assert!(text(&second["headers"][0][1]).contains("Max-Age=0"), "{second}");
    let events = s.world.take_event_names();
    assert_eq!(events, ["remember.replayed", "session.revoked"]);
    assert_eq!(authenticated(&mut s.world, &first)["refused"]["code"], "unauthenticated");
    assert_eq!(s.world.ok(resume(&pair(&first)))["subject"], json!(null), "nor the newest of its cookies");
    assert_eq!(
        s.world.ok(resume(&pair(&other.cookie_header())))["subject"],
        json!(s.subject),
        "another browser goes on"
    );
}

#[test]
fn se_018_a6_whatever_ends_the_session_ends_what_would_begin_it_again() {
    type End = fn(&mut Setting, &mut Browser);
    let ends: [(&str, End); 4] = [
        ("everywhere", |s, _| _ = s.world.ok(json!({ "sessions.revokeAll": { "subject": s.subject } }))),
        ("disabled", |s, _| {
            s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }));
            s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
        }),
        ("by its id", |s, _| {
            let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
            let revoke = json!({ "subject": s.subject, "id": listed["items"][0]["id"] });
            s.world.ok(json!({ "sessions.revoke": revoke }));
        }),
        ("signed out", |s, browser| {
            let page = browser.get(&mut s.world, "/account");
            let token = text(&page["body"]).split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
            browser.post(&mut s.world, "/account", &form(&[("token", token), ("sign_out", "here")]));
            assert!(!browser.cookie_header().contains(REMEMBER));
        }),
    ];
    for (name, end) in ends {
        let mut s = setting(json!({}));
        let mut browser = remembered(&mut s);
        let cookie = pair(&browser.cookie_header());
        end(&mut s, &mut browser);
        assert_eq!(s.world.ok(resume(&cookie))["subject"], json!(null), "{name}");
        assert!(s.world.store.keys("/remember.").is_empty(), "{name}");
    }
}

#[test]
fn se_018_of_all_others_that_end_the_one_that_is_kept_stays_remembered() {
    let mut s = setting(json!({}));
    let kept = remembered(&mut s).cookie_header();
    let other = remembered(&mut s).cookie_header();
    let id = authenticated(&mut s.world, &kept)["ok"]["sessionId"].clone();
    s.world.ok(json!({ "sessions.revokeOthers": { "subject": s.subject, "keep": id } }));
    s.world.advance(2 * 3600);
    assert_eq!(s.world.ok(resume(&pair(&other)))["subject"], json!(null));
    assert_eq!(s.world.ok(resume(&pair(&kept)))["subject"], json!(s.subject));
}

#[test]
fn a5_after_its_time_or_for_somebody_who_is_disabled_nothing_begins() {
    let mut s = setting(json!({}));
    let cookie = pair(&remembered(&mut s).cookie_header());
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": "nanoseconds" } }));
    s.world.advance(30 * 86_400 - 1);
    let last = s.world.ok(resume(&cookie));
    assert_eq!(last["subject"], json!(s.subject));
    s.world.advance(1);
    assert_eq!(
        authenticated(&mut s.world, &after(&last))["refused"]["code"],
        "unauthenticated",
        "nor longer than that"
    );
    assert_eq!(s.world.ok(resume(&pair(&after(&last))))["subject"], json!(null));
}

#[test]
fn a5_who_is_signed_in_stays_so_and_a_store_that_fails_denies() {
    let mut s = setting(json!({}));
    let cookie = remembered(&mut s).cookie_header();
    let before = s.world.store.dump();
    assert_eq!(s.world.ok(resume(&cookie))["subject"], json!(s.subject));
    assert_eq!((s.world.asked().as_slice(), s.world.store.dump()), (["load".to_owned()].as_slice(), before));
    s.world.advance(2 * 3600);
    for failing in ["load", "commit"] {
        let done = s.world.run_with(resume(&pair(&cookie)), |ask, _, store| {
            if ask.get(failing).is_some() { json!({ "failed": "no disk" }) } else { store.answer(ask) }
        });
        assert_eq!(done["fault"]["code"], "store_failed", "{failing}");
    }
    // A commit that nobody knows of was applied: read back, it is the flow's own.
    let done = s.world.run_with(resume(&pair(&cookie)), |ask, _, store| {
        let answer = store.answer(ask);
        if ask.get("commit").is_some() { json!({ "commit": "unknown" }) } else { answer }
    });
    assert_eq!(done["ok"]["subject"], json!(s.subject), "{done}");
}

#[test]
fn a5_the_wish_survives_the_second_factor_and_the_hosts_own_pages() {
    let mut s = setting(json!({}));
    let visit = json!({ "cookie": "", "remember": true });
    let came = s.world.ok(json!({ "signIn.as": { "visit": visit, "subject": s.subject, "methods": ["hwk"] } }));
    assert!(after(&came).contains(REMEMBER), "{came}");
    let interaction = s.interaction();
    let complete = json!({
        "handle": interaction, "cookie": s.browser.cookie_header(), "subject": s.subject, "methods": ["hwk"], "remember": true,
    });
    let onward = s.world.ok(json!({ "interactions.complete": complete }));
    assert!(after(&onward).contains(REMEMBER), "{onward}");
    assert!(location_parameter(&onward, "error").is_none());
}
