//! How often somebody may guess: TH-001 to TH-014.

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, Memory, form};
use serde_json::{Value, json};

const MOST: usize = 10;
const WINDOW: u64 = 15 * 60 * 1000;

fn at_the_page() -> Setting {
    Setting::opaque()
}

/// The command by which a browser that was just now here posts a login and a password.
pub(crate) fn guess_command(
    s: &mut Setting,
    browser: &mut Browser,
    login: &str,
    password: &str,
    remote: &str,
) -> Value {
    let query = s.query(&[]);
    let interaction = browser.begin(&mut s.world, &query);
    let body = form(&[("interaction", &interaction), ("login", login), ("password", password)]);
    let mut command = browser.post_command("/sign-in", &body);
    command["http"]["remote"] = json!(remote);
    command
}

fn guess(s: &mut Setting, login: &str, password: &str, remote: &str) -> Value {
    let command = guess_command(s, &mut Browser::new(), login, password, remote);
    s.world.ok(command)
}

/// How often a wrong password is looked at until it is not any more.
fn guesses(s: &mut Setting, mut one: impl FnMut(&mut Setting, usize) -> Value) -> usize {
    (0..MOST * 20).find(|&number| one(s, number)["status"] == 429).unwrap_or(usize::MAX)
}

fn fill(s: &mut Setting, login: &str) {
    for _ in 0..MOST {
        assert_eq!(guess(s, login, "wrong horse", "203.0.113.9")["status"], 401);
    }
}

#[test]
fn th_001_no_header_of_the_sender_opens_another_counter() {
    let mut s = Setting::new(json!({ "signIn": { "attempts": { "account": 1000, "address": 5 } } }), "opaque");
    let looked_at = guesses(&mut s, |s, number| {
        let mut command = guess_command(s, &mut Browser::new(), &format!("person{number}"), "wrong", "203.0.113.9");
        command["http"]["headers"]
            .as_array_mut()
            .unwrap()
            .push(json!(["x-forwarded-for", format!("198.51.100.{number}")]));
        s.world.ok(command)
    });
    assert_eq!(looked_at, 5);
}

#[test]
fn th_002_behind_a_trusted_proxy_the_address_is_the_one_that_it_saw() {
    let mut s = Setting::new(
        json!({ "trustedHops": 1, "signIn": { "attempts": { "account": 1000, "address": 5 } } }),
        "opaque",
    );
    let through = |s: &mut Setting, seen: &str, number: usize| {
        let mut command = guess_command(s, &mut Browser::new(), &format!("person{number}"), "wrong", "10.0.0.1");
        let forwarded = format!("198.51.100.{number}, {seen}");
        command["http"]["headers"].as_array_mut().unwrap().push(json!(["x-forwarded-for", forwarded]));
        s.world.ok(command)["status"].clone()
    };
    for number in 0..5 {
        assert_eq!(through(&mut s, "203.0.113.9", number), 401);
    }
    assert_eq!(through(&mut s, "203.0.113.9:4711", 6), 429);
    assert_eq!(through(&mut s, "203.0.113.10", 7), 401, "another sender");
}

#[test]
fn th_003_an_ipv6_network_is_one_sender() {
    let mut s = Setting::new(json!({ "signIn": { "attempts": { "account": 1000, "address": 5 } } }), "opaque");
    let looked_at = guesses(&mut s, |s, number| {
        guess(s, &format!("person{number}"), "wrong", &format!("2001:db8:1:2::{number:x}"))
    });
    assert_eq!(looked_at, 5);
    assert_eq!(guess(&mut s, "ada", "wrong", "2001:db8:1:3::1")["status"], 401);
}

#[test]
fn th_005_a_login_has_one_counter_however_it_is_written() {
    let mut s = at_the_page();
    let forms = ["ada", "Ada", "ADA", " ada", "ada ", "\u{a0}aDa\u{2003}"];
    let looked_at = guesses(&mut s, |s, number| guess(s, forms[number % forms.len()], "wrong", "203.0.113.9"));
    assert_eq!(looked_at, MOST);
}

#[test]
fn th_006_of_a_crowd_of_guesses_no_more_are_answered_than_one_by_one() {
    let mut s = at_the_page();
    let wrong = guess_command(&mut s, &mut Browser::new(), "ada", "wrong horse", "203.0.113.9");
    let ended = s.world.race(&wrong, 64);
    let with = |status: u64| ended.iter().filter(|done| done["ok"]["status"] == status).count();
    assert_eq!((with(401), with(429)), (MOST, 64 - MOST), "{ended:?}");
}

