//! What an attempt at a password costs: the same for whoever there is and is not (PW-008, PW-015, PW-016).

use claviger_tests::Memory;
use claviger_tests::setting::{PASSWORD, Setting, text};
use serde_json::{Value, json};

use crate::passwords::{IMPORTED, LONG, OF_IMPORTED, cheap, damage, import, named, pepper, sign_in_command};

/// Signs in, with every derivation that the host is asked for.
pub(crate) fn derived(s: &mut Setting, login: &str, password: &str) -> (Value, Vec<Value>) {
    let command = sign_in_command(s, login, password);
    let mut derived = Vec::new();
    let done = s.world.run_with(command, |ask, _, store: &mut Memory| {
        derived.extend(ask.get("derive").cloned());
        store.answer(ask)
    });
    (done["ok"].clone(), derived)
}

/// What they cost, in any order.
fn costs(derived: &[Value]) -> Vec<String> {
    let mut costs: Vec<_> = derived
        .iter()
        .map(|ask| {
            let mut parameters = ask["parameters"].clone();
            parameters["length"] = Value::Null;
            format!("{} {parameters}", text(&ask["algorithm"]))
        })
        .collect();
    costs.sort();
    costs
}

#[test]
fn pw_008_a_stored_bomb_is_never_derived_and_never_imported() {
    let mut s = Setting::new(json!({ "password": cheap(), "capabilities": ["derive"] }), "opaque");
    let subject = s.subject.clone();
    let (_, usual) = derived(&mut s, "ada", "a wrong horse");
    for bomb in [
        "$argon2id$v=19$m=4294967295,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E",
        "$scrypt$ln=63,r=1073741824,p=1$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
        "scrypt$2147483648$8$1$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
        "$pbkdf2-sha256$i=4294967295$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
        "$2b$31$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue",
    ] {
        let ask = json!({ "accounts.setPassword": { "id": subject, "passwordHash": bomb } });
        assert_eq!(s.world.refused(ask), "invalid_argument", "{bomb}");
        damage(&mut s, &subject, json!(bomb));
        s.world.take_events();
        let (answer, asked) = derived(&mut s, "ada", PASSWORD);
        assert_eq!((&answer["status"], costs(&asked)), (&json!(401), costs(&usual)), "{bomb}");
        let told = named(&mut s, "account.password_unusable");
        assert_eq!(told.len(), 1, "{bomb}");
        assert_eq!((&told[0]["subject"], &told[0]["reason"]), (&json!(subject), &json!("excessive")));
    }
}

/// A person of each kind, and a wrong password for all; for those who must not get in also the right one.
fn classes(s: &mut Setting) -> Vec<(&'static str, &'static str)> {
    let create = |s: &mut Setting, login: &str, hash: Value| {
        let account = s.world.ok(json!({ "accounts.create": { "login": login, "password": OF_IMPORTED } }));
        if !hash.is_null() {
            damage(s, text(&account["id"]), hash);
        }
        text(&account["id"]).to_owned()
    };
    create(s, "usual", Value::Null);
    let disabled = create(s, "disabled", Value::Null);
    s.world.ok(json!({ "accounts.update": { "id": disabled, "disabled": true } }));
    s.world.ok(json!({ "accounts.create": { "login": "without" } }));
    create(s, "locked", json!("!"));
    create(s, "damaged", json!("$argon2id$v=19$m=1,t=1"));
    create(s, "bomb", json!(IMPORTED[0].replace("65536", "4294967295")));
    create(s, "peppered", json!(format!("$pepper$unknown{}", IMPORTED[0])));
    let wrong = "a wrong horse";
    vec![
        ("usual", wrong),
        ("nobody", wrong),
        ("disabled", wrong),
        ("disabled", OF_IMPORTED),
        ("without", wrong),
        ("locked", wrong),
        ("damaged", OF_IMPORTED),
        ("bomb", OF_IMPORTED),
        ("peppered", OF_IMPORTED),
        (" ", wrong),
    ]
}

