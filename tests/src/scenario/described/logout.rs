//! Signing out at the provider: by an application, by the person, and by whoever runs the server.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{Browser, World, form};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "logout",
        about: "An application signs its person out, who is asked where it cannot say of whom it speaks; what ends with a session, and what does not",
        config: || json!({ "openid": {} }),
        way: logout,
    },
    Scenario {
        name: "backchannel_logout",
        about: "A client that is told of the end of a session: at once, after it was down, and not at all",
        config: || json!({ "openid": { "pairwiseSalt": "0123456789abcdef0123456789abcdef" }, "capabilities": ["fetch"] }),
        way: backchannel,
    },
    Scenario {
        name: "logout_refusals",
        about: "Hints that are none or of another client, addresses that are not registered, forms of other sites and of pages that are over",
        config: || json!({ "openid": {} }),
        way: refusals,
    },
];

const BYE: &str = "https://app.example.com/bye";

fn registered(world: &mut World) -> Application {
    let app = Application::register(world, "opaque");
    world.ok(json!({ "clients.update": { "id": app.client, "openid": { "postLogoutRedirectUris": [BYE] } } }));
    app
}

fn tokens(world: &mut World, app: &mut Application, scope: &str) -> Value {
    let scopes: Vec<&str> = scope.split(' ').collect();
    let code = app.code(world, &[("scope", scope)], &scopes);
    let (status, tokens) = app.redeem(world, &code);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

fn go(world: &mut World, app: &mut Application, fields: &[(&str, &str)]) -> Value {
    app.browser.get(world, &format!("/logout?{}", form(fields)))
}

fn decide(world: &mut World, app: &mut Application, page: &Value, decision: &str) -> Value {
    let body = text(&page["body"]);
    let confirmation = body.split("name=\"confirmation\" value=\"").nth(1).unwrap_or_default();
    let confirmation = confirmation.split('"').next().unwrap_or_default();
    app.browser.post(world, "/logout", &form(&[("confirmation", confirmation), ("decision", decision)]))
}

fn logout(world: &mut World) {
    let mut app = registered(world);
    let first = tokens(world, &mut app, "openid");
    let lasting = tokens(world, &mut app, "openid offline_access");
    let hint = text(&first["id_token"]);
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s&t")];
    let posted = app.browser.post(world, "/logout", &form(&fields));
    assert_eq!(posted["status"], 303, "it comes back as a GET");
    assert_eq!(go(world, &mut app, &fields)["status"], 303);
    assert_eq!(app.introspect(world, &first["access_token"])["active"], false);
    assert_eq!(app.introspect(world, &lasting["access_token"])["active"], true);
    assert_eq!(go(world, &mut app, &fields)["status"], 303, "nobody is signed in");
    tokens(world, &mut app, "openid");
    let page = go(world, &mut app, &[]);
    assert_eq!(decide(world, &mut app, &page, "stay")["status"], 200);
    assert_eq!(decide(world, &mut app, &page, "sign_out")["status"], 200);
    tokens(world, &mut app, "openid");
    world.ok(json!({ "sessions.revokeAll": { "subject": app.subject } }));
    tokens(world, &mut app, "openid");
    world.ok(json!({ "accounts.update": { "id": app.subject, "disabled": true } }));
}

const TOLD: &str = "https://app.example.com/logged-out";

fn backchannel(world: &mut World) {
    let mut app = registered(world);
    let wants = json!({ "backchannelLogoutUri": TOLD, "subjectType": "pairwise", "postLogoutRedirectUris": [BYE] });
    world.ok(json!({ "clients.update": { "id": app.client, "openid": wants } }));
    tokens(world, &mut app, "openid");
    let session = world.ok(json!({ "sessions.list": { "subject": app.subject } }))["items"][0]["id"].clone();
    let due = |attempt: u8| {
        let due = json!({ "subject": app.subject, "sessionId": session, "clientId": app.client, "attempt": attempt });
        json!({ "logout.deliver": due })
    };
    world.refused(due(1));
    world.ok(json!({ "sessions.revoke": { "subject": app.subject, "id": session } }));
    let answered = |status: u16| json!({ "response": { "status": status, "headers": [], "body": "" } });
    for (attempt, status, retry_in) in [(1, 503, json!(5)), (2, 500, json!(60)), (3, 500, Value::Null)] {
        world.store.web.insert(TOLD.into(), answered(status));
        assert_eq!(world.ok(due(attempt)), json!({ "delivered": false, "retryIn": retry_in }));
    }
    world.store.web.insert(TOLD.into(), answered(400));
    assert_eq!(world.ok(due(1))["retryIn"], Value::Null);
    world.store.web.insert(TOLD.into(), answered(204));
    assert_eq!(world.ok(due(2))["delivered"], true);
    world.refused(due(4));
}

fn refusals(world: &mut World) {
    let mut app = registered(world);
    let hint = text(&tokens(world, &mut app, "openid")["id_token"]);
    let elsewhere = "https://app.example.com/bye?a=b";
    for fields in [
        &[("id_token_hint", "x")][..],
        &[("id_token_hint", &hint), ("client_id", "another")],
        &[("id_token_hint", &hint), ("post_logout_redirect_uri", elsewhere)],
        &[("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
        &[("state", "x"), ("state", "y")],
    ] {
        assert_eq!(go(world, &mut app, fields)["status"], 400, "{fields:?}");
    }
    let page = go(world, &mut app, &[("post_logout_redirect_uri", BYE)]);
    assert_eq!(decide(world, &mut app, &page, "perhaps")["status"], 400);
    let of_ada = std::mem::replace(&mut app.browser, Browser::new());
    let asked = go(world, &mut app, &[("id_token_hint", &hint)]);
    assert_eq!(asked["status"], 200, "nobody is signed in here");
    app.browser = of_ada;
    let mut forged = app.browser.post_command("/logout", "confirmation=x&decision=sign_out");
    assert_eq!(world.ok(forged.clone())["status"], 400);
    forged["http"]["headers"][3] = json!(["sec-fetch-site", "cross-site"]);
    assert_eq!(world.ok(forged)["status"], 403);
    world.advance(901);
    assert_eq!(decide(world, &mut app, &page, "sign_out")["status"], 400, "the page is over");
}
