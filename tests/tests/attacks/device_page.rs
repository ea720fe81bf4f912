//! The page where a person enters a device's code (RFC 8628 section 3.3): DV-008 to DV-012.

use claviger_tests::setting::{PASSWORD, header, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::send_unchanged;
use crate::device::{INTERVAL, Tv, enter, look};

/// A browser in which somebody is signed in.
fn signed_in(world: &mut World, login: &str) -> Browser {
    let mut browser = Browser::new();
    let (handle, _) = enter(&mut browser, world, "BBBB-BBBB");
    assert_eq!(browser.sign_in(world, &handle, login, PASSWORD)["status"], 303);
    browser
}

pub(crate) fn is_unknown(page: &Value) -> bool {
    page["status"] == 400 && text(&page["body"]).contains("This code is not known")
}

#[test]
fn two_decisions_at_once_are_one() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    let command = tv.decide_command(&handle, "allow");
    let ends = tv.s.world.race(&command, 64);
    assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 200).count(), 1);
    assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 400).count(), 63);
    assert_eq!(tv.poll(&asked).0, 200);
}

#[test]
fn dv_008_after_five_codes_a_person_must_wait_and_the_right_one_is_not_told_apart() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let mut browser = signed_in(&mut tv.s.world, "ada");
    for guess in ["BBBB-BBBC", "BBBB-BBBD", "BBBB-BBBF", "BBBB-BBBG", "BBBB-BBBH"] {
        assert!(is_unknown(&enter(&mut browser, &mut tv.s.world, guess).1), "{guess}");
    }
    // Malformed codes were never looked for, and another session of the same person has no tries of its own.
    let malformed = browser.post(&mut tv.s.world, "/device", &form(&[("user_code", "AEIOU")]));
    assert_eq!(malformed["status"], 400);
    let mut other = signed_in(&mut tv.s.world, "ada");
    for browser in [&mut browser, &mut other] {
        for guess in ["BBBB-BBBJ", text(&asked["user_code"])] {
            let (_, page) = enter(browser, &mut tv.s.world, guess);
            assert_eq!(page["status"], 429, "{page}");
            let wait: u64 = header(&page, "retry-after").unwrap().parse().unwrap();
            assert!((600..=1200).contains(&wait), "{wait}");
        }
    }
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    // Within any stretch of a code's life; after it, there is room again.
    tv.s.world.advance(599);
    assert_eq!(enter(&mut browser, &mut tv.s.world, "BBBB-BBBK").1["status"], 429);
    tv.s.world.advance(601);
    assert!(is_unknown(&enter(&mut browser, &mut tv.s.world, "BBBB-BBBK").1));
}

#[test]
fn dv_008_tries_at_once_are_counted_before_they_are_answered() {
    let mut tv = Tv::with("opaque");
    let mut browser = signed_in(&mut tv.s.world, "ada");
    let response = browser.post(&mut tv.s.world, "/device", &form(&[("user_code", "BBBB-BBBC")]));
    let handle = location_parameter(&response, "interaction").unwrap();
    let command = browser.get_command(&format!("/device?interaction={handle}"));
    let ends = tv.s.world.race(&command, 64);
    assert_eq!(ends.iter().filter(|end| is_unknown(&end["ok"])).count(), 5);
    assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 429).count(), 59);
}

#[test]
fn dv_008_an_address_that_guessed_wrong_for_many_people_must_wait() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let from = |browser: &Browser, handle: &str, remote: &str| {
        let mut command = browser.get_command(&format!("/device?interaction={handle}"));
        command["http"]["remote"] = json!(remote);
        command
    };
    let mut last = Browser::new();
    for person in 0..6 {
        let login = format!("person{person}");
        tv.s.world.ok(json!({ "accounts.create": { "login": login, "password": PASSWORD } }));
        last = signed_in(&mut tv.s.world, &login);
        for letter in ["C", "D", "F", "G"] {
            let body = form(&[("user_code", &format!("BBBB-BBB{letter}"))]);
            let handle = location_parameter(&last.post(&mut tv.s.world, "/device", &body), "interaction").unwrap();
            // Each of them from another host of one network.
            let page = tv.s.world.ok(from(&last, &handle, &format!("2001:db8::{person}")));
            assert_eq!(page["status"], if person < 5 { 400 } else { 429 }, "{person}: {page}");
        }
    }
    let body = form(&[("user_code", text(&asked["user_code"]))]);
    let handle = location_parameter(&last.post(&mut tv.s.world, "/device", &body), "interaction").unwrap();
    assert_eq!(tv.s.world.ok(from(&last, &handle, "2001:db8::9"))["status"], 429);
    assert_eq!(tv.s.world.ok(from(&last, &handle, "2001:db8:0:1::9"))["status"], 200);
}

