//! The account page: what acts for a person, shown to them alone and ended by them alone (SE-008, SE-017, AZ-084, AZ-088, G3).

use claviger_tests::setting::{PASSWORD, Setting, client, header, post_raw, text};
use claviger_tests::{Browser, Memory, World, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, send_unchanged};
use crate::operations::{Operation, nothing_is_live};

/// What must survive every fault of the store.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "a person looks at their account page",
        start: || {
            let (s, _) = at_account("remove");
            let command = s.browser.get_command("/account");
            (s, command)
        },
        happened: |_, done| assert!(text(&done["ok"]["body"]).contains("Ada Lovelace"), "{done}"),
    },
    Operation { name: "a person removes an application", start: || at_account("remove"), happened: nothing_is_live },
    Operation { name: "a person ends a session", start: || at_account("end"), happened: one_session_is_left },
    Operation {
        name: "a person ends all other sessions",
        start: || at_account("end_others"),
        happened: one_session_is_left,
    },
];

/// A person with tokens out and another browser, and what they press.
fn at_account(name: &str) -> (Setting, Value) {
    let mut s = Setting::opaque();
    s.tokens();
    let other = elsewhere(&mut s.world, "ada");
    let value = if name == "end" { session_id(&other, &mut s) } else { s.client.clone() };
    let command = button(&mut s.browser, &mut s.world, name, &value);
    (s, command)
}

fn one_session_is_left(s: &mut Setting, _: &Value) {
    assert_eq!(s.world.store.keys("/session.").len(), 1);
}

/// The page, and what is checked of every answer.
fn page(browser: &mut Browser, world: &mut World, path: &str) -> Value {
    let page = browser.get(world, path);
    hold_everywhere(&page);
    page
}

/// The token in the form of the account page.
fn form_token(browser: &mut Browser, world: &mut World) -> String {
    let page = page(browser, world, "/account");
    let body = text(&page["body"]);
    let from = body.find(r#"name="token" value=""#).unwrap_or_else(|| panic!("no token in {body}")) + 20;
    body[from..].split('"').next().unwrap().to_owned()
}

/// The command of a button.
fn button(browser: &mut Browser, world: &mut World, name: &str, value: &str) -> Value {
    let token = form_token(browser, world);
    browser.post_command("/account", &form(&[("token", &token), (name, value)]))
}

fn press(s: &mut Setting, name: &str, value: &str) -> Value {
    let command = button(&mut s.browser, &mut s.world, name, value);
    let response = s.world.ok(command);
    hold_everywhere(&response);
    s.browser.keep(&response);
    response
}

fn body(s: &mut Setting) -> String {
    let page = page(&mut s.browser, &mut s.world, "/account");
    assert_eq!(page["status"], 200, "{page}");
    text(&page["body"]).to_owned()
}

/// Another browser in which somebody is signed in.
fn elsewhere(world: &mut World, login: &str) -> Browser {
    let mut browser = Browser::new();
    let first = browser.get(world, "/account");
    let handle = location_parameter(&first, "interaction").unwrap();
    assert_eq!(browser.sign_in(world, &handle, login, PASSWORD)["status"], 303);
    browser
}

fn sessions(s: &mut Setting) -> Vec<Value> {
    let listed = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    listed["items"].as_array().unwrap().clone()
}

fn is_signed_in(browser: &mut Browser, world: &mut World) -> bool {
    page(browser, world, "/account")["status"] == 200
}

#[test]
fn a_person_sees_the_applications_that_act_for_them_and_removes_one() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.world.advance(3 * 3600);
    s.refresh(text(&tokens["refresh_token"]));
    s.world.advance(3600);
    let shown = body(&mut s);
    for part in ["<bdi>App</bdi>", "app.example.com", "See your things", "Allowed 4 hours ago", "Used 1 hour ago"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let tokens = s.tokens();
    s.world.take_events();
    let client = s.client.clone();
    let response = press(&mut s, "remove", &client);
    assert_eq!(
        (&response["status"], header(&response, "location")),
        (&json!(303), Some("https://auth.example.com/account"))
    );
    assert_eq!(s.world.take_event_names(), ["grant.revoked", "grant.revoked"], "all that the application has");
    for name in ["access_token", "refresh_token"] {
        assert!(!s.is_active(&tokens[name]), "{name}");
    }
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
    assert!(body(&mut s).contains("No application may use your account"));
    let asked_anew = s.authorize(&[("prompt", None)]);
    assert!(location_parameter(&asked_anew, "code").is_none(), "the consent is forgotten: {asked_anew}");
}

#[test]
fn what_is_only_remembered_is_shown_too_and_forgotten() {
    let mut s = Setting::opaque();
    s.code();
    // The code is over, and was never redeemed: nothing acts, but the next request would be allowed without a question.
    s.world.advance(3600);
    assert!(body(&mut s).contains("<bdi>App</bdi>"));
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!body(&mut s).contains("<bdi>App</bdi>"));
    assert!(location_parameter(&s.authorize(&[("prompt", None)]), "code").is_none());
}

