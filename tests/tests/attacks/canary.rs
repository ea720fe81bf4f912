//! No secret where it does not belong (AZ-098, TK-070, G4).

use claviger_tests::setting::{CALLBACK, PASSWORD, Setting, authorization_query, post_as, redeem_fields, reply, text};
use claviger_tests::{Browser, World, basic, form, location_parameter};
use serde_json::{Value, json};

/// Every secret that a whole life of a grant brings forth, apart from those that the responses meant for their owner carry.
fn live(s: &mut Setting) -> Vec<String> {
    let code = s.code();
    let first = s.redeem(&code).1;
    let second = s.refresh(text(&first["refresh_token"])).1;
    s.introspect(text(&second["access_token"]));
    s.post("/revoke", &[("token", text(&second["access_token"]))]);
    s.redeem(&code);
    s.refresh(text(&second["refresh_token"]));
    let cookies = s.browser.cookie_header();
    let values = cookies.split("; ").filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned());
    let mut secrets: Vec<String> = values.collect();
    secrets.extend([code, s.secret.clone(), PASSWORD.to_owned(), World::SECRET.to_owned()]);
    secrets.extend(
        [&first, &second]
            .iter()
            .flat_map(|tokens| ["access_token", "refresh_token"].map(|name| text(&tokens[name]).to_owned())),
    );
    secrets.push(claviger_tests::VERIFIER.to_owned());
    secrets
}

fn assert_free_of(secrets: &[String], what: &str, where_: &str) {
    for secret in secrets {
        // Without its prefix, and by its middle: no part of it either.
        let part = if secret.len() > 40 { &secret[10..34] } else { secret };
        assert!(!what.contains(part), "{secret} in {where_}");
    }
}

#[test]
fn az_098_tk_070_events_store_and_errors_carry_no_secret() {
    for form in ["opaque", "jwt"] {
        let mut s = Setting::new(json!({}), form);
        let secrets = live(&mut s);
        let events = s.world.take_events();
        assert!(events.len() > 8, "{events:?}");
        assert_free_of(&secrets, &json!(events).to_string(), "events");
        assert_free_of(&secrets, &s.world.store.dump(), "the store");
    }
}

#[test]
fn az_098_refusals_and_faults_carry_no_secret() {
    let mut s = Setting::opaque();
    let code = s.code();
    let tokens = s.tokens();
    let secrets = vec![
        code.clone(),
        text(&tokens["access_token"]).to_owned(),
        text(&tokens["refresh_token"]).to_owned(),
        s.secret.clone(),
        claviger_tests::VERIFIER.to_owned(),
    ];
    let commands = [
        s.redeem_command(&code),
        s.refresh_command(text(&tokens["refresh_token"])),
        s.post_command("/introspect", &[("token", text(&tokens["access_token"]))]),
        json!({ "tokens.verify": { "token": tokens["access_token"] } }),
        json!({ "tokens.verify": { "token": tokens["access_token"], "nonsense": tokens["refresh_token"] } }),
    ];
    for command in commands {
        for answer in [json!({ "failed": "down" }), json!({ "rows": [] }), json!({ "verified": true }), json!(7)] {
            let done = s.world.run_with(command.clone(), |_, _, _| answer.clone());
            assert_free_of(&secrets, &done.to_string(), "a fault");
        }
        let mut bad = command.clone();
        if bad.get("http").is_some() {
            bad["http"]["headers"] = json!([["content-type", "application/x-www-form-urlencoded"]]);
            let done: Value = s.world.run(bad);
            assert_free_of(&secrets, &done.to_string(), "a refusal");
        }
    }
}

#[test]
fn az_098_debug_output_carries_no_secret() {
    let mut s = Setting::opaque();
    let code = s.code();
    let command = s.redeem_command(&code);
    let call = s.world.call(command);
    let seed = text(&call["seed"]).to_owned();
    let parsed: claviger_core::call::Call = serde_json::from_value(call).unwrap();
    let shown = format!("{parsed:?}");
    assert!(shown.contains("/token"), "{shown}");
    assert_free_of(&[code, s.secret.clone(), seed, claviger_tests::VERIFIER.to_owned()], &shown, "Debug of a call");
}

/// A command to its end by the typed doors, each call, step and answer shown as a log might show it; the end as JSON.
fn shown(world: &mut World, engine: &mut claviger_core::Engine, command: Value) -> (String, Value) {
    let call: claviger_core::call::Call = serde_json::from_value(world.call(command)).unwrap();
    let mut log = format!("{call:?}\n");
    let mut step = engine.begin(call);
    loop {
        log += &format!("{step:?}\n{step:#?}\n");
        let said = serde_json::to_value(&step).unwrap();
        let Some(ask) = said.get("ask") else { return (log, said["done"].clone()) };
        let answer = match ask {
            ask if ask.get("subject").is_some() => json!({ "subject": { "id": "ada" } }),
            ask if ask.get("derive").is_some() => {
                let derived = claviger_core::derive_json(ask["derive"].to_string().as_bytes());
                serde_json::from_slice(&derived).unwrap()
            }
            ask => world.store.answer(ask),
        };
        let resume = json!({ "flow": said["flow"], "answer": answer });
        let resume: claviger_core::call::Resume = serde_json::from_value(resume).unwrap();
        log += &format!("{resume:?}\n");
        step = engine.resume(resume);
    }
}

