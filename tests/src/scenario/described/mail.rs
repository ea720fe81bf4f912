//! What goes by way of a mailbox.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};
use crate::{Browser, World, form, parameter};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "password_reset",
        about: "A password is forgotten, and reset on the built-in pages and by the typed commands",
        config: mailing,
        way: password_reset,
    },
    Scenario {
        name: "email_addresses",
        about: "An address is verified, another takes its place, and a guard wants a verified one",
        config: mailing,
        way: email_addresses,
    },
    Scenario {
        name: "sign_up",
        about: "Somebody signs up, and somebody with an address that is taken",
        config: mailing,
        way: sign_up,
    },
    Scenario {
        name: "sign_in_by_mail",
        about: "A link and a code that were mailed sign in, where they were asked for",
        config: mailing,
        way: sign_in_by_mail,
    },
    Scenario {
        name: "sign_in_by_mail_at_host",
        about: "The same at pages of the host's own, and codes by mail after a password",
        config: at_host,
        way: sign_in_by_mail_at_host,
    },
    Scenario {
        name: "mail_by_browser",
        about: "Two browsers ask to sign in by mail, each for its own; a new one is told of, also of a sealed session",
        config: sealed,
        way: mail_by_browser,
    },
    Scenario {
        name: "mail_refusals",
        about: "Links that are over, forged or of another browser, codes that are wrong, and too many of all",
        config: mailing,
        way: mail_refusals,
    },
];

const ADA: &str = "ada@example.com";
const NEW: &str = "a new horse";

fn mailing() -> Value {
    json!({ "capabilities": ["mail"], "signIn": { "signUp": true, "passwordless": ["link", "code"] } })
}

fn ada(world: &mut World) -> String {
    let account = json!({ "login": ADA, "password": "correct horse", "name": "Ada", "claims": { "locale": "en" } });
    text(&world.ok(json!({ "accounts.create": account }))["id"])
}

/// The last mail that was sent. None where something went wrong on the way, and it was lost.
fn sent(world: &mut World) -> Value {
    world.take_mails().pop().unwrap_or(Value::Null)
}

fn token(world: &mut World) -> String {
    let mail = sent(world);
    mail["link"].as_str().and_then(|link| parameter(link, "token")).unwrap_or_default()
}

fn password_reset(world: &mut World) {
    ada(world);
    let mut browser = Browser::new();
    browser.get(world, "/forgot");
    browser.post(world, "/forgot", "");
    browser.post(world, "/forgot", &form(&[("login", "nobody@example.com")]));
    browser.post(world, "/forgot", &form(&[("login", "Ada@Example.com")]));
    let link = token(world);
    browser.get(world, &format!("/reset?token={link}"));
    browser.post(world, "/reset", &form(&[("token", &link), ("login", ADA), ("password", "short")]));
    browser.post(world, "/reset", &form(&[("token", &link), ("password", NEW)]));
    browser.get(world, &format!("/reset?token={link}"));
    world.advance(60);
    world.ok(json!({ "accounts.requestReset": { "login": ADA, "remote": "203.0.113.9" } }));
    let link = token(world);
    world.ok(json!({ "accounts.requestReset": { "login": ADA } }));
    world.run(json!({ "accounts.reset": { "token": link, "password": "short" } }));
    world.run(json!({ "accounts.reset": { "token": link, "password": "another horse" } }));
    world.run(json!({ "accounts.reset": { "token": link, "password": "another horse" } }));
}

fn email_addresses(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    let id = ada(world);
    let interaction = app.interaction(world, &[]);
    app.browser.sign_in(world, &interaction, ADA, "correct horse");
    let guarded = json!({ "authenticate": {
        "headers": [["cookie", app.browser.cookie_header()]], "requireVerifiedEmail": true } });
    world.run(guarded.clone());
    world.ok(json!({ "accounts.sendVerification": { "id": id } }));
    let link = token(world);
    world.ok(json!({ "accounts.sendVerification": { "id": id } }));
    app.browser.get(world, &format!("/verify-email?token={link}"));
    app.browser.post(world, "/verify-email", &form(&[("token", &link)]));
    app.browser.post(world, "/verify-email", &form(&[("token", &link)]));
    world.run(guarded);
    world.ok(json!({ "accounts.sendVerification": { "id": id } }));
    world.ok(json!({ "accounts.requestEmailChange": { "id": id, "email": "ada@example.org" } }));
    let link = token(world);
    app.browser.get(world, &format!("/verify-email?token={link}"));
    world.run(json!({ "accounts.verifyEmail": { "token": link } }));
    world.run(json!({ "accounts.find": { "login": "ada@example.org" } }));
    world.advance(60);
    world.run(json!({ "accounts.create": { "login": "grace@example.com" } }));
    world.ok(json!({ "accounts.requestEmailChange": { "id": id, "email": "grace@example.com" } }));
    let link = token(world);
    app.browser.post(world, "/verify-email", &form(&[("token", &link)]));
}

