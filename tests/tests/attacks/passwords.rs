//! What stands in place of a password, and what an attempt costs: PW-003 to PW-023, A14, A15, W3.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, Memory, World, form};
use serde_json::{Value, json};

use crate::operations::Operation;

/// Hashes that other systems made of `correct horse battery`.
const IMPORTED: [&str; 8] = [
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E",
    "$argon2i$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$YJGAvKj5qMsNSKiRbHeobQaeGOmGgkv8kvHffzL9ZpY",
    "$argon2d$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$z7jERwaI61JsPubes4r+RIMCmbiY4J7FKu/S6lXUwM4",
    "$2b$05$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue",
    "$scrypt$ln=10,r=8,p=2$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
    "scrypt$1024$8$1$c29tZXNhbHRzb21lc2FsdA$Nmdkc3qxZq7dzDSXGvIqsmz3YR2Y04GCE8tKg3H3UV_UbDrBfW4MDMi8xLch3rpAVVTcD9XKVgc2TPmIApluCA",
    "$pbkdf2-sha256$1000$....c29tZXNhbHT///8$KZTku4YpuZ/91UJpr49/yzhoAf91VprhI0sJzebXoGk",
    "$pbkdf2-sha512$1000$....c29tZXNhbHT///8$WeIzQO14S.dLWiDUxHhp67CoWjof7RoVa8.AX1aJziGhXXJKTAdbWwnAn5kNtDPJ1lz9UYtFOWzjW9zf2b..1Q",
];
const OF_IMPORTED: &str = "correct horse battery";

/// All that bcrypt reads, and its hash (crypt_blowfish).
const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const OF_LONG: &str = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";

fn with(password: Value) -> Setting {
    Setting::new(json!({ "password": password }), "opaque")
}

/// As cheap as the bounds allow.
fn cheap() -> Value {
    json!({ "memory": 7168, "passes": 1, "lanes": 1 })
}

/// The command by which a new browser posts a login and a password.
fn sign_in_command(s: &mut Setting, login: &str, password: &str) -> Value {
    let query = s.query(&[]);
    let mut browser = Browser::new();
    let interaction = browser.begin(&mut s.world, &query);
    browser.post_command("/sign-in", &form(&[("interaction", &interaction), ("login", login), ("password", password)]))
}

fn sign_in(s: &mut Setting, login: &str, password: &str) -> u64 {
    let command = sign_in_command(s, login, password);
    s.world.ok(command)["status"].as_u64().unwrap_or_default()
}

fn import(s: &mut Setting, login: &str, hash: &str) -> String {
    let account = s.world.ok(json!({ "accounts.create": { "login": login, "passwordHash": hash } }));
    text(&account["id"]).to_owned()
}

fn row_of(subject: &str) -> String {
    format!("main.account.{subject}/account")
}

/// What stands in the account's row.
fn stored(s: &Setting, subject: &str) -> Value {
    s.world.store.value(&row_of(subject)).unwrap_or_default()["value"]["password"].clone()
}

/// Puts something else there, behind the engine's back.
fn damage(s: &mut Setting, subject: &str, hash: Value) {
    let mut row = s.world.store.value(&row_of(subject)).unwrap_or_default();
    row["value"]["password"] = hash;
    s.world.store.put(&row_of(subject), &row.to_string());
}

fn named(s: &mut Setting, name: &str) -> Vec<Value> {
    s.world.take_events().into_iter().filter(|event| event["name"] == name).collect()
}

#[test]
fn a14_w3_people_come_with_the_hashes_of_other_systems_and_sign_in() {
    let mut s = with(cheap());
    for (number, hash) in IMPORTED.iter().enumerate() {
        let login = format!("imported{number}");
        let subject = import(&mut s, &login, hash);
        assert_eq!(sign_in(&mut s, &login, "a wrong horse"), 401, "{hash}");
        assert_eq!(sign_in(&mut s, &login, OF_IMPORTED), 303, "{hash}");
        assert_eq!(sign_in(&mut s, &login, OF_IMPORTED), 303, "{hash}");
        assert!(text(&stored(&s, &subject)).starts_with("$argon2id$v=19$m="), "{hash}");
    }
}

