//! Two requests at once, in every order in which their asks can reach the store (AZ-042, TK-043, RV-009, SF-003).

use claviger_tests::setting::{Setting, redeem_fields, reply, text};
use claviger_tests::{Browser, form};
use serde_json::{Value, json};

/// How the two flows of one schedule ended, and what they left.
struct Raced {
    s: Setting,
    ends: [Value; 2],
}

impl Raced {
    fn response(&self, which: usize) -> (u64, Value) {
        reply(&self.ends[which]["ok"])
    }

    /// The token responses among the ends.
    fn tokens(&self) -> Vec<Value> {
        let responses = (0..2).map(|which| self.response(which));
        responses
            .filter(|(status, _)| *status == 200)
            .map(|(_, body)| body)
            .filter(|body| body.get("access_token").is_some())
            .collect()
    }
}

/// Runs two commands in every interleaving of their asks, from a fresh setting each time, and returns how many there were.
fn every_interleaving(start: impl Fn() -> (Setting, [Value; 2]), check: impl Fn(Raced)) -> usize {
    let mut schedule: Vec<usize> = Vec::new();
    let mut count = 0;
    loop {
        let (taken, raced) = run_schedule(&start, &schedule);
        check(raced);
        count += 1;
        let Some(last) = taken.iter().rposition(|which| *which == 0) else { return count };
        schedule = taken[..last].to_vec();
        schedule.push(1);
    }
}

/// Follows a schedule, then lets the first go on while it can. Returns the choices that were made where there was one.
fn run_schedule(start: &impl Fn() -> (Setting, [Value; 2]), schedule: &[usize]) -> (Vec<usize>, Raced) {
    let (mut s, commands) = start();
    let mut steps = commands.map(|command| s.world.begin(command));
    let mut taken = Vec::new();
    loop {
        let open = [0, 1].map(|which| steps[which].get("ask").is_some());
        let which = match open {
            [true, true] => {
                let choice = schedule.get(taken.len()).copied().unwrap_or(0);
                taken.push(choice);
                choice
            }
            [true, false] => 0,
            [false, true] => 1,
            [false, false] => break,
        };
        let answer = s.world.store.answer(&steps[which]["ask"]);
        steps[which] = s.world.resume(&steps[which]["flow"], answer);
    }
    let ends = steps.map(|step| step["done"].clone());
    for end in &ends {
        assert!(end.get("fault").is_none(), "two flows never use up their tries: {end} in {taken:?}");
    }
    (taken, Raced { s, ends })
}

/// A setting whose signing keys were made, or not.
fn setting(warm: bool) -> Setting {
    let mut s = Setting::new(json!({}), "jwt");
    if warm {
        s.world.ok(json!({ "keys.list": {} }));
    }
    s
}

#[test]
fn az_042_two_redemptions_of_one_code_give_one_answer_and_no_live_token() {
    for warm in [true, false] {
        let count = every_interleaving(
            || {
                let mut s = setting(warm);
                let code = s.code();
                let command = s.redeem_command(&code);
                (s, [command.clone(), command])
            },
            |mut raced| {
                let tokens = raced.tokens();
                assert_eq!(tokens.len(), 1);
                assert!(
                    !raced.s.is_active(&tokens[0]["access_token"]) && !raced.s.is_active(&tokens[0]["refresh_token"])
                );
            },
        );
        assert!(count >= 6, "{count}");
    }
}

#[test]
fn tk_044_two_refreshes_give_the_same_live_generation() {
    for grace in [10, 0] {
        every_interleaving(
            || {
                let mut s = Setting::new(json!({ "refreshGrace": grace }), "opaque");
                let tokens = s.tokens();
                let command = s.refresh_command(text(&tokens["refresh_token"]));
                (s, [command.clone(), command])
            },
            |mut raced| {
                let tokens = raced.tokens();
                if grace == 0 {
                    assert_eq!(tokens.len(), 1);
                    assert!(!raced.s.is_active(&tokens[0]["refresh_token"]));
                } else {
                    assert_eq!(tokens.len(), 2);
                    assert_eq!(tokens[0], tokens[1]);
                    assert!(raced.s.is_active(&tokens[0]["refresh_token"]));
                    assert_eq!(raced.s.refresh(text(&tokens[0]["refresh_token"])).0, 200);
                }
            },
        );
    }
}