#[test]
fn th_006_a_right_guess_in_a_crowd_is_held_to_the_same_counter() {
    let mut s = at_the_page();
    // All were let in before any of them was counted; the wrong ones are faster.
    let right = guess_command(&mut s, &mut Browser::new(), "ada", PASSWORD, "203.0.113.9");
    let mut filled = false;
    let done = s.world.run_with(right, |ask, _, store| {
        if ask.get("commit").is_some() && !filled {
            filled = true;
            let add = &ask["commit"]["add"][0];
            let full = json!({ "commit": { "add": [{ "key": add["key"], "delta": MOST, "ceiling": MOST, "expires": add["expires"] }] } });
            assert_eq!(store.answer(&full)["commit"], "committed");
        }
        store.answer(ask)
    });
    assert_eq!(done["ok"]["status"], 429, "{done}");
    assert!(!done["ok"].to_string().contains("claviger-session"), "{done}");
}

#[test]
fn th_007_another_sign_in_takes_nothing_off_the_count() {
    let mut s = at_the_page();
    s.world.ok(json!({ "accounts.create": { "login": "mallory", "password": "mallory's own" } }));
    let looked_at = guesses(&mut s, |s, _| {
        assert_eq!(guess(s, "mallory", "mallory's own", "203.0.113.66")["status"], 303);
        guess(s, "ada", "wrong", "203.0.113.66")
    });
    assert_eq!(looked_at, MOST);
}

#[test]
fn th_009_whoever_locks_somebody_out_does_not_lock_them_out_of_their_own_browser() {
    let mut s = at_the_page();
    let mut own = Browser::new();
    let command = guess_command(&mut s, &mut own, "ada", PASSWORD, "203.0.113.1");
    let signed_in = s.world.ok(command);
    own.keep(&signed_in);
    fill(&mut s, "ada");
    assert_eq!(guess(&mut s, "ada", PASSWORD, "203.0.113.9")["status"], 429, "from a browser that is not known");
    let command = guess_command(&mut s, &mut own, "ada", PASSWORD, "203.0.113.1");
    assert_eq!(s.world.ok(command)["status"], 303);
    // It has a counter too, and is known for nobody else.
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    fill(&mut s, "grace");
    let command = guess_command(&mut s, &mut own, "grace", PASSWORD, "203.0.113.1");
    assert_eq!(s.world.ok(command)["status"], 429);
    let looked_at = guesses(&mut s, |s, _| {
        let command = guess_command(s, &mut own, "ada", "wrong", "203.0.113.1");
        s.world.ok(command)
    });
    assert_eq!(looked_at, MOST);
}

#[test]
fn th_009_a_lock_is_over_with_its_window() {
    let mut s = at_the_page();
    fill(&mut s, "ada");
    let locked = guess(&mut s, "ada", PASSWORD, "203.0.113.9");
    assert_eq!(locked["status"], 429);
    let wait: u64 = header(&locked, "retry-after").unwrap().parse().unwrap();
    assert!(wait > 0 && wait * 1000 <= WINDOW, "{wait}");
    s.world.advance(wait);
    assert_eq!(guess(&mut s, "ada", PASSWORD, "203.0.113.9")["status"], 303);
}

#[test]
fn th_010_without_the_counter_nothing_is_told() {
    let mut s = at_the_page();
    for (password, fails_at) in [("wrong", 0), ("wrong", 1), ("wrong", 2), (PASSWORD, 0), (PASSWORD, 1)] {
        let command = guess_command(&mut s, &mut Browser::new(), "ada", password, "203.0.113.9");
        let done = s.world.run_with(command, |ask, number, store| {
            if number == fails_at { json!({ "failed": "no answer" }) } else { store.answer(ask) }
        });
        assert_eq!(done["ok"]["status"], 503, "{password} at {fails_at}: {done}");
        assert!(!done["ok"].to_string().contains("claviger-session"), "{done}");
    }
}

#[test]
fn th_011_a_clock_that_goes_back_gives_no_new_guesses_and_one_that_leaps_locks_nobody_out() {
    let mut s = at_the_page();
    fill(&mut s, "ada");
    let now = s.world.now;
    s.world.now = now + 365 * 86_400_000;
    assert_eq!(guess(&mut s, "ada", PASSWORD, "203.0.113.9")["status"], 303);
    s.world.now = now;
    assert_eq!(guess(&mut s, "ada", PASSWORD, "203.0.113.9")["status"], 429, "the window of then is still full");
}

#[test]
fn th_012_a_flood_of_names_leaves_only_what_is_over_soon() {
    let mut s = at_the_page();
    let before = s.world.store.keys("").len();
    let long = "x".repeat(5000);
    for number in 0..50 {
        guess(&mut s, &format!("{number}{long}"), "wrong", "203.0.113.9");
        guess(&mut s, &format!("nobody{number}/*:\u{0}"), "wrong", "203.0.113.9");
        guess(&mut s, &format!("nobody{number}"), "wrong", "203.0.113.9");
    }
    let keys = s.world.store.keys("");
    assert!(keys.iter().all(|key| key.len() < 200), "{keys:?}");
    assert!(keys.len() - before <= 101, "{}", keys.len() - before);
    s.world.advance(WINDOW / 1000);
    let purged = s.world.ok(json!({ "purge": {} }));
    assert_eq!(purged["unreadable"], json!([]));
    assert_eq!(s.world.store.keys("").len(), before, "{:?}", s.world.store.keys(""));
}