#[test]
fn a15_pw_010_a_weaker_hash_is_replaced_in_the_commit_of_the_sign_in_and_a_good_one_stays() {
    let mut s = with(cheap());
    let subject = import(&mut s, "grace", IMPORTED[1]);
    s.world.take_events();
    let command = sign_in_command(&mut s, "grace", OF_IMPORTED);
    assert_eq!(s.world.ok(command)["status"], 303);
    assert_eq!(s.world.asked(), &["load", "commit"], "no trip more than any sign-in");
    assert_eq!(named(&mut s, "account.password_rehashed").len(), 1);
    let renewed = stored(&s, &subject);
    assert!(text(&renewed).starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{renewed}");
    assert_eq!(sign_in(&mut s, "grace", OF_IMPORTED), 303);
    assert_eq!(stored(&s, &subject), renewed);
    assert_eq!(named(&mut s, "account.password_rehashed"), Vec::<Value>::new());
}

#[test]
fn a15_every_algorithm_may_be_the_one_of_new_hashes() {
    for (password, prefix) in [
        (json!({ "algorithm": "bcrypt", "cost": 10 }), "$2b$10$"),
        (json!({ "algorithm": "scrypt", "ln": 14 }), "$scrypt$ln=14,r=8,p=1$"),
        (json!({ "algorithm": "pbkdf2-sha256", "iterations": 100_000 }), "$pbkdf2-sha256$i=100000$"),
    ] {
        let mut s = with(password);
        let subject = s.subject.clone();
        assert!(text(&stored(&s, &subject)).starts_with(prefix), "{}", stored(&s, &subject));
        assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
        assert_eq!(sign_in(&mut s, "ada", "a wrong horse"), 401);
    }
}

#[test]
fn pw_003_a_password_that_bcrypt_would_cut_is_no_new_one_and_never_verifies() {
    let mut s = with(json!({ "algorithm": "bcrypt", "cost": 10 }));
    for long in [format!("{LONG}x"), "\u{e9}".repeat(37)] {
        let ask = json!({ "accounts.setPassword": { "id": s.subject, "password": long } });
        assert_eq!(s.world.refused(ask), "invalid_argument");
    }
    s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": LONG } }));
    import(&mut s, "grace", OF_LONG);
    for login in ["ada", "grace"] {
        assert_eq!(sign_in(&mut s, login, &format!("{LONG}x")), 401);
        assert_eq!(sign_in(&mut s, login, &format!("{LONG}y")), 401);
        assert_eq!(sign_in(&mut s, login, LONG), 303);
    }
}

#[test]
fn pw_003_with_a_pepper_all_of_a_long_password_counts_in_bcrypt() {
    let mut s = with(json!({ "algorithm": "bcrypt", "cost": 10, "peppers": [pepper("a")] }));
    let long = format!("{LONG}x");
    s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": long } }));
    assert_eq!(sign_in(&mut s, "ada", &long), 303);
    assert_eq!(sign_in(&mut s, "ada", &format!("{LONG}y")), 401);
    assert_eq!(sign_in(&mut s, "ada", LONG), 401);
}

#[test]
fn pw_005_nothing_but_the_password_is_derived_from() {
    for algorithm in ["bcrypt", "argon2id"] {
        let mut s =
            Setting::new(json!({ "password": { "algorithm": algorithm }, "capabilities": ["derive"] }), "opaque");
        let long_login = "a-name-that-alone-is-longer-than-all-that-bcrypt-reads-of-what-it-is-given@example.com";
        s.world.ok(json!({ "accounts.create": { "login": long_login, "password": PASSWORD } }));
        let (_, derived) = derived(&mut s, long_login, PASSWORD);
        assert_eq!(derived.len(), 1);
        assert_eq!(derived[0]["secret"], URL_SAFE_NO_PAD.encode(PASSWORD), "{derived:?}");
    }
}

#[test]
fn pw_006_pw_009_a_hash_that_cannot_be_read_is_not_imported() {
    let mut s = with(cheap());
    let bcrypt = OF_LONG;
    for hash in [
        bcrypt.replace("$05$", "$00$"),
        bcrypt.replace("$05$", "$03$"),
        bcrypt.replace("$05$", "$32$"),
        bcrypt.replace("$05$", "$99$"),
        bcrypt.replacen('2', "é", 1),
        format!("$2a$0é{}", &bcrypt[7..]),
        format!("{}é{}", &bcrypt[..7], &bcrypt[9..]),
        format!("{}é{}", &bcrypt[..22], &bcrypt[24..]),
        format!("{}$", IMPORTED[0]),
        IMPORTED[0].replace("m=65536,t=3,p=4", "t=3,m=65536,p=4"),
        "plain text".to_owned(),
        String::new(),
        "!".to_owned(),
    ] {
        let ask = json!({ "accounts.create": { "login": "grace", "passwordHash": hash } });
        assert_eq!(s.world.refused(ask), "invalid_argument", "{hash}");
        let ask = json!({ "accounts.setPassword": { "id": s.subject, "passwordHash": hash } });
        assert_eq!(s.world.refused(ask), "invalid_argument", "{hash}");
    }
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
    let both = json!({ "accounts.create": { "login": "grace", "password": PASSWORD, "passwordHash": bcrypt } });
    assert_eq!(s.world.refused(both), "invalid_argument");
    assert_eq!(s.world.refused(json!({ "accounts.setPassword": { "id": s.subject } })), "invalid_argument");
}

/// Signs in, with every derivation that the host is asked for.
fn derived(s: &mut Setting, login: &str, password: &str) -> (Value, Vec<Value>) {
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

#[test]
fn pw_012_a_password_is_the_same_from_every_keyboard() {
    let mut s = with(cheap());
    for (set, typed, right) in [
        ("caf\u{e9} au lait", "cafe\u{301} au lait", true),
        ("cafe\u{301} au lait", "caf\u{e9} au lait", true),
        ("\u{1100}\u{1161}\u{11a8} password", "\u{ac01} password", true),
        ("a\u{a0}wide\u{3000}space", "a wide space", true),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width", false),
        ("Correct Horse", "correct horse", false),
        ("zero\u{200d}width", "zerowidth", false),
        ("stra\u{df}e und", "strasse und", false),
    ] {
        s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": set } }));
        assert_eq!(sign_in(&mut s, "ada", set), 303, "{set:?}");
        assert_eq!(sign_in(&mut s, "ada", typed), if right { 303 } else { 401 }, "{typed:?} for {set:?}");
    }
    for bad in ["short", "a tab\tinside", "a zero\0byte", "a line\nbreak", &"x".repeat(513)] {
        let ask = json!({ "accounts.setPassword": { "id": s.subject, "password": bad } });
        assert_eq!(s.world.refused(ask), "invalid_argument", "{bad:?}");
    }
}

#[test]
fn the_shortest_password_is_the_operators_to_choose() {
    let mut s = with(json!({ "memory": 7168, "passes": 1, "shortest": 13 }));
    let twelve = json!({ "accounts.setPassword": { "id": s.subject, "password": "123456789012" } });
    assert_eq!(s.world.refused(twelve), "invalid_argument");
    s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": "1234567890123" } }));
}

#[test]
fn pw_014_what_stands_in_place_of_a_hash_and_an_empty_password_never_verify() {
    let mut s = with(cheap());
    let subject = s.subject.clone();
    let good = text(&stored(&s, &subject)).to_owned();
    for hash in [
        json!(""),
        json!("!"),
        json!("*"),
        json!(format!("!{good}")),
        json!(format!("*{good}")),
        Value::Null,
        json!("null"),
        json!("correct horse"),
        json!(good.trim_start_matches('$')),
        json!(format!("{good} ")),
        json!(&good[..good.len() - 1]),
    ] {
        damage(&mut s, &subject, hash.clone());
        for password in [PASSWORD, "", "!", "*", "null", &good] {
            // Without a password the page is shown again, as it was.
            let status = if password.is_empty() { 200 } else { 401 };
            assert_eq!(sign_in(&mut s, "ada", password), status, "{hash} {password}");
            s.world.advance(3600);
        }
    }
    damage(&mut s, &subject, json!(good));
    let empty = json!({ "accounts.verifyPassword": { "login": "ada", "password": "" } });
    assert_eq!(s.world.ok(empty)["valid"], false);
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
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

fn pepper(id: &str) -> Value {
    json!({ "id": id, "secret": format!("a pepper of these tests, Zt7Rq: {id}") })
}

fn peppers(ids: &[&str]) -> Value {
    let peppers: Vec<Value> = ids.iter().map(|id| pepper(id)).collect();
    json!({ "password": { "memory": 7168, "passes": 1, "lanes": 1, "peppers": peppers } })
}

#[test]
fn pw_021_a_rotated_pepper_verifies_and_is_replaced_and_an_unknown_one_never_verifies() {
    let mut s = Setting::opaque();
    let subject = s.subject.clone();
    s.world.reopen(peppers(&["a"]));
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303, "without a pepper so far");
    assert!(text(&stored(&s, &subject)).starts_with("$pepper$a$argon2id$"));
    s.world.reopen(peppers(&["b", "a"]));
    assert_eq!(sign_in(&mut s, "ada", "a wrong horse"), 401);
    assert!(text(&stored(&s, &subject)).starts_with("$pepper$a$argon2id$"));
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
    let renewed = stored(&s, &subject);
    assert!(text(&renewed).starts_with("$pepper$b$argon2id$"));
    for unknown in [peppers(&["a"]), peppers(&["c"]), json!({})] {
        s.world.reopen(unknown);
        s.world.take_events();
        assert_eq!(sign_in(&mut s, "ada", PASSWORD), 401);
        assert_eq!(named(&mut s, "account.password_unusable")[0]["reason"], "unknown_pepper");
    }
    let mut other = peppers(&["b"]);
    other["password"]["peppers"][0]["secret"] = json!("another pepper of the same name, Zt7Rq");
    s.world.reopen(other);
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 401, "the id alone is not the pepper");
    s.world.reopen(peppers(&["b"]));
    damage(&mut s, &subject, json!(text(&renewed).trim_start_matches("$pepper$b")));
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 401, "nor does the hash alone do");
    damage(&mut s, &subject, renewed);
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
}

