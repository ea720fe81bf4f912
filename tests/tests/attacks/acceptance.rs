//! What everything that this engine takes the place of must hold (SEEDS7-1 to SEEDS7-12), where no other test shows all of it.

use claviger_tests::setting::{CALLBACK, Setting, client, post_as, reply, text};
use claviger_tests::{Browser, ClientKey, World, basic, claims_of, form, location_parameter};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};
use crate::device::Tv;
use crate::openid::{provider, signed_in};

const DAY: u64 = 86_400;

#[test]
fn seeds7_1_what_was_revoked_is_never_refreshed_at_any_age_with_grace_and_without() {
    for grace in [0, 10] {
        for all_of_the_person in [false, true] {
            let mut s = Setting::new(json!({ "refreshGrace": grace }), "opaque");
            let first = s.tokens();
            let second = s.refresh(text(&first["refresh_token"])).1;
            if all_of_the_person {
                let revoked = s.world.ok(json!({ "grants.revokeAll": { "subject": s.subject } }));
                assert_eq!(revoked, json!({ "revoked": 1 }));
            } else {
                assert_eq!(s.post("/revoke", &[("token", text(&second["refresh_token"]))]).0, 200);
            }
            for age in [0, 1, 8, 3600, DAY, 29 * DAY, 400 * DAY] {
                s.world.advance(age);
                for tokens in [&second, &first] {
                    let command = s.refresh_command(text(&tokens["refresh_token"]));
                    assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()), "{age}");
                    assert!(!s.is_active(&tokens["access_token"]) && !s.is_active(&tokens["refresh_token"]));
                }
                s.world.ok(json!({ "purge": {} }));
            }
        }
    }
}

#[test]
fn seeds7_4_nothing_but_the_word_itself_is_consent() {
    let strange =
        ["", "false", "0", "1", "true", "yes", "on", "accept", "Allow", "ALLOW", " allow", "allow ", "allow\0", "allo"];
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let answer = |decisions: &[&str]| {
        let mut fields = vec![("interaction", interaction.as_str()), ("scope", "read")];
        fields.extend(decisions.iter().map(|decision| ("decision", *decision)));
        s.browser.post_command("/consent", &form(&fields))
    };
    let twice: [&[&str]; 3] = [&[], &["allow", "allow"], &["deny", "allow"]];
    let answers: Vec<Value> = strange.iter().map(|word| answer(&[word])).chain(twice.map(answer)).collect();
    for command in answers {
        let response = send_unchanged(&mut s.world, command.clone());
        assert_eq!(response["status"], 400, "{command}");
        assert_eq!(location_parameter(&response, "code"), None, "{command}");
    }
    let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
    assert!(location_parameter(&allowed, "code").is_some(), "{allowed}");

    let mut tv = Tv::with("opaque");
    let asked = tv.start(&[]);
    let (handle, _) = tv.enter(text(&asked["user_code"]));
    for word in strange {
        let command = tv.decide_command(&handle, word);
        assert_eq!(send_unchanged(&mut tv.s.world, command)["status"], 400, "{word}");
        assert_eq!(tv.poll_error(&asked), "authorization_pending", "{word}");
        tv.s.world.advance(20);
    }
}

#[test]
fn seeds7_8_redemptions_and_questions_of_many_at_once_mix_nothing_up() {
    const PEOPLE: usize = 16;
    let mut s = Setting::new(json!({}), "opaque");
    let mut redemptions = Vec::new();
    for number in 0..PEOPLE {
        let login = format!("person{number}");
        let account = s.world.ok(json!({ "accounts.create": { "login": login, "password": "correct horse" } }));
        (s.client, s.secret) = client(&mut s.world, json!({ "accessToken": "opaque" }));
        s.browser = Browser::new();
        let query = s.query(&[]);
        let interaction = s.browser.begin(&mut s.world, &query);
        s.browser.sign_in(&mut s.world, &interaction, &login, "correct horse");
        let allowed = s.browser.allow(&mut s.world, &interaction, &["read"]);
        let command = s.redeem_command(&location_parameter(&allowed, "code").unwrap());
        redemptions.push((command, account["id"].clone(), s.client.clone(), basic(&s.client, &s.secret)));
    }
    let tokens: Vec<Value> = interleaved(&mut s.world, redemptions.iter().map(|one| &one.0))
        .iter()
        .map(|done| reply(&done["ok"]).1["access_token"].clone())
        .collect();
    let questions: Vec<Value> = tokens
        .iter()
        .zip(&redemptions)
        .map(|(token, (_, _, _, authorization))| post_as(authorization, "/introspect", &[("token", text(token))]))
        .collect();
    let answers = interleaved(&mut s.world, questions.iter());
    for (answer, (_, subject, client, _)) in answers.iter().zip(&redemptions) {
        let (_, body) = reply(&answer["ok"]);
        assert_eq!((&body["sub"], &body["client_id"]), (subject, &json!(client)), "{body}");
    }
}