/// While one tab's rotation is under way, another's goes through, and the one after that.
fn overtaken(answer: impl Fn(&Value, &mut Setting) -> Value) -> (Value, Setting, Value) {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let slow = s.world.begin(s.refresh_command(text(&tokens["refresh_token"])));
    let rows = s.world.store.answer(&slow["ask"]);
    let mut step = s.world.resume(&slow["flow"], rows);
    let first = answer(&step["ask"], &mut s);
    let second = s.refresh(text(&tokens["refresh_token"])).1;
    let third = s.refresh(text(&second["refresh_token"])).1;
    s.world.take_events();
    step = s.world.resume(&step["flow"], first);
    while step.get("ask").is_some() {
        let answer = s.world.store.answer(&step["ask"]);
        step = s.world.resume(&step["flow"], answer);
    }
    (step["done"].clone(), s, third)
}

#[test]
fn tk_045_a_tab_that_was_overtaken_twice_is_no_thief() {
    let late = |_: &Value, _: &mut Setting| json!({ "commit": "stale" });
    let unknown_applied = |ask: &Value, s: &mut Setting| {
        s.world.store.answer(ask);
        json!({ "commit": "unknown" })
    };
    for (done, mut s, third) in [overtaken(late), overtaken(unknown_applied)] {
        let (status, body) = reply(&done["ok"]);
        assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
        assert!(done.get("events").is_none(), "{done}");
        assert!(s.is_active(&third["refresh_token"]) && s.is_active(&third["access_token"]));
        assert_eq!(s.refresh(text(&third["refresh_token"])).0, 200);
    }
}

#[test]
fn az_040_a_replayed_code_against_a_refresh_leaves_nothing_alive() {
    every_interleaving(
        || {
            let mut s = Setting::opaque();
            let code = s.code();
            let tokens = s.redeem(&code).1;
            let commands = [s.redeem_command(&code), s.refresh_command(text(&tokens["refresh_token"]))];
            (s, commands)
        },
        |mut raced| {
            assert_eq!(raced.response(0).1["error"], "invalid_grant");
            for tokens in raced.tokens() {
                assert!(!raced.s.is_active(&tokens["access_token"]) && !raced.s.is_active(&tokens["refresh_token"]));
            }
        },
    );
}

#[test]
fn rv_009_after_a_revocation_no_descendant_lives() {
    every_interleaving(
        || {
            let mut s = Setting::opaque();
            let tokens = s.tokens();
            let token = text(&tokens["refresh_token"]);
            let commands = [s.post_command("/revoke", &[("token", token)]), s.refresh_command(token)];
            (s, commands)
        },
        |mut raced| {
            assert_eq!(raced.response(0).0, 200);
            for tokens in raced.tokens() {
                assert!(!raced.s.is_active(&tokens["access_token"]) && !raced.s.is_active(&tokens["refresh_token"]));
                assert_eq!(raced.s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
            }
        },
    );
}

#[test]
fn rv_009_a_revoked_access_token_stays_dead_through_a_refresh() {
    every_interleaving(
        || {
            let mut s = Setting::opaque();
            let tokens = s.tokens();
            let revoke = s.post_command("/revoke", &[("token", text(&tokens["access_token"]))]);
            let refresh = s.refresh_command(text(&tokens["refresh_token"]));
            s.world.ok(json!({ "clients.update": { "id": s.client, "name": text(&tokens["access_token"])[4..40] } }));
            (s, [revoke, refresh])
        },
        |mut raced| {
            assert_eq!(raced.tokens().len(), 1);
            let client = raced.s.world.ok(json!({ "clients.find": { "id": raced.s.client } }));
            let revoked: Vec<Value> = raced
                .s
                .world
                .store
                .keys("/grant.")
                .iter()
                .filter_map(|key| raced.s.world.store.value(key))
                .flat_map(|row| row["value"]["access_tokens"].as_array().cloned().unwrap_or_default())
                .filter(|token| token["revoked"] == true)
                .collect();
            assert_eq!(revoked.len(), 1, "{client}");
        },
    );
}

#[test]
fn tk_066_a_disabled_person_keeps_no_token_whatever_was_in_flight() {
    every_interleaving(
        || {
            let mut s = Setting::opaque();
            let tokens = s.tokens();
            let disable = json!({ "accounts.update": { "id": s.subject, "disabled": true } });
            let refresh = s.refresh_command(text(&tokens["refresh_token"]));
            (s, [disable, refresh])
        },
        |mut raced| {
            let (status, tokens) = raced.response(1);
            if status == 200 {
                assert!(!raced.s.is_active(&tokens["access_token"]));
                assert_eq!(raced.s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
            }
        },
    );
}

#[test]
fn one_interaction_makes_one_grant() {
    every_interleaving(
        || {
            let mut s = Setting::opaque();
            let interaction = s.interaction();
            let body = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
            let command = s.browser.post_command("/consent", &body);
            (s, [command.clone(), command])
        },
        |raced| {
            let mut statuses = raced.ends.each_ref().map(|end| end["ok"]["status"].as_u64().unwrap());
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 400]);
            assert_eq!(raced.s.world.store.keys("/grant.").len(), 1);
        },
    );
}

