//! What a person ends from the account page, by whom alone, and what races it (SE-008, SE-017, AZ-084).

use claviger_tests::setting::{PASSWORD, Setting, header, post_raw, text};
use claviger_tests::{Browser, form};
use serde_json::json;

use crate::account_pages::{body, button, elsewhere, form_token, is_signed_in, page, press, session_id, sessions};
use crate::check::send_unchanged;

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
