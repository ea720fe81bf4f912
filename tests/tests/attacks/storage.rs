//! What the store may do to the engine without breaking it (SF-006 to SF-023).

use claviger_tests::setting::{PASSWORD, Setting, client, reply, text};
use claviger_tests::{World, form, location_parameter};
use serde_json::{Value, json};

#[test]
fn sf_006_a_lost_reply_of_a_rotation_is_made_good_by_asking_again() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    // The commit is applied, the answer never arrives, and the flow is dropped.
    let mut step = s.world.begin(command);
    while step.get("ask").is_some() {
        let answer = s.world.store.answer(&step["ask"]);
        if step["ask"].get("commit").is_some() {
            s.world.cancel(&step["flow"]);
            break;
        }
        step = s.world.resume(&step["flow"], answer);
    }
    let (status, next) = s.refresh(text(&tokens["refresh_token"]));
    assert_eq!(status, 200, "{next}");
    assert!(s.is_active(&next["access_token"]));
    assert_eq!(s.refresh(text(&next["refresh_token"])).0, 200);
}

#[test]
fn sf_008_a_commit_that_arrives_30_seconds_late_loses_its_precondition() {
    let mut s = Setting::opaque();
    let code = s.code();
    let command = s.redeem_command(&code);
    let mut late = None;
    let done = s.world.run_with(command, |ask, _, store| {
        if ask.get("commit").is_some() {
            late = Some(ask.clone());
            return json!({ "failed": "timed out, and not applied so far" });
        }
        store.answer(ask)
    });
    assert_eq!(done["ok"]["status"], 503);
    s.world.advance(30);
    let tokens = s.redeem(&code).1;
    assert_eq!(s.world.store.answer(&late.unwrap()), json!({ "commit": "stale" }));
    assert!(s.is_active(&tokens["access_token"]));
}

#[test]
fn sf_012_a_row_that_is_gone_denies() {
    let mut s = Setting::opaque();
    let (code, tokens) = (s.code(), s.tokens());
    let mut emptied = s.world.store.clone();
    for key in s.world.store.keys("/grant.") {
        let version = emptied.answer(&json!({ "load": { "keys": [key] } }))["rows"][0]["version"].clone();
        emptied.answer(&json!({ "commit": { "require": [{ "key": key, "version": version }], "delete": [key] } }));
    }
    s.world.store = emptied;
    assert!(s.world.store.keys("/grant.").is_empty());
    assert_eq!(s.redeem(&code).1["error"], "invalid_grant");
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
    assert!(!s.is_active(&tokens["access_token"]));
}

#[test]
fn sf_013_rows_that_were_never_removed_are_over_all_the_same() {
    let mut s = Setting::opaque();
    let (code, tokens) = (s.code(), s.tokens());
    let cookie = s.browser.cookie_header();
    s.world.advance(200 * 86_400);
    assert!(!s.world.store.keys("/grant.").is_empty() && !s.world.store.keys("/session.").is_empty());
    assert_eq!(s.redeem(&code).1["error"], "invalid_grant");
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).1["error"], "invalid_grant");
    assert!(!s.is_active(&tokens["access_token"]));
    let done = s.world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }));
    assert_eq!(done["refused"]["code"], "unauthenticated");
}

#[test]
fn sf_016_sf_017_clocks_that_jump_or_differ_lock_nobody_out() {
    for (first, second) in [(60_i64, -60_i64), (-60, 60), (0, -59)] {
        let mut s = Setting::new(json!({}), "jwt");
        let start = s.world.now;
        let at = |offset: i64| start.saturating_add_signed(offset * 1000);
        s.world.now = at(first);
        let code = s.code();
        s.world.now = at(first.min(second) + 1);
        assert_eq!(s.redeem(&code).0, 200, "{first} {second}");
    }
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.world.advance(86_400);
    let next = s.refresh(text(&tokens["refresh_token"])).1;
    s.world.now -= 86_400 * 1000;
    assert_eq!(s.refresh(text(&next["refresh_token"])).0, 200);
    let code = s.code();
    assert_eq!(s.redeem(&code).0, 200);
}

#[test]
fn sf_020_a_failed_key_ring_signs_nothing_and_shows_no_empty_set() {
    let mut s = Setting::new(json!({}), "jwt");
    let jwks = json!({ "http": { "method": "GET", "url": "/jwks" } });
    let good = s.world.ok(jwks.clone());
    assert!(!reply(&good).1["keys"].as_array().unwrap().is_empty());
    let done = s.world.run_with(jwks, |_, _, _| json!({ "failed": "down" }));
    assert_eq!(done["ok"]["status"], 503);
    assert!(!text(&done["ok"]["body"]).contains("keys"));
}

