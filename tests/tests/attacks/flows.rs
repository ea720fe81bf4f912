//! The table of flows under a hostile or clumsy host (HW-007 to HW-014, HW-019).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::World;
use claviger_tests::scenario::Export;
use claviger_tests::setting::{Setting, text};
use serde_json::{Value, json};

fn find(world: &mut World) -> Value {
    world.begin(json!({ "clients.find": { "id": "x" } }))
}

#[test]
fn the_table_of_flows_is_bounded_and_its_places_come_back() {
    let mut world = World::with(json!({ "limits": { "flows": 3, "body": 65536 } }));
    let mut flows: Vec<Value> = (0..3).map(|_| find(&mut world)).collect();
    for _ in 0..10 {
        let refused = find(&mut world);
        assert_eq!(
            (&refused["done"]["fault"]["code"], &refused["done"]["fault"]["status"]),
            (&json!("busy"), &json!(503))
        );
    }
    world.cancel(&flows[0]["flow"]);
    flows[0] = find(&mut world);
    assert!(flows[0].get("ask").is_some());
    for step in flows {
        let done = world.resume(&step["flow"], json!({ "rows": [null] }));
        assert_eq!(done["done"]["ok"], Value::Null, "{done}");
        assert!(done["done"].get("fault").is_none());
    }
    assert!((0..3).all(|_| find(&mut world).get("ask").is_some()));
    assert_eq!(find(&mut world)["done"]["fault"]["code"], "busy");
}

#[test]
fn a_busy_engine_answers_a_request_with_503() {
    let mut world = World::with(json!({ "limits": { "flows": 1, "body": 65536 } }));
    find(&mut world);
    let step = world.begin(json!({ "http": { "method": "GET", "url": "/jwks" } }));
    assert_eq!(step["done"]["fault"]["status"], 503, "{step}");
    assert_eq!(
        step["done"]["ok"]["status"], 503,
        "an http command always ends in ok (docs/contract.md section 3): {step}"
    );
}

#[test]
fn hw_010_an_answer_for_a_flow_that_is_not_waiting_is_a_fault_and_harms_no_other() {
    let mut world = World::new();
    let (ended, waiting) = (find(&mut world), find(&mut world));
    world.resume(&ended["flow"], json!({ "rows": [null] }));
    let successor = find(&mut world);
    assert_ne!(successor["flow"], ended["flow"], "the place is used again, the number is not");
    for stale in [&ended["flow"], &json!(0), &json!(1), &json!(u64::MAX), &json!(1_u64 << 53)] {
        let step = world.resume(stale, json!({ "rows": [null] }));
        assert_eq!(step["done"]["fault"]["code"], "bad_answer", "{stale}");
    }
    for other in [waiting, successor] {
        assert!(world.resume(&other["flow"], json!({ "rows": [null] }))["done"].get("fault").is_none());
    }
}

#[test]
fn hw_010_every_ill_fitting_answer_ends_the_flow_with_a_fault() {
    let answers = [
        json!({}),
        json!(null),
        json!([]),
        json!("rows"),
        json!({ "rows": null }),
        json!({ "rows": [] }),
        json!({ "rows": [null, null] }),
        json!({ "rows": [7] }),
        json!({ "rows": [{ "version": "1" }] }),
        json!({ "rows": [{ "version": "1", "value": "" }] }),
        json!({ "rows": [{ "version": "1", "value": "{}" }] }),
        json!({ "rows": [{ "version": "1", "value": "[".repeat(100_000) }] }),
        json!({ "rows": [null], "commit": "committed" }),
        json!({ "commit": "committed" }),
        json!({ "commit": "nonsense" }),
        json!({ "page": { "rows": [], "next": null } }),
        json!({ "unknown": 1 }),
    ];
    for answer in answers {
        let mut world = World::new();
        let step = find(&mut world);
        let ended = world.resume(&step["flow"], answer.clone());
        assert!(ended["done"]["fault"]["status"].as_u64() >= Some(500), "{answer}: {ended}");
        assert_eq!(world.resume(&step["flow"], json!({ "rows": [null] }))["done"]["fault"]["code"], "bad_answer");
        assert!(world.run(json!({ "clients.find": { "id": "x" } })).get("fault").is_none(), "the engine goes on");
    }
}

#[test]
fn hw_008_a_flow_cancelled_at_any_step_leaves_a_sound_state() {
    for steps in 0..4 {
        let mut s = Setting::opaque();
        let code = s.code();
        let command = s.redeem_command(&code);
        let mut step = s.world.begin(command);
        for _ in 0..steps {
            if step.get("ask").is_some() {
                let answer = s.world.store.answer(&step["ask"]);
                step = s.world.resume(&step["flow"], answer);
            }
        }
        let released = step.get("done").is_some();
        s.world.cancel(&step["flow"]);
        s.world.cancel(&step["flow"]);
        let (status, answer) = s.redeem(&code);
        // Either nothing was spent, or the tokens were given out and this is a replay.
        assert_eq!(status == 200, !released, "{steps}: {answer}");
    }
}

#[test]
fn hw_008_cancelled_flows_leak_no_place() {
    let mut world = World::with(json!({ "limits": { "flows": 2, "body": 65536 } }));
    for _ in 0..10_000 {
        let step = find(&mut world);
        assert!(step.get("ask").is_some());
        world.cancel(&step["flow"]);
        world.cancel(&step["flow"]);
    }
    let both = [find(&mut world), find(&mut world)];
    assert_ne!(both[0]["flow"], both[1]["flow"]);
}

