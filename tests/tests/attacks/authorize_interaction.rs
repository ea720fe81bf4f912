//! Between the request and the code: sign-in, consent, and who may answer (AZ-040 to AZ-098).

use std::collections::BTreeSet;

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, client, header, post_as, redeem_fields, text};
use claviger_tests::{Browser, World, basic, form, location_parameter, parameter};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, refusal};

fn decision(interaction: &str) -> String {
    form(&[("interaction", interaction), ("decision", "allow"), ("scope", "read")])
}

/// The status of a request that must store nothing.
fn refused(s: &mut Setting, command: Value) -> u64 {
    let before = s.world.store.dump();
    let response = s.world.ok(command);
    hold_everywhere(&response);
    assert_eq!(s.world.store.dump(), before, "{response}");
    response["status"].as_u64().unwrap()
}

#[test]
fn az_040_az_041_a_replay_by_someone_who_is_not_the_client_harms_nobody() {
    let mut s = Setting::opaque();
    let code = s.code();
    let tokens = s.redeem(&code).1;
    let command = post_as(&basic(&s.client, "wrong"), "/token", &redeem_fields(&code));
    assert_eq!(refusal(&mut s.world, command), (401, "invalid_client".into()));
    assert!(s.is_active(&tokens["access_token"]));
}

#[test]
fn az_040_a_replay_30_seconds_later_kills_the_refreshed_tokens_too() {
    let mut s = Setting::opaque();
    let code = s.code();
    let first = s.redeem(&code).1;
    let second = s.refresh(text(&first["refresh_token"])).1;
    s.world.advance(30);
    assert_eq!(s.redeem(&code).1["error"], "invalid_grant");
    for token in [&first["access_token"], &second["access_token"], &second["refresh_token"]] {
        assert!(!s.is_active(token));
    }
    assert!(s.world.take_event_names().contains(&"code.replayed".to_owned()));
}

#[test]
fn az_043_another_clients_code_is_refused_and_stays_good() {
    let mut s = Setting::opaque();
    let code = s.code();
    let (thief, secret) = client(&mut s.world, json!({}));
    let command = post_as(&basic(&thief, &secret), "/token", &redeem_fields(&code));
    assert_eq!(refusal(&mut s.world, command.clone()), (400, "invalid_grant".into()));
    let tokens = s.redeem(&code).1;
    // Nor does a replay by the thief revoke what the owner has.
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    assert!(s.is_active(&tokens["access_token"]));
}

#[test]
fn az_045_a_code_is_over_at_its_lifetime_exactly() {
    for (seconds, status) in [(59, 200), (60, 400), (61, 400)] {
        let mut s = Setting::opaque();
        let code = s.code();
        s.world.advance(seconds);
        assert_eq!(s.redeem(&code).0, status, "{seconds}");
    }
}

#[test]
fn az_045_the_lifetime_of_a_code_has_a_cap() {
    let config = World::config(json!({ "lifetimes": { "code": "11m" } }));
    assert!(claviger_core::Engine::open(config.to_string().as_bytes()).is_err());
}

#[test]
fn az_047_codes_are_distinct_long_and_not_stored() {
    let mut s = Setting::opaque();
    s.code();
    let query = s.query(&[]);
    let mut codes = BTreeSet::new();
    for _ in 0..2000 {
        let interaction = s.browser.begin(&mut s.world, &query);
        let answer = s.browser.allow(&mut s.world, &interaction, &["read"]);
        codes.insert(location_parameter(&answer, "code").unwrap());
    }
    assert_eq!(codes.len(), 2000);
    let dump = s.world.store.dump();
    // A nonce, an id and a secret of 128 bits and more each, none of them in the store.
    assert!(codes.iter().all(|code| code.len() > 4 + (24 + 16 + 16) * 4 / 3 && !dump.contains(&code[4..])));
}

#[test]
fn az_084_a_form_that_another_site_posts_grants_nothing() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let forged = |s: &Setting, path: &str, headers: Value, body: &str| {
        let mut command = s.browser.post_command(path, body);
        let list = command["http"]["headers"].as_array_mut().unwrap();
        list.truncate(2);
        list.extend(headers.as_array().unwrap().iter().cloned());
        command
    };
    let good = decision(&interaction);
    let password = form(&[("interaction", &interaction), ("login", "ada"), ("password", "correct horse")]);
    for (path, body) in [("/consent", &good), ("/sign-in", &password)] {
        for headers in [
            json!([["origin", "https://evil.example"]]),
            json!([["origin", "https://auth.example.com.evil.example"]]),
            json!([["origin", "http://auth.example.com"]]),
            json!([["sec-fetch-site", "cross-site"], ["origin", "null"]]),
            json!([["sec-fetch-site", "same-site"]]),
            json!([["sec-fetch-site", "none"]]),
        ] {
            let command = forged(&s, path, headers.clone(), body);
            assert_eq!(refused(&mut s, command), 403, "{path} {headers}");
        }
        let command = s.browser.post_command(path, "decision=allow&scope=read&login=ada&password=correct+horse");
        assert_eq!(refused(&mut s, command), 403, "{path} without its interaction");
    }
}

