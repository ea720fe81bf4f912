//! The device authorization grant (RFC 8628): DV-003 to DV-015.

use claviger_tests::setting::{PASSWORD, Setting, client, header, post_as, reply, text};
use claviger_tests::{Browser, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, refusal, send};
use crate::device_page::is_unknown;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Five seconds and what the network takes off.
pub(crate) const INTERVAL: u64 = 5;

/// A television that anybody can buy: a public client, in the world of [`Setting`].
pub(crate) struct Tv {
    pub(crate) s: Setting,
    pub(crate) id: String,
}

impl Tv {
    pub(crate) fn with(form: &str) -> Self {
        Self::new(json!({ "defaultScopes": ["read"] }), form)
    }

    pub(crate) fn new(config: Value, form: &str) -> Self {
        let mut s = Setting::new(config, form);
        let (id, _) = client(&mut s.world, television(form));
        Self { s, id }
    }

    /// Asks for a code.
    pub(crate) fn start(&mut self, fields: &[(&str, &str)]) -> Value {
        let command = self.start_command(fields);
        let (status, asked) = reply(&send(&mut self.s.world, command));
        assert_eq!(status, 200, "{asked}");
        asked
    }

    pub(crate) fn start_command(&self, fields: &[(&str, &str)]) -> Value {
        post_as("", "/device_authorization", &[&[("client_id", self.id.as_str())], fields].concat())
    }

    pub(crate) fn poll_command(&self, asked: &Value) -> Value {
        poll_as(&self.id, text(&asked["device_code"]))
    }

    pub(crate) fn poll(&mut self, asked: &Value) -> (u64, Value) {
        let command = self.poll_command(asked);
        reply(&send(&mut self.s.world, command))
    }

    pub(crate) fn poll_error(&mut self, asked: &Value) -> String {
        let (status, body) = self.poll(asked);
        assert_eq!(status, 400, "{body}");
        text(&body["error"]).to_owned()
    }

    /// The person enters the code, and signs in if need be: the page that asks, and its handle.
    pub(crate) fn enter(&mut self, typed: &str) -> (String, Value) {
        let (handle, first) = enter(&mut self.s.browser, &mut self.s.world, typed);
        if first["status"] != 303 {
            return (handle, first);
        }
        assert!(header(&first, "location").unwrap().contains("/sign-in?interaction="), "{first}");
        let signed_in = self.s.browser.sign_in(&mut self.s.world, &handle, "ada", PASSWORD);
        let back = header(&signed_in, "location").unwrap().to_owned();
        (handle, self.s.browser.get(&mut self.s.world, &back))
    }

    pub(crate) fn decide_command(&self, handle: &str, decision: &str) -> Value {
        let body = form(&[("interaction", handle), ("decision", decision), ("scope", "read")]);
        self.s.browser.post_command("/device", &body)
    }

    pub(crate) fn decide(&mut self, handle: &str, decision: &str) -> Value {
        let command = self.decide_command(handle, decision);
        let response = self.s.world.ok(command);
        hold_everywhere(&response);
        response
    }

    /// A code that the person has allowed.
    pub(crate) fn approved(&mut self) -> Value {
        let asked = self.start(&[("scope", "read")]);
        let (handle, _) = self.enter(text(&asked["user_code"]));
        let done = self.decide(&handle, "allow");
        assert_eq!(done["status"], 200, "{done}");
        asked
    }
}

pub(crate) fn television(form: &str) -> Value {
    json!({ "name": "Living room TV", "redirectUris": [], "authMethod": "none", "accessToken": form,
        "grantTypes": [GRANT, "refresh_token"] })
}

pub(crate) fn poll_as(client: &str, device_code: &str) -> Value {
    post_as("", "/token", &[("client_id", client), ("grant_type", GRANT), ("device_code", device_code)])
}

