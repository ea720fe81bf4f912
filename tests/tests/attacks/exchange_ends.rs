//! What ends with a token that was exchanged, and what comes of many exchanges at once (TK-065).

use claviger_tests::setting::{post_as, reply, text};
use claviger_tests::{basic, claims_of};
use serde_json::{Value, json};

use crate::check::{refusal, send};
use crate::exchange::{ACCESS_TOKEN, BACK, Chain, FRONT, exchange, good, invalid, server};

#[test]
fn tk_065_the_result_lives_no_longer_than_what_it_came_from() {
    let mut chain = Chain::new("jwt");
    let token = chain.token();
    let expires = claims_of(&token)["exp"].clone();
    chain.s.world.advance(600);
    let result = chain.good(&token, &[("resource", BACK)]);
    assert_eq!(result["expires_in"], 300);
    assert_eq!(claims_of(text(&result["access_token"]))["exp"], expires);
    assert_eq!(result["issued_token_type"], ACCESS_TOKEN);
}

#[test]
fn tk_065_whatever_ends_the_grant_or_the_token_ends_the_result() {
    type End = fn(&mut Chain, &Value, &Value);
    let ends: [End; 6] = [
        |chain, tokens, _| {
            chain.s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
        },
        |chain, tokens, _| {
            chain.s.post("/revoke", &[("token", text(&tokens["access_token"]))]);
        },
        |chain, _, result| {
            let command =
                post_as(&basic(&chain.front.0, &chain.front.1), "/revoke", &[("token", text(&result["access_token"]))]);
            chain.s.world.ok(command);
        },
        |chain, _, _| {
            let grants = chain.s.world.ok(json!({ "grants.list": { "subject": chain.s.subject } }));
            let id = &grants["items"][0]["id"];
            chain.s.world.ok(json!({ "grants.revoke": { "subject": chain.s.subject, "id": id } }));
        },
        |chain, _, _| {
            chain.s.world.ok(json!({ "clients.update": { "id": chain.s.client, "disabled": true } }));
        },
        |chain, _, _| {
            chain.s.world.ok(json!({ "clients.delete": { "id": chain.front.0 } }));
        },
    ];
    for form in ["jwt", "opaque"] {
        for (which, end) in ends.iter().enumerate() {
            let mut chain = Chain::new(form);
            let tokens = chain.tokens();
            let result = chain.good(text(&tokens["access_token"]), &[("resource", BACK)]);
            let next = server(&mut chain.s.world, json!({ "resources": [BACK] }));
            let command = exchange(&next, text(&result["access_token"]), &[]);
            let last = good(&mut chain.s.world, command);
            assert!(chain.is_active(&result["access_token"]) && chain.is_active(&last["access_token"]));
            end(&mut chain, &tokens, &result);
            assert!(!chain.is_active(&result["access_token"]), "{form} {which}");
            assert!(!chain.is_active(&last["access_token"]), "{form} {which}: and what came of it");
        }
    }
}

#[test]
fn tk_065_a_token_that_is_forgotten_takes_what_came_of_it_along() {
    for form in ["jwt", "opaque"] {
        let mut chain = Chain::new(form);
        let mut tokens = chain.tokens();
        let first = tokens["access_token"].clone();
        let result = chain.good(text(&first), &[("resource", BACK)])["access_token"].clone();
        for _ in 0..15 {
            tokens = chain.s.refresh(text(&tokens["refresh_token"])).1;
        }
        assert!(chain.is_active(&first) && chain.is_active(&result), "{form}");
        chain.s.refresh(text(&tokens["refresh_token"]));
        assert!(!chain.is_active(&first) && !chain.is_active(&result), "{form}");
        let verify = json!({ "token": result, "audience": BACK, "revocation": "check" });
        assert_eq!(chain.s.world.refused(json!({ "tokens.verify": verify })), "invalid_token", "{form}");
        assert_eq!(chain.refused(text(&result), &[]), invalid("invalid_request"), "{form}");
    }
}

#[test]
fn tk_065_a_row_that_lost_a_token_keeps_nothing_alive_that_came_of_it() {
    type Change = fn(&mut Vec<Value>);
    let changes: [Change; 2] = [|list| drop(list.remove(0)), |list| list[0]["revoked"] = json!(true)];
    for change in changes {
        let mut chain = Chain::new("opaque");
        let token = chain.token();
        let result = chain.good(&token, &[("resource", BACK)])["access_token"].clone();
        assert!(chain.is_active(&result));
        let key = chain.s.world.store.keys("/grant.").remove(0);
        let mut row = chain.s.world.store.value(&key).unwrap();
        change(row["value"]["access_tokens"].as_array_mut().unwrap());
        chain.s.world.store.put(&key, &row.to_string());
        assert!(!chain.is_active(&result));
    }
}

#[test]
fn tk_065_no_exchange_forgets_what_its_own_result_comes_from() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let result = chain.good(&token, &[])["access_token"].clone();
    let others: Vec<Value> = (0..7)
        .map(|_| {
            let other = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
            let command = exchange(&other, &token, &[]);
            good(&mut chain.s.world, command)["access_token"].clone()
        })
        .collect();
    // There are eight, and the oldest is the one that is exchanged now.
    let last = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
    let command = exchange(&last, text(&result), &[]);
    let last = good(&mut chain.s.world, command)["access_token"].clone();
    assert!(chain.is_active(&last) && chain.is_active(&result));
    assert!(!chain.is_active(&others[0]), "the oldest of the others went");
    assert!(others[1..].iter().all(|other| chain.is_active(other)));
}