#[test]
fn pw_023_of_many_sign_ins_that_make_the_hash_anew_one_does_and_all_get_in() {
    let mut s = with(cheap());
    let subject = import(&mut s, "grace", IMPORTED[6]);
    s.world.take_events();
    let command = sign_in_command(&mut s, "grace", OF_IMPORTED);
    let ended = s.world.race(&command, 64);
    assert_eq!(ended.iter().filter(|done| done["ok"]["status"] == 303).count(), 64, "{:?}", ended.first());
    let rehashed = ended
        .iter()
        .flat_map(|done| done["events"].as_array().cloned().unwrap_or_default())
        .filter(|event| event["name"] == "account.password_rehashed");
    assert_eq!(rehashed.count(), 1);
    assert!(text(&stored(&s, &subject)).starts_with("$argon2id$"));
    assert_eq!(sign_in(&mut s, "grace", OF_IMPORTED), 303);
}

#[test]
fn pw_023_a_password_that_is_changed_meanwhile_is_not_lost_and_the_old_one_opens_nothing() {
    for hash in [Some(IMPORTED[6]), None] {
        let mut s = with(cheap());
        let subject = match hash {
            Some(hash) => import(&mut s, "grace", hash),
            None => {
                let ask = json!({ "accounts.create": { "login": "grace", "password": OF_IMPORTED } });
                text(&s.world.ok(ask)["id"]).to_owned()
            }
        };
        let command = sign_in_command(&mut s, "grace", OF_IMPORTED);
        let mut step = s.world.begin(command);
        while step["ask"].get("commit").is_none() {
            let answer = s.world.store.answer(&step["ask"]);
            step = s.world.resume(&step["flow"].clone(), answer);
        }
        s.world.ok(json!({ "accounts.setPassword": { "id": subject, "password": "quite another horse" } }));
        let changed = stored(&s, &subject);
        while step.get("ask").is_some() {
            let answer = s.world.store.answer(&step["ask"]);
            step = s.world.resume(&step["flow"].clone(), answer);
        }
        assert_eq!(step["done"]["ok"]["status"], 401, "{step}");
        assert_eq!(stored(&s, &subject), changed);
        assert_eq!(s.world.store.keys(&format!("{subject}/session.")), Vec::<String>::new());
        assert_eq!(sign_in(&mut s, "grace", "quite another horse"), 303);
    }
}