#[test]
fn hw_007_a_thousand_interleaved_flows_mix_nothing_up() {
    let mut world = World::new();
    let ids: Vec<String> = (0..1000).map(|n| format!("client-{n}")).collect();
    for id in &ids {
        world.ok(json!({ "clients.create": { "id": id, "name": id, "redirectUris": ["https://a.example/"] } }));
    }
    let mut waiting: Vec<(&String, Value)> = Vec::new();
    for id in &ids {
        waiting.push((id, world.begin(json!({ "clients.find": { "id": id } }))));
    }
    // Answered in another order than begun.
    waiting.sort_by_key(|(id, _)| id.bytes().rev().collect::<Vec<u8>>());
    for (id, step) in waiting {
        let answer = world.store.answer(&step["ask"]);
        let done = world.resume(&step["flow"], answer);
        assert_eq!((&done["done"]["ok"]["id"], &done["done"]["ok"]["name"]), (&json!(id), &json!(id)));
    }
}

#[test]
fn hw_011_a_constant_or_repeated_seed_is_refused() {
    let mut s = Setting::opaque();
    s.interaction();
    let tokens = s.tokens();
    let begin = |s: &mut Setting, seed: &str| {
        let mut call = s.world.call(s.refresh_command(text(&tokens["refresh_token"])));
        call["seed"] = json!(seed);
        serde_json::from_str::<Value>(&s.world.exchange(Export::Begin, call.to_string())).unwrap()
    };
    for constant in [[0; 32], [255; 32], [7; 32]] {
        let step = begin(&mut s, &URL_SAFE_NO_PAD.encode(constant));
        assert_eq!((&step["done"]["fault"]["code"], &step["done"]["ok"]["status"]), (&json!("bad_call"), &json!(500)));
    }
    let mut one = [0; 32];
    one[31] = 1;
    let mut two = one;
    two[0] = 2;
    let (one, two) = (URL_SAFE_NO_PAD.encode(one), URL_SAFE_NO_PAD.encode(two));
    for (seed, asks) in [(&two, true), (&two, false), (&two, false), (&one, true), (&two, true)] {
        assert_eq!(begin(&mut s, seed).get("ask").is_some(), asks, "{seed}");
    }
}

#[test]
fn hw_013_deep_and_odd_calls_are_faults_not_traps() {
    let deep = "[".repeat(50_000);
    let mut engine = claviger_core::Engine::open(World::config(json!({})).to_string().as_bytes()).unwrap();
    let seed = "A".repeat(43);
    for call in [
        String::new(),
        deep.clone(),
        "{}".into(),
        "null".into(),
        "\u{0}".into(),
        format!(r#"{{"now":1,"seed":"{seed}","command":{deep}"#),
        format!(r#"{{"now":-1,"seed":"{seed}","command":{{"keys.list":{{}}}}}}"#),
        format!(r#"{{"now":1e99,"seed":"{seed}","command":{{"keys.list":{{}}}}}}"#),
        r#"{"now":1,"seed":"AAAA","command":{"keys.list":{}}}"#.to_owned(),
        format!(r#"{{"now":1,"seed":"{seed}","command":{{"nonsense":{{}}}}}}"#),
        format!(r#"{{"now":1,"seed":"{seed}","command":{{"http":{{"method":"GET"}}}}}}"#),
    ] {
        let step: Value = serde_json::from_slice(&engine.begin_json(call.as_bytes())).unwrap();
        assert_eq!(step["done"]["fault"]["code"], "bad_call", "{call:.80}");
        assert!(!engine.resume_json(call.as_bytes()).is_empty());
        assert_eq!(engine.cancel_json(call.as_bytes()), b"{}");
    }
    assert!(!engine.begin_json(b"\xff\xfe").is_empty());
}

#[test]
fn a_mistyped_argument_is_refused_by_its_name_and_the_value_is_not_told() {
    let mut world = World::new();
    for (command, message) in [
        (json!({ "keys.list": { "x": 1 } }), "x: unknown"),
        (json!({ "accounts.create": { "login": "ada", "password": 271828 } }), "password: mistyped, expected a string"),
        (json!({ "clients.find": {} }), "id: missing"),
    ] {
        let done = world.run(command);
        assert_eq!((&done["refused"]["code"], &done["refused"]["status"]), (&json!("invalid_argument"), &json!(400)));
        assert_eq!(done["refused"]["message"], message);
    }
    assert!(world.asked().is_empty());
}

#[test]
fn clocks_at_the_ends_of_time_overflow_nothing() {
    let seed = "A".repeat(42) + "E";
    for now in [0, 1, u64::MAX, (1 << 53) - 1] {
        let mut s = Setting::opaque();
        let tokens = s.tokens();
        s.world.now = now;
        for command in [
            s.refresh_command(text(&tokens["refresh_token"])),
            s.browser.get_command(&format!("/authorize?{}", s.query(&[("max_age", Some("18446744073709551615"))]))),
            json!({ "keys.rotate": {} }),
        ] {
            let done = s.world.run(command);
            assert!(done.get("fault").is_none(), "{now}: {done}");
        }
    }
    assert_eq!(seed.len(), 43);
}

#[test]
fn hw_014_the_same_calls_give_the_same_bytes() {
    let lived = || {
        let mut s = Setting::new(json!({}), "jwt");
        let tokens = s.tokens();
        let next = s.refresh(text(&tokens["refresh_token"])).1;
        (tokens, next, s.world.store.dump())
    };
    assert_eq!(lived(), lived());
}

#[test]
fn hw_019_other_seeds_give_other_secrets() {
    let mut one = Setting::opaque();
    let first = one.code();
    let second = one.code();
    assert_ne!(first, second);
    let ids: std::collections::BTreeSet<String> =
        (0..50).map(|_| text(&one.tokens()["refresh_token"]).to_owned()).collect();
    assert_eq!(ids.len(), 50);
}
