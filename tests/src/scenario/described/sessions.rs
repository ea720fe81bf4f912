//! Sessions in all their forms: used and unused, sealed, remembered, with tokens, with values of an application's own.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{Browser, World, form};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "session_idle",
        about: "Use of a session is noted now and then, one lies unused until it is over, and the others are ended",
        config: || json!({ "lifetimes": { "session": "1d", "sessionIdle": "1h" } }),
        way: idle,
    },
    Scenario {
        name: "session_sealed",
        about: "A session in its cookie is looked at, sealed anew, and ended alone and with all others",
        config: || json!({ "sessions": { "form": "sealed", "revalidate": "60s" } }),
        way: sealed,
    },
    Scenario {
        name: "session_remembered",
        about: "A remembered browser begins sessions by itself, until its cookie comes twice",
        config: || json!({ "signIn": { "rememberFor": "30d" }, "lifetimes": { "session": "1h" } }),
        way: remembered,
    },
    Scenario {
        name: "session_tokens",
        about: "Tokens of a session are issued, refreshed and replayed",
        config: || json!({}),
        way: tokens,
    },
    Scenario {
        name: "session_bag",
        about: "A visitor fills a basket and signs in; values are read, changed, refused and thrown away",
        config: || json!({}),
        way: bag,
    },
    Scenario {
        name: "seals",
        about: "Seals as iron-session makes them: made, opened, over, changed, and none at all",
        config: || json!({}),
        way: seals,
    },
];

fn authenticate(world: &mut World, cookie: &str) -> Value {
    world.run(json!({ "authenticate": { "headers": [["cookie", cookie]] } }))
}

fn idle(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    app.code(world, &[], &["read"]);
    let cookie = app.browser.cookie_header();
    for minutes in [5, 1, 50] {
        world.advance(minutes * 60);
        assert!(authenticate(world, &cookie).get("ok").is_some());
    }
    world.ok(json!({ "sessions.list": { "subject": app.subject } }));
    let id = authenticate(world, &cookie)["ok"]["sessionId"].clone();
    world.ok(json!({ "sessions.revokeOthers": { "subject": app.subject, "keep": id } }));
    assert_eq!(
        world.refused(json!({ "sessions.revokeOthers": { "subject": app.subject, "keep": "?" } })),
        "invalid_argument"
    );
    world.advance(3600);
    assert_eq!(authenticate(world, &cookie)["refused"]["code"], "unauthenticated");
}

fn sealed(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    app.code(world, &[], &["read"]);
    let cookie = app.browser.cookie_header();
    authenticate(world, &cookie);
    world.advance(70);
    let looked_at = authenticate(world, &cookie)["ok"].clone();
    app.browser.keep(&looked_at);
    app.browser.get(world, "/account");
    let id = &looked_at["sessionId"];
    world.ok(json!({ "sessions.revokeOthers": { "subject": app.subject, "keep": id } }));
    world.advance(70);
    assert!(authenticate(world, &cookie).get("ok").is_some());
    world.ok(json!({ "sessions.revoke": { "subject": app.subject, "id": id } }));
    world.ok(json!({ "sessions.revoke": { "subject": app.subject, "id": id } }));
    world.advance(70);
    assert_eq!(authenticate(world, &cookie)["refused"]["code"], "unauthenticated");
    app.code(world, &[], &["read"]);
    world.ok(json!({ "sessions.revokeAll": { "subject": app.subject } }));
    world.advance(70);
    assert_eq!(authenticate(world, &app.browser.cookie_header())["refused"]["code"], "unauthenticated");
}

fn remembered(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let interaction = app.interaction(world, &[]);
    app.browser.get(world, &format!("/sign-in?interaction={interaction}"));
    let fields =
        [("interaction", interaction.as_str()), ("login", "ada"), ("password", "correct horse"), ("remember", "on")];
    app.browser.post(world, "/sign-in", &form(&fields));
    let first = app.browser.cookie_header();
    world.ok(json!({ "sessions.resume": { "cookie": first } }));
    world.advance(2 * 3600);
    assert_eq!(app.browser.get(world, "/account")["status"], 303);
    app.browser.get(world, "/account");
    world.advance(2 * 3600);
    let resume = json!({ "cookie": app.browser.cookie_header(), "userAgent": "Mozilla/5.0", "remote": "203.0.113.9" });
    let again = world.ok(json!({ "sessions.resume": resume }));
    assert_eq!(again["subject"], json!(app.subject));
    world.advance(60);
    let stolen = world.ok(json!({ "sessions.resume": { "cookie": first } }));
    assert!(stolen["subject"].is_null());
    let mut browser = Browser::new();
    browser.keep(&again);
    assert!(world.ok(json!({ "sessions.resume": { "cookie": browser.cookie_header() } }))["subject"].is_null());
}