#[test]
fn the_round_trips_are_two_and_for_a_change_two() {
    let mut s = Setting::opaque();
    s.tokens();
    elsewhere(&mut s.world, "ada");
    body(&mut s);
    assert_eq!(s.world.asked(), &["scan", "load"]);
    let client = s.client.clone();
    let other = sessions(&mut s).iter().map(|one| text(&one["id"]).to_owned()).collect::<Vec<_>>();
    let own = s.world.ok(json!({ "authenticate": { "headers": [["cookie", s.browser.cookie_header()]] } }));
    let other = other.into_iter().find(|id| *id != own["sessionId"]).unwrap();
    for (name, value) in [("remove", client.as_str()), ("end", other.as_str()), ("sign_out", "here")] {
        press(&mut s, name, value);
        assert_eq!(s.world.asked(), &["scan", "commit"], "{name}");
    }
    page(&mut s.browser, &mut s.world, "/account");
    assert!(s.world.asked().is_empty(), "without a session nothing is asked: {:?}", s.world.asked());
}

#[test]
fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    let mut s = Setting::opaque();
    let first = page(&mut s.browser, &mut s.world, "/account");
    let to = header(&first, "location").unwrap();
    assert!(first["status"] == 303 && to.starts_with("https://auth.example.com/sign-in?interaction="), "{first}");
    let handle = location_parameter(&first, "interaction").unwrap();
    let sign_in = page(&mut s.browser, &mut s.world, &format!("/sign-in?interaction={handle}"));
    let policy = header(&sign_in, "content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self';"), "it leads to no other site: {policy}");
    let back = s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    assert_eq!(header(&back, "location"), Some("https://auth.example.com/account"));
    assert!(body(&mut s).contains("Ada Lovelace"));
    // In the browser in which it began, and until it is over.
    let mut other = Browser::new();
    assert_eq!(other.sign_in(&mut s.world, &handle, "ada", PASSWORD)["status"], 403);
    let late = location_parameter(&Browser::new().get(&mut s.world, "/account"), "interaction").unwrap();
    s.world.advance(900);
    assert_eq!(s.browser.sign_in(&mut s.world, &late, "ada", PASSWORD)["status"], 400);
}

#[test]
fn the_handle_of_a_sign_in_decides_nothing() {
    let mut s = Setting::opaque();
    let handle = location_parameter(&page(&mut s.browser, &mut s.world, "/account"), "interaction").unwrap();
    s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
    let cookie = s.browser.cookie_header();
    for command in ["interactions.consent", "interactions.deny", "device.get", "device.approve", "device.deny"] {
        assert_eq!(s.world.refused(json!({ command: { "handle": handle, "cookie": cookie } })), "interaction_ended");
    }
    let looked = page(&mut s.browser, &mut s.world, &format!("/device?interaction={handle}"));
    assert_eq!(looked["status"], 400);
    let view = s.world.ok(json!({ "interactions.get": { "handle": handle, "cookie": cookie } }));
    assert_eq!((&view["prompt"], &view["client"]), (&json!("sign_in"), &Value::Null));
}

#[test]
fn g3_the_page_is_cached_by_nobody_framed_by_nobody_and_runs_nothing() {
    let mut s = Setting::opaque();
    s.tokens();
    let shown = page(&mut s.browser, &mut s.world, "/account");
    assert_eq!(header(&shown, "cache-control"), Some("no-store"));
    assert_eq!(header(&shown, "x-frame-options"), Some("DENY"));
    assert_eq!(header(&shown, "referrer-policy"), Some("no-referrer"));
    assert!(header(&shown, "access-control-allow-origin").is_none());
    let policy = header(&shown, "content-security-policy").unwrap();
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self';", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("script-src"), "{policy}");
    let secret = s.browser.cookie_header();
    let secret = secret.split("cvs_").nth(1).unwrap();
    assert!(!text(&shown["body"]).contains(secret), "the page does not hold the cookie");
}

