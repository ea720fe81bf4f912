//! The device authorization grant (RFC 8628): DV-003 to DV-015.

use claviger_tests::setting::{PASSWORD, Setting, client, header, post_as, reply, text};
use claviger_tests::{Browser, ClientKey, World, form, location_parameter, with_header};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, refusal, send, send_unchanged};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Five seconds and what the network takes off.
const INTERVAL: u64 = 5;

/// A television that anybody can buy: a public client, in the world of [`Setting`].
struct Tv {
    s: Setting,
    id: String,
}

impl Tv {
    fn with(form: &str) -> Self {
        Self::new(json!({ "defaultScopes": ["read"] }), form)
    }

    fn new(config: Value, form: &str) -> Self {
        let mut s = Setting::new(config, form);
        let (id, _) = client(&mut s.world, television(form));
        Self { s, id }
    }

    /// Asks for a code.
    fn start(&mut self, fields: &[(&str, &str)]) -> Value {
        let command = self.start_command(fields);
        let (status, asked) = reply(&send(&mut self.s.world, command));
        assert_eq!(status, 200, "{asked}");
        asked
    }

    fn start_command(&self, fields: &[(&str, &str)]) -> Value {
        post_as("", "/device_authorization", &[&[("client_id", self.id.as_str())], fields].concat())
    }

    fn poll_command(&self, asked: &Value) -> Value {
        poll_as(&self.id, text(&asked["device_code"]))
    }

    fn poll(&mut self, asked: &Value) -> (u64, Value) {
        let command = self.poll_command(asked);
        reply(&send(&mut self.s.world, command))
    }

    fn poll_error(&mut self, asked: &Value) -> String {
        let (status, body) = self.poll(asked);
        assert_eq!(status, 400, "{body}");
        text(&body["error"]).to_owned()
    }

    /// The person enters the code, and signs in if need be: the page that asks, and its handle.
    fn enter(&mut self, typed: &str) -> (String, Value) {
        let (handle, first) = enter(&mut self.s.browser, &mut self.s.world, typed);
        if first["status"] != 303 {
            return (handle, first);
        }
        assert!(header(&first, "location").unwrap().contains("/sign-in?interaction="), "{first}");
        let signed_in = self.s.browser.sign_in(&mut self.s.world, &handle, "ada", PASSWORD);
        let back = header(&signed_in, "location").unwrap().to_owned();
        (handle, self.s.browser.get(&mut self.s.world, &back))
    }

    fn decide_command(&self, handle: &str, decision: &str) -> Value {
        let body = form(&[("interaction", handle), ("decision", decision), ("scope", "read")]);
        self.s.browser.post_command("/device", &body)
    }

    fn decide(&mut self, handle: &str, decision: &str) -> Value {
        let command = self.decide_command(handle, decision);
        let response = self.s.world.ok(command);
        hold_everywhere(&response);
        response
    }

    /// A code that the person has allowed.
    fn approved(&mut self) -> Value {
        let asked = self.start(&[("scope", "read")]);
        let (handle, _) = self.enter(text(&asked["user_code"]));
        let done = self.decide(&handle, "allow");
        assert_eq!(done["status"], 200, "{done}");
        asked
    }
}

fn television(form: &str) -> Value {
    json!({ "name": "Living room TV", "redirectUris": [], "authMethod": "none", "accessToken": form,
        "grantTypes": [GRANT, "refresh_token"] })
}

fn poll_as(client: &str, device_code: &str) -> Value {
    post_as("", "/token", &[("client_id", client), ("grant_type", GRANT), ("device_code", device_code)])
}

/// Types a code in a browser: the handle, and what comes of looking at it.
fn enter(browser: &mut Browser, world: &mut World, typed: &str) -> (String, Value) {
    let response = browser.post(world, "/device", &form(&[("user_code", typed)]));
    assert_eq!(response["status"], 303, "{response}");
    let handle = location_parameter(&response, "interaction").unwrap();
    let page = look(browser, world, &handle);
    (handle, page)
}

fn look(browser: &mut Browser, world: &mut World, handle: &str) -> Value {
    let page = browser.get(world, &format!("/device?interaction={handle}"));
    hold_everywhere(&page);
    page
}

/// A browser in which somebody is signed in.
fn signed_in(world: &mut World, login: &str) -> Browser {
    let mut browser = Browser::new();
    let (handle, _) = enter(&mut browser, world, "BBBB-BBBB");
    assert_eq!(browser.sign_in(world, &handle, login, PASSWORD)["status"], 303);
    browser
}