fn tokens(world: &mut World) {
    let app = Application::register(world, "opaque");
    let ask = json!({ "subject": app.subject, "methods": ["pwd"], "userAgent": "App/1", "remote": "203.0.113.9" });
    let first = world.ok(json!({ "sessions.issueTokens": ask }));
    let bearer = |tokens: &Value| json!([["authorization", format!("Bearer {}", text(&tokens["accessToken"]))]]);
    world.ok(json!({ "authenticate": { "headers": bearer(&first) } }));
    let refresh = json!({ "sessions.refreshTokens": { "refreshToken": first["refreshToken"] } });
    let second = world.ok(refresh.clone());
    let of_same = json!({ "subject": app.subject, "sessionId": first["sessionId"] });
    world.ok(json!({ "sessions.issueTokens": of_same }));
    world.advance(60);
    assert_eq!(world.refused(refresh), "invalid_grant");
    let third = world.ok(json!({ "sessions.issueTokens": of_same }));
    let refresh = json!({ "sessions.refreshTokens": { "refreshToken": third["refreshToken"] } });
    world.ok(refresh.clone());
    world.advance(60);
    assert_eq!(world.refused(refresh), "invalid_grant");
    assert_eq!(world.refused(json!({ "authenticate": { "headers": bearer(&second) } })), "invalid_token");
    assert_eq!(world.refused(json!({ "sessions.issueTokens": { "subject": app.subject } })), "invalid_argument");
    assert_eq!(
        world.refused(json!({ "sessions.issueTokens": { "subject": "nobody", "methods": ["pwd"] } })),
        "not_found"
    );
}

fn bag(world: &mut World) {
    let mut app = Application::register(world, "opaque");
    let visitor = world.ok(json!({ "sessions.open": { "cookie": "" } }));
    let changes =
        json!([{ "push": { "key": "basket", "value": "a book" } }, { "flash": { "key": "notice", "value": "added" } }]);
    app.browser.keep(&world.ok(json!({ "sessions.save": { "handle": visitor["handle"], "changes": changes } })));
    world.ok(json!({ "sessions.open": { "cookie": app.browser.cookie_header() } }));
    app.code(world, &[], &["read"]);
    let opened = world.ok(json!({ "sessions.open": { "cookie": app.browser.cookie_header() } }));
    assert_eq!(opened["values"], json!({ "basket": ["a book"] }));
    let changes = json!([
        { "add": { "key": "visits", "by": 1 } }, { "previousUrl": { "url": "/a" } }, { "regenerateToken": {} },
        { "put": { "key": "theme", "value": { "dark": true } } }, { "forget": { "key": "basket" } },
    ]);
    let save = json!({ "handle": opened["handle"], "changes": changes, "regenerate": true });
    app.browser.keep(&world.ok(json!({ "sessions.save": save })));
    assert_eq!(world.refused(json!({ "sessions.save": save })), "not_found");
    let opened = world.ok(json!({ "sessions.open": { "cookie": app.browser.cookie_header() } }));
    let wrong = json!([{ "push": { "key": "theme", "value": 1 } }]);
    assert_eq!(
        world.refused(json!({ "sessions.save": { "handle": opened["handle"], "changes": wrong } })),
        "invalid_argument"
    );
    world.ok(json!({ "sessions.save": { "handle": opened["handle"], "changes": [{ "flush": {} }] } }));
    world.ok(json!({ "sessions.save": { "handle": opened["handle"], "invalidate": true } }));
}

fn seals(world: &mut World) {
    let passwords = json!({ "1": "the first password, of 32 characters or more", "2": "the second password, of 32 characters or more" });
    let data = json!({ "did": "did:plc:abc", "n": [1, 2.5, null], "é": "\u{1f512}" });
    let sealed = world.ok(json!({ "seals.seal": { "data": data, "passwords": passwords, "ttl": 60 } }));
    let unseal = |seal: &str| json!({ "seals.unseal": { "seal": seal, "passwords": passwords } });
    let seal = text(&sealed["seal"]);
    assert_eq!(world.ok(unseal(&seal))["data"], data);
    assert_eq!(world.ok(unseal(&seal.replacen("*2*", "*3*", 1)))["data"], json!({}));
    assert_eq!(world.refused(unseal(&seal.replacen("Fe26.2", "Fe26.1", 1))), "invalid_argument");
    world.advance(120);
    assert_eq!(world.ok(unseal(&seal))["data"], json!({}));
    let short = json!({ "seals.seal": { "data": 1, "passwords": { "1": "short" } } });
    assert_eq!(world.refused(short), "invalid_argument");
    assert_eq!(world.refused(json!({ "seals.seal": { "data": 1, "passwords": {} } })), "invalid_argument");
}
