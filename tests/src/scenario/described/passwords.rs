//! Passwords beside signing in: hashes of other systems, other algorithms, peppers, and changes.

use serde_json::{Value, json};

use crate::World;
use crate::scenario::Scenario;
use crate::scenario::application::{Application, text};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "imported_hashes",
        about: "People come with the hashes of other systems, sign in, and their hashes are made anew",
        config: cheap,
        way: imported,
    },
    Scenario {
        name: "change_password",
        about: "A password is changed, checked and set, rightly and wrongly",
        config: cheap,
        way: changed,
    },
    Scenario {
        name: "hashes",
        about: "Hashes by themselves: made, checked, looked at, refused",
        config: cheap,
        way: by_themselves,
    },
    Scenario {
        name: "bcrypt_with_a_pepper",
        about: "Passwords are hashed with bcrypt and a pepper, by the host",
        config: || {
            let pepper = json!({ "id": "2026", "secret": "a pepper of these scenarios, Zt7Rq" });
            let password = json!({ "algorithm": "bcrypt", "cost": 10, "peppers": [pepper] });
            json!({ "password": password, "capabilities": ["derive"] })
        },
        way: peppered,
    },
];

fn cheap() -> Value {
    json!({ "password": { "memory": 7168, "passes": 1, "lanes": 1 } })
}

/// Of `correct horse battery`: bcrypt, scrypt as the former system wrote it, PBKDF2 as passlib does.
const HASHES: [&str; 3] = [
    "$2b$05$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue",
    "scrypt$1024$8$1$c29tZXNhbHRzb21lc2FsdA$Nmdkc3qxZq7dzDSXGvIqsmz3YR2Y04GCE8tKg3H3UV_UbDrBfW4MDMi8xLch3rpAVVTcD9XKVgc2TPmIApluCA",
    "$pbkdf2-sha256$1000$....c29tZXNhbHT///8$KZTku4YpuZ/91UJpr49/yzhoAf91VprhI0sJzebXoGk",
];

fn imported(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    for (number, hash) in HASHES.iter().enumerate() {
        let login = format!("person{number}");
        world.ok(json!({ "accounts.create": { "login": login, "passwordHash": hash } }));
        for (password, status) in
            [("a wrong horse", 401), ("correct horse battery", 303), ("correct horse battery", 303)]
        {
            let interaction = app.interaction(world, &[("prompt", "login")]);
            assert_eq!(app.browser.sign_in(world, &interaction, &login, password)["status"], status);
        }
    }
    let bomb = "$scrypt$ln=63,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU";
    for hash in ["plain text", "", bomb] {
        let ask = json!({ "accounts.create": { "login": "nobody", "passwordHash": hash } });
        assert_eq!(world.refused(ask), "invalid_argument");
    }
}

fn changed(world: &mut World) {
    let app = Application::register(world, "jwt");
    let change = |current: &str, new: &str| json!({ "accounts.changePassword": { "id": app.subject, "current": current, "new": new, "remote": "203.0.113.9" } });
    assert_eq!(world.refused(change("a wrong horse", "another battery")), "wrong_credentials");
    assert_eq!(world.refused(change("correct horse", "short")), "invalid_argument");
    // Where the answer was lost, the old password is wrong the second time.
    let done = world.run(change("correct horse", "another battery"));
    assert!(done.get("ok").is_some() || world.fault.is_some(), "{done}");
    for (password, valid) in [("correct horse", false), ("another battery", true)] {
        let checked = world.ok(json!({ "accounts.verifyPassword": { "login": "ada", "password": password } }));
        assert_eq!(checked["valid"], valid);
    }
    world.ok(json!({ "accounts.verifyPassword": { "id": "nobody", "password": "another battery" } }));
    world.ok(json!({ "accounts.setPassword": { "id": app.subject, "passwordHash": HASHES[0], "endSessions": false } }));
    world.ok(json!({ "accounts.setPassword": { "id": app.subject, "password": "correct horse" } }));
}

fn by_themselves(world: &mut World) {
    let hash = world.ok(json!({ "passwords.hash": { "password": "correct horse battery" } }))["hash"].clone();
    let hash = text(&hash);
    for hash in [&hash, HASHES[0], HASHES[1], HASHES[2], "!"] {
        world.ok(json!({ "passwords.verify": { "password": "correct horse battery", "hash": hash } }));
    }
    for hash in [&hash, HASHES[0], HASHES[1], HASHES[2]] {
        world.ok(json!({ "passwords.inspect": { "hash": hash } }));
    }
    assert_eq!(world.refused(json!({ "passwords.inspect": { "hash": "plain text" } })), "invalid_argument");
    assert_eq!(world.refused(json!({ "passwords.hash": { "password": "short" } })), "invalid_argument");
}

fn peppered(world: &mut World) {
    let mut app = Application::register(world, "jwt");
    for (password, status) in [("a wrong horse", 401), ("correct horse", 303)] {
        let interaction = app.interaction(world, &[("prompt", "login")]);
        assert_eq!(app.browser.sign_in(world, &interaction, "ada", password)["status"], status);
    }
    let hash = world.ok(json!({ "passwords.hash": { "password": "a password that is by far longer than all of what bcrypt reads of one" } }));
    world.ok(json!({ "passwords.inspect": { "hash": hash["hash"] } }));
    let ask = json!({ "passwords.hash": { "password": "correct horse" } });
    let done = world.run_with(
        ask,
        |ask, _, store| {
            if ask.get("derive").is_some() { json!({ "busy": 3 }) } else { store.answer(ask) }
        },
    );
    assert_eq!(done["fault"]["code"], "busy");
}