fn is_unknown(page: &Value) -> bool {
    page["status"] == 400 && text(&page["body"]).contains("This code is not known")
}

#[test]
fn a_device_gets_tokens_when_the_person_allows_it() {
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::with(form);
        let asked = tv.start(&[("scope", "read write")]);
        assert_eq!((&asked["expires_in"], &asked["interval"]), (&json!(600), &json!(5)));
        assert_eq!(asked["verification_uri"], "https://auth.example.com/device");
        let complete = format!("https://auth.example.com/device?user_code={}", text(&asked["user_code"]));
        assert_eq!(asked["verification_uri_complete"], complete.as_str());
        assert_eq!(tv.poll_error(&asked), "authorization_pending");
        let (handle, page) = tv.enter(text(&asked["user_code"]));
        assert_eq!(page["status"], 200, "{page}");
        tv.s.world.advance(INTERVAL);
        assert_eq!(tv.poll_error(&asked), "authorization_pending");
        tv.s.world.take_events();
        assert_eq!(tv.decide(&handle, "allow")["status"], 200);
        tv.s.world.advance(INTERVAL);
        let (status, tokens) = tv.poll(&asked);
        assert_eq!((status, &tokens["scope"]), (200, &json!("read")), "only what was left ticked: {tokens}");
        let told = tv.s.world.take_event_names();
        assert!(told.starts_with(&["consent.granted".into()]) && told.ends_with(&["token.issued".into()]), "{told:?}");
        let principal = tv.s.world.ok(json!({ "tokens.verify": { "token": tokens["access_token"] } }));
        assert_eq!((&principal["subject"], &principal["clientId"]), (&json!(tv.s.subject), &json!(tv.id)));
        let grants = tv.s.world.ok(json!({ "grants.list": { "subject": tv.s.subject } }));
        assert_eq!((&grants["items"][0]["state"], &grants["items"][0]["clientId"]), (&json!("live"), &json!(tv.id)));
        let refresh = [("client_id", tv.id.as_str()), ("grant_type", "refresh_token")];
        let refresh = [&refresh[..], &[("refresh_token", text(&tokens["refresh_token"]))]].concat();
        let (status, refreshed) = reply(&send(&mut tv.s.world, post_as("", "/token", &refresh)));
        assert_eq!(status, 200, "{refreshed}");
        let id = &grants["items"][0]["id"];
        tv.s.world.ok(json!({ "grants.revoke": { "subject": tv.s.subject, "id": id } }));
        let introspected = tv.s.world.ok(json!({ "tokens.introspect": { "token": refreshed["access_token"] } }));
        assert_eq!(introspected, json!({ "active": false }));
    }
}

#[test]
fn the_round_trips_are_two_one_and_two() {
    let mut tv = Tv::with("jwt");
    tv.s.world.ok(json!({ "keys.list": {} }));
    let asked = tv.start(&[]);
    assert_eq!(tv.s.world.asked(), &["load", "commit"], "the device asks");
    tv.poll(&asked);
    assert_eq!(tv.s.world.asked(), &["load"], "a poll");
    let asked = tv.approved();
    tv.s.world.advance(INTERVAL);
    assert_eq!(tv.poll(&asked).0, 200);
    assert_eq!(tv.s.world.asked(), &["load", "commit"], "the poll that gets tokens");
}

#[test]
fn a_client_without_a_refresh_grant_gets_no_refresh_token() {
    let mut tv = Tv::with("opaque");
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "grantTypes": [GRANT] } }));
    let asked = tv.approved();
    let (status, tokens) = tv.poll(&asked);
    assert_eq!((status, tokens.get("refresh_token")), (200, None), "{tokens}");
}

#[test]
fn a_device_that_polls_too_often_must_wait_longer_each_time() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    tv.s.world.advance(1);
    assert_eq!(tv.poll_error(&asked), "slow_down");
    assert_eq!(tv.s.world.asked(), &["load", "commit"]);
    // Five seconds were enough before.
    tv.s.world.advance(5);
    assert_eq!(tv.poll_error(&asked), "slow_down");
    tv.s.world.advance(15);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    assert_eq!(tv.s.world.asked(), &["load"]);
    // Another instance did not see the poll before, and holds the device to the interval from now on.
    tv.s.world.reopen(json!({ "defaultScopes": ["read"] }));
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    tv.s.world.advance(10);
    assert_eq!(tv.poll_error(&asked), "slow_down");
}