#[test]
fn az_085_an_interaction_is_answered_only_in_its_own_browser() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let mut other = Browser::new();
    let query = s.query(&[]);
    let own = other.begin(&mut s.world, &query);
    other.sign_in(&mut s.world, &own, "ada", "correct horse");
    let page = form(&[("interaction", &interaction)]);
    for command in [
        other.get_command(&format!("/sign-in?{page}")),
        other.get_command(&format!("/consent?{page}")),
        other.post_command("/consent", &decision(&interaction)),
        Browser::new().post_command("/consent", &decision(&interaction)),
    ] {
        assert_eq!(refused(&mut s, command), 403);
    }
    for command in ["get", "deny", "consent"] {
        let ask =
            json!({ format!("interactions.{command}"): { "handle": interaction, "cookie": other.cookie_header() } });
        assert_eq!(s.world.refused(ask), "forbidden");
    }
    assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 303);
}

#[test]
fn az_086_consent_grants_nothing_that_was_not_asked_for() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    for scopes in [&["read", "write"][..], &["write"], &["openid"], &["read write"]] {
        let mut fields = vec![("interaction", interaction.as_str()), ("decision", "allow")];
        fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let command = s.browser.post_command("/consent", &form(&fields));
        assert_eq!(refused(&mut s, command), 400, "{scopes:?}");
    }
    let extra = format!("{}&resource=https%3A%2F%2Fapi.example.com", decision(&interaction));
    let answer = s.browser.post(&mut s.world, "/consent", &extra);
    let tokens = s.redeem(&location_parameter(&answer, "code").unwrap()).1;
    assert_eq!(s.introspect(text(&tokens["access_token"]))["aud"], World::ISSUER);
}

#[test]
fn az_086_a_scope_that_the_client_lost_while_the_person_decided_is_not_granted() {
    for own_pages in [true, false] {
        let mut s = Setting::opaque();
        let query = s.query(&[("scope", Some("read write"))]);
        let handle = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &handle, "ada", PASSWORD);
        s.world.ok(json!({ "clients.update": { "id": s.client, "scopes": ["read"] } }));
        let answer = if own_pages {
            let page = s.browser.get(&mut s.world, &format!("/consent?{}", form(&[("interaction", &handle)])));
            assert!(!text(&page["body"]).contains("Change your things"), "{page}");
            // The page was shown before.
            let answer = s.browser.allow(&mut s.world, &handle, &["read", "write"]);
            location_parameter(&answer, "code")
        } else {
            let arguments = json!({ "handle": handle, "cookie": s.browser.cookie_header() });
            let shown = s.world.ok(json!({ "interactions.get": arguments }));
            assert_eq!(shown["scopes"].as_array().map(Vec::len), Some(1), "{shown}");
            let onward = s.world.ok(json!({ "interactions.consent": arguments }));
            parameter(text(&onward["location"]), "code")
        };
        assert_eq!(s.redeem(&answer.unwrap()).1["scope"], "read");
    }
}

#[test]
fn a_scope_that_the_client_lost_after_consent_is_not_in_its_token() {
    let mut s = Setting::opaque();
    let code = s.code();
    s.world.ok(json!({ "clients.update": { "id": s.client, "scopes": ["write"] } }));
    let tokens = s.redeem(&code).1;
    assert_eq!(tokens.get("scope"), None);
    assert_eq!(s.introspect(text(&tokens["access_token"])).get("scope"), None);
}

#[test]
fn az_089_what_ended_between_authorization_and_token_gives_no_token() {
    type End = fn(&Setting) -> Value;
    let ends: [(End, &str); 5] = [
        (|s| json!({ "clients.delete": { "id": s.client } }), "invalid_client"),
        (|s| json!({ "clients.update": { "id": s.client, "disabled": true } }), "invalid_client"),
        (|s| json!({ "accounts.update": { "id": s.subject, "disabled": true } }), "invalid_grant"),
        (
            |s| json!({ "clients.update": { "id": s.client, "redirectUris": ["https://other.example/"] } }),
            "invalid_grant",
        ),
        (|s| json!({ "clients.update": { "id": s.client, "grantTypes": ["refresh_token"] } }), "unauthorized_client"),
    ];
    for (end, error) in ends {
        let mut s = Setting::opaque();
        let code = s.code();
        s.world.ok(end(&s));
        let command = s.redeem_command(&code);
        assert_eq!(refusal(&mut s.world, command).1, error);
    }
}

#[test]
fn az_089_a_revoked_consent_gives_no_token() {
    let mut s = Setting::opaque();
    let code = s.code();
    let grants = s.world.ok(json!({ "grants.list": { "subject": s.subject } }));
    let id = &grants["items"][0]["id"];
    assert_eq!(s.world.ok(json!({ "grants.revoke": { "subject": s.subject, "id": id } }))["revoked"], true);
    let command = s.redeem_command(&code);
    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
}