fn sign_up(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    ada(world);
    let interaction = app.interaction(world, &[]);
    app.browser.get(world, &format!("/sign-in?interaction={interaction}"));
    app.browser.get(world, &format!("/sign-up?interaction={interaction}"));
    let post = |world: &mut World, app: &mut Application, email: &str, password: &str| {
        let fields = [("interaction", interaction.as_str()), ("email", email), ("name", "Eve"), ("password", password)];
        app.browser.post(world, "/sign-up", &form(&fields))
    };
    post(world, &mut app, "eve", NEW);
    post(world, &mut app, "eve@example.com", "short");
    post(world, &mut app, "eve@example.com", "");
    post(world, &mut app, "eve@example.com", NEW);
    let link = token(world);
    post(world, &mut app, ADA, NEW);
    app.browser.post(world, "/verify-email", &form(&[("token", &link)]));
    app.browser.sign_in(world, &interaction, "eve@example.com", NEW);
    world.run(
        json!({ "accounts.register": { "email": "grace@example.com", "password": NEW, "remote": "203.0.113.9" } }),
    );
    world.run(json!({ "accounts.register": { "email": "grace", "password": NEW } }));
}

fn asked(world: &mut World, app: &mut Application) -> (String, String, Value) {
    let interaction = app.interaction(world, &[]);
    app.browser.get(world, &format!("/sign-in-by-mail?interaction={interaction}"));
    let body = form(&[("interaction", &interaction), ("login", ADA)]);
    let page = app.browser.post(world, "/sign-in-by-mail", &body);
    let body = page["body"].as_str().unwrap_or_default();
    let waiting = body.split_once("name=\"waiting\" value=\"").and_then(|(_, rest)| rest.split('"').next());
    (interaction, waiting.unwrap_or_default().to_owned(), sent(world))
}

fn type_code(world: &mut World, app: &mut Application, (interaction, waiting): (&str, &str), code: &str) {
    let fields = [("interaction", interaction), ("waiting", waiting), ("code", code)];
    app.browser.post(world, "/sign-in-by-mail", &form(&fields));
}

fn sign_in_by_mail(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    ada(world);
    let (.., mail) = asked(world, &mut app);
    let link = mail["link"].as_str().and_then(|link| parameter(link, "token")).unwrap_or_default();
    app.browser.get(world, &format!("/sign-in-link?token={link}"));
    app.browser.post(world, "/sign-in-link", &form(&[("token", &link)]));
    world.advance(60);
    app.browser = Browser::new();
    let (interaction, waiting, mail) = asked(world, &mut app);
    let code = mail["code"].as_str().unwrap_or("00000000").to_owned();
    type_code(world, &mut app, (&interaction, &waiting), &code);
    type_code(world, &mut app, (&interaction, &waiting), &code);
}

fn at_host() -> Value {
    let sign_in = json!({ "passwordless": ["link", "code"], "rememberFor": "30d" });
    json!({ "capabilities": ["mail"], "signIn": sign_in, "pages": { "signInLink": "https://app.example.com/arrive" } })
}