#[test]
fn se_008_a_session_is_ended_from_another_and_the_rest_goes_on() {
    let mut s = Setting::opaque();
    let (mut first, mut second) = (elsewhere(&mut s.world, "ada"), elsewhere(&mut s.world, "ada"));
    s.browser = elsewhere(&mut s.world, "ada");
    assert_eq!(body(&mut s).matches("This browser").count(), 1);
    let ends = session_id(&first, &mut s);
    s.world.take_events();
    assert_eq!(press(&mut s, "end", &ends)["status"], 303);
    let told = s.world.take_events();
    assert_eq!((&told[0]["name"], &told[0]["sessionId"]), (&json!("session.revoked"), &json!(ends)));
    assert!(!is_signed_in(&mut first, &mut s.world) && is_signed_in(&mut second, &mut s.world));
    assert_eq!(press(&mut s, "end_others", "all")["status"], 303);
    assert!(!is_signed_in(&mut second, &mut s.world) && is_signed_in(&mut s.browser, &mut s.world));
    let out = press(&mut s, "sign_out", "here");
    assert!(out["status"] == 200 && text(&out["body"]).contains("You are signed out"), "{out}");
    assert!(!s.browser.cookie_header().contains("claviger-session") && sessions(&mut s).is_empty());
}

/// The id of a browser's session.
fn session_id(browser: &Browser, s: &mut Setting) -> String {
    let who = s.world.ok(json!({ "authenticate": { "headers": [["cookie", browser.cookie_header()]] } }));
    text(&who["sessionId"]).to_owned()
}

#[test]
fn az_084_a_form_that_is_not_this_sessions_own_changes_nothing() {
    let mut s = Setting::opaque();
    s.tokens();
    let own = form_token(&mut s.browser, &mut s.world);
    let mut other = elsewhere(&mut s.world, "ada");
    let others = form_token(&mut other, &mut s.world);
    assert_ne!(own, others);
    let cookie = s.browser.cookie_header();
    let client = s.client.clone();
    let send = |s: &mut Setting, token: &str, headers: &[(&str, &str)]| {
        let headers =
            [&[("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")], headers].concat();
        let fields = form(&[("token", token), ("remove", &client)]);
        send_unchanged(&mut s.world, post_raw("/account", &headers, &fields))["status"].clone()
    };
    for token in ["", &others, &own[1..], &format!("{own}A"), &own.to_lowercase(), "cvs_"] {
        assert_eq!(send(&mut s, token, &[]), 403, "{token}");
        assert!(s.world.asked().is_empty());
    }
    for headers in [
        [("origin", "https://evil.example")],
        [("origin", "https://auth.example.com.evil.example")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(send(&mut s, &own, &headers), 403, "{headers:?}");
    }
    let as_json =
        post_raw("/account", &[("cookie", &cookie), ("content-type", "text/plain")], &form(&[("token", &own)]));
    assert_eq!(send_unchanged(&mut s.world, as_json)["status"], 415);
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS"] {
        let mut command = s.browser.get_command(&format!("/account?token={own}&remove={client}"));
        command["http"]["method"] = json!(method);
        assert_eq!(send_unchanged(&mut s.world, command)["status"], 405, "{method}");
    }
    let by_get = s.browser.get_command(&format!("/account?token={own}&remove={client}"));
    assert_eq!(send_unchanged(&mut s.world, by_get)["status"], 200);
    let nothing = s.browser.post_command("/account", &form(&[("token", &own)]));
    assert_eq!(send_unchanged(&mut s.world, nothing)["status"], 400);
    let own = s.browser.post_command("/account", &form(&[("token", &own), ("remove", &client)]));
    assert_eq!(s.world.ok(own)["status"], 303, "and this one does");
}