#[test]
fn az_093_no_parameter_leads_off_the_origin_after_signing_in() {
    for to in ["//evil", "////evil", "/\\evil", "/%09/evil", "https:evil", "https://evil.example"] {
        let mut s = Setting::opaque();
        let query = s.query(&[]);
        let interaction = s.browser.begin(&mut s.world, &query);
        let mut fields = vec![("interaction", interaction.as_str()), ("login", "ada"), ("password", "correct horse")];
        fields.extend(["return_to", "next", "redirect", "redirect_uri"].map(|name| (name, to)));
        let answer = s.browser.post(&mut s.world, "/sign-in", &form(&fields));
        let location = header(&answer, "location").unwrap();
        assert!(location.starts_with(&format!("{}/consent?interaction=", World::ISSUER)), "{location}");
    }
}

#[test]
fn az_097_the_hosts_own_pages_cannot_skip_a_check() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let cookie = s.browser.cookie_header();
    for handle in ["", "cvi_", "cvi_AAAA", &interaction[..interaction.len() - 1], &format!("{interaction}A")] {
        for command in ["get", "deny", "consent"] {
            let ask = json!({ format!("interactions.{command}"): { "handle": handle, "cookie": cookie } });
            assert_eq!(s.world.refused(ask), "interaction_ended", "{handle}");
        }
    }
    let consent = json!({ "handle": interaction, "cookie": cookie, "scopes": ["write"] });
    assert_eq!(s.world.refused(json!({ "interactions.consent": consent })), "invalid_request");
    // The client is disabled before the host's page consents: looked at again.
    s.world.ok(json!({ "clients.update": { "id": s.client, "disabled": true } }));
    let consent = json!({ "handle": interaction, "cookie": cookie });
    assert_eq!(s.world.refused(json!({ "interactions.consent": consent })), "interaction_ended");
}

#[test]
fn an_interaction_is_over_after_its_lifetime_and_answered_once() {
    let mut s = Setting::opaque();
    let (first, second) = (s.interaction(), s.interaction());
    assert_eq!(s.browser.allow(&mut s.world, &first, &["read"])["status"], 303);
    let command = s.browser.post_command("/consent", &decision(&first));
    assert_eq!(refused(&mut s, command), 400);
    s.world.advance(15 * 60);
    let command = s.browser.post_command("/consent", &decision(&second));
    assert_eq!(refused(&mut s, command), 400);
}

#[test]
fn an_interaction_whose_code_ran_out_unspent_is_still_answered() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    assert_eq!(s.browser.allow(&mut s.world, &interaction, &["read"])["status"], 303);
    // The code is over, the interaction is not, and the store has not removed the row (SF-013).
    s.world.advance(61);
    let command = s.browser.post_command("/consent", &decision(&interaction));
    assert_eq!(refused(&mut s, command), 400);
}

#[test]
fn a_person_who_denies_sends_access_denied_and_stores_nothing() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let before = s.world.store.dump();
    let body = form(&[("interaction", &interaction), ("decision", "deny")]);
    let answer = s.browser.post(&mut s.world, "/consent", &body);
    assert_eq!(crate::check::redirected_error(&answer, CALLBACK, Some("s&t")), "access_denied");
    assert_eq!(s.world.store.dump(), before);
}

/// The consent form as the browser shows it, posted with `decision=allow`.
fn press_allow(s: &mut Setting, page: &Value) -> Value {
    let (_, form_on_page) = text(&page["body"]).rsplit_once("<form").unwrap();
    let hidden = form_on_page.split(r#"type="hidden" name=""#).skip(1).filter_map(|input| {
        let (name, rest) = input.split_once(r#"" value=""#)?;
        Some((name, rest.split_once('"')?.0))
    });
    let mut fields: Vec<(&str, &str)> = hidden.collect();
    fields.extend([("scope", "read"), ("decision", "allow")]);
    s.browser.post(&mut s.world, "/consent", &form(&fields))
}

#[test]
fn consent_is_given_by_whom_the_page_asked_and_by_nobody_who_signed_in_since() {
    let mut s = Setting::opaque();
    s.world.ok(json!({ "accounts.create": { "login": "bob", "password": PASSWORD } }));
    let interaction = s.interaction();
    let path = format!("/consent?interaction={interaction}");
    let asked_ada = s.browser.get(&mut s.world, &path);
    // In another tab of the same browser Bob signs in.
    let query = s.query(&[("prompt", Some("login"))]);
    let other = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &other, "bob", PASSWORD);
    let answer = press_allow(&mut s, &asked_ada);
    assert_eq!(location_parameter(&answer, "code"), None, "{answer}");
    assert!(s.world.store.keys("/grant.").is_empty());
    // He is shown the page, with his name on it.
    assert_eq!(location_parameter(&answer, "interaction").as_deref(), Some(interaction.as_str()));
    let asked_bob = s.browser.get(&mut s.world, &path);
    assert!(!text(&asked_bob["body"]).contains("Ada"), "{asked_bob}");
    assert!(location_parameter(&press_allow(&mut s, &asked_bob), "code").is_some());
}