#[test]
fn sf_022_ids_with_separators_reach_no_other_row() {
    let mut s = Setting::opaque();
    let victim = s.client.clone();
    let nasty = [
        format!("x/client\u{0}main.client.{victim}"),
        format!("{victim}/client"),
        "a.b/c:d*e%2f".to_owned(),
        "../keys.signing".to_owned(),
        "\u{0}".to_owned(),
        "x".repeat(10_240),
    ];
    for id in &nasty {
        let done = s.world.run(json!({ "clients.find": { "id": id } }));
        assert_eq!(done, json!({ "ok": null }), "{id:.60}");
        for command in ["sessions.list", "grants.list"] {
            assert_eq!(s.world.ok(json!({ command: { "subject": id } }))["items"], json!([]), "{id:.60}");
        }
        assert_eq!(s.world.ok(json!({ "accounts.find": { "login": id } })), Value::Null);
    }
    let (odd, _) = client(&mut s.world, json!({ "id": "a.b/c:d*e%2f \u{e9}" }));
    assert_eq!(s.world.ok(json!({ "clients.find": { "id": odd } }))["id"], odd.as_str());
    let rows = s.world.store.keys("main.client.");
    assert!(rows.iter().all(|key| key.matches('/').count() == 1), "{rows:?}");
    // A subject whose name starts like another's shares no list with it.
    let tokens = s.tokens();
    assert!(s.is_active(&tokens["access_token"]));
    let prefix = &s.subject[..s.subject.len() - 1];
    assert_eq!(s.world.ok(json!({ "grants.list": { "subject": prefix } }))["items"], json!([]));
}

#[test]
fn sf_023_another_tenants_rows_are_refused() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    let of_another = |answer: Value| {
        let rows: Vec<Value> = answer["rows"]
            .as_array()
            .unwrap()
            .iter()
            .cloned()
            .map(|mut row| {
                if let Some(value) = row["value"].as_str() {
                    row["value"] = json!(value.replacen("\"tenant\":\"main\"", "\"tenant\":\"other\"", 1));
                }
                row
            })
            .collect();
        json!({ "rows": rows })
    };
    let done = s.world.run_with(command, |ask, _, store| of_another(store.answer(ask)));
    assert_eq!(done["fault"]["code"], "bad_row");
    assert_eq!(done["ok"]["status"], 500);
}

#[test]
fn sf_023_a_token_of_another_tenant_opens_nothing_here() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    s.world.reopen(json!({ "tenant": "other" }));
    let verify = json!({ "tokens.verify": { "token": tokens["access_token"] } });
    assert_eq!(s.world.refused(verify), "invalid_token");
    assert!(s.world.asked().is_empty(), "a foreign handle costs no trip");
}

#[test]
fn sf_019_a_lost_revocation_is_told_and_may_be_tried_again() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let command = s.post_command("/revoke", &[("token", text(&tokens["refresh_token"]))]);
    let done = s.world.run_with(command.clone(), |ask, _, store| {
        if ask.get("commit").is_some() { json!({ "failed": "down" }) } else { store.answer(ask) }
    });
    assert_eq!(done["ok"]["status"], 503);
    assert!(done["ok"]["headers"].to_string().contains("retry-after"));
    assert!(s.is_active(&tokens["refresh_token"]));
    for _ in 0..2 {
        assert_eq!(s.world.ok(command.clone())["status"], 200);
        assert!(!s.is_active(&tokens["refresh_token"]));
    }
}

#[test]
fn sf_011_a_row_of_a_newer_engine_is_refused_and_never_rewritten() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    for part in ["/client", "/account", "/grant."] {
        let key = s.world.store.keys(part).remove(0);
        let mut row = s.world.store.value(&key).unwrap();
        row["v"] = json!(2);
        row["value"]["unheard_of"] = json!("must not be dropped");
        let kept = s.world.store.clone();
        s.world.store.put(&key, &row.to_string());
        let before = s.world.store.dump();
        for command in [
            s.refresh_command(text(&tokens["refresh_token"])),
            s.post_command("/revoke", &[("token", text(&tokens["refresh_token"]))]),
        ] {
            let done = s.world.run(command);
            assert_eq!(done["fault"]["code"], "bad_row", "{part}: {done}");
            let message = text(&done["fault"]["message"]);
            assert!(message.contains("newer engine") && message.contains(key.as_str()), "{done}");
        }
        assert_eq!(s.world.store.dump(), before);
        s.world.store = kept;
    }
    assert_eq!(s.refresh(text(&tokens["refresh_token"])).0, 200);
}