/// The response without what is of this one request.
fn seen(answer: &Value, login: &str) -> Value {
    let hidden = |text: &str| {
        let mut text = text.to_owned();
        while let Some(at) = text.find("cvi_") {
            let end = text[at..].find(|letter: char| !letter.is_ascii_alphanumeric() && !"_-".contains(letter));
            text.replace_range(at..end.map_or(text.len(), |end| at + end), "HANDLE");
        }
        if login.trim().is_empty() {
            text.replace("\" \"", "\"\"")
        } else {
            text.replace(&format!("\"{login}\""), "\"\"")
        }
    };
    json!({ "status": answer["status"], "headers": hidden(&answer["headers"].to_string()), "body": hidden(text(&answer["body"])) })
}

#[test]
fn pw_015_pw_016_every_failed_attempt_looks_the_same_and_costs_the_same() {
    for password in [
        cheap(),
        json!({ "algorithm": "bcrypt", "cost": 10 }),
        json!({ "memory": 7168, "passes": 1, "peppers": [pepper("a")] }),
    ] {
        let mut s = Setting::new(json!({ "password": password, "capabilities": ["derive"] }), "opaque");
        let mut first = None;
        for (login, password) in classes(&mut s) {
            let (answer, asked) = derived(&mut s, login, password);
            assert_eq!(asked.len(), 1, "{login}");
            assert_eq!(s.world.asked().iter().filter(|ask| *ask == "load").count(), 1, "{login}");
            let this = (seen(&answer, login), costs(&asked));
            assert_eq!(this.0["status"], 401);
            assert_eq!(&this, first.get_or_insert_with(|| this.clone()), "{login}");
        }
    }
}

#[test]
fn pw_016_a_cheaper_hash_costs_no_less_than_a_new_one_right_or_wrong() {
    let mut s = Setting::new(json!({ "password": cheap(), "capabilities": ["derive"] }), "opaque");
    let (_, usual) = derived(&mut s, "nobody", "a wrong horse");
    for (number, hash) in IMPORTED.iter().enumerate().skip(1) {
        let login = format!("imported{number}");
        import(&mut s, &login, hash);
        for password in ["a wrong horse", OF_IMPORTED] {
            let (_, asked) = derived(&mut s, &login, password);
            assert_eq!(asked.len(), 2, "its own and that of a new hash: {hash}");
            assert_eq!(costs(&asked[1..]), costs(&usual), "{hash}");
        }
    }
}

#[test]
fn pw_016_where_the_operator_says_what_was_imported_every_failed_attempt_costs_that_too() {
    let password = json!({ "memory": 7168, "passes": 1, "legacy": [{ "algorithm": "bcrypt", "cost": 5 }] });
    let mut s = Setting::new(json!({ "password": password, "capabilities": ["derive"] }), "opaque");
    import(&mut s, "imported", IMPORTED[3]);
    let mut all = classes(&mut s);
    all.push(("imported", "a wrong horse"));
    let mut first = None;
    for (login, password) in all {
        let (answer, asked) = derived(&mut s, login, password);
        assert_eq!(asked.len(), 2, "{login}");
        let this = (seen(&answer, login), costs(&asked));
        assert_eq!(&this, first.get_or_insert_with(|| this.clone()), "{login}");
    }
}

#[test]
fn pw_016_a_password_that_bcrypt_would_cut_costs_what_any_other_does() {
    let mut s = Setting::new(
        json!({ "password": { "algorithm": "bcrypt", "cost": 10 }, "capabilities": ["derive"] }),
        "opaque",
    );
    let (_, usual) = derived(&mut s, "ada", "a wrong horse");
    for login in ["ada", "nobody"] {
        for password in [format!("{LONG}x"), "a\0b".to_owned()] {
            let (answer, asked) = derived(&mut s, login, &password);
            assert_eq!((&answer["status"], costs(&asked)), (&json!(401), costs(&usual)), "{login}");
        }
    }
}