#[test]
fn what_is_another_persons_is_refused_and_stays() {
    let mut s = Setting::opaque();
    s.world.ok(json!({ "accounts.create": { "login": "grace", "password": PASSWORD } }));
    let tokens = s.tokens();
    let mut grace = elsewhere(&mut s.world, "grace");
    let (hers, adas) = (session_id(&grace, &mut s), sessions(&mut s));
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    let token = form_token(&mut grace, &mut s.world);
    let (session, grant) = (text(&adas[0]["id"]), text(&grants["items"][0]["id"]));
    let foreign = format!("main.account.{}/session.{session}", s.subject);
    for (name, value) in [
        ("remove", s.client.as_str()),
        ("remove", grant),
        ("remove", "nobody"),
        ("remove", &"x".repeat(10_000)),
        ("end", session),
        ("end", grant),
        ("end", &foreign),
        ("end", "../x"),
        ("end", &format!("{hers}A")),
    ] {
        let refused =
            send_unchanged(&mut s.world, grace.post_command("/account", &form(&[("token", &token), (name, value)])));
        assert_eq!((&refused["status"], header(&refused, "location")), (&json!(404), None), "{name} {value}");
        assert!(text(&refused["body"]).contains("not_found"), "{refused}");
    }
    let others = grace.post(&mut s.world, "/account", &form(&[("token", &token), ("end_others", "all")]));
    assert_eq!(others["status"], 303);
    assert_eq!(sessions(&mut s), adas);
    assert!(s.is_active(&tokens["access_token"]));
    // Nor is anything of it shown, wherever the page is made to begin.
    for after in [
        "",
        "?after=",
        "?after=account",
        "?after=../x/",
        &format!("?after={foreign}"),
        &format!("?after={}", "x".repeat(2000)),
    ] {
        let shown = page(&mut grace, &mut s.world, &format!("/account{after}"));
        let shown = text(&shown["body"]);
        assert!(!shown.contains("Ada") && !shown.contains(session) && !shown.contains("<bdi>App"), "{after}: {shown}");
    }
}

#[test]
fn who_is_not_signed_in_any_more_ends_nothing() {
    for end in 0..4 {
        let mut s = Setting::opaque();
        let tokens = s.tokens();
        let client = s.client.clone();
        let command = button(&mut s.browser, &mut s.world, "remove", &client);
        let id = session_id(&s.browser.clone(), &mut s);
        match end {
            0 => drop(s.world.ok(json!({ "sessions.revoke": { "subject": s.subject, "id": id } }))),
            1 => drop(s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": true } }))),
            2 => s.world.advance(14 * 86_400),
            _ => {
                let fresh = "another root secret for tests: 9fQmX2vLpZ7c";
                s.world.reopen(json!({ "secret": fresh }));
            }
        }
        let response = send_unchanged(&mut s.world, command);
        assert!(header(&response, "location").is_some_and(|to| to.contains("/sign-in?")), "{end}: {response}");
        if end == 0 {
            assert!(s.is_active(&tokens["refresh_token"]));
        }
        let shown = page(&mut s.browser, &mut s.world, "/account");
        assert!(header(&shown, "location").is_some_and(|to| to.contains("/sign-in?")), "{end}: {shown}");
    }
}

#[test]
fn a_session_that_ends_in_between_ends_nothing() {
    for (name, value) in [("remove", ""), ("end_others", "all"), ("end", "")] {
        let mut s = Setting::opaque();
        let tokens = s.tokens();
        let other = elsewhere(&mut s.world, "ada");
        let other = session_id(&other, &mut s);
        let value = match name {
            "remove" => s.client.clone(),
            "end" => other.clone(),
            _ => value.to_owned(),
        };
        let command = button(&mut s.browser, &mut s.world, name, &value);
        let own = session_id(&s.browser.clone(), &mut s);
        let own = format!("main.account.{}/session.{own}", s.subject);
        let done = s.world.run_with(command, |ask, number, store| {
            if number == 1 {
                store.answer(&json!({ "commit": { "delete": [own] } }));
            }
            store.answer(ask)
        });
        assert!(header(&done["ok"], "location").is_some_and(|to| to.contains("/sign-in?")), "{name}: {done}");
        assert!(
            s.is_active(&tokens["access_token"]) && sessions(&mut s).iter().any(|one| one["id"] == other),
            "{name}"
        );
    }
}

#[test]
fn az_088_what_applications_call_themselves_is_text() {
    const HOSTILE: &str = "<script>alert(1)</script>\"' onmouseover=x \u{202e}";
    let mut s = Setting::new(json!({ "scopes": { "read": HOSTILE } }), "opaque");
    let (id, _) = client(
        &mut s.world,
        json!({ "name": HOSTILE, "id": "\"><img src=x>", "redirectUris": ["https://app.example.com/cb"] }),
    );
    s.client = id;
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 303);
    let shown = body(&mut s);
    for tag in ["<script", "<img", "\u{202e}</bdi>"] {
        assert!(!shown.contains(tag), "{tag}: {shown}");
    }
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!body(&mut s).contains("alert(1)"));
}

