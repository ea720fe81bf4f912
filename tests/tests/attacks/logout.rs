//! RP-initiated logout (LO-002 to LO-009): who is signed out without being asked, and where the browser may go then.

use claviger_core::key::Algorithm;
use claviger_tests::setting::{PASSWORD, Setting, client, header, post_raw, text};
use claviger_tests::{Browser, ClientKey, World, claims_of, form};
use serde_json::{Value, json};

use crate::check::{hold_everywhere, is_error_page};
use crate::openid::{provider, signed_in};

const BYE: &str = "https://app.example.com/bye";

/// A provider at which Ada has signed in to a client that may be gone back to; the ID token.
fn after_sign_in(changes: Value) -> (Setting, Value) {
    let mut s = provider(changes);
    let openid = json!({ "postLogoutRedirectUris": [BYE, "https://app.example.com/bye?a=b"] });
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": openid } }));
    let tokens = signed_in(&mut s, "openid read", &[]);
    (s, tokens)
}

fn logout(s: &mut Setting, fields: &[(&str, &str)]) -> Value {
    let answer = s.browser.get(&mut s.world, &format!("/logout?{}", form(fields)));
    hold_everywhere(&answer);
    answer
}

fn is_signed_in(s: &mut Setting) -> bool {
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    s.world.run(json!({ "authenticate": { "headers": headers } })).get("ok").is_some()
}

fn asks(answer: &Value) -> bool {
    answer["status"] == 200 && header(answer, "location").is_none() && text(&answer["body"]).contains("Sign out?")
}

fn says_goodbye(answer: &Value) -> bool {
    answer["status"] == 200
        && header(answer, "location").is_none()
        && text(&answer["body"]).contains("You are signed out")
}

/// Answers the page.
fn answer(s: &mut Setting, page: &Value, decision: &str) -> Value {
    let body = text(&page["body"]);
    let confirmation = body.split("name=\"confirmation\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = form(&[("confirmation", confirmation), ("decision", decision)]);
    let answer = s.browser.post(&mut s.world, "/logout", &fields);
    hold_everywhere(&answer);
    answer
}

#[test]
fn lo_001_an_application_ends_its_own_session_and_gets_the_browser_back() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    let cookie = s.browser.cookie_header();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s&t")];
    let answer = logout(&mut s, &fields);
    assert_eq!(
        (answer["status"].as_u64(), header(&answer, "location")),
        (Some(303), Some(&*format!("{BYE}?state=s%26t")))
    );
    assert!(header(&answer, "set-cookie").unwrap().contains("Max-Age=0"), "{answer}");
    let old = s.world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }));
    assert_eq!(old["refused"]["code"], "unauthenticated", "whoever kept the cookie is out too");
    assert!(s.world.store.keys("/session.").is_empty());
    let again = logout(&mut s, &fields);
    assert_eq!(header(&again, "location"), header(&answer, "location"), "to sign out twice is no error");
}

#[test]
fn lo_001_a_query_of_the_address_stays_and_ui_locales_is_no_error() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    let back = "https://app.example.com/bye?a=b";
    let fields =
        [("id_token_hint", &*hint), ("post_logout_redirect_uri", back), ("state", "x"), ("ui_locales", "de fr")];
    let answer = logout(&mut s, &fields);
    assert_eq!(header(&answer, "location"), Some("https://app.example.com/bye?a=b&state=x"));
}

#[test]
fn lo_002_an_address_that_is_not_registered_byte_for_byte_is_not_gone_to() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    for bad in [
        "https://evil.example/",
        "https://app.example.com/bye?x=y",
        "https://app.example.com/bye/",
        "https://app.example.com/Bye",
        "https://app.example.com/bye#x",
        "https://app.example.com/cb",
        "https://APP.example.com/bye",
        "javascript:alert(1)",
    ] {
        for client in [&[("id_token_hint", &*hint)][..], &[("client_id", &*s.client.clone())]] {
            let fields = [client, &[("post_logout_redirect_uri", bad)]].concat();
            assert!(is_error_page(&logout(&mut s, &fields)), "{bad}");
        }
    }
    assert!(is_signed_in(&mut s), "and nobody was signed out");
}