#[test]
fn dv_003_after_its_time_a_code_is_expired_for_device_and_person() {
    let mut tv = Tv::with("opaque");
    let (pending, approved) = (tv.start(&[]), tv.approved());
    let (handle, page) = tv.enter(text(&pending["user_code"]));
    assert_eq!(page["status"], 200);
    tv.s.world.advance(600);
    for asked in [&pending, &approved] {
        let command = tv.poll_command(asked);
        assert_eq!(refusal(&mut tv.s.world, command), (400, "expired_token".into()));
    }
    assert_eq!(tv.decide(&handle, "allow")["status"], 400);
    assert!(is_unknown(&tv.enter(text(&pending["user_code"])).1));
    // Also when nothing of it is left.
    let mut next = json!(null);
    loop {
        let purged = tv.s.world.ok(json!({ "purge": { "after": next } }));
        next = purged["next"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(tv.s.world.store.keys("main.device."), Vec::<String>::new());
    assert_eq!(tv.poll_error(&pending), "expired_token");
}

#[test]
fn dv_004_a_denial_is_told_and_is_the_end() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    tv.s.world.take_events();
    assert_eq!(tv.decide(&handle, "deny")["status"], 200);
    assert_eq!(tv.s.world.take_event_names(), ["consent.denied"]);
    for _ in 0..2 {
        assert_eq!(tv.poll_error(&asked), "access_denied");
        tv.s.world.advance(INTERVAL);
        assert_eq!(tv.decide(&handle, "allow")["status"], 400);
    }
    assert!(is_unknown(&look(&mut tv.s.browser, &mut tv.s.world, &handle)));
    assert!(tv.s.world.store.keys("/grant.").is_empty());
}

#[test]
fn dv_005_a_code_is_good_for_its_own_client_alone() {
    let mut tv = Tv::with("opaque");
    let (other, _) = client(&mut tv.s.world, television("opaque"));
    let asked = tv.approved();
    let poll = poll_as(&other, text(&asked["device_code"]));
    assert_eq!(refusal(&mut tv.s.world, poll), (400, "invalid_grant".into()));
    assert_eq!(tv.poll(&asked).0, 200);
    // Nor for a client that may not, or does not prove itself, or with a code of another kind.
    let plain = tv.s.client.clone();
    let by = |s: &Setting, code: &str| s.post_command("/token", &[("grant_type", GRANT), ("device_code", code)]);
    let command = by(&tv.s, text(&asked["device_code"]));
    assert_eq!(refusal(&mut tv.s.world, command), (400, "unauthorized_client".into()));
    let unproven = poll_as(&plain, text(&asked["device_code"]));
    tv.s.world.take_events();
    assert_eq!(reply(&tv.s.world.ok(unproven)).0, 401);
    let code = tv.s.code();
    for bad in [code.as_str(), text(&asked["user_code"]), "cvd_", "x"] {
        let command = poll_as(&tv.id, bad);
        assert_eq!(refusal(&mut tv.s.world, command), (400, "invalid_grant".into()), "{bad}");
    }
    let nothing = post_as("", "/token", &[("client_id", &tv.id), ("grant_type", GRANT)]);
    assert_eq!(refusal(&mut tv.s.world, nothing), (400, "invalid_request".into()));
}

#[test]
fn only_a_client_that_may_gets_a_code_and_only_for_what_it_may_have() {
    let mut tv = Tv::with("opaque");
    let command = tv.s.post_command("/device_authorization", &[]);
    assert_eq!(refusal(&mut tv.s.world, command), (400, "unauthorized_client".into()));
    for (fields, error) in
        [([("scope", "admin")], "invalid_scope"), ([("resource", "https://other.example.com")], "invalid_target")]
    {
        let command = tv.start_command(&fields);
        assert_eq!(refusal(&mut tv.s.world, command), (400, error.into()));
    }
    let unknown = post_as("", "/device_authorization", &[("client_id", "nobody")]);
    assert_eq!(refusal(&mut tv.s.world, unknown), (401, "invalid_client".into()));
}

#[test]
fn dv_007_of_64_polls_after_the_approval_one_gets_tokens_and_they_live() {
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::with(form);
        let asked = tv.approved();
        let command = tv.poll_command(&asked);
        let ends: Vec<(u64, Value)> = tv.s.world.race(&command, 64).iter().map(|end| reply(&end["ok"])).collect();
        let (good, bad): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(status, _)| *status == 200);
        assert_eq!(good.len(), 1);
        assert!(bad.iter().all(|(status, body)| *status == 400 && body["error"] == "invalid_grant"), "{bad:?}");
        assert_eq!(tv.s.world.store.keys("/grant.").len(), 1);
        tv.s.world.ok(json!({ "tokens.verify": { "token": good[0].1["access_token"] } }));
        assert_eq!(tv.poll_error(&asked), "invalid_grant");
    }
}