/// Begins all of them and answers each question of each in turn, the last that was begun first; gives the ends.
fn interleaved<'a>(world: &mut World, commands: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut steps: Vec<Value> = commands.map(|command| world.begin(command.clone())).collect();
    while steps.iter().any(|step| step.get("done").is_none()) {
        for step in steps.iter_mut().rev().filter(|step| step.get("done").is_none()) {
            let answer = world.store.answer(&step["ask"]);
            *step = world.resume(&step["flow"], answer);
        }
    }
    steps.into_iter().map(|step| step["done"].clone()).collect()
}

/// Everything that takes an access token, asked with this one: each must refuse it.
fn nothing_takes(s: &mut Setting, token: &str) {
    assert_eq!(s.world.refused(json!({ "tokens.verify": { "token": token } })), "invalid_token", "{token}");
    let headers = json!([["authorization", format!("Bearer {token}")]]);
    assert_eq!(s.world.refused(json!({ "authenticate": { "headers": headers } })), "invalid_token", "{token}");
    assert_eq!(userinfo(s, token), 401, "{token}");
}

fn userinfo(s: &mut Setting, token: &str) -> u64 {
    let headers = json!([["authorization", format!("Bearer {token}")]]);
    let url = format!("{}/userinfo", World::ISSUER);
    let response = send(&mut s.world, json!({ "http": { "method": "GET", "url": url, "headers": headers } }));
    response["status"].as_u64().unwrap_or_default()
}

#[test]
fn seeds7_9_a_token_of_another_kind_and_one_that_says_not_of_which_are_refused_whoever_signed_them() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": "jwt" } }));
    // A key of the issuer that signs whatever it likes.
    let made = s.world.ok(json!({ "keys.pair": { "algorithm": "EdDSA" } }));
    s.world.ok(json!({ "keys.import": { "jwk": made["privateJwk"], "activate": true } }));
    let key = ClientKey::of_jwk(&made["privateJwk"].to_string());
    let tokens = signed_in(&mut s, "openid read", &[]);
    let (access, refresh) = (text(&tokens["access_token"]).to_owned(), text(&tokens["refresh_token"]).to_owned());
    let claims = claims_of(&access);
    let kid = made["publicJwk"]["kid"].clone();
    let signed = |typ: Value, changes: Value| {
        let mut header = json!({ "alg": "EdDSA", "kid": kid, "typ": typ });
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let mut claims = claims.clone();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        key.sign(&header, &claims)
    };
    // What is good, so that nothing below is refused for another reason.
    let good = signed(json!("at+jwt"), json!({}));
    s.world.ok(json!({ "tokens.verify": { "token": good } }));
    assert_eq!(userinfo(&mut s, &good), 200);
    let bad = [
        signed(Value::Null, json!({})),
        signed(json!(""), json!({})),
        signed(json!("JWT"), json!({})),
        signed(json!("rt+jwt"), json!({})),
        signed(json!("at+jwt"), json!({ "aud": null })),
        signed(json!("at+jwt"), json!({ "aud": [] })),
        signed(json!("at+jwt"), json!({ "aud": "" })),
        signed(json!("at+jwt"), json!({ "iss": null })),
        signed(json!("at+jwt"), json!({ "exp": null })),
        refresh,
        text(&tokens["id_token"]).to_owned(),
    ];
    for token in &bad {
        nothing_takes(&mut s, token);
    }
    for token in [&access, &good] {
        let command = s.refresh_command(token);
        assert_eq!(refusal(&mut s.world, command), (400, "invalid_grant".into()));
    }
}

