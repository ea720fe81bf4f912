//! What a proof binds, and that it is good once (DP-017, DP-019, DP-028 to DP-035).

use claviger_tests::setting::{authorization_query, client, post_as, reply, text};
use claviger_tests::{ClientKey, Holder, World, basic, claims_of, location_parameter, with_header};
use serde_json::{Value, json};

use crate::check::{refusal, send, send_unchanged};

fn public() -> Holder {
    Holder::public(json!({}), json!({}))
}

fn refused(holder: &mut Holder, command: Value) -> (u64, String) {
    refusal(&mut holder.s.world, command)
}

fn good(holder: &mut Holder, command: Value) -> Value {
    let (status, body) = reply(&send(&mut holder.s.world, command));
    assert_eq!(status, 200, "{body}");
    body
}

fn is(refusal: (u64, String), error: &str) {
    assert_eq!(refusal, (400, error.to_owned()));
}

#[test]
fn dp_033_a_proof_gives_a_token_that_is_bound_to_its_key_in_two_trips() {
    for form in ["jwt", "opaque"] {
        let mut h = Holder::public(json!({}), json!({ "accessToken": form }));
        let code = h.s.code();
        let command = h.redeem_command(&code, &[&h.proof()]);
        h.s.world.ok(json!({ "keys.rotate": {} }));
        let tokens = good(&mut h, command);
        assert_eq!(*h.s.world.asked(), ["load", "commit"]);
        assert_eq!(tokens["token_type"], "DPoP");
        let token = text(&tokens["access_token"]);
        if form == "jwt" {
            assert_eq!(claims_of(token)["cnf"], json!({ "jkt": h.key.jkt() }));
        }
        let introspected = h.s.world.ok(json!({ "tokens.introspect": { "token": token } }));
        assert_eq!(introspected["cnf"], json!({ "jkt": h.key.jkt() }), "{introspected}");
        assert_eq!((&introspected["active"], &introspected["token_type"]), (&json!(true), &json!("DPoP")));
        let command = h.refresh_command(text(&tokens["refresh_token"]), &[&h.proof()]);
        assert_eq!(good(&mut h, command)["token_type"], "DPoP");
        assert_eq!(*h.s.world.asked(), ["load", "commit"]);
    }
}

#[test]
fn without_a_proof_tokens_are_bearer_tokens() {
    let mut h = public();
    let code = h.s.code();
    let command = h.redeem_command(&code, &[]);
    let tokens = good(&mut h, command);
    assert_eq!((&tokens["token_type"], claims_of(text(&tokens["access_token"])).get("cnf")), (&json!("Bearer"), None));
}

#[test]
fn dp_017_a_proof_is_good_once() {
    let mut h = public();
    let (code, proof) = (h.s.code(), h.proof());
    let command = h.redeem_command(&code, &[&proof]);
    let tokens = good(&mut h, command.clone());
    // The very same request again is no second use of the code by whoever has the key: it harms nobody.
    is(refused(&mut h, command), "invalid_dpop_proof");
    let refresh_token = text(&tokens["refresh_token"]).to_owned();
    let again = h.refresh_command(&refresh_token, &[&proof]);
    is(refused(&mut h, again), "invalid_dpop_proof");
    let fresh = h.refresh_command(&refresh_token, &[&h.proof()]);
    good(&mut h, fresh);
}

#[test]
fn jw_045_the_twin_of_a_signature_is_the_same_proof() {
    let mut h = public();
    let (code, proof) = (h.s.code(), h.proof());
    let command = h.redeem_command(&code, &[&proof]);
    let tokens = good(&mut h, command);
    let twin = h.refresh_command(text(&tokens["refresh_token"]), &[&twin_of(&proof)]);
    is(refused(&mut h, twin), "invalid_dpop_proof");
    // It would be good, had the proof not been used.
    let fresh = h.refresh_command(text(&tokens["refresh_token"]), &[&twin_of(&h.proof())]);
    good(&mut h, fresh);
}