#[test]
fn dv_009_the_code_is_entered_in_any_form() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let code = text(&asked["user_code"]);
    assert!(code.len() == 9 && code.bytes().all(|byte| b"BCDFGHJKLMNPQRSTVWXZ-".contains(&byte)), "{code}");
    let wide: String = code.chars().filter_map(|letter| char::from_u32(u32::from(letter) + 0xFEE0)).collect();
    for typed in [code.to_lowercase(), code.replace('-', ""), code.replace('-', " "), format!(" {code} "), wide] {
        let (_, page) = tv.enter(&typed);
        assert_eq!(page["status"], 200, "{typed}");
    }
}

#[test]
fn dv_010_the_complete_address_only_fills_in_the_code() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[("scope", "read")]);
    // Whoever is signed in already.
    tv.s.browser = signed_in(&mut tv.s.world, "ada");
    let command = tv.s.browser.get_command(text(&asked["verification_uri_complete"]).split_at(World::ISSUER.len()).1);
    let page = send_unchanged(&mut tv.s.world, command);
    let code = text(&asked["user_code"]);
    assert!(text(&page["body"]).contains(&format!("value=\"{code}\"")), "{page}");
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    let (_, page) = tv.enter(code);
    for shown in [code, "<bdi>Living room TV</bdi>", "<bdi>Ada Lovelace</bdi>", "See your things"] {
        assert!(text(&page["body"]).contains(shown), "{shown}: {page}");
    }
    tv.s.world.advance(INTERVAL);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
}

#[test]
fn dv_011_a_decision_from_elsewhere_is_refused() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    let good = tv.decide_command(&handle, "allow");
    let cookies = tv.s.browser.cookie_header();
    for header in
        [["origin", "https://evil.example"], ["sec-fetch-site", "cross-site"], ["sec-fetch-site", "same-site"]]
    {
        let mut forged = good.clone();
        let headers = forged["http"]["headers"].as_array_mut().unwrap();
        headers.retain(|own| own[0] != header[0]);
        headers.push(json!(header));
        assert_eq!(send_unchanged(&mut tv.s.world, forged)["status"], 403, "{header:?}");
    }
    // An attacker's own handle, in the browser of the person.
    let mut attacker = Browser::new();
    let (stolen, _) = enter(&mut attacker, &mut tv.s.world, text(&asked["user_code"]));
    let command = tv.decide_command(&stolen, "allow");
    assert_eq!(send_unchanged(&mut tv.s.world, command)["status"], 403);
    // The browser's cookie alone decides nothing.
    let bare = |pair: &str| pair.starts_with("__Host-claviger-browser");
    let browser_only: Vec<&str> = cookies.split("; ").filter(|pair| bare(pair)).collect();
    let mut signed_out = good.clone();
    signed_out["http"]["headers"][0] = json!(["cookie", browser_only.join("; ")]);
    assert_eq!(send_unchanged(&mut tv.s.world, signed_out)["status"], 403);
    assert_eq!(tv.s.world.ok(good)["status"], 200);
}

#[test]
fn dv_012_a_code_that_somebody_looks_at_or_used_is_no_code_for_anybody_else() {
    let mut tv = Tv::with("opaque");
    tv.s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    let asked = tv.start(&[]);
    let code = text(&asked["user_code"]).to_owned();
    let (handle, _) = tv.enter(&code);
    let mut grace = signed_in(&mut tv.s.world, "grace");
    let (hers, page) = enter(&mut grace, &mut tv.s.world, &code);
    assert!(is_unknown(&page), "{page}");
    let body = form(&[("interaction", &hers), ("decision", "allow")]);
    assert_eq!(grace.post(&mut tv.s.world, "/device", &body)["status"], 400);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    assert_eq!(tv.decide(&handle, "allow")["status"], 200);
    assert!(is_unknown(&enter(&mut grace, &mut tv.s.world, &code).1));
    assert!(is_unknown(&enter(&mut tv.s.browser, &mut tv.s.world, &code).1));
    assert_eq!(tv.decide(&handle, "allow")["status"], 400);
    assert_eq!(tv.poll(&asked).0, 200);
    let grants = tv.s.world.ok(json!({ "grants.list": { "subject": tv.s.subject } }));
    assert_eq!(grants["items"].as_array().unwrap().len(), 1);
}

#[test]
fn cve_2026_45337_another_session_decides_only_after_it_looked() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let code = text(&asked["user_code"]).to_owned();
    tv.enter(&code);
    let mut other = signed_in(&mut tv.s.world, "ada");
    let response = other.post(&mut tv.s.world, "/device", &form(&[("user_code", &code)]));
    let handle = location_parameter(&response, "interaction").unwrap();
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "read")]);
    assert_eq!(other.post(&mut tv.s.world, "/device", &body)["status"], 400);
    assert_eq!(look(&mut other, &mut tv.s.world, &handle)["status"], 200);
    assert_eq!(other.post(&mut tv.s.world, "/device", &body)["status"], 200);
    assert_eq!(tv.poll(&asked).0, 200);
}

