//! Authenticator apps and recovery codes, by the typed commands.

use serde_json::{Value, json};

use super::plain;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::setting::PASSWORD;
use crate::{Authenticator, World, form, location_parameter};

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
    Scenario {
        name: "security_page",
        about: "A person changes their password and adds an app at the page, at once and after signing in again",
        config: plain,
        way: security_page,
    },
];

fn security_page(world: &mut World) {
    const PAGE: &str = "/account/security";
    let mut app = Application::register(world, "jwt");
    let sent = app.browser.get(world, PAGE);
    let interaction = location_parameter(&sent, "interaction").unwrap();
    app.browser.sign_in(world, &interaction, "ada", PASSWORD);
    let shown = app.browser.get(world, PAGE);
    let token = between(&shown, "name=\"token\" value=\"");
    let post = |world: &mut World, app: &mut Application, fields: &[(&str, &str)]| {
        app.browser.post(world, PAGE, &form(&[&[("token", token.as_str())], fields].concat()))
    };
    assert_eq!(post(world, &mut app, &[("token", "twice")])["status"], 400);
    assert_eq!(post(world, &mut app, &[])["status"], 400);
    let added = post(world, &mut app, &[("add", "totp")]);
    let (phone, id) = (
        Authenticator::with(&between(&added, "<code class=\"secret\">")),
        between(&added, "name=\"confirm\" value=\""),
    );
    assert_eq!(post(world, &mut app, &[("confirm", &id), ("code", "wrong")])["status"], 401);
    // Where the answer was lost, it is confirmed already the second time, and the password is another one.
    let is_faulty = world.fault.is_some();
    let held = |answer: &Value, status: u64| assert!(is_faulty || answer["status"] == status, "{answer}");
    let code = phone.code(world.now);
    held(&post(world, &mut app, &[("confirm", &id), ("code", &code)]), 200);
    assert_eq!(post(world, &mut app, &[("renew_codes", "all")])["status"], 200);
    let change = |current| [("change", "password"), ("current", current), ("new", "another horse")];
    assert_eq!(post(world, &mut app, &change("wrong horse"))["status"], 401);
    held(&post(world, &mut app, &change(PASSWORD)), 303);
    assert_eq!(app.browser.get(world, "/account/security?done=password")["status"], 200);
    world.advance(600);
    assert_eq!(app.browser.get(world, PAGE)["status"], 200);
    let again = post(world, &mut app, &[("remove", &id)]);
    let interaction = location_parameter(&again, "interaction").unwrap();
    let halfway = app.browser.sign_in(world, &interaction, "ada", "another horse");
    let pending = between(&halfway, "name=\"pending\" value=\"");
    let body = form(&[("pending", &pending), ("by", "totp"), ("code", &phone.code(world.now))]);
    assert_eq!(app.browser.post(world, "/sign-in/second", &body)["status"], 303);
    let shown = app.browser.get(world, PAGE);
    let body = form(&[("token", &between(&shown, "name=\"token\" value=\"")), ("remove", &id)]);
    assert_eq!(app.browser.post(world, PAGE, &body)["status"], 303);
    assert_eq!(app.browser.get(world, "/account/security?done=removed")["status"], 200);
}

/// What stands on a page after this text, up to the end of the attribute or the element.
fn between(page: &Value, before: &str) -> String {
    let body = text(&page["body"]);
    let (_, rest) = body.split_once(before).unwrap_or_else(|| panic!("no {before}: {page}"));
    rest.split(['"', '<']).next().unwrap_or_default().to_owned()
}

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
    world.ok(confirm(&subject, &begun, world.now));
    assert_eq!(world.ok(json!({ "sessions.list": { "subject": subject } }))["items"], json!([]));
    world.advance(30);
    let code = app_of(&begun).code(world.now);
    assert_eq!(world.ok(verify(&subject, &code))["kind"], "totp");
    // Those that came with the confirmation may be lost on the way.
    let codes = world.ok(json!({ "factors.regenerateRecoveryCodes": { "subject": subject } }));
    let code = text(&codes["recoveryCodes"][0]).to_uppercase();
    assert_eq!(world.ok(verify(&subject, &code))["recoveryCodesLeft"], 9);
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
        // Where something went wrong, the guess was made again, and counted again.
        let refused = world.refused(verify(&subject, code));
        assert!(refused == "wrong_code" || world.fault.is_some(), "{refused}");
    }
    world.advance(30);
    let right = app_of(&begun).code(world.now);
    assert_eq!(world.refused(verify(&subject, &right)), "too_many_requests");
    assert_eq!(world.refused(verify("nobody", &right)), "wrong_code");
}