#[test]
fn tk_065_everybody_whose_hands_it_went_through_must_be_there() {
    for form in ["jwt", "opaque"] {
        let mut chain = Chain::new(form);
        let mut token = chain.token();
        let mut hands = vec![chain.s.client.clone()];
        for _ in 0..4 {
            let next = server(&mut chain.s.world, json!({ "resources": [FRONT] }));
            let command = exchange(&next, &token, &[]);
            token = text(&good(&mut chain.s.world, command)["access_token"]).to_owned();
            hands.push(next.0);
        }
        let token = json!(token);
        for id in &hands {
            assert!(chain.is_active(&token), "{form}");
            assert_eq!(chain.s.world.asked(), &["load"]);
            chain.s.world.ok(json!({ "clients.update": { "id": id, "disabled": true } }));
            assert!(!chain.is_active(&token), "{form}");
            chain.s.world.ok(json!({ "clients.update": { "id": id, "disabled": false } }));
        }
        chain.s.world.ok(json!({ "clients.delete": { "id": hands[1] } }));
        assert!(!chain.is_active(&token), "{form}");
    }
}

#[test]
fn tokens_whose_handles_would_be_too_long_are_not_made() {
    let mut chain = Chain::new("jwt");
    let mut token = chain.token();
    let mut refused = 0;
    for n in 0..4 {
        let id = format!("{n}{}", "\u{6728}".repeat(199));
        let (id, secret) = server(&mut chain.s.world, json!({ "id": id, "resources": [FRONT] }));
        // RFC 6749 section 2.3.1.
        let next = (id.replace('\u{6728}', "%E6%9C%A8"), secret);
        let command = exchange(&next, &token, &[]);
        let (status, body) = reply(&send(&mut chain.s.world, command));
        if status == 200 {
            token = text(&body["access_token"]).to_owned();
            assert!(chain.is_active(&json!(token)), "{n}");
        } else {
            assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
            refused += 1;
        }
    }
    assert_eq!(refused, 1, "three of them fit");
}

#[test]
fn a_client_does_not_act_for_a_person_of_its_own_name() {
    for form in ["jwt", "opaque"] {
        let mut chain = Chain::new(form);
        let token = chain.token();
        let namesake = server(&mut chain.s.world, json!({ "id": chain.s.subject, "resources": [FRONT] }));
        let command = exchange(&namesake, &token, &[]);
        assert_eq!(refusal(&mut chain.s.world, command), invalid("unauthorized_client"));
    }
}

#[test]
fn revoking_a_result_leaves_what_it_came_from() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let result = chain.good(&token, &[("resource", BACK)]);
    // The application may not, since the token is not its own.
    chain.s.post("/revoke", &[("token", text(&result["access_token"]))]);
    assert!(chain.is_active(&result["access_token"]));
    let revoke = [("token", text(&result["access_token"]))];
    let command = post_as(&basic(&chain.front.0, &chain.front.1), "/revoke", &revoke);
    chain.s.world.ok(command);
    assert!(!chain.is_active(&result["access_token"]));
    assert!(chain.is_active(&json!(token)));
    let (_, seen) = chain.s.post("/introspect", &[("token", text(&result["access_token"]))]);
    assert_eq!(seen, json!({ "active": false }));
}

#[test]
fn sixty_four_exchanges_at_once_agree_on_one_token() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let command = chain.command(&token, &[("resource", BACK)]);
    let ends = chain.s.world.race(&command, 64);
    let bodies: Vec<(u64, Value)> = ends.iter().map(|end| reply(&end["ok"])).collect();
    assert!(bodies.iter().all(|one| *one == bodies[0] && one.0 == 200), "{bodies:?}");
    assert!(chain.is_active(&bodies[0].1["access_token"]));
}

#[test]
fn a_grant_that_is_revoked_while_its_token_is_exchanged_gives_nothing_that_lives() {
    let mut chain = Chain::new("opaque");
    let tokens = chain.tokens();
    let step = chain.s.world.begin(chain.command(text(&tokens["access_token"]), &[]));
    let rows = chain.s.world.store.answer(&step["ask"]);
    chain.s.post("/revoke", &[("token", text(&tokens["refresh_token"]))]);
    let mut step = chain.s.world.resume(&step["flow"], rows);
    while step.get("ask").is_some() {
        let answer = chain.s.world.store.answer(&step["ask"]);
        step = chain.s.world.resume(&step["flow"], answer);
    }
    assert_eq!(reply(&step["done"]["ok"]).1["error"], "invalid_request");
}

#[test]
fn the_store_holds_no_token_that_was_exchanged() {
    let mut chain = Chain::new("opaque");
    let token = chain.token();
    let result = chain.good(&token, &[("resource", BACK)]);
    let seen = format!("{}{}", chain.s.world.store.dump(), json!(chain.s.world.take_events()));
    assert!(!seen.contains(&text(&result["access_token"])[10..34]) && !seen.contains(&token[10..34]));
}
