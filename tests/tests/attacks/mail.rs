//! Mails leave the engine with the commit of what they are about, and in no other way.

use claviger_tests::World;
use claviger_tests::setting::text;
use serde_json::{Value, json};

/// Who has an address, in a world whose host sends mail.
fn world(changes: Value) -> (World, String) {
    let mut world = World::with(changes);
    let account = json!({ "login": "ada", "password": "correct horse", "claims": { "email": "Ada@example.com" } });
    let id = text(&world.ok(json!({ "accounts.create": account }))["id"]).to_owned();
    (world, id)
}

fn change(id: &str) -> Value {
    json!({ "accounts.setPassword": { "id": id, "password": "battery staple" } })
}

#[test]
fn a_mail_goes_to_the_stored_address_in_words_that_are_ready_to_be_sent() {
    let (mut world, id) = world(json!({ "capabilities": ["mail"] }));
    world.ok(change(&id));
    let mails = world.take_mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(
        (&mail["kind"], &mail["to"], &mail["subject"]),
        (&json!("password_changed"), &json!("Ada@example.com"), &json!(id))
    );
    assert_eq!(mail["subjectLine"], "Your password was changed – Example");
    assert!(text(&mail["text"]).ends_with("Example\nhttps://auth.example.com"), "{mail}");
}

#[test]
fn a_host_that_sends_no_mail_is_given_none() {
    let (mut world, id) = world(json!({}));
    let done = world.run(change(&id));
    assert!(done.get("ok").is_some() && done.get("mail").is_none(), "{done}");
}

#[test]
fn no_mail_leaves_without_its_commit() {
    let (mut world, id) = world(json!({ "capabilities": ["mail"] }));
    for outcome in [json!({ "failed": "down" }), json!({ "commit": "stale" }), json!({ "commit": "unknown" })] {
        let done =
            world.run_with(
                change(&id),
                |ask, _, store| {
                    if ask.get("commit").is_some() { outcome.clone() } else { store.answer(ask) }
                },
            );
        assert!(done.get("fault").is_some() && done.get("mail").is_none(), "{done}");
    }
}

#[test]
fn a_mail_leaves_once_however_its_commit_was_acknowledged() {
    let (mut world, id) = world(json!({ "capabilities": ["mail"] }));
    let mut lost = false;
    let done = world.run_with(change(&id), |ask, _, store| {
        let answer = store.answer(ask);
        let loses = ask.get("commit").is_some() && !std::mem::replace(&mut lost, ask.get("commit").is_some());
        if loses { json!({ "commit": "unknown" }) } else { answer }
    });
    assert_eq!(done["mail"].as_array().map(Vec::len), Some(1), "{done}");
}