#[test]
fn seeds7_10_forged_tokens_change_nothing_at_sign_out() {
    let mut s = provider(json!({}));
    s.world.ok(json!({ "clients.update": { "id": s.client, "openid": { "postLogoutRedirectUris": [CALLBACK] } } }));
    let tokens = signed_in(&mut s, "openid read", &[]);
    let own = text(&tokens["id_token"]).to_owned();
    let forger = ClientKey::new(claviger_core::key::Algorithm::EdDSA, 7);
    let parts: Vec<&str> = own.split('.').collect();
    let forged = [
        forger.sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims_of(&own)),
        format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        own[..own.len() - 1].to_owned(),
        text(&tokens["access_token"]).to_owned(),
        "x".to_owned(),
        "..".to_owned(),
    ];
    let stranger = Browser::new();
    for hint in &forged {
        for fields in [
            &[("id_token_hint", hint.as_str())][..],
            &[("id_token_hint", hint), ("post_logout_redirect_uri", CALLBACK)],
            &[("id_token_hint", hint), ("client_id", &s.client)],
            &[("logout_token", hint)],
            &[("id_token_hint", hint), ("decision", "sign_out")],
        ] {
            let body = form(fields);
            for browser in [&s.browser, &stranger] {
                for command in [browser.get_command(&format!("/logout?{body}")), browser.post_command("/logout", &body)]
                {
                    send_unchanged(&mut s.world, command);
                }
            }
        }
    }
    assert!(s.is_active(&tokens["access_token"]) && s.is_active(&tokens["refresh_token"]));
    let headers = json!([["cookie", s.browser.cookie_header()]]);
    s.world.ok(json!({ "authenticate": { "headers": headers } }));
}

#[test]
fn seeds7_12_whoever_is_disabled_fails_everywhere_at_once() {
    for form in ["opaque", "jwt"] {
        for of_client in [false, true] {
            let mut s = provider(json!({}));
            s.world.ok(json!({ "clients.update": { "id": s.client, "accessToken": form } }));
            let tokens = signed_in(&mut s, "openid read", &[]);
            let access = text(&tokens["access_token"]).to_owned();
            let verify = json!({ "tokens.verify": { "token": access, "revocation": "check" } });
            let guard = json!({ "authenticate": { "headers": [["authorization", format!("Bearer {access}")]], "revocation": "check" } });
            let by_cookie = json!({ "authenticate": { "headers": [["cookie", s.browser.cookie_header()]] } });
            let introspect = json!({ "tokens.introspect": { "token": access } });
            s.world.ok(verify.clone());
            s.world.ok(guard.clone());
            s.world.ok(by_cookie.clone());
            assert_eq!(
                (s.world.ok(introspect.clone())["active"].clone(), userinfo(&mut s, &access)),
                (json!(true), 200)
            );
            let disable = if of_client {
                json!({ "clients.update": { "id": s.client, "disabled": true } })
            } else {
                json!({ "accounts.update": { "id": s.subject, "disabled": true } })
            };
            s.world.ok(disable);
            assert_eq!(s.world.refused(verify), "invalid_token", "{form}");
            assert_eq!(s.world.refused(guard), "invalid_token", "{form}");
            assert_eq!(s.world.ok(introspect), json!({ "active": false }), "{form}");
            assert_eq!(userinfo(&mut s, &access), 401, "{form}");
            let expected = if of_client { (401, "invalid_client") } else { (400, "invalid_grant") };
            let command = s.refresh_command(text(&tokens["refresh_token"]));
            let (status, code) = refusal(&mut s.world, command);
            assert_eq!((status, code.as_str()), expected, "{form}");
            // A person is signed out with that; of a client, its person is not.
            assert_eq!(s.world.run(by_cookie).get("ok").is_some(), of_client);
        }
    }
}