#[test]
fn lo_003_an_address_without_a_client_is_not_gone_to() {
    let (mut s, _) = after_sign_in(json!({}));
    let page = logout(&mut s, &[("post_logout_redirect_uri", BYE), ("state", "x")]);
    assert!(asks(&page), "{page}");
    let gone = answer(&mut s, &page, "sign_out");
    assert!(says_goodbye(&gone) && !is_signed_in(&mut s), "{gone}");
    let nobody = logout(&mut s, &[("post_logout_redirect_uri", BYE)]);
    assert!(says_goodbye(&nobody), "{nobody}");
}

#[test]
fn lo_003_a_client_that_is_named_without_a_hint_gets_the_browser_back_once_the_person_says_so() {
    let (mut s, _) = after_sign_in(json!({}));
    let client = s.client.clone();
    let page = logout(&mut s, &[("client_id", &client), ("post_logout_redirect_uri", BYE), ("state", "x")]);
    assert!(asks(&page) && text(&page["body"]).contains("app.example.com"), "{page}");
    assert!(header(&page, "content-security-policy").unwrap().contains("form-action 'self' https:"));
    let gone = answer(&mut s, &page, "sign_out");
    assert_eq!(header(&gone, "location"), Some(&*format!("{BYE}?state=x")));
    assert!(!is_signed_in(&mut s));
}

#[test]
fn lo_005_without_parameters_or_with_state_alone_the_person_is_asked() {
    for fields in [&[][..], &[("state", "x")]] {
        let (mut s, _) = after_sign_in(json!({}));
        let page = logout(&mut s, fields);
        assert!(asks(&page) && is_signed_in(&mut s), "{page}");
        let stays = answer(&mut s, &page, "stay");
        assert!(
            stays["status"] == 200 && text(&stays["body"]).contains("signed in") && is_signed_in(&mut s),
            "{stays}"
        );
        let gone = answer(&mut s, &page, "sign_out");
        assert!(says_goodbye(&gone) && !is_signed_in(&mut s), "{gone}");
    }
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    assert!(says_goodbye(&logout(&mut s, &[("id_token_hint", &hint), ("state", "x")])));
    assert!(!is_signed_in(&mut s));
}

#[test]
fn lo_006_a_hint_may_be_over() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    s.world.advance(2 * 86_400);
    let answer = logout(&mut s, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]);
    assert_eq!(header(&answer, "location"), Some(BYE));
    assert!(!is_signed_in(&mut s));
}

#[test]
fn lo_006_what_this_issuer_did_not_sign_as_an_id_token_is_no_hint() {
    let (mut s, tokens) = after_sign_in(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": "jwt" } }));
    let access_token = text(&signed_in(&mut s, "openid", &[])["access_token"]).to_owned();
    let own = text(&tokens["id_token"]).to_owned();
    let foreign = ClientKey::new(Algorithm::EdDSA, 7).sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims_of(&own));
    let unsigned = format!("{}.{}.", "eyJhbGciOiJub25lIn0", own.split('.').nth(1).unwrap());
    for bad in [foreign.as_str(), &unsigned, &own[..own.len() - 8], &access_token, "x"] {
        assert!(is_error_page(&logout(&mut s, &[("id_token_hint", bad), ("post_logout_redirect_uri", BYE)])), "{bad}");
    }
    assert!(is_signed_in(&mut s));
}

#[test]
fn lo_007_a_hint_of_somebody_else_signs_nobody_out_who_was_not_asked() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    s.world.ok(json!({ "accounts.create": { "login": "eve", "password": PASSWORD, "name": "Eve" } }));
    let of_ada = std::mem::replace(&mut s.browser, Browser::new());
    let query = s.query(&[]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "eve", PASSWORD);
    let page = logout(&mut s, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]);
    assert!(asks(&page) && text(&page["body"]).contains("Eve") && is_signed_in(&mut s), "{page}");
    let gone = answer(&mut s, &page, "sign_out");
    assert_eq!(header(&gone, "location"), Some(BYE));
    assert!(!is_signed_in(&mut s));
    s.browser = of_ada;
    assert!(is_signed_in(&mut s), "elsewhere nothing changed");
}

#[test]
fn lo_007_a_hint_of_another_session_of_the_same_person_asks() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    s.browser = Browser::new();
    signed_in(&mut s, "openid", &[]);
    assert!(asks(&logout(&mut s, &[("id_token_hint", &hint)])) && is_signed_in(&mut s));
}

