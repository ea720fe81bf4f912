//! What stands in place of a password: PW-003 to PW-023, A14, A15, W3. What an attempt costs, and changes of a password, are beside this.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, Memory, form};
use serde_json::{Value, json};

use crate::password_costs::derived;

/// Hashes that other systems made of `correct horse battery`.
pub(crate) const IMPORTED: [&str; 8] = [
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E",
    "$argon2i$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$YJGAvKj5qMsNSKiRbHeobQaeGOmGgkv8kvHffzL9ZpY",
    "$argon2d$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$z7jERwaI61JsPubes4r+RIMCmbiY4J7FKu/S6lXUwM4",
    "$2b$05$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue",
    "$scrypt$ln=10,r=8,p=2$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
    "scrypt$1024$8$1$c29tZXNhbHRzb21lc2FsdA$Nmdkc3qxZq7dzDSXGvIqsmz3YR2Y04GCE8tKg3H3UV_UbDrBfW4MDMi8xLch3rpAVVTcD9XKVgc2TPmIApluCA",
    "$pbkdf2-sha256$1000$....c29tZXNhbHT///8$KZTku4YpuZ/91UJpr49/yzhoAf91VprhI0sJzebXoGk",
    "$pbkdf2-sha512$1000$....c29tZXNhbHT///8$WeIzQO14S.dLWiDUxHhp67CoWjof7RoVa8.AX1aJziGhXXJKTAdbWwnAn5kNtDPJ1lz9UYtFOWzjW9zf2b..1Q",
];
pub(crate) const OF_IMPORTED: &str = "correct horse battery";

/// All that bcrypt reads, and its hash (crypt_blowfish).
pub(crate) const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const OF_LONG: &str = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";

pub(crate) fn with(password: Value) -> Setting {
    Setting::new(json!({ "password": password }), "opaque")
}

/// As cheap as the bounds allow.
pub(crate) fn cheap() -> Value {
    json!({ "memory": 7168, "passes": 1, "lanes": 1 })
}

/// The command by which a new browser posts a login and a password.
pub(crate) fn sign_in_command(s: &mut Setting, login: &str, password: &str) -> Value {
    let query = s.query(&[]);
    let mut browser = Browser::new();
    let interaction = browser.begin(&mut s.world, &query);
    browser.post_command("/sign-in", &form(&[("interaction", &interaction), ("login", login), ("password", password)]))
}

pub(crate) fn sign_in(s: &mut Setting, login: &str, password: &str) -> u64 {
    let command = sign_in_command(s, login, password);
    s.world.ok(command)["status"].as_u64().unwrap_or_default()
}

pub(crate) fn import(s: &mut Setting, login: &str, hash: &str) -> String {
    let account = s.world.ok(json!({ "accounts.create": { "login": login, "passwordHash": hash } }));
    text(&account["id"]).to_owned()
}

fn row_of(subject: &str) -> String {
    format!("main.account.{subject}/account")
}

/// What stands in the account's row.
pub(crate) fn stored(s: &Setting, subject: &str) -> Value {
    s.world.store.value(&row_of(subject)).unwrap_or_default()["value"]["password"].clone()
}

/// Puts something else there, behind the engine's back.
pub(crate) fn damage(s: &mut Setting, subject: &str, hash: Value) {
    let mut row = s.world.store.value(&row_of(subject)).unwrap_or_default();
    row["value"]["password"] = hash;
    s.world.store.put(&row_of(subject), &row.to_string());
}

pub(crate) fn named(s: &mut Setting, name: &str) -> Vec<Value> {
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

pub(crate) fn pepper(id: &str) -> Value {
    json!({ "id": id, "secret": format!("a pepper of these tests, Zt7Rq: {id}") })
}

pub(crate) fn peppers(ids: &[&str]) -> Value {
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