#[test]
fn az_098_hw_021_debug_of_calls_steps_and_answers_carries_no_secret() {
    let config = World::config(json!({ "capabilities": ["derive", "subject"] })).to_string();
    let mut engine = claviger_core::Engine::open(config.as_bytes()).unwrap();
    let mut world = World::new();
    let mut secrets = vec![PASSWORD.to_owned(), claviger_tests::VERIFIER.to_owned()];
    let mut log = String::new();
    let mut run = |log: &mut String, world: &mut World, command: Value| {
        let (shown, done) = shown(world, &mut engine, command);
        log.push_str(&shown);
        assert!(done.get("ok").is_some(), "{done}");
        done["ok"].clone()
    };
    let account = json!({ "accounts.create": { "login": "ada", "password": PASSWORD } });
    run(&mut log, &mut world, account);
    let create = json!({ "clients.create": { "name": "App", "redirectUris": [CALLBACK], "accessToken": "opaque" } });
    let made = run(&mut log, &mut world, create);
    let (client, secret) = (text(&made["client"]["id"]), text(&made["secret"]).to_owned());
    let mut browser = Browser::new();
    let query = authorization_query(client, &[]);
    let begun = run(&mut log, &mut world, browser.get_command(&format!("/authorize?{query}")));
    browser.keep(&begun);
    let interaction = location_parameter(&begun, "interaction").unwrap();
    let fields = [("interaction", interaction.as_str()), ("login", "ada"), ("password", PASSWORD)];
    let signed_in = run(&mut log, &mut world, browser.post_command("/sign-in", &form(&fields)));
    browser.keep(&signed_in);
    let fields = [("interaction", interaction.as_str()), ("decision", "allow"), ("scope", "read")];
    let allowed = run(&mut log, &mut world, browser.post_command("/consent", &form(&fields)));
    let code = location_parameter(&allowed, "code").unwrap();
    let redeem = post_as(&basic(client, &secret), "/token", &redeem_fields(&code));
    let (status, tokens) = reply(&run(&mut log, &mut world, redeem));
    assert_eq!(status, 200, "{tokens}");
    secrets.extend(browser.cookie_header().split("; ").filter_map(|pair| Some(pair.split_once('=')?.1.to_owned())));
    secrets.extend([secret, code, interaction]);
    secrets.extend(["access_token", "refresh_token"].map(|name| text(&tokens[name]).to_owned()));
    assert!(log.contains("SignIn {") && log.contains("Commit(") && log.contains("Response {"), "{log}");
    assert_free_of(&secrets, &log, "Debug");
    // Rows hold what secrets are made of.
    assert!(!log.contains("salt") && !log.contains("$argon2id$"), "{log}");
}

#[test]
fn hw_021_debug_of_an_engine_shows_no_secret() {
    let config = World::config(json!({}));
    let engine = claviger_core::Engine::open(config.to_string().as_bytes()).unwrap();
    assert!(!format!("{engine:?}").contains(World::SECRET));
}

const CANARY: &str = "canary-4f9bX, expected a pony at line 1";

/// `good` once for each place in it, with what stands there put in a text, a list, an object, a number, nothing.
fn bent(good: &Value) -> Vec<Value> {
    let mut all =
        vec![json!(CANARY), json!([CANARY]), json!({ CANARY: CANARY }), json!(null), json!(48_879_555), json!(0.125)];
    all.retain(|other| other != good);
    if let Some(members) = good.as_object() {
        for (name, inside) in members {
            all.extend(bent(inside).into_iter().map(|inside| {
                let mut bent = good.clone();
                bent[name] = inside;
                bent
            }));
        }
    }
    for (at, inside) in good.as_array().into_iter().flatten().enumerate() {
        all.extend(bent(inside).into_iter().map(|inside| {
            let mut bent = good.clone();
            bent[at] = inside;
            bent
        }));
    }
    all
}

#[test]
fn az_098_a_call_that_cannot_be_read_is_told_without_its_values() {
    let mut s = Setting::opaque();
    let commands = [
        json!({ "http": { "method": "GET", "url": "/", "headers": [["cookie", CANARY]], "body": CANARY, "remote": CANARY } }),
        json!({ "accounts.setPassword": { "id": "x", "password": CANARY } }),
        json!({ "accounts.create": { "login": "né\n", "password": CANARY, "name": null } }),
        json!({ "authenticate": { "headers": [["authorization", CANARY]], "scopes": ["read"] } }),
        json!({ "interactions.complete": { "handle": CANARY, "cookie": CANARY, "subject": "x", "methods": ["pwd"] } }),
        json!({ "purge": { "limit": 3, "dryRun": true } }),
    ];
    let mut refused = 0;
    for command in commands {
        for bent in bent(&s.world.call(command)) {
            for text in [bent.to_string(), bent.to_string().replace(',', "\n,\n").replace(':', " :\t")] {
                let told = s.world.exchange(claviger_tests::scenario::Export::Begin, text.clone());
                if told.contains(r#""done""#) {
                    refused += 1;
                    // The names of commands and members are told.
                    let names = [
                        format!("unknown field `{CANARY}`"),
                        format!("unknown variant `{CANARY}`"),
                        format!("{CANARY}: unknown"),
                    ];
                    let values = names.iter().fold(told.clone(), |told, name| told.replace(name, ""));
                    assert!(!values.contains("canary") && !values.contains("48879555"), "{text}\n{told}");
                }
            }
        }
    }
    assert!(refused > 100);
}

#[test]
fn az_098_a_configuration_that_cannot_be_read_is_told_without_its_secret() {
    for secret in [
        json!(4_887_955_512_345_678_u64),
        json!([4_887_955_512_345_678_u64]),
        json!(-4_887_955_512_345_678_i64),
        json!({ "current": CANARY }),
    ] {
        let config = World::config(json!({ "secret": secret })).to_string();
        let told = format!("{:?}", claviger_core::Engine::open(config.as_bytes()).unwrap_err());
        assert!(told.contains("secret") && !told.contains("48879555") && !told.contains("canary"), "{told}");
    }
}