fn sign_in_by_mail_at_host(world: &mut World) {
    let subject = ada(world);
    let mut browser = Browser::new();
    let visit = |browser: &Browser| json!({ "cookie": browser.cookie_header(), "remember": true });
    let mut send = |world: &mut World, login: &str| {
        let sent = world.run(json!({ "signIn.sendMail": { "visit": visit(&browser), "login": login } }));
        browser.keep(&sent["ok"]);
        (visit(&browser), sent["ok"]["waiting"].as_str().unwrap_or("cvlw_lost").to_owned())
    };
    let (visit, waiting) = send(world, ADA);
    let mail = sent(world);
    let link = mail["link"].as_str().and_then(|link| parameter(link, "token")).unwrap_or_default();
    for _ in 0..2 {
        world.run(json!({ "signIn.withLink": { "visit": visit, "token": link } }));
    }
    world.run(json!({ "signIn.withMail": { "visit": visit, "waiting": waiting, "code": "00000000" } }));
    world.advance(60);
    let (visit, waiting) = send(world, ADA);
    let code = sent(world)["code"].clone();
    let code = if code.is_null() { json!("00000000") } else { code };
    for _ in 0..2 {
        world.run(json!({ "signIn.withMail": { "visit": visit, "waiting": waiting, "code": code } }));
    }
    send(world, "nobody@example.com");
    world.run(json!({ "factors.setEmail": { "subject": subject, "enabled": true } }));
    world.run(json!({ "signIn.withPassword": { "visit": visit, "login": ADA, "password": "correct horse" } }));
    world.run(json!({ "factors.setEmail": { "subject": subject, "enabled": false } }));
}

fn sealed() -> Value {
    json!({
        "capabilities": ["mail"], "signIn": { "passwordless": ["link", "code"] },
        "sessions": { "form": "sealed", "revalidate": "60s" },
    })
}

fn mail_by_browser(world: &mut World) {
    let subject = ada(world);
    world.advance(86_400);
    let visit = |browser: &Browser| json!({ "cookie": browser.cookie_header(), "remote": "203.0.113.9" });
    let ask = |world: &mut World| {
        let mut browser = Browser::new();
        let asked = world.run(json!({ "signIn.sendMail": { "visit": visit(&browser), "login": ADA } }));
        browser.keep(&asked["ok"]);
        let link = sent(world)["link"].as_str().and_then(|link| parameter(link, "token")).unwrap_or_default();
        (browser, link)
    };
    let (mine, link) = ask(world);
    let (other, of_other) = ask(world);
    for (browser, link) in [(&other, &link), (&mine, &link), (&mine, &link), (&other, &of_other)] {
        world.run(json!({ "signIn.withLink": { "visit": visit(browser), "token": link } }));
    }
    let mut own = Browser::new();
    for _ in 0..2 {
        let by_host = json!({ "visit": visit(&own), "subject": subject, "methods": ["hwk"] });
        let done = world.run(json!({ "signIn.as": by_host }));
        own.keep(&done["ok"]);
    }
}

fn mail_refusals(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    ada(world);
    let (interaction, waiting, mail) = asked(world, &mut app);
    let link = mail["link"].as_str().and_then(|link| parameter(link, "token")).unwrap_or_default();
    let stranger = Browser::new();
    world.run(stranger.get_command(&format!("/sign-in-link?token={link}")));
    world.run(stranger.post_command("/sign-in-link", &form(&[("token", &link)])));
    for path in ["/reset", "/verify-email", "/sign-in-link"] {
        world.run(stranger.get_command(path));
        world.run(stranger.get_command(&format!("{path}?token=cvlr_forged")));
        world.run(stranger.post_command(path, &form(&[("token", "cvlr_forged"), ("password", NEW)])));
    }
    for _ in 0..11 {
        type_code(world, &mut app, (&interaction, &waiting), "wrong");
    }
    type_code(world, &mut app, (&interaction, "cvlw_forged"), "12345678");
    world.advance(900);
    app.browser.post(world, "/sign-in-link", &form(&[("token", &link)]));
    type_code(world, &mut app, (&interaction, &waiting), "12345678");
    for _ in 0..61 {
        let mut command = stranger.post_command("/forgot", &form(&[("login", "nobody@example.com")]));
        command["http"]["remote"] = "203.0.113.9".into();
        world.run(command);
    }
    world.run(json!({ "accounts.sendVerification": { "id": "nobody" } }));
    world.run(json!({ "accounts.requestEmailChange": { "id": "nobody", "email": ADA } }));
    world.run(json!({ "accounts.requestEmailChange": { "id": "nobody", "email": "no address" } }));
}