/// The same JWS with (r, n - s) for its signature (r, s).
fn twin_of(proof: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let order = URL_SAFE_NO_PAD.decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
    let (input, signature) = proof.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(&order).rev() {
        let digit = i16::from(*n) - i16::from(*s) - borrow;
        borrow = i16::from(digit < 0);
        *s = digit.rem_euclid(256) as u8;
    }
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn dp_019_a_replay_at_the_edge_of_the_window_is_refused() {
    for (made, later) in [(0_i64, 74), (15, 89), (-74, 0)] {
        let mut h = public();
        let code = h.s.code();
        let iat = (h.s.world.now / 1000).saturating_add_signed(made);
        let proof = h.key.proof_with(&h.s.world, "/token", json!({}), json!({ "iat": iat }));
        let command = h.redeem_command(&code, &[&proof]);
        let tokens = good(&mut h, command);
        h.s.world.advance(later);
        // A store that removes what is over, as early as it may, still has the marker.
        let purged = h.s.world.ok(json!({ "purge": {} }));
        assert_eq!(purged["purged"].get("marker"), None, "{purged}");
        let replay = h.refresh_command(text(&tokens["refresh_token"]), &[&proof]);
        is(refused(&mut h, replay), "invalid_dpop_proof");
    }
}

#[test]
fn dp_017_of_64_requests_with_one_proof_one_is_answered() {
    let mut h = public();
    let tokens = h.tokens();
    let command = h.refresh_command(text(&tokens["refresh_token"]), &[&h.proof()]);
    let ends = h.s.world.race(&command, 64);
    let good: Vec<Value> =
        ends.iter().map(|end| reply(&end["ok"])).filter(|(status, _)| *status == 200).map(|(_, body)| body).collect();
    assert_eq!(good.len(), 1);
    for end in &ends {
        let (status, body) = reply(&end["ok"]);
        assert!(status == 200 || body["error"] == "invalid_dpop_proof", "{end}");
    }
    let command = h.refresh_command(text(&good[0]["refresh_token"]), &[&h.proof()]);
    assert_eq!(send(&mut h.s.world, command)["status"], 200, "nobody was punished");
}

#[test]
fn of_64_refreshes_with_proofs_of_their_own_all_get_the_same_tokens() {
    let mut h = public();
    let tokens = h.tokens();
    let refresh_token = text(&tokens["refresh_token"]).to_owned();
    let mut waiting: Vec<Value> = (0..64)
        .map(|_| {
            let command = h.refresh_command(&refresh_token, &[&h.proof()]);
            h.s.world.begin(command)
        })
        .collect();
    let mut bodies = Vec::new();
    while let Some(step) = waiting.pop() {
        if let Some(done) = step.get("done") {
            bodies.push(done["ok"]["body"].clone());
            continue;
        }
        let answer = h.s.world.store.answer(&step["ask"]);
        let next = h.s.world.resume(&step["flow"], answer);
        waiting.insert(0, next);
    }
    assert_eq!(bodies.len(), 64);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert!(text(&bodies[0]).contains("DPoP"), "{}", bodies[0]);
}

#[test]
fn dp_028_a_public_clients_refresh_token_is_bound_to_its_key() {
    let mut h = public();
    let tokens = h.tokens();
    let refresh_token = text(&tokens["refresh_token"]).to_owned();
    let without = h.refresh_command(&refresh_token, &[]);
    is(refused(&mut h, without), "invalid_dpop_proof");
    let other = ClientKey::es256(2).proof(&h.s.world, "/token");
    let by_other = h.refresh_command(&refresh_token, &[&other]);
    is(refused(&mut h, by_other), "invalid_grant");
    let own = h.refresh_command(&refresh_token, &[&h.proof()]);
    let refreshed = good(&mut h, own);
    // The one before, in its grace: the same successor for the same key, and nothing for another.
    let other = ClientKey::es256(2).proof(&h.s.world, "/token");
    let by_other = h.refresh_command(&refresh_token, &[&other]);
    is(refused(&mut h, by_other), "invalid_grant");
    let without = h.refresh_command(&refresh_token, &[]);
    is(refused(&mut h, without), "invalid_dpop_proof");
    let own = h.refresh_command(&refresh_token, &[&h.proof()]);
    assert_eq!(good(&mut h, own), refreshed);
}

/// A public client whose grant began without a proof, and its refresh token.
fn unbound(config: Value) -> (Holder, String) {
    let mut h = Holder::public(config, json!({}));
    let code = h.s.code();
    let command = h.redeem_command(&code, &[]);
    let tokens = good(&mut h, command);
    (h, text(&tokens["refresh_token"]).to_owned())
}

#[test]
fn dp_028_a_family_that_began_without_a_key_is_never_bound_to_one() {
    let (mut h, first) = unbound(json!({}));
    let command = h.refresh_command(&first, &[&h.proof()]);
    let refreshed = good(&mut h, command);
    assert_eq!(refreshed["token_type"], "DPoP", "the access token is");
    let command = h.refresh_command(&first, &[]);
    let again = good(&mut h, command);
    assert_eq!((&again["token_type"], &again["refresh_token"]), (&json!("Bearer"), &refreshed["refresh_token"]));
    let command = h.refresh_command(text(&refreshed["refresh_token"]), &[]);
    good(&mut h, command);
    let command = h.refresh_command(text(&again["refresh_token"]), &[&ClientKey::es256(2).proof(&h.s.world, "/token")]);
    good(&mut h, command);
}

#[test]
fn dp_028_a_thief_with_a_proof_does_not_hide_from_replay_detection() {
    for config in [json!({}), json!({ "refreshGrace": 0 })] {
        let (mut h, stolen) = unbound(config);
        let thief = ClientKey::es256(2);
        let command = h.refresh_command(&stolen, &[&thief.proof(&h.s.world, "/token")]);
        let loot = good(&mut h, command);
        h.s.world.advance(60);
        let command = h.refresh_command(&stolen, &[]);
        let response = send(&mut h.s.world, command);
        assert_eq!(reply(&response).1["error"], "invalid_grant");
        assert!(h.s.world.take_event_names().contains(&"refresh_token.replayed".to_owned()));
        let introspected = h.s.world.ok(json!({ "tokens.introspect": { "token": loot["access_token"] } }));
        assert_eq!(introspected, json!({ "active": false }));
        let command = h.refresh_command(text(&loot["refresh_token"]), &[&thief.proof(&h.s.world, "/token")]);
        is(refused(&mut h, command), "invalid_grant");
    }
}

#[test]
fn dp_028_an_older_generation_ends_the_grant_whatever_proof_comes_with_it() {
    type Proofs = fn(&Holder, &str) -> Vec<String>;
    let kinds: [Proofs; 4] = [
        |_, _| Vec::new(),
        |h, _| vec![h.proof()],
        |h, _| vec![ClientKey::es256(2).proof(&h.s.world, "/token")],
        |_, used| vec![used.to_owned()],
    ];
    for proofs in kinds {
        let mut h = Holder::public(json!({}), json!({ "dpopBoundAccessTokens": true }));
        let tokens = h.tokens();
        let used = h.proof();
        let command = h.refresh_command(text(&tokens["refresh_token"]), &[&used]);
        let next = good(&mut h, command);
        h.s.world.advance(11);
        let sent = proofs(&h, &used);
        let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
        let command = h.refresh_command(text(&tokens["refresh_token"]), &sent);
        assert_eq!(reply(&send(&mut h.s.world, command)).1["error"], "invalid_grant");
        let command = h.refresh_command(text(&next["refresh_token"]), &[&h.proof()]);
        is(refused(&mut h, command), "invalid_grant");
    }
}

#[test]
fn dp_028_of_a_thief_with_a_proof_and_the_client_without_one_neither_is_locked_out_in_any_order() {
    for grace in [10, 0] {
        for first in [0, 1] {
            let (mut h, stolen) = unbound(json!({ "refreshGrace": grace }));
            let proof = ClientKey::es256(2).proof(&h.s.world, "/token");
            let commands = [h.refresh_command(&stolen, &[&proof]), h.refresh_command(&stolen, &[])];
            let mut steps = commands.map(|command| h.s.world.begin(command));
            // Both read before either writes.
            for which in [first, 1 - first, first, 1 - first, 1 - first, 1 - first] {
                if steps[which].get("ask").is_some() {
                    let answer = h.s.world.store.answer(&steps[which]["ask"]);
                    steps[which] = h.s.world.resume(&steps[which]["flow"], answer);
                }
            }
            let ends = steps.map(|step| reply(&step["done"]["ok"]));
            if grace == 0 {
                assert_eq!(ends[1 - first].1["error"], "invalid_grant");
                let command = h.refresh_command(text(&ends[first].1["refresh_token"]), &[]);
                is(refused(&mut h, command), "invalid_grant");
            } else {
                assert_eq!((ends[0].0, ends[1].0), (200, 200), "{ends:?}");
                assert_eq!(ends[0].1["refresh_token"], ends[1].1["refresh_token"], "one family");
            }
        }
    }
}

#[test]
fn dp_029_a_client_that_authenticates_may_change_its_key() {
    let mut h = Holder::confidential(json!({}), json!({}));
    let tokens = h.tokens();
    let second = ClientKey::es256(2);
    let proof = second.proof(&h.s.world, "/token");
    let command = h.refresh_command(text(&tokens["refresh_token"]), &[&proof]);
    let refreshed = good(&mut h, command);
    assert_eq!(claims_of(text(&refreshed["access_token"]))["cnf"]["jkt"], second.jkt());
    // In the grace another key gets a token of its own, and the same successor.
    let command = h.refresh_command(text(&tokens["refresh_token"]), &[&h.proof()]);
    let again = good(&mut h, command);
    assert_eq!(again["refresh_token"], refreshed["refresh_token"]);
    assert_eq!(claims_of(text(&again["access_token"]))["cnf"]["jkt"], h.key.jkt());
}

#[test]
fn dp_030_a_code_that_was_asked_for_with_a_key_is_bound_to_it() {
    for holder in [public, || Holder::confidential(json!({}), json!({}))] {
        let mut h = holder();
        let jkt = h.key.jkt();
        let query = authorization_query(&h.s.client, &[("dpop_jkt", Some(&jkt))]);
        let interaction = h.s.browser.begin(&mut h.s.world, &query);
        h.s.browser.sign_in(&mut h.s.world, &interaction, "ada", claviger_tests::setting::PASSWORD);
        let answer = h.s.browser.allow(&mut h.s.world, &interaction, &["read"]);
        let code = location_parameter(&answer, "code").unwrap();
        let without = h.redeem_command(&code, &[]);
        is(refused(&mut h, without), "invalid_dpop_proof");
        let other = ClientKey::es256(2).proof(&h.s.world, "/token");
        let by_other = h.redeem_command(&code, &[&other]);
        is(refused(&mut h, by_other), "invalid_grant");
        let own = h.redeem_command(&code, &[&h.proof()]);
        assert_eq!(good(&mut h, own)["token_type"], "DPoP");
    }
}

#[test]
fn dp_030_a_thumbprint_that_is_none_is_refused() {
    let mut h = public();
    for bad in ["x", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I="] {
        let response = h.s.authorize(&[("dpop_jkt", Some(bad))]);
        assert_eq!(location_parameter(&response, "error").as_deref(), Some("invalid_request"), "{bad}");
    }
}

#[test]
fn dp_032_a_client_that_must_send_proofs_gets_nothing_without() {
    let mut h = Holder::confidential(
        json!({}),
        json!({ "dpopBoundAccessTokens": true, "grantTypes": ["authorization_code", "refresh_token", "client_credentials"] }),
    );
    let code = h.s.code();
    let without = h.redeem_command(&code, &[]);
    is(refused(&mut h, without), "invalid_dpop_proof");
    let with = h.redeem_command(&code, &[&h.proof()]);
    let tokens = good(&mut h, with);
    let without = h.refresh_command(text(&tokens["refresh_token"]), &[]);
    is(refused(&mut h, without), "invalid_dpop_proof");
    let without = h.command("/token", &[("grant_type", "client_credentials")], &[]);
    is(refused(&mut h, without), "invalid_dpop_proof");
    let id = h.s.client.clone();
    h.s.world.ok(json!({ "clients.update": { "id": id, "dpopBoundAccessTokens": false } }));
    let without = h.refresh_command(text(&tokens["refresh_token"]), &[]);
    assert_eq!(good(&mut h, without)["token_type"], "Bearer");
}

#[test]
fn dp_035_a_bad_proof_spends_neither_code_nor_refresh_token() {
    let mut h = public();
    let code = h.s.code();
    let command = h.redeem_command(&code, &["no proof"]);
    is(refused(&mut h, command), "invalid_dpop_proof");
    assert!(h.s.world.asked().is_empty(), "a forged proof costs no trip");
    let command = h.redeem_command(&code, &[&h.proof()]);
    let tokens = good(&mut h, command);
    let command = h.refresh_command(text(&tokens["refresh_token"]), &["no proof"]);
    is(refused(&mut h, command), "invalid_dpop_proof");
    let command = h.refresh_command(text(&tokens["refresh_token"]), &[&h.proof()]);
    good(&mut h, command);
}

#[test]
fn a_refused_request_does_not_spend_its_proof() {
    let mut h = public();
    let (code, proof) = (h.s.code(), h.proof());
    let mut fields = claviger_tests::setting::redeem_fields(&code).to_vec();
    fields[3].1 = "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong-w";
    let command = h.command("/token", &fields, &[&proof]);
    is(refused(&mut h, command), "invalid_grant");
    let command = h.redeem_command(&code, &[&proof]);
    good(&mut h, command);
}

#[test]
fn a_client_that_acts_for_itself_binds_its_tokens_and_spends_its_proofs() {
    for (form, asked) in [("jwt", &["load", "commit"][..]), ("opaque", &["load", "commit"])] {
        let mut world = World::new();
        let members = json!({ "grantTypes": ["client_credentials"], "redirectUris": [], "accessToken": form });
        let (id, secret) = client(&mut world, members);
        world.ok(json!({ "keys.rotate": {} }));
        let key = ClientKey::es256(1);
        let proof = key.proof(&world, "/token");
        let command = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        let command = with_header(command, "dpop", &proof);
        let (status, tokens) = reply(&send(&mut world, command.clone()));
        assert_eq!((status, text(&tokens["token_type"])), (200, "DPoP"), "{tokens}");
        assert_eq!(*world.asked(), asked);
        let introspected = world.ok(json!({ "tokens.introspect": { "token": tokens["access_token"] } }));
        assert_eq!(introspected["cnf"]["jkt"], key.jkt());
        let (status, refused) = reply(&send_unchanged(&mut world, command));
        assert_eq!((status, text(&refused["error"])), (400, "invalid_dpop_proof"));
    }
}

#[test]
fn dp_017_of_64_requests_of_a_client_for_itself_with_one_proof_one_is_answered() {
    for form in ["jwt", "opaque"] {
        let mut world = World::new();
        let members = json!({ "grantTypes": ["client_credentials"], "redirectUris": [], "accessToken": form });
        let (id, secret) = client(&mut world, members);
        let command = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
        let proof = ClientKey::es256(1).proof(&world, "/token");
        let ends = world.race(&with_header(command, "dpop", &proof), 64);
        assert_eq!(ends.iter().filter(|end| end["ok"]["status"] == 200).count(), 1);
    }
}

#[test]
fn a_store_that_cannot_keep_the_marker_gives_no_token() {
    let mut world = World::new();
    let (id, secret) = client(&mut world, json!({ "grantTypes": ["client_credentials"], "redirectUris": [] }));
    world.ok(json!({ "keys.rotate": {} }));
    let proof = ClientKey::es256(1).proof(&world, "/token");
    let command = post_as(&basic(&id, &secret), "/token", &[("grant_type", "client_credentials")]);
    let done = world.run_with(with_header(command, "dpop", &proof), |ask, _, store| match ask.get("commit") {
        Some(_) => json!({ "failed": "the disk is full" }),
        None => store.answer(ask),
    });
    assert_eq!((&done["ok"]["status"], &done["fault"]["code"]), (&json!(503), &json!("store_failed")), "{done}");
    assert!(!done.to_string().contains("access_token"), "{done}");
}

#[test]
fn es256_proofs_are_verified_by_a_host_that_offers_it_and_its_word_counts() {
    let mut h = Holder::public(json!({ "capabilities": ["verify"] }), json!({}));
    h.s.world.ok(json!({ "keys.rotate": {} }));
    let code = h.s.code();
    let command = h.redeem_command(&code, &[&h.proof()]);
    let done = h.s.world.run_with(command.clone(), |ask, _, store| match ask.get("verify") {
        Some(_) => json!({ "verified": false }),
        None => store.answer(ask),
    });
    assert_eq!(done["ok"]["status"], 400, "{done}");
    good(&mut h, command);
    assert_eq!(*h.s.world.asked(), ["verify", "load", "commit"]);
}