#[test]
fn th_013_th_014_whoever_it_is_and_whatever_is_right_the_answer_is_the_same() {
    let mut s = at_the_page();
    fill(&mut s, "ada");
    s.world.advance(WINDOW / 1000);
    for login in ["ada", "nobody"] {
        fill(&mut s, login);
    }
    let told = |answer: &Value, login: &str| {
        assert_eq!(answer["status"], 429, "{answer}");
        assert!(answer["headers"].to_string().contains("retry-after"), "{answer}");
        let body = text(&answer["body"]);
        let (head, rest) = body.split_once("name=\"interaction\" value=\"").unwrap();
        format!("{head}{}", rest.split_once('"').unwrap().1).replace(login, "LOGIN")
    };
    let address = "198.51.100.1";
    let of_known = guess(&mut s, "ada", PASSWORD, address);
    let wrong = guess(&mut s, "ada", "wrong", address);
    let unknown = guess(&mut s, "nobody", PASSWORD, address);
    assert_eq!(told(&of_known, "ada"), told(&wrong, "ada"));
    assert_eq!(told(&of_known, "ada"), told(&unknown, "nobody"));
    let throttled: Vec<Value> =
        s.world.take_events().into_iter().filter(|event| event["name"] == "sign_in.throttled").collect();
    assert_eq!(throttled.len(), 3);
    assert_eq!(throttled[0]["subject"], s.subject, "the operator may know whom it is about");
}

#[test]
fn a_sign_in_is_two_trips_and_a_wrong_one_counts_at_the_address_too() {
    let mut s = at_the_page();
    let right = guess_command(&mut s, &mut Browser::new(), "ada", PASSWORD, "203.0.113.9");
    s.world.ok(right);
    assert_eq!(s.world.asked().as_slice(), ["load", "commit"]);
    for login in ["ada", "nobody"] {
        let wrong = guess_command(&mut s, &mut Browser::new(), login, "wrong", "203.0.113.9");
        s.world.ok(wrong);
        assert_eq!(s.world.asked().as_slice(), ["load", "commit", "commit"], "{login}");
    }
}

/// A host with users of its own: Grace, whose password is [`PASSWORD`].
fn of_host(ask: &Value, store: &mut Memory) -> Value {
    match &ask["subject"] {
        Value::Null => store.answer(ask),
        asked if asked["signIn"]["password"] == PASSWORD => json!({ "subject": { "id": "u7", "name": "Grace" } }),
        asked if asked.get("signIn").is_some() => json!({ "subject": null }),
        _ => json!({ "subject": { "id": "u7", "name": "Grace" } }),
    }
}

#[test]
fn th_006_a_hosts_own_users_are_counted_by_the_login_that_was_typed() {
    let mut s = Setting::new(json!({ "capabilities": ["subject"] }), "opaque");
    let mut attempt = |login: &str, password: &str| {
        let command = guess_command(&mut s, &mut Browser::new(), login, password, "203.0.113.9");
        let done = s.world.run_with(command, |ask, _, store| of_host(ask, store));
        (done["ok"]["status"].clone(), s.world.asked().clone())
    };
    let (status, asked) = attempt("grace", PASSWORD);
    assert_eq!(
        (status, asked.as_slice()),
        (json!(303), &["load", "subject", "commit", "load", "commit"].map(String::from)[..])
    );
    for _ in 0..MOST {
        let (status, asked) = attempt("Grace ", "wrong");
        assert_eq!(
            (status, asked.as_slice()),
            (json!(401), &["load", "subject", "commit", "commit"].map(String::from)[..])
        );
    }
    let (status, asked) = attempt("grace", PASSWORD);
    assert_eq!((status, asked.as_slice()), (json!(429), &["load"].map(String::from)[..]), "the host is not asked");
}

#[test]
fn th_006_a_right_guess_at_a_hosts_own_user_is_held_to_the_counter() {
    let mut s = Setting::new(json!({ "capabilities": ["subject"] }), "opaque");
    let right = guess_command(&mut s, &mut Browser::new(), "grace", PASSWORD, "203.0.113.9");
    let mut filled = false;
    let done = s.world.run_with(right, |ask, _, store| {
        if ask.get("commit").is_some() && !filled {
            filled = true;
            let add = &ask["commit"]["add"][0];
            let full = json!({ "commit": { "add": [{ "key": add["key"], "delta": MOST, "ceiling": MOST, "expires": add["expires"] }] } });
            assert_eq!(store.answer(&full)["commit"], "committed");
        }
        of_host(ask, store)
    });
    assert_eq!(done["ok"]["status"], 429, "{done}");
    assert!(!done["ok"].to_string().contains("claviger-session"), "{done}");
}