#[test]
fn dv_007_a_redeemed_code_makes_no_second_grant_when_the_first_was_revoked_and_purged() {
    let mut tv = Tv::new(
        json!({ "defaultScopes": ["read"], "lifetimes": { "grant": "1m", "refreshToken": "1m",
        "accessToken": "10s" } }),
        "opaque",
    );
    let asked = tv.approved();
    assert_eq!(tv.poll(&asked).0, 200);
    let grants = tv.s.world.ok(json!({ "grants.list": { "subject": tv.s.subject } }));
    let revoke = json!({ "grants.revoke": { "subject": tv.s.subject, "id": grants["items"][0]["id"] } });
    tv.s.world.ok(revoke);
    tv.s.world.advance(300);
    tv.s.world.ok(json!({ "purge": {} }));
    assert_eq!(tv.poll_error(&asked), "invalid_grant");
    assert_eq!(tv.s.world.store.keys("/grant.").len(), 1);
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
fn dv_014_a_user_code_that_is_taken_is_drawn_again() {
    let mut tv = Tv::with("opaque");
    let command = tv.start_command(&[]);
    let mut taken = Value::Null;
    let done = tv.s.world.run_with(command, |ask, number, store| {
        if number == 1 {
            // The first code is another device's already.
            taken = ask["commit"]["put"][0]["key"].clone();
            assert_eq!(ask["commit"]["require"], json!([{ "key": taken, "version": null }]));
            store.put(text(&taken), "another's");
        }
        store.answer(ask)
    });
    assert_eq!(tv.s.world.asked(), &["load", "commit", "load", "commit"]);
    let (status, asked) = reply(&done["ok"]);
    assert_eq!(status, 200);
    assert_eq!(tv.s.world.store.keys("main.device.").len(), 2);
    assert_eq!(tv.s.world.store.keys(text(&taken)).len(), 1);
    assert_eq!(tv.poll_error(&asked), "authorization_pending");
    let (_, page) = tv.enter(text(&asked["user_code"]));
    assert_eq!(page["status"], 200, "{page}");
}

#[test]
fn dv_015_tk_066_an_approval_of_somebody_disabled_since_is_worth_nothing() {
    for form in ["jwt", "opaque"] {
        let mut tv = Tv::with(form);
        let asked = tv.approved();
        let disable = |disabled: bool| json!({ "accounts.update": { "id": tv.s.subject, "disabled": disabled } });
        let (disable, enable) = (disable(true), disable(false));
        tv.s.world.ok(disable);
        assert_eq!(tv.poll_error(&asked), "invalid_grant");
        assert!(tv.s.world.store.keys("/grant.").is_empty());
        // Whoever is enabled again may act, whatever changed about the account.
        tv.s.world.ok(enable);
        assert_eq!(tv.poll(&asked).0, 200);
        assert_eq!(tv.s.world.asked(), &["load", "commit", "load", "commit"]);
    }
}

#[test]
fn tk_066_a_disable_that_overtakes_the_poll_wins() {
    let mut tv = Tv::with("opaque");
    let asked = tv.approved();
    let step = tv.s.world.begin(tv.poll_command(&asked));
    let rows = tv.s.world.store.answer(&step["ask"]);
    tv.s.world.ok(json!({ "accounts.update": { "id": tv.s.subject, "disabled": true } }));
    let mut step = tv.s.world.resume(&step["flow"], rows);
    while step.get("ask").is_some() {
        let answer = tv.s.world.store.answer(&step["ask"]);
        step = tv.s.world.resume(&step["flow"], answer);
    }
    assert_eq!(reply(&step["done"]["ok"]).1["error"], "invalid_grant");
    assert!(tv.s.world.store.keys("/grant.").is_empty());
}

#[test]
fn a_client_that_was_narrowed_or_disabled_since_gets_less_or_nothing() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[("scope", "read write")]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "read"), ("scope", "write")]);
    assert_eq!(tv.s.browser.post(&mut tv.s.world, "/device", &body)["status"], 200);
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "disabled": true } }));
    let command = tv.poll_command(&asked);
    assert_eq!(reply(&tv.s.world.ok(command)).0, 401);
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "disabled": false, "scopes": ["write"] } }));
    let (status, tokens) = tv.poll(&asked);
    assert_eq!((status, &tokens["scope"]), (200, &json!("write")));
}