#[test]
fn lo_008_a_hint_of_another_client_than_the_one_that_is_named_is_refused() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let (other, _) = client(&mut s.world, json!({ "openid": { "postLogoutRedirectUris": [BYE] } }));
    let hint = text(&tokens["id_token"]).to_owned();
    let fields = [("id_token_hint", hint.as_str()), ("client_id", &other), ("post_logout_redirect_uri", BYE)];
    assert!(is_error_page(&logout(&mut s, &fields)));
    assert!(is_signed_in(&mut s));
    let own = s.client.clone();
    logout(&mut s, &[("id_token_hint", &hint), ("client_id", &own)]);
    assert!(!is_signed_in(&mut s));
}

#[test]
fn lo_009_only_the_page_itself_can_answer_and_only_for_the_session_it_was_shown_in() {
    let (mut s, _) = after_sign_in(json!({}));
    let page = logout(&mut s, &[]);
    let body = text(&page["body"]).to_owned();
    let confirmation = body.split("name=\"confirmation\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = form(&[("confirmation", confirmation), ("decision", "sign_out")]);
    let mut cross_site = s.browser.post_command("/logout", &fields);
    cross_site["http"]["headers"][3] = json!(["sec-fetch-site", "cross-site"]);
    assert_eq!(s.world.ok(cross_site)["status"], 403);
    let mut elsewhere = s.browser.post_command("/logout", &fields);
    elsewhere["http"]["headers"][2] = json!(["origin", "https://evil.example"]);
    assert_eq!(s.world.ok(elsewhere)["status"], 403);
    let forged = form(&[("confirmation", &confirmation[2..]), ("decision", "sign_out")]);
    assert!(is_error_page(&s.browser.post(&mut s.world, "/logout", &forged)));
    // What an attacker is shown in a session of their own ends no other.
    let of_ada = std::mem::replace(&mut s.browser, Browser::new());
    signed_in(&mut s, "openid", &[]);
    let again = s.browser.post(&mut s.world, "/logout", &fields);
    assert!(asks(&again) && is_signed_in(&mut s), "{again}");
    s.browser = of_ada;
    assert!(is_signed_in(&mut s));
    s.world.advance(16 * 60);
    assert!(is_error_page(&s.browser.post(&mut s.world, "/logout", &fields)), "the page is over");
    assert!(is_signed_in(&mut s));
}

#[test]
fn lo_009_a_form_of_the_application_comes_without_cookies_and_comes_back_as_a_get() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    let fields =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b&c"), ("junk", "\r\n")];
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let answer = s.world.ok(post_raw("/logout", &headers, &form(&fields)));
    hold_everywhere(&answer);
    let onward = header(&answer, "location").unwrap().to_owned();
    assert!(answer["status"] == 303 && onward.starts_with(&format!("{}/logout?", World::ISSUER)), "{answer}");
    let answer = s.browser.get(&mut s.world, &onward);
    assert_eq!(header(&answer, "location"), Some(&*format!("{BYE}?state=a%20b%26c")));
    assert!(!is_signed_in(&mut s));
}

#[test]
fn what_was_given_for_the_session_ends_with_it_and_what_was_given_for_longer_does_not() {
    for access_token in ["opaque", "jwt"] {
        let (mut s, tokens) = after_sign_in(json!({}));
        s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": access_token } }));
        let while_away = signed_in(&mut s, "openid offline_access", &[]);
        let plain = signed_in(&mut s, "read", &[]);
        let second = signed_in(&mut s, "openid", &[]);
        let hint = text(&tokens["id_token"]).to_owned();
        logout(&mut s, &[("id_token_hint", &hint)]);
        assert!(!is_signed_in(&mut s), "signed in again in the same browser: the same session");
        for ended in [&tokens, &second] {
            assert!(!s.is_active(&ended["access_token"]) && !s.is_active(&ended["refresh_token"]));
            assert_eq!(s.refresh(text(&ended["refresh_token"])).1["error"], "invalid_grant");
        }
        for lives in [&while_away, &plain] {
            assert!(s.is_active(&lives["access_token"]));
            assert_eq!(s.refresh(text(&lives["refresh_token"])).0, 200);
        }
    }
}