#[test]
fn a_host_that_is_busy_deriving_is_told_of_with_a_time_to_come_again() {
    let mut s = Setting::new(json!({ "password": cheap(), "capabilities": ["derive"] }), "opaque");
    let busy = |ask: &Value, store: &mut Memory| {
        if ask.get("derive").is_some() { json!({ "busy": 7 }) } else { store.answer(ask) }
    };
    let command = sign_in_command(&mut s, "ada", PASSWORD);
    let done = s.world.run_with(command, |ask, _, store| busy(ask, store));
    assert_eq!((&done["ok"]["status"], header(&done["ok"], "retry-after")), (&json!(503), Some("7")), "{done}");
    assert_eq!(done["fault"]["code"], "busy");
    let ask = json!({ "passwords.hash": { "password": PASSWORD } });
    let done = s.world.run_with(ask, |ask, _, store| busy(ask, store));
    assert_eq!((&done["fault"]["code"], &done["fault"]["status"]), (&json!("busy"), &json!(503)));
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
}

#[test]
fn a14_a15_hashes_are_made_checked_and_looked_at_by_themselves() {
    let mut s = with(cheap());
    let hash = s.world.ok(json!({ "passwords.hash": { "password": OF_IMPORTED } }))["hash"].clone();
    assert!(text(&hash).starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{hash}");
    let verify = |s: &mut Setting, hash: &Value, password: &str| {
        s.world.ok(json!({ "passwords.verify": { "password": password, "hash": hash } }))
    };
    assert_eq!(verify(&mut s, &hash, OF_IMPORTED), json!({ "valid": true, "needsRehash": false }));
    assert_eq!(verify(&mut s, &hash, "a wrong horse"), json!({ "valid": false, "needsRehash": false }));
    assert_eq!(verify(&mut s, &hash, ""), json!({ "valid": false, "needsRehash": false }));
    for hash in &IMPORTED[1..] {
        assert_eq!(verify(&mut s, &json!(hash), OF_IMPORTED), json!({ "valid": true, "needsRehash": true }), "{hash}");
    }
    for locked in ["", "!", "*"] {
        assert_eq!(verify(&mut s, &json!(locked), ""), json!({ "valid": false, "needsRehash": false }));
    }
    let looked_at = s.world.ok(json!({ "passwords.inspect": { "hash": IMPORTED[5] } }));
    let parameters = json!({ "ln": 10, "r": 8, "p": 1, "length": 64 });
    assert_eq!(
        looked_at,
        json!({ "algorithm": "scrypt", "parameters": parameters, "pepper": null, "needsRehash": true })
    );
    for command in ["passwords.verify", "passwords.inspect"] {
        for hash in ["plain text", &IMPORTED[0].replace("65536", "4294967295"), &format!("{}$", IMPORTED[0])] {
            let mut ask = json!({ command: { "hash": hash } });
            if command == "passwords.verify" {
                ask[command]["password"] = json!("x");
            }
            assert_eq!(s.world.refused(ask), "invalid_argument", "{hash}");
        }
    }
    assert_eq!(s.world.refused(json!({ "passwords.hash": { "password": "short" } })), "invalid_argument");
    assert_eq!(s.world.asked(), &Vec::<String>::new(), "nothing is stored");
}

fn sessions(s: &mut Setting) -> Vec<Value> {
    let list = s.world.ok(json!({ "sessions.list": { "subject": s.subject } }));
    list["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn se_018_a_changed_password_ends_the_other_sessions_unless_it_is_not_to() {
    for (also, left) in [(json!({}), 0), (json!({ "endSessions": false }), 3), (json!({ "keepSession": 1 }), 1)] {
        let mut s = with(cheap());
        for _ in 0..3 {
            assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
        }
        let kept = sessions(&mut s)[1]["id"].clone();
        let mut ask = json!({ "id": s.subject, "current": PASSWORD, "new": "quite another horse" });
        for (name, value) in also.as_object().into_iter().flatten() {
            ask[name] = if name == "keepSession" { kept.clone() } else { value.clone() };
        }
        s.world.ok(json!({ "accounts.changePassword": ask }));
        assert_eq!(sessions(&mut s).len(), left, "{also}");
        if left == 1 {
            assert_eq!(sessions(&mut s)[0]["id"], kept);
        }
        assert_eq!(sign_in(&mut s, "ada", PASSWORD), 401);
        assert_eq!(sign_in(&mut s, "ada", "quite another horse"), 303);
    }
}

#[test]
fn se_018_a_password_that_is_set_ends_the_sessions_unless_it_is_not_to() {
    for (end, left) in [(json!(true), 0), (json!(false), 1)] {
        let mut s = with(cheap());
        assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
        let ask = json!({ "id": s.subject, "password": "quite another horse", "endSessions": end });
        s.world.ok(json!({ "accounts.setPassword": ask }));
        assert_eq!(sessions(&mut s).len(), left);
    }
}

fn change(s: &Setting, current: &str, new: &str) -> Value {
    json!({ "accounts.changePassword": { "id": s.subject, "current": current, "new": new, "remote": "203.0.113.9" } })
}

#[test]
fn th_006_a_guess_at_the_current_password_counts_like_any_other() {
    let mut s = with(cheap());
    for number in 0..10 {
        let ask = if number % 2 == 0 {
            change(&s, "a wrong horse", "quite another horse")
        } else {
            json!({ "accounts.verifyPassword": { "login": "ada", "password": "a wrong horse" } })
        };
        let done = s.world.run(ask);
        let told = if number % 2 == 0 { &done["refused"]["code"] } else { &done["ok"]["valid"] };
        assert!(told == "wrong_credentials" || *told == json!(false), "{done}");
    }
    let right = change(&s, PASSWORD, "quite another horse");
    assert_eq!(s.world.refused(right), "too_many_requests");
    let right = json!({ "accounts.verifyPassword": { "id": s.subject, "password": PASSWORD } });
    assert_eq!(s.world.refused(right), "too_many_requests");
    assert_eq!(sign_in(&mut s, "ada", PASSWORD), 429);
    s.world.advance(15 * 60);
    let right = change(&s, PASSWORD, "quite another horse");
    s.world.ok(right);
}

#[test]
fn th_006_of_a_crowd_that_checks_passwords_no_more_are_answered_than_one_by_one() {
    let mut s = with(cheap());
    let wrong = json!({ "accounts.verifyPassword": { "id": s.subject, "password": "a wrong horse" } });
    let ended = s.world.race(&wrong, 64);
    let told = ended.iter().filter(|done| done["ok"]["valid"] == false).count();
    let refused = ended.iter().filter(|done| done["refused"]["code"] == "too_many_requests").count();
    assert_eq!((told, refused), (10, 54), "{:?}", ended.first());
}

#[test]
fn w5_a_password_is_checked_without_a_session_and_made_anew_where_it_needs_it() {
    let mut s = with(cheap());
    let subject = import(&mut s, "grace", IMPORTED[7]);
    let check = |s: &mut Setting, who: Value, password: &str| {
        let mut ask = who;
        ask["password"] = json!(password);
        s.world.ok(json!({ "accounts.verifyPassword": ask }))["valid"].clone()
    };
    assert_eq!(check(&mut s, json!({ "login": "Grace" }), "a wrong horse"), false);
    assert_eq!(check(&mut s, json!({ "login": "Grace" }), OF_IMPORTED), true);
    assert!(text(&stored(&s, &subject)).starts_with("$argon2id$"));
    assert_eq!(check(&mut s, json!({ "id": subject }), OF_IMPORTED), true);
    assert_eq!(check(&mut s, json!({ "login": "nobody" }), OF_IMPORTED), false);
    assert_eq!(check(&mut s, json!({ "id": "nobody" }), OF_IMPORTED), false);
    s.world.ok(json!({ "accounts.update": { "id": subject, "disabled": true } }));
    assert_eq!(check(&mut s, json!({ "id": subject }), OF_IMPORTED), false);
    let neither = json!({ "accounts.verifyPassword": { "password": "x" } });
    assert_eq!(s.world.refused(neither), "invalid_argument");
    assert_eq!(s.world.store.keys("/session."), Vec::<String>::new());
}

#[test]
fn a_refused_change_of_a_password_changes_nothing() {
    let mut s = with(cheap());
    let before = stored(&s, &s.subject);
    for ask in [change(&s, PASSWORD, "short"), change(&s, "a wrong horse", "quite another horse")] {
        assert!(s.world.run(ask).get("refused").is_some());
    }
    let nobody =
        json!({ "accounts.changePassword": { "id": "nobody", "current": PASSWORD, "new": "quite another horse" } });
    assert_eq!(s.world.refused(nobody), "wrong_credentials");
    assert_eq!(stored(&s, &s.subject), before);
}

#[test]
fn no_password_and_no_hash_is_told_in_events_and_errors() {
    let mut s = with(cheap());
    import(&mut s, "grace", IMPORTED[1]);
    let mut told = String::new();
    for ask in [
        change(&s, "a wrong horse", "quite another horse"),
        change(&s, PASSWORD, "quite another horse"),
        json!({ "passwords.verify": { "password": ["quite another horse"], "hash": 1 } }),
        json!({ "accounts.verifyPassword": { "login": "grace", "password": OF_IMPORTED } }),
        json!({ "accounts.create": { "login": "grace2", "passwordHash": "plain text horse" } }),
    ] {
        let done = s.world.run(ask);
        told += &json!([done["refused"], done["fault"], done["events"]]).to_string();
    }
    assert!(!told.contains("horse") && !told.contains("argon2id$"), "{told}");
    let world: &World = &s.world;
    assert!(!world.store.dump().contains("horse"));
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "sign in, and the hash is made anew",
        start: || {
            let mut s = with(cheap());
            import(&mut s, "grace", IMPORTED[7]);
            let command = sign_in_command(&mut s, "grace", OF_IMPORTED);
            (s, command)
        },
        happened: |s, done| {
            assert_eq!(done["ok"]["status"], 303);
            assert_eq!(sign_in(s, "grace", OF_IMPORTED), 303);
            assert!(!s.world.store.dump().contains("$pbkdf2-sha512$"));
        },
    },
    Operation {
        name: "accounts.verifyPassword, and the hash is made anew",
        start: || {
            let mut s = with(cheap());
            let id = import(&mut s, "grace", IMPORTED[7]);
            (s, json!({ "accounts.verifyPassword": { "id": id, "password": OF_IMPORTED } }))
        },
        happened: |s, done| {
            // Of an account that is not there no password is right.
            if done["ok"]["valid"] == true {
                assert!(!s.world.store.dump().contains("$pbkdf2-sha512$"));
            }
            assert_eq!(sign_in(s, "grace", OF_IMPORTED), 303);
        },
    },
    Operation {
        name: "accounts.setPassword",
        start: || {
            let mut s = with(cheap());
            assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
            let ask = json!({ "accounts.setPassword": { "id": s.subject, "password": "quite another horse" } });
            (s, ask)
        },
        happened: |s, _| {
            assert_eq!(sessions(s).len(), 0);
            assert_eq!(sign_in(s, "ada", "quite another horse"), 303);
        },
    },
];

#[test]
fn se_018_a_change_that_fails_anywhere_leaves_no_new_password_with_old_sessions() {
    let begin = || {
        let mut s = with(cheap());
        assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
        s
    };
    let mut s = begin();
    let ask = change(&s, PASSWORD, "quite another horse");
    s.world.ok(ask);
    for at in 0..s.world.asked().len() {
        let mut s = begin();
        let ask = change(&s, PASSWORD, "quite another horse");
        let done = s.world.run_with(ask, |ask, number, store| {
            if number == at { json!({ "failed": "the disk is gone" }) } else { store.answer(ask) }
        });
        assert!(done.get("fault").is_some(), "{at}: {done}");
        let left = sessions(&mut s).len();
        match sign_in(&mut s, "ada", "quite another horse") {
            303 => assert_eq!(left, 0, "failed at ask {at}"),
            _ => assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303, "failed at ask {at}"),
        }
    }
}