/// Types a code in a browser: the handle, and what comes of looking at it.
pub(crate) fn enter(browser: &mut Browser, world: &mut World, typed: &str) -> (String, Value) {
    let response = browser.post(world, "/device", &form(&[("user_code", typed)]));
    assert_eq!(response["status"], 303, "{response}");
    let handle = location_parameter(&response, "interaction").unwrap();
    let page = look(browser, world, &handle);
    (handle, page)
}

pub(crate) fn look(browser: &mut Browser, world: &mut World, handle: &str) -> Value {
    let page = browser.get(world, &format!("/device?interaction={handle}"));
    hold_everywhere(&page);
    page
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
fn a_device_signs_in_for_as_long_as_it_is_allowed_whatever_becomes_of_the_browser() {
    let mut tv = Tv::new(json!({ "openid": {} }), "opaque");
    let asked = tv.start(&[("scope", "openid read")]);
    let (handle, page) = tv.enter(text(&asked["user_code"]));
    assert!(text(&page["body"]).contains(r#"value="read""#) && !text(&page["body"]).contains(r#"value="openid""#));
    let body = form(&[("interaction", &handle), ("decision", "allow"), ("scope", "read")]);
    assert_eq!(tv.s.browser.post(&mut tv.s.world, "/device", &body)["status"], 200);
    let (status, tokens) = tv.poll(&asked);
    assert_eq!((status, &tokens["scope"]), (200, &json!("openid read")), "to sign in is no choice of its own");
    assert!(claviger_tests::claims_of(text(&tokens["id_token"])).get("sid").is_none(), "it is in no browser's session");
    tv.s.world.ok(json!({ "sessions.revokeAll": { "subject": tv.s.subject } }));
    let told = tv.s.world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
    assert_eq!(told["active"], true);
}

#[test]
fn the_round_trips_are_three_one_and_two() {
    let mut tv = Tv::with("jwt");
    tv.s.world.ok(json!({ "keys.list": {} }));
    let asked = tv.start(&[]);
    assert_eq!(tv.s.world.asked(), &["load", "commit", "commit"], "the device asks, and its address is counted");
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
fn tk_052_a_code_of_a_device_passes_for_nothing_else() {
    let mut tv = Tv::with("opaque");
    let asked = tv.approved();
    let device_code = text(&asked["device_code"]);
    let renamed = ["cvr_", "cva_", "cvc_", "cvs_"].map(|prefix| device_code.replacen("cvd_", prefix, 1));
    for bent in [device_code.to_owned()].iter().chain(&renamed) {
        for command in [tv.s.redeem_command(bent), tv.s.refresh_command(bent)] {
            assert_eq!(refusal(&mut tv.s.world, command), (400, "invalid_grant".into()), "{bent}");
        }
        assert_eq!(tv.s.world.refused(json!({ "tokens.verify": { "token": bent } })), "invalid_token");
    }
    let (_, tokens) = tv.poll(&asked);
    for other in [&tokens["access_token"], &tokens["refresh_token"]] {
        let command = poll_as(&tv.id, text(other));
        assert_eq!(refusal(&mut tv.s.world, command), (400, "invalid_grant".into()));
    }
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
fn th_one_address_asks_for_so_many_codes_in_an_hour() {
    let mut tv = Tv::with("opaque");
    let ask = |tv: &mut Tv, remote: &str| {
        let mut command = tv.start_command(&[]);
        command["http"]["remote"] = json!(remote);
        tv.s.world.ok(command)["status"].clone()
    };
    let statuses: Vec<Value> = (0..1001).map(|_| ask(&mut tv, "198.51.100.7")).collect();
    assert!(statuses[..1000].iter().all(|status| *status == 200));
    assert_eq!(statuses[1000], 429);
    assert_eq!(ask(&mut tv, "203.0.113.9"), 200);
    assert_eq!(*tv.s.world.asked(), ["load", "commit", "commit"]);
    tv.s.world.advance(3600);
    assert_eq!(ask(&mut tv, "198.51.100.7"), 200);
}