#[test]
fn sf_011_a_purge_names_the_rows_it_cannot_read_and_goes_on() {
    let mut s = Setting::opaque();
    s.tokens();
    s.tokens();
    let broken = s.world.store.keys("/grant.").remove(0);
    s.world.store.put(&broken, "{}");
    s.world.advance(400 * 86_400);
    let purged = s.world.run(json!({ "purge": {} }))["ok"].clone();
    assert_eq!((&purged["unreadable"], &purged["purged"]["grant"]), (&json!([broken]), &json!(1)), "{purged}");
    assert_eq!(s.world.store.keys("/grant."), [broken]);
}

#[test]
fn sf_011_a_row_of_an_unknown_schema_is_refused_and_never_rewritten() {
    let mut s = Setting::opaque();
    let tokens = s.tokens();
    let key = s.world.store.keys("/grant.").remove(0);
    let mut row = s.world.store.value(&key).unwrap();
    row["value"]["state"] = json!({ "suspended": { "until": 1 } });
    s.world.store.put(&key, &row.to_string());
    let before = s.world.store.dump();
    let command = s.refresh_command(text(&tokens["refresh_token"]));
    let done = s.world.run(command);
    assert_eq!(done["fault"]["code"], "bad_row");
    assert_eq!(s.world.store.dump(), before);
    assert_eq!(World::new().store.len(), 0);
}

/// What every store must hold (docs/contract.md section 4).
const LARGEST_ROW: usize = 60 * 1024;

fn largest_row(world: &World) -> usize {
    world.store.dump().lines().map(str::len).max().unwrap_or_default()
}

#[test]
fn a_grant_of_as_much_as_can_be_asked_for_stays_a_small_row() {
    let scopes: Vec<String> = (0..52).map(|n| format!("{n:0>128}")).collect();
    let described: Value =
        scopes.iter().map(|name| (name.clone(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let mut s = Setting::new(json!({ "scopes": described }), "opaque");
    let asked = scopes.join(" ");
    let query = s.query(&[("scope", Some(&asked))]);
    let interaction = s.browser.begin(&mut s.world, &query);
    s.browser.sign_in(&mut s.world, &interaction, "ada", PASSWORD);
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let allowed = s.browser.allow(&mut s.world, &interaction, &names);
    let mut tokens = s.redeem(&location_parameter(&allowed, "code").unwrap()).1;
    for _ in 0..20 {
        tokens = s.refresh(text(&tokens["refresh_token"])).1;
        assert_eq!(tokens["scope"], asked.as_str());
    }
    assert!(largest_row(&s.world) < LARGEST_ROW / 4, "{}", largest_row(&s.world));
}

#[test]
fn more_than_a_row_may_hold_is_refused_early() {
    let resources: Vec<String> = (0..17).map(|n| format!("https://{n}.example.com")).collect();
    let described: Value =
        resources.iter().map(|uri| (uri.clone(), json!({}))).collect::<serde_json::Map<_, _>>().into();
    let mut s = Setting::new(json!({ "resources": described }), "opaque");
    let many: Vec<(&str, &str)> = resources.iter().map(|uri| ("resource", uri.as_str())).collect();
    let ask = |s: &mut Setting, resources: &[(&str, &str)], scope: &str| {
        let query = format!("{}&{}", s.query(&[("scope", Some(scope))]), form(resources));
        let response = s.browser.get(&mut s.world, &format!("/authorize?{query}"));
        location_parameter(&response, "error")
    };
    assert_eq!(ask(&mut s, &many[..16], "read"), None);
    assert_eq!(ask(&mut s, &many, "read").as_deref(), Some("invalid_target"));
    let scopes: Vec<String> = (0..65).map(|n| format!("s{n}")).collect();
    assert_eq!(ask(&mut s, &[], &scopes.join(" ")).as_deref(), Some("invalid_scope"));

    let long = |n: usize| format!("https://app.example.com/{n}/{}", "x".repeat(2000));
    let uris: Vec<String> = (0..9).map(long).collect();
    let create = |uris: &[String]| json!({ "clients.create": { "name": "App", "redirectUris": uris } });
    assert_eq!(s.world.refused(create(&uris)), "invalid_argument");
    s.world.ok(create(&uris[..8]));
    let types = vec!["refresh_token"; 10_000];
    let update = json!({ "clients.update": { "id": s.client, "grantTypes": types } });
    assert_eq!(s.world.refused(update), "invalid_argument");
    let handle = s.interaction();
    let complete = json!({ "interactions.complete": {
        "handle": handle, "cookie": s.browser.cookie_header(), "subject": s.subject, "methods": ["x".repeat(70_000)]
    } });
    assert_eq!(s.world.refused(complete), "invalid_argument");
    assert!(largest_row(&s.world) < LARGEST_ROW);
}