#[test]
fn se_018_a_change_goes_on_when_sessions_change_under_it() {
    let ask = |s: &Setting, name: &str| match name {
        "change" => change(s, PASSWORD, "quite another horse"),
        _ => json!({ "accounts.setPassword": { "id": s.subject, "password": "quite another horse" } }),
    };
    for name in ["change", "set"] {
        let begin = || {
            let mut s = with(cheap());
            assert_eq!(sign_in(&mut s, "ada", PASSWORD), 303);
            s.world.take_events();
            s
        };
        let mut s = begin();
        let command = ask(&s, name);
        s.world.ok(command);
        let asked = s.world.asked().clone();
        let commits: Vec<usize> = (0..asked.len()).filter(|at| asked[*at] == "commit").collect();
        assert!(commits.len() > 1, "{asked:?}");
        for at in commits {
            // As if another had been faster, just once.
            let mut s = begin();
            let command = ask(&s, name);
            let done =
                s.world.run_with(
                    command,
                    |ask, number, store| {
                        if number == at { json!({ "commit": "stale" }) } else { store.answer(ask) }
                    },
                );
            assert!(done.get("ok").is_some(), "{name}, stale at {at}: {done}");
            assert_eq!(named(&mut s, "account.password_set").len(), 1, "{name}, stale at {at}");
            assert_eq!(sessions(&mut s).len(), 0);
            assert_eq!(sign_in(&mut s, "ada", "quite another horse"), 303);
        }
    }
}