#[test]
fn signing_in_again_keeps_the_sid_and_what_was_given_in_the_session() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let cookie = s.browser.cookie_header();
    s.world.advance(1);
    let again = signed_in(&mut s, "openid", &[("prompt", Some("login"))]);
    assert_ne!(s.browser.cookie_header(), cookie);
    let sid = |tokens: &Value| claims_of(text(&tokens["id_token"]))["sid"].clone();
    assert_eq!(sid(&tokens), sid(&again));
    assert!(s.is_active(&tokens["access_token"]));
    let session = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }))["items"][0]["id"].clone();
    assert_ne!(sid(&tokens), session, "a client is not told the session's own id");
}

#[test]
fn a_session_that_ends_while_the_person_decides_gives_no_sign_in() {
    let (mut s, _) = after_sign_in(json!({}));
    let query = s.query(&[("scope", Some("openid"))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    let fields = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "openid")]);
    let session = s.world.store.keys("/session.")[0].clone();
    let command = s.browser.post_command("/consent", &fields);
    let done = s.world.run_with(command, |ask, number, store| {
        if number == 1 {
            store.answer(&json!({ "commit": { "delete": [session] } }));
        }
        store.answer(ask)
    });
    assert_eq!(done["ok"]["status"], 403, "{done}");
    assert_eq!(s.world.store.keys("/grant.").len(), 1, "the one before");
}

#[test]
fn an_end_that_meets_a_refresh_or_a_failing_store_ends_all_of_it_when_it_is_tried_again() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let hint = text(&tokens["id_token"]).to_owned();
    let command = s.browser.get_command(&format!("/logout?{}", form(&[("id_token_hint", &hint)])));
    let done = s.world.run_with(command.clone(), |ask, _, store| match ask.get("scan") {
        Some(_) => json!({ "failed": "down" }),
        None => store.answer(ask),
    });
    assert_eq!(done["fault"]["code"], "store_failed");
    assert!(!is_signed_in(&mut s) && s.is_active(&tokens["access_token"]));
    let mut lost = false;
    let done = s.world.run_with(command, |ask, _, store| {
        if ask.get("commit").is_some() && !std::mem::replace(&mut lost, true) {
            return json!({ "commit": "stale" });
        }
        store.answer(ask)
    });
    assert!(lost && done["ok"]["status"] == 200, "{done}");
    assert!(!s.is_active(&tokens["access_token"]) && !s.is_active(&tokens["refresh_token"]));
}

#[test]
fn a_person_who_is_disabled_or_signed_out_everywhere_has_no_session_left() {
    for command in ["accounts.update", "sessions.revokeAll"] {
        let (mut s, tokens) = after_sign_in(json!({}));
        let first = std::mem::replace(&mut s.browser, Browser::new());
        signed_in(&mut s, "openid", &[]);
        s.world.take_events();
        match command {
            "accounts.update" => _ = s.world.ok(json!({ command: { "id": s.subject, "disabled": true } })),
            _ => assert_eq!(s.world.ok(json!({ command: { "subject": s.subject } })), json!({ "revoked": 2 })),
        }
        let ended = s.world.take_event_names().iter().filter(|name| *name == "session.revoked").count();
        assert_eq!((ended, s.world.store.keys("/session.").len()), (2, 0));
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "disabled": false } }));
        assert!(!is_signed_in(&mut s) && !s.is_active(&tokens["access_token"]));
        s.browser = first;
        assert!(!is_signed_in(&mut s));
    }
}

#[test]
fn without_openid_connect_there_is_no_such_endpoint() {
    let mut s = Setting::opaque();
    assert_eq!(s.browser.get(&mut s.world, "/logout")["status"], 404);
}

#[test]
fn a_cookie_that_the_session_had_before_ends_nothing_of_it() {
    let (mut s, tokens) = after_sign_in(json!({}));
    let page = logout(&mut s, &[]);
    let former = s.browser.clone();
    s.world.advance(1);
    signed_in(&mut s, "openid", &[("prompt", Some("login"))]);
    let now = std::mem::replace(&mut s.browser, former);
    let held = s.world.store.dump();
    let hint = text(&tokens["id_token"]).to_owned();
    logout(&mut s, &[("id_token_hint", &hint)]);
    answer(&mut s, &page, "sign_out");
    assert_eq!(s.world.store.dump(), held);
    s.browser = now;
    assert!(is_signed_in(&mut s));
    let token = &tokens["access_token"];
    assert_eq!(s.world.ok(json!({ "tokens.introspect": { "token": token } }))["active"], true);
}