#[test]
fn an_application_that_made_itself_is_called_unchecked() {
    let mut s = Setting::new(json!({ "registration": { "mode": "open" } }), "opaque");
    let asked = json!({ "redirect_uris": ["https://app.example.com/cb"], "client_name": "Self made", "token_endpoint_auth_method": "none" });
    let made = s.world.ok(post_raw("/register", &[("content-type", "application/json")], &asked.to_string()));
    let made: Value = serde_json::from_str(text(&made["body"])).unwrap();
    s.client = text(&made["client_id"]).to_owned();
    s.code();
    assert!(body(&mut s).contains("Example has not checked this application"));
}

#[test]
fn of_64_removals_at_once_one_tells_and_all_are_answered() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let client = s.client.clone();
    let command = button(&mut s.browser, &mut s.world, "remove", &client);
    let ends = s.world.race(&command, 64);
    assert!(ends.iter().all(|end| end["ok"]["status"] == 303), "{ends:?}");
    let events: usize = ends.iter().map(|end| end["events"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(events, 1);
    assert!(!s.is_active(&tokens["access_token"]) && !s.is_active(&tokens["refresh_token"]));
}

#[test]
fn of_64_ends_of_one_session_one_is_done_and_of_64_ends_of_all_others_none_fails() {
    let mut s = Setting::opaque();
    let other = elsewhere(&mut s.world, "ada");
    s.browser = elsewhere(&mut s.world, "ada");
    let other = session_id(&other, &mut s);
    let command = button(&mut s.browser, &mut s.world, "end", &other);
    let ends = s.world.race(&command, 64);
    assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 303).count(), 1);
    assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 404).count(), 63);
    let mut browsers: Vec<Browser> = (0..5).map(|_| elsewhere(&mut s.world, "ada")).collect();
    let command = button(&mut s.browser, &mut s.world, "end_others", "all");
    let ends = s.world.race(&command, 64);
    assert!(ends.iter().all(|end| end["ok"]["status"] == 303), "{ends:?}");
    let events: usize = ends.iter().map(|end| end["events"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!((events, sessions(&mut s).len()), (5, 1));
    assert!(browsers.iter_mut().all(|browser| !is_signed_in(browser, &mut s.world)));
}

#[test]
fn of_64_browsers_that_sign_each_other_out_one_is_left() {
    let mut s = Setting::opaque();
    let browsers: Vec<Browser> = (0..64).map(|_| elsewhere(&mut s.world, "ada")).collect();
    let mut steps = Vec::new();
    for mut browser in browsers {
        let command = button(&mut browser, &mut s.world, "end_others", "all");
        steps.push(s.world.begin(command));
    }
    while !steps.is_empty() {
        let mut still = Vec::new();
        for step in steps {
            let answer = s.world.store.answer(&step["ask"]);
            let next = s.world.resume(&step["flow"], answer);
            if next.get("ask").is_some() {
                still.push(next);
            }
        }
        steps = still;
    }
    assert_eq!(sessions(&mut s).len(), 1);
}

#[test]
fn a_refresh_that_races_the_removal_leaves_nothing_live() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let client = s.client.clone();
    let removal = button(&mut s.browser, &mut s.world, "remove", &client);
    // Between what the removal saw and what it writes.
    let seen = s.world.begin(removal);
    let answer = s.world.store.answer(&seen["ask"]);
    let mut step = s.world.resume(&seen["flow"], answer);
    assert!(step["ask"].get("commit").is_some(), "{step}");
    let (status, refreshed) = s.refresh(text(&tokens["refresh_token"]));
    assert_eq!(status, 200, "{refreshed}");
    while step.get("ask").is_some() {
        let answer = s.world.store.answer(&step["ask"]);
        step = s.world.resume(&step["flow"], answer);
    }
    assert_eq!(step["done"]["ok"]["status"], 303, "{step}");
    assert!(!s.is_active(&refreshed["access_token"]) && !s.is_active(&refreshed["refresh_token"]));
}

