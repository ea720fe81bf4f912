//! Authenticator apps and recovery codes, by the typed commands.

use serde_json::{Value, json};

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{Authenticator, World};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "authenticators",
        about: "An authenticator is begun, confirmed, used and removed; recovery codes are used and made anew",
        config: plain,
        way: authenticators,
    },
    Scenario {
        name: "authenticator_refusals",
        about: "Codes that are wrong, used, too late and too many; what cannot be asked for",
        config: || json!({ "signIn": { "attempts": { "account": 3 }, "endSessionsOnFactorChange": false } }),
        way: authenticator_refusals,
    },
];

fn app_of(begun: &Value) -> Authenticator {
    Authenticator::with(&text(&begun["secret"]))
}

fn verify(subject: &str, code: &str) -> Value {
    json!({ "factors.verify": { "subject": subject, "code": code, "remote": "203.0.113.9" } })
}

fn confirm(subject: &str, begun: &Value, now: u64) -> Value {
    let code = app_of(begun).code(now);
    json!({ "factors.confirmTotp": { "subject": subject, "id": begun["id"], "code": code } })
}

fn authenticators(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let subject = app.subject.clone();
    app.code(world, &[], &["read"]);
    let begun = world.ok(json!({ "factors.beginTotp": { "subject": subject, "name": "Telephone" } }));
    world.ok(json!({ "factors.list": { "subject": subject } }));
    let codes = world.ok(confirm(&subject, &begun, world.now));
    assert_eq!(world.ok(json!({ "sessions.list": { "subject": subject } }))["items"], json!([]));
    world.advance(30);
    let code = app_of(&begun).code(world.now);
    assert_eq!(world.ok(verify(&subject, &code))["kind"], "totp");
    let code = text(&codes["recoveryCodes"][0]).to_uppercase();
    assert_eq!(world.ok(verify(&subject, &code))["recoveryCodesLeft"], 9);
    world.ok(json!({ "factors.regenerateRecoveryCodes": { "subject": subject } }));
    let other = json!({ "subject": subject, "algorithm": "SHA512", "digits": 8 });
    world.ok(json!({ "factors.beginTotp": other }));
    world.ok(json!({ "factors.list": { "subject": subject } }));
    let remove = json!({ "factors.remove": { "subject": subject, "id": begun["id"] } });
    assert_eq!(world.ok(remove.clone())["removed"], true);
    assert_eq!(world.ok(remove)["removed"], false);
    world.advance(15 * 60);
    assert_eq!(world.ok(json!({ "factors.list": { "subject": subject } }))["authenticators"], json!([]));
}

fn authenticator_refusals(world: &mut World) {
    let app = Application::register(world, "jwt");
    let subject = app.subject;
    for bad in [json!({ "name": "" }), json!({ "digits": 7 }), json!({ "algorithm": "MD5" })] {
        let mut ask = bad;
        ask["subject"] = json!(subject);
        assert_eq!(world.refused(json!({ "factors.beginTotp": ask })), "invalid_argument");
    }
    assert_eq!(world.refused(json!({ "factors.beginTotp": { "subject": "nobody" } })), "not_found");
    assert_eq!(world.refused(json!({ "factors.regenerateRecoveryCodes": { "subject": subject } })), "not_found");
    let begin = json!({ "factors.beginTotp": { "subject": subject } });
    let late = world.ok(begin.clone());
    world.advance(15 * 60);
    assert_eq!(world.refused(confirm(&subject, &late, world.now)), "not_found");
    let begun = world.ok(begin.clone());
    assert_eq!(world.refused(confirm(&subject, &begun, world.now + 120_000)), "wrong_code");
    world.ok(confirm(&subject, &begun, world.now));
    assert_eq!(world.refused(confirm(&subject, &begun, world.now + 30_000)), "already_exists");
    for _ in 0..4 {
        let more = world.ok(begin.clone());
        world.ok(confirm(&subject, &more, world.now));
    }
    assert_eq!(world.refused(begin), "already_exists");
    let used = app_of(&begun).code(world.now);
    for code in [&*used, "no code", "k3v9q-0d7xm"] {
        assert_eq!(world.refused(verify(&subject, code)), "wrong_code");
    }
    world.advance(30);
    let right = app_of(&begun).code(world.now);
    assert_eq!(world.refused(verify(&subject, &right)), "too_many_requests");
    assert_eq!(world.refused(verify("nobody", &right)), "wrong_code");
}