#[test]
fn one_login_makes_one_account() {
    every_interleaving(
        || {
            let s = Setting::opaque();
            let create = |password: &str| json!({ "accounts.create": { "login": "Grace", "password": password } });
            (s, [create("first password"), create("second password")])
        },
        |mut raced| {
            let made = raced.ends.iter().filter(|end| end["ok"]["login"] == "grace").count();
            let refused = raced.ends.iter().filter(|end| end["refused"]["code"] == "already_exists").count();
            assert_eq!((made, refused), (1, 1));
            let winner = if raced.ends[0].get("ok").is_some() { "first password" } else { "second password" };
            let query = raced.s.query(&[]);
            let mut browser = Browser::new();
            let interaction = browser.begin(&mut raced.s.world, &query);
            assert_eq!(browser.sign_in(&mut raced.s.world, &interaction, "grace", winner)["status"], 303);
        },
    );
}

#[test]
fn two_first_uses_of_the_keys_agree_on_one_set_and_tell_of_no_other() {
    every_interleaving(
        || {
            let s = Setting::opaque();
            (s, [json!({ "keys.list": {} }), json!({ "keys.list": {} })])
        },
        |raced| {
            assert_eq!(raced.ends[0]["ok"], raced.ends[1]["ok"]);
            let told: Vec<&Value> =
                raced.ends.iter().flat_map(|end| end["events"].as_array().into_iter().flatten()).collect();
            let known: Vec<&Value> =
                raced.ends[0]["ok"]["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
            assert!(told.iter().all(|event| known.contains(&&event["kid"])), "{told:?}");
        },
    );
}

#[test]
fn az_042_sixty_four_redemptions_of_a_code_on_cold_keys_have_one_success() {
    let mut s = Setting::new(json!({}), "jwt");
    let code = s.code();
    let command = s.post_command("/token", &redeem_fields(&code));
    let ended = s.world.race(&command, 64);
    let tokens: Vec<Value> =
        ended.iter().map(|end| reply(&end["ok"])).filter(|(status, _)| *status == 200).map(|(_, body)| body).collect();
    assert_eq!(tokens.len(), 1);
    assert!(
        ended
            .iter()
            .map(|end| reply(&end["ok"]))
            .filter(|(status, _)| *status != 200)
            .all(|(status, body)| status == 400 && body["error"] == "invalid_grant")
    );
    assert!(!s.is_active(&tokens[0]["access_token"]));
}

#[test]
fn tk_044_sixty_four_refreshes_agree() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    let ended = s.world.race(&command, 64);
    let bodies: Vec<(u64, Value)> = ended.iter().map(|end| reply(&end["ok"])).collect();
    assert!(bodies.iter().all(|one| *one == bodies[0] && one.0 == 200), "{bodies:?}");
    assert!(s.is_active(&bodies[0].1["access_token"]) && s.is_active(&bodies[0].1["refresh_token"]));
}

#[test]
fn sixty_four_consents_make_one_grant() {
    let mut s = Setting::opaque();
    let interaction = s.interaction();
    let body = form(&[("interaction", &interaction), ("decision", "allow"), ("scope", "read")]);
    let command = s.browser.post_command("/consent", &body);
    let ended = s.world.race(&command, 64);
    assert_eq!(ended.iter().filter(|end| end["ok"]["status"] == 303).count(), 1);
    assert_eq!(ended.iter().filter(|end| end["ok"]["status"] == 400).count(), 63);
    assert_eq!(s.world.store.keys("/grant.").len(), 1);
}

#[test]
fn sixty_four_accounts_of_one_login_are_one() {
    let mut s = Setting::opaque();
    let ended = s.world.race(&json!({ "accounts.create": { "login": "grace" } }), 64);
    assert_eq!(ended.iter().filter(|end| end.get("ok").is_some()).count(), 1);
    assert_eq!(ended.iter().filter(|end| end["refused"]["code"] == "already_exists").count(), 63);
}