#[test]
fn many_rows_are_shown_page_by_page_and_ended_all() {
    let mut s = Setting::opaque();
    let tokens: Vec<Value> = (0..3).map(|_| s.tokens()).collect();
    let grant = s.world.store.keys("/grant.")[0].clone();
    let value = s.world.store.value(&grant).unwrap();
    let owner = grant.split("/grant.").next().unwrap().to_owned();
    // Between what is there already, so that the session is on another page than the account.
    for n in 0..250 {
        s.world.store.put(&format!("{owner}/grant.{n:022}"), &value.to_string());
    }
    let first = body(&mut s);
    assert_eq!(s.world.asked(), &["scan", "load", "load"], "the session is not among them");
    let after = first.split("/account?after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (mut seen, mut next) = (1, Some(after));
    let mut last = first;
    while let Some(after) = next {
        let shown = page(&mut s.browser, &mut s.world, &format!("/account?after={after}"));
        last = text(&shown["body"]).to_owned();
        next = last.split("/account?after=").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        seen += 1;
    }
    assert_eq!(seen, 3, "a page has a hundred rows");
    assert!(last.contains("This browser") && last.contains("Back to the first page"), "{last}");
    let client = s.client.clone();
    assert_eq!(press(&mut s, "remove", &client)["status"], 303);
    assert!(!s.world.store.dump().contains("\"live\""), "however many there are");
    assert!(tokens.iter().all(|tokens| !s.refresh(text(&tokens["refresh_token"])).1["error"].is_null()));
    let own = session_id(&s.browser.clone(), &mut s);
    elsewhere(&mut s.world, "ada");
    assert_eq!(press(&mut s, "end_others", "all")["status"], 303);
    assert_eq!(sessions(&mut s).iter().map(|one| text(&one["id"]).to_owned()).collect::<Vec<_>>(), [own]);
}

#[test]
fn a_client_that_took_a_deleted_ones_id_is_not_shown_with_what_was_its() {
    let mut s = Setting::opaque();
    let (id, _) = client(&mut s.world, json!({ "id": "printer", "name": "Old printer" }));
    s.client = id;
    s.code();
    assert!(body(&mut s).contains("Old printer"));
    s.world.ok(json!({ "clients.delete": { "id": "printer" } }));
    assert!(!body(&mut s).contains("printer"));
    s.world.advance(1);
    client(&mut s.world, json!({ "id": "printer", "name": "New printer" }));
    assert!(!body(&mut s).contains("printer"));
}

#[test]
fn a_host_with_a_page_of_its_own_gets_a_person_who_is_signed_in() {
    for (page_of_its_own, address) in [
        ("/my/account", "https://auth.example.com/my/account"),
        ("https://app.example.com/me", "https://app.example.com/me"),
    ] {
        let mut s = Setting::new(json!({ "pages": { "account": page_of_its_own } }), "opaque");
        let first = page(&mut s.browser, &mut s.world, "/account");
        let handle = location_parameter(&first, "interaction").unwrap();
        let sign_in = page(&mut s.browser, &mut s.world, &format!("/sign-in?interaction={handle}"));
        let policy = header(&sign_in, "content-security-policy").unwrap();
        assert_eq!(policy.contains("form-action 'self' https:;"), page_of_its_own.starts_with("https"), "{policy}");
        let back = s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
        assert_eq!(header(&back, "location"), Some(address));
        let tokens = s.tokens();
        let again = page(&mut s.browser, &mut s.world, "/account");
        assert_eq!((&again["status"], header(&again, "location")), (&json!(303), Some(address)));
        let posted = form(&[("token", "x"), ("remove", &s.client)]);
        let command = s.browser.post_command("/account", &posted);
        assert_eq!(send_unchanged(&mut s.world, command)["status"], 303);
        assert!(s.is_active(&tokens["access_token"]));
    }
}

#[test]
fn a_host_with_people_of_its_own_has_the_page_too() {
    let mut s = Setting::new(json!({ "capabilities": ["subject"] }), "opaque");
    let known = |ask: &Value, _: usize, store: &mut Memory| match ask.get("subject") {
        Some(_) => json!({ "subject": { "id": "u7", "name": "Grace Hopper" } }),
        None => store.answer(ask),
    };
    let handle = location_parameter(&page(&mut s.browser, &mut s.world, "/account"), "interaction").unwrap();
    let fields = form(&[("interaction", &handle), ("login", "grace"), ("password", PASSWORD)]);
    let signed_in = s.world.run_with(s.browser.post_command("/sign-in", &fields), known);
    s.browser.keep(&signed_in["ok"]);
    let shown = s.world.run_with(s.browser.get_command("/account"), known);
    assert!(text(&shown["ok"]["body"]).contains("Grace Hopper"), "{shown}");
    assert_eq!(s.world.asked(), &["scan", "subject"]);
    let disabled = |ask: &Value, _: usize, store: &mut Memory| match ask.get("subject") {
        Some(_) => json!({ "subject": null }),
        None => store.answer(ask),
    };
    assert_eq!(s.world.run_with(s.browser.get_command("/account"), disabled)["ok"]["status"], 303);
}