#[test]
fn the_store_events_and_refusals_hold_no_code() {
    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    tv.decide(&handle, "allow");
    let secrets = [text(&asked["device_code"]), text(&asked["user_code"]), &text(&asked["user_code"]).replace('-', "")];
    let seen = format!("{}{}", tv.s.world.store.dump(), json!(tv.s.world.take_events()));
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret}");
    }
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

#[test]
fn a_host_with_users_of_its_own_is_asked_at_the_poll() {
    let config = json!({ "defaultScopes": ["read"], "capabilities": ["subject"] });
    let mut tv = Tv { s: Setting::opaque(), id: String::new() };
    tv.id = client(&mut tv.s.world, television("opaque")).0;
    tv.s.world.reopen(config);
    let asked = tv.start(&[]);
    let answer = |status: Value| {
        move |ask: &Value, _: usize, store: &mut claviger_tests::Memory| match ask.get("subject") {
            Some(question) if question.get("signIn").is_some() => json!({ "subject": { "id": "u1", "name": "Ada" } }),
            Some(_) => json!({ "subject": status }),
            None => store.answer(ask),
        }
    };
    let known = || answer(json!({ "id": "u1", "name": "Ada" }));
    let response = tv.s.browser.post(&mut tv.s.world, "/device", &form(&[("user_code", text(&asked["user_code"]))]));
    let handle = location_parameter(&response, "interaction").unwrap();
    let sign_in = form(&[("interaction", &handle), ("login", "ada"), ("password", "x")]);
    let command = tv.s.browser.post_command("/sign-in", &sign_in);
    let signed_in = tv.s.world.run_with(command, known());
    tv.s.browser.keep(&signed_in["ok"]);
    let command = tv.s.browser.get_command(&format!("/device?interaction={handle}"));
    assert_eq!(tv.s.world.run_with(command, known())["ok"]["status"], 200);
    let command = tv.decide_command(&handle, "allow");
    assert_eq!(tv.s.world.run_with(command, known())["ok"]["status"], 200);
    let poll = tv.poll_command(&asked);
    let gone = tv.s.world.run_with(poll.clone(), answer(Value::Null));
    assert_eq!(reply(&gone["ok"]).1["error"], "invalid_grant");
    assert_eq!(reply(&tv.s.world.run_with(poll, known())["ok"]).0, 200);
    assert_eq!(tv.s.world.asked(), &["load", "subject", "commit"]);
}

#[test]
fn dp_033_a_device_that_shows_a_key_gets_tokens_bound_to_it_and_its_proof_is_good_once() {
    let key = ClientKey::es256(1);
    let mut tv = Tv::with("opaque");
    tv.s.world.ok(json!({ "clients.update": { "id": tv.id, "dpopBoundAccessTokens": true } }));
    let (first, second) = (tv.approved(), tv.approved());
    assert_eq!(tv.poll_error(&first), "invalid_dpop_proof");
    let proof = key.proof(&tv.s.world, "/token");
    let command = with_header(tv.poll_command(&first), "dpop", &proof);
    let (status, tokens) = reply(&send(&mut tv.s.world, command));
    assert_eq!((status, &tokens["token_type"]), (200, &json!("DPoP")), "{tokens}");
    assert_eq!(tv.s.world.asked(), &["load", "commit"]);
    let introspected = tv.s.world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
    assert_eq!(introspected["cnf"], json!({ "jkt": key.jkt() }));
    let refresh = [("client_id", tv.id.as_str()), ("grant_type", "refresh_token")];
    let refresh = [&refresh[..], &[("refresh_token", text(&tokens["refresh_token"]))]].concat();
    let other = with_header(post_as("", "/token", &refresh), "dpop", &ClientKey::es256(2).proof(&tv.s.world, "/token"));
    assert_eq!(refusal(&mut tv.s.world, other), (400, "invalid_grant".into()));
    let replayed = with_header(tv.poll_command(&second), "dpop", &proof);
    assert_eq!(refusal(&mut tv.s.world, replayed), (400, "invalid_dpop_proof".into()));
    let good = with_header(tv.poll_command(&second), "dpop", &key.proof(&tv.s.world, "/token"));
    assert_eq!(reply(&send(&mut tv.s.world, good)).0, 200);
}