#[test]
fn a_person_may_leave_the_decision_to_another_account() {
    let mut tv = Tv::with("opaque");
    let grace = tv.s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    let command = tv.decide_command(&handle, "switch_account");
    let switched = tv.s.world.ok(command);
    tv.s.browser.keep(&switched);
    assert!(header(&switched, "location").unwrap().contains("/sign-in?interaction="), "{switched}");
    assert_eq!(tv.decide(&handle, "allow")["status"], 403);
    tv.s.browser.sign_in(&mut tv.s.world, &handle, "grace", PASSWORD);
    assert_eq!(look(&mut tv.s.browser, &mut tv.s.world, &handle)["status"], 200);
    assert_eq!(tv.decide(&handle, "allow")["status"], 200);
    let (_, tokens) = tv.poll(&asked);
    let principal = tv.s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"] } }));
    assert_eq!(principal["subject"], grace["id"]);
}

#[test]
fn a_page_of_the_hosts_own_does_the_same() {
    let config = json!({ "defaultScopes": ["read"], "pages": { "device": "https://www.example.com/tv?x=1" } });
    let mut tv = Tv::new(config, "opaque");
    let asked = tv.start(&[("scope", "read write")]);
    assert_eq!(asked["verification_uri"], "https://www.example.com/tv?x=1");
    let complete = format!("https://www.example.com/tv?x=1&user_code={}", text(&asked["user_code"]));
    assert_eq!(asked["verification_uri_complete"], complete.as_str());
    let begin = |code: &str, cookie: &str| json!({ "device.begin": { "userCode": code, "cookie": cookie } });
    assert_eq!(tv.s.world.refused(begin("AEIOU", "")), "unknown_user_code");
    let onward = tv.s.world.ok(begin(text(&asked["user_code"]), &tv.s.browser.cookie_header()));
    tv.s.browser.keep(&onward);
    let handle = claviger_tests::parameter(text(&onward["location"]), "interaction").unwrap();
    let at = |browser: &Browser| json!({ "handle": handle, "cookie": browser.cookie_header() });
    let first = tv.s.world.ok(json!({ "device.get": at(&tv.s.browser) }));
    assert_eq!(first["prompt"], "sign_in", "{first}");
    let sign_in = tv.s.world.ok(json!({ "interactions.get": at(&tv.s.browser) }));
    assert_eq!((&sign_in["prompt"], &sign_in["client"]), (&json!("sign_in"), &Value::Null));
    let mut complete = at(&tv.s.browser);
    complete["subject"] = json!(tv.s.subject);
    complete["methods"] = json!(["pwd"]);
    let back = tv.s.world.ok(json!({ "interactions.complete": complete }));
    assert_eq!(back["location"], onward["location"]);
    tv.s.browser.keep(&back);
    let mut get = at(&tv.s.browser);
    get["remote"] = json!("203.0.113.9");
    let view = tv.s.world.ok(json!({ "device.get": get }));
    assert_eq!((&view["prompt"], &view["userCode"]), (&json!("confirm"), &asked["user_code"]));
    assert_eq!((&view["client"]["id"], &view["subject"]), (&json!(tv.id), &json!(tv.s.subject)));
    let mut approve = at(&tv.s.browser);
    approve["scopes"] = json!(["admin"]);
    assert_eq!(tv.s.world.refused(json!({ "device.approve": approve.clone() })), "invalid_request");
    approve["scopes"] = json!(["write"]);
    approve["context"] = json!({ "workspace": "w1" });
    assert_eq!(tv.s.world.refused(json!({ "device.approve": { "handle": handle, "cookie": "" } })), "forbidden");
    assert_eq!(tv.s.world.ok(json!({ "device.approve": approve.clone() })), json!({ "approved": true }));
    assert_eq!(tv.s.world.refused(json!({ "device.approve": approve })), "interaction_ended");
    assert_eq!(tv.s.world.refused(json!({ "device.deny": at(&tv.s.browser) })), "interaction_ended");
    assert_eq!(tv.poll(&asked).1["scope"], "write");
    let grants = tv.s.world.ok(json!({ "grants.list": { "subject": tv.s.subject } }));
    assert_eq!(grants["items"][0]["context"], json!({ "workspace": "w1" }));
    // Codes that are none, until there are no more tries.
    let mut last = Value::Null;
    for letter in ["C", "D", "F", "G", "H"] {
        let onward = tv.s.world.ok(begin(&format!("BBBB-BBB{letter}"), &tv.s.browser.cookie_header()));
        let handle = claviger_tests::parameter(text(&onward["location"]), "interaction").unwrap();
        let get = json!({ "device.get": { "handle": handle, "cookie": tv.s.browser.cookie_header() } });
        last = tv.s.world.run(get)["refused"].clone();
    }
    assert_eq!((&last["code"], &last["status"]), (&json!("too_many_requests"), &json!(429)));
    assert_eq!(last["headers"][0][0], "retry-after");
}
