//! What is written is read, what others wrote is read, and nothing else is.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::costs::{Algorithm, Costs};
use super::stored::{Stored, Unusable};
use super::*;
use crate::ask::DeriveParameters;
use crate::call::{Command, Nothing};
use crate::hash::b64u;
use crate::host::Shared;
use crate::issuers::Issuers;
use crate::refusal::Fault;

/// Hashes of argon2-cffi 25.1, bcrypt 5.0, hashlib, passlib 1.7.4, the vectors of crypt_blowfish, and npm's argon2 0.45.
const OF_OTHERS: [&str; 14] = [
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E",
    "$argon2i$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$YJGAvKj5qMsNSKiRbHeobQaeGOmGgkv8kvHffzL9ZpY",
    "$argon2d$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$z7jERwaI61JsPubes4r+RIMCmbiY4J7FKu/S6lXUwM4",
    "$2b$05$......................qQntMbffSLmHiyGdIU5NtaOgpOclJue",
    "$scrypt$ln=10,r=8,p=2$c29tZXNhbHRzb21lc2FsdA$MbakOjpwdEiGoVUBQdda1Ob2WbRB7KItY8DhIccpKhU",
    "scrypt$1024$8$1$c29tZXNhbHRzb21lc2FsdA$Nmdkc3qxZq7dzDSXGvIqsmz3YR2Y04GCE8tKg3H3UV_UbDrBfW4MDMi8xLch3rpAVVTcD9XKVgc2TPmIApluCA",
    "$pbkdf2-sha256$1000$....c29tZXNhbHT///8$KZTku4YpuZ/91UJpr49/yzhoAf91VprhI0sJzebXoGk",
    "$pbkdf2-sha512$1000$....c29tZXNhbHT///8$WeIzQO14S.dLWiDUxHhp67CoWjof7RoVa8.AX1aJziGhXXJKTAdbWwnAn5kNtDPJ1lz9UYtFOWzjW9zf2b..1Q",
    "$pbkdf2-sha256$i=1000,l=32$c29tZXNhbHRzb21lc2FsdA$aU5r+5gCD+6tnd95x/wf21lKAx9jm7WuJ4R8fImlN7I",
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
    "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
    "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    "$argon2id$v=19$m=65536,p=4,t=3$coPOnydykGj7RugZipL3jQ$Nmg70lC6AdzelT0FSb/SKS9nJ0ghrBee9zdnciGqhB4",
];

/// All that bcrypt reads.
const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The same with other text in place of one character.
fn bent(good: &str, at: usize, with: &str) -> String {
    format!("{}{with}{}", good.get(..at).unwrap(), good.get(at + 1..).unwrap())
}

fn password_of(hash: &str) -> &'static str {
    match hash {
        _ if hash.contains("E5YPO9") => "U*U",
        _ if hash.contains("VGOzA7") => "U*U*",
        _ if hash.contains("XXXXXO") => "U*U*U",
        _ if hash.contains("abcdef") => LONG,
        _ => "correct horse battery",
    }
}

fn verifies(stored: &Stored, password: &str) -> bool {
    let Some(password) = Prepared::of(password) else { return false };
    let secret = Secret::of(&stored.costs, None, &password);
    let derived = derive::compute(&stored.costs, secret.bytes(), &stored.salt).unwrap();
    same(&derived, &stored.hash) & secret.is_whole()
}

#[test]
fn a14_hashes_of_every_form_are_known_by_their_prefix_and_verify() {
    for hash in OF_OTHERS {
        let stored = Stored::parse(hash).unwrap_or_else(|why| panic!("{hash}: {why:?}"));
        let password = password_of(hash);
        assert!(verifies(&stored, password), "{hash}");
        assert!(!verifies(&stored, &password.replace(['U', 'c', '0'], "x")), "{hash}");
        assert_eq!(Stored::parse(&stored.to_string()).as_ref(), Ok(&stored), "written and read again");
    }
}

#[test]
fn pw_003_what_bcrypt_would_read_in_part_never_verifies() {
    let stored = Stored::parse(OF_OTHERS[12]).unwrap();
    assert!(verifies(&stored, LONG));
    for longer in ["x", "chars after 72 are ignored"] {
        assert!(!verifies(&stored, &format!("{LONG}{longer}")));
    }
    let short = Stored::parse(OF_OTHERS[9]).unwrap();
    assert!(!verifies(&short, "U*U\0"), "nor does it end at a zero byte");
    assert!(!verifies(&short, "U*U\0anything"));
}

#[test]
fn pw_006_a_damaged_bcrypt_hash_is_unreadable_or_excessive_and_nothing_panics() {
    let good = OF_OTHERS[9];
    for at in 0..good.len() {
        for letter in ["é", "€", "\u{1f600}", "\0", " ", "$", "\n", "="] {
            let bent = bent(good, at, letter);
            if bent == good {
                continue;
            }
            assert!(Stored::parse(&bent).is_err_and(|why| why == Unusable::Unreadable), "{bent:?}");
        }
        assert!(Stored::parse(good.get(..at).unwrap()).is_err(), "cut at {at}");
    }
    for (cost, why) in [
        ("00", Unusable::Excessive),
        ("03", Unusable::Excessive),
        ("17", Unusable::Excessive),
        ("32", Unusable::Excessive),
        ("99", Unusable::Excessive),
        ("5", Unusable::Unreadable),
        ("005", Unusable::Unreadable),
        ("+5", Unusable::Unreadable),
        ("5x", Unusable::Unreadable),
        ("", Unusable::Unreadable),
    ] {
        assert_eq!(Stored::parse(&good.replacen("$05$", &format!("${cost}$"), 1)), Err(why), "{cost}");
    }
    for version in ["$2$", "$2x$", "$2c$", "$2ab$", "2a$", "$$2a$"] {
        assert_eq!(Stored::parse(&good.replacen("$2a$", version, 1)), Err(Unusable::Unreadable), "{version}");
    }
}

#[test]
fn pw_008_a_bomb_is_refused_by_its_parameters_alone() {
    let salt_and_hash = "c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E";
    for costs in [
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=1048576,t=5,p=1",
        "$argon2id$v=19$m=19456,t=4000000000,p=1",
        "$argon2id$v=19$m=19456,t=17,p=1",
        "$argon2id$v=19$m=19456,t=2,p=99",
        "$argon2id$v=19$m=7,t=2,p=1",
        "$argon2id$v=19$m=19456,t=0,p=1",
        "$argon2id$v=19$m=19456,t=2,p=0",
        "$scrypt$ln=63,r=1073741824,p=1",
        "$scrypt$ln=20,r=9,p=1",
        "$scrypt$ln=20,r=8,p=5",
        "$scrypt$ln=21,r=1,p=1",
        "$scrypt$ln=0,r=8,p=1",
        "$scrypt$ln=4294967295,r=4294967295,p=4294967295",
        "scrypt$1073741824$8$1",
        "$pbkdf2-sha256$i=4294967295",
        "$pbkdf2-sha256$i=10000001",
        "$pbkdf2-sha512$4294967295",
        "$pbkdf2-sha256$0",
    ] {
        assert_eq!(Stored::parse(&format!("{costs}${salt_and_hash}")), Err(Unusable::Excessive), "{costs}");
    }
}

#[test]
fn pw_009_a_form_has_one_spelling() {
    let (salt, hash) = ("c29tZXNhbHRzb21lc2FsdA", "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E");
    let good = format!("$argon2id$v=19$m=1024,t=2,p=1${salt}${hash}");
    assert!(Stored::parse(&good).is_ok());
    for (from, to) in [
        ("m=1024,t=2,p=1", "t=2,m=1024,p=1"),
        ("m=1024,t=2,p=1", "p=1,m=1024,t=2"),
        ("m=1024,t=2,p=1", "t=2,p=1,m=1024"),
        ("m=1024,t=2,p=1", "m=1024,t=2"),
        ("m=1024,t=2,p=1", "m=1024,m=1024,t=2,p=1"),
        ("m=1024,t=2,p=1", "m=1024,t=2,p=1,p=1"),
        ("m=1024,t=2,p=1", "m=1024,t=2,p=1,"),
        ("m=1024,t=2,p=1", ""),
        ("m=1024", "m=01024"),
        ("m=1024", "m=+1024"),
        ("m=1024", "m=-1"),
        ("m=1024", "m=0x400"),
        ("m=1024", "m=99999999999999999999"),
        ("m=1024", "M=1024"),
        ("m=1024", "m= 1024"),
        ("m=1024", "m=１"),
        ("p=1", "p=1,keyid=AAAA"),
        ("p=1", "p=1,data=AAAA"),
        ("$v=19", ""),
        ("v=19", "v=16"),
        ("v=19", "v=019"),
        ("v=19", "v=20"),
        ("$argon2id$", "$argon2$"),
        ("$argon2id$", "$Argon2id$"),
        ("$argon2id$", "$argon2id $"),
        ("$argon2id$", "argon2id$"),
        ("$argon2id$", "$$argon2id$"),
        ("$argon2id$", " $argon2id$"),
        ("$argon2id$", "$pepper$$argon2id$"),
        ("$argon2id$", "$pepper$a$pepper$b$argon2id$"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E$"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E="),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50F"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E\n"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E\0"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50"),
        (hash, "A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW-_E"),
        (hash, "A9CM"),
        (hash, ""),
        (salt, "c29tZXNhbHRzb21lc2FsdB"),
        (salt, "c29t"),
        (salt, ""),
    ] {
        let bent = good.replacen(from, to, 1);
        assert_ne!(bent, good);
        assert_eq!(Stored::parse(&bent), Err(Unusable::Unreadable), "{bent:?}");
    }
    for bent in [
        format!("$scrypt$r=8,ln=10,p=2${salt}${hash}"),
        format!("$scrypt$ln=10,r=8,p=2,l=32${salt}${hash}"),
        format!("scrypt$1000$8$1${salt}${hash}"),
        format!("scrypt$0$8$1${salt}${hash}"),
        format!("scrypt$1024$8$1${salt}${hash}$"),
        format!("scrypt$1024$08$1${salt}${hash}"),
        "scrypt$1024$8$1$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW+/E".to_owned(),
        format!("$pbkdf2-sha256$i=1000,l=31${salt}${hash}"),
        format!("$pbkdf2-sha256$l=32,i=1000${salt}${hash}"),
        format!("$pbkdf2$1000${salt}${hash}"),
        format!("$pbkdf2-sha1$1000${salt}${hash}"),
        "$pbkdf2-sha256$1000$++++c29tZXNhbHT///8$KZTku4YpuZ/91UJpr49/yzhoAf91VprhI0sJzebXoGk".to_owned(),
        "$5$rounds=5000$saltstring$hash".to_owned(),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        "$".repeat(300),
        good.clone() + &"A".repeat(320),
    ] {
        assert_eq!(Stored::parse(&bent), Err(Unusable::Unreadable), "{bent:?}");
    }
}

#[test]
fn pw_014_a_locked_hash_is_none() {
    for locked in ["", "!", "!!", "*", "*LK*", &format!("!{}", OF_OTHERS[0])] {
        assert_eq!(Stored::parse(locked), Err(Unusable::Locked), "{locked}");
    }
}

fn settings(written: Value) -> Result<Passwords, Fault> {
    serde_json::from_value::<Written>(written).map_err(|error| Fault::Configuration(error.to_string()))?.checked()
}

#[test]
fn a15_pw_010_what_is_cheaper_or_of_another_algorithm_is_made_anew_and_what_is_dearer_is_not() {
    let with = |hash: &str, written: Value| settings(written).unwrap().is_behind(&Stored::parse(hash).unwrap());
    let argon2 = OF_OTHERS[0];
    assert!(!with(argon2, json!({})), "dearer in all");
    assert!(!with(argon2, json!({ "memory": 65536, "passes": 3, "lanes": 4 })));
    assert!(with(argon2, json!({ "memory": 65537, "passes": 3, "lanes": 4 })));
    assert!(with(argon2, json!({ "memory": 65536, "passes": 4, "lanes": 4 })));
    assert!(with(argon2, json!({ "algorithm": "bcrypt" })));
    assert!(with(&argon2.replace("argon2id", "argon2i"), json!({})), "a weaker variant");
    assert!(with(&argon2.replace("argon2id", "argon2d"), json!({})));
    let bcrypt = OF_OTHERS[9].replace("$05$", "$12$");
    assert!(!with(&bcrypt, json!({ "algorithm": "bcrypt" })));
    assert!(with(&bcrypt, json!({ "algorithm": "bcrypt", "cost": 13 })));
    assert!(with(&bcrypt, json!({})));
    let scrypt = OF_OTHERS[4].replace("ln=10,r=8,p=2", "ln=17,r=8,p=1");
    assert!(!with(&scrypt, json!({ "algorithm": "scrypt" })));
    assert!(with(OF_OTHERS[4], json!({ "algorithm": "scrypt" })));
    assert!(with(OF_OTHERS[8], json!({ "algorithm": "pbkdf2-sha256" })));
    let pepper = json!({ "peppers": [{ "id": "b", "secret": "k3Jx0PqLw9TzRv-a-pepper-of-tests" }] });
    assert!(with(argon2, pepper.clone()), "without the pepper");
    assert!(with(&format!("$pepper$a{argon2}"), pepper.clone()), "with another");
    assert!(!with(&format!("$pepper$b{argon2}"), pepper));
    let short = argon2.replace("c29tZXNhbHRzb21lc2FsdA", "c29tZXNhbHRz");
    assert!(with(&short, json!({})), "a short salt");
}

#[test]
fn every_bound_of_the_configuration_is_held_and_names_its_member() {
    let pepper = |id: &str| json!({ "id": id, "secret": "k3Jx0PqLw9TzRv-a-pepper-of-tests" });
    for (written, member) in [
        (json!({ "memory": 7167 }), "password.memory"),
        (json!({ "memory": 1_048_577 }), "password.memory"),
        (json!({ "memory": 1_048_576, "passes": 5 }), "password.memory"),
        (json!({ "passes": 17 }), "password.passes"),
        (json!({ "lanes": 5 }), "password.lanes"),
        (json!({ "cost": 12 }), "password: no costs of another"),
        (json!({ "algorithm": "bcrypt", "memory": 19456 }), "password: no costs of another"),
        (json!({ "algorithm": "bcrypt", "cost": 9 }), "password.cost"),
        (json!({ "algorithm": "bcrypt", "cost": 17 }), "password.cost"),
        (json!({ "algorithm": "scrypt", "ln": 13 }), "password.ln"),
        (json!({ "algorithm": "scrypt", "ln": 20, "r": 9 }), "password.ln"),
        (json!({ "algorithm": "scrypt", "r": 7 }), "password.r"),
        (json!({ "algorithm": "scrypt", "p": 17 }), "password.p"),
        (json!({ "algorithm": "scrypt", "cost": 12 }), "password: no costs of another"),
        (json!({ "algorithm": "pbkdf2-sha256", "iterations": 99_999 }), "password.iterations"),
        (json!({ "algorithm": "argon2i" }), "password.algorithm"),
        (json!({ "algorithm": "pbkdf2-sha512" }), "password.algorithm"),
        (json!({ "shortest": 7 }), "password.shortest"),
        (json!({ "shortest": 65 }), "password.shortest"),
        (json!({ "peppers": [pepper("a"), pepper("a")] }), "password.peppers"),
        (json!({ "peppers": [pepper("a$b")] }), "password.peppers"),
        (json!({ "peppers": [pepper("")] }), "password.peppers"),
        (json!({ "peppers": [{ "id": "a", "secret": "short" }] }), "password.peppers"),
        (json!({ "peppers": ["k3Jx0PqLw9TzRv-a-pepper-of-tests"] }), "password.peppers"),
        (json!({ "legacy": [{ "algorithm": "bcrypt", "cost": 17 }] }), "password.legacy"),
        (json!({ "legacy": [{ "algorithm": "bcrypt", "shortest": 8 }] }), "password.legacy"),
        (json!({ "legacy": [{}, {}, {}] }), "password.legacy"),
    ] {
        match settings(written.clone()) {
            Err(Fault::Configuration(why)) => {
                assert!(why.starts_with(member), "{written}: {why}");
                assert!(!why.contains("k3Jx0PqLw9TzRv"), "{why}");
            }
            taken => panic!("{written}: {taken:?}"),
        }
    }
    for written in [
        json!({}),
        json!({ "algorithm": "bcrypt" }),
        json!({ "algorithm": "scrypt" }),
        json!({ "algorithm": "pbkdf2-sha256" }),
        json!({ "legacy": [{ "algorithm": "bcrypt", "cost": 10 }, { "algorithm": "argon2i", "memory": 1024 }] }),
        json!({ "peppers": [pepper("a"), pepper("b")], "shortest": 15 }),
    ] {
        assert!(settings(written.clone()).is_ok(), "{written}");
    }
    assert!(!format!("{:?}", settings(json!({ "peppers": [pepper("a")] }))).contains("k3Jx0PqLw9TzRv"));
}

fn derived(algorithm: &str, parameters: Value, secret: &str, salt: &str) -> String {
    let ask = json!({ "algorithm": algorithm, "parameters": parameters, "secret": b64u(secret), "salt": b64u(salt) });
    String::from_utf8(derive_json(ask.to_string().as_bytes())).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap()).collect()
}

/// Whether the password verifies, in a flow that asks nothing of its host.
fn attempt(shared: &Rc<Shared>, (hash, typed): &(Option<&str>, &str)) -> bool {
    let host = Host::new(Rc::clone(shared), 1_790_000_000_000, [7; 32]);
    let found = hash.map_or(Found::Nobody, |hash| Found::Of { subject: "ada", hash: Some(hash) });
    let flow = std::pin::pin!(verify(&host, found, typed));
    match flow.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verified) => verified.unwrap().is_some(),
        Poll::Pending => panic!("it asks"),
    }
}

#[test]
fn pw_015_an_unknown_login_takes_as_long_as_a_wrong_password() {
    let config = json!({
        "issuer": "https://auth.example.com", "secret": "0123456789abcdefghijklmnopqrstuv",
        "password": { "memory": 7168, "passes": 1 },
    });
    let shared = Issuers::open(config.to_string().as_bytes()).unwrap();
    let shared = shared.of(None, &Command::KeysList(Nothing {})).unwrap();
    let known = OF_OTHERS[0].replace("m=65536,t=3,p=4", "m=7168,t=1,p=1");
    let wrong = "a wrong horse";
    crate::timing::takes_as_long(100, [(Some(known.as_str()), wrong), (None, wrong)], |one| attempt(&shared, one));
    crate::timing::takes_as_long(100, [(Some("!"), wrong), (None, wrong)], |one| attempt(&shared, one));
    crate::timing::is_told_apart(20, [(Some(known.as_str()), ""), (None, wrong)], |one| attempt(&shared, one));
}

#[test]
fn derive_gives_what_the_standards_say() {
    let argon2 = json!({ "memory": 65536, "passes": 2, "lanes": 1, "length": 32 });
    for (algorithm, parameters, secret, salt, key) in [
        // The reference implementation's own tests.
        (
            "argon2id",
            argon2.clone(),
            "password",
            "somesalt",
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
        ),
        ("argon2i", argon2, "password", "somesalt", "c1628832147d9720c5bd1cfd61367078729f6dfb6f8fea9ff98158e0d7816ed0"),
        // RFC 7914 section 12.
        (
            "scrypt",
            json!({ "ln": 10, "r": 8, "p": 16, "length": 64 }),
            "password",
            "NaCl",
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        ),
        // RFC 7914 section 11.
        (
            "pbkdf2-sha256",
            json!({ "iterations": 1, "length": 64 }),
            "passwd",
            "salt",
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ),
        (
            "pbkdf2-sha512",
            json!({ "iterations": 1, "length": 64 }),
            "password",
            "salt",
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
        ),
    ] {
        assert_eq!(
            derived(algorithm, parameters, secret, salt),
            format!("{{\"derived\":\"{}\"}}", b64u(hex(key))),
            "{algorithm}"
        );
    }
}

#[test]
fn an_unreadable_or_excessive_derive_is_answered_failed() {
    let failed = |answer: String| assert!(answer.starts_with("{\"failed\""), "{answer}");
    for ask in ["", "{}", r#"{"algorithm":"md5","parameters":{"length":32},"secret":"","salt":""}"#] {
        failed(String::from_utf8(derive_json(ask.as_bytes())).unwrap());
    }
    let salt = "0123456789abcdef";
    for (algorithm, parameters) in [
        ("argon2id", json!({ "memory": 7168, "passes": 1, "lanes": 5, "length": 32 })),
        ("argon2id", json!({ "memory": 7168, "passes": 1, "lanes": 1, "length": 65 })),
        ("argon2id", json!({ "memory": 7168, "passes": 1, "lanes": 1, "length": 32, "cost": 4 })),
        ("argon2id", json!({ "memory": 7168, "passes": 1, "lanes": 1, "length": 32, "x": 4 })),
        ("bcrypt", json!({ "cost": 31, "length": 23 })),
        ("bcrypt", json!({ "cost": 4, "length": 24 })),
        ("scrypt", json!({ "ln": 63, "r": 8, "p": 1, "length": 32 })),
        ("pbkdf2-sha256", json!({ "iterations": 4_294_967_295_u32, "length": 32 })),
        ("pbkdf2-sha256", json!({ "length": 32 })),
    ] {
        failed(derived(algorithm, parameters, "password", salt));
    }
    let bcrypt = json!({ "cost": 4, "length": 23 });
    assert!(derived("bcrypt", bcrypt.clone(), LONG, salt).starts_with("{\"derived\""));
    failed(derived("bcrypt", bcrypt.clone(), &format!("{LONG}x"), salt));
    failed(derived("bcrypt", bcrypt.clone(), "a\0b", salt));
    failed(derived("bcrypt", bcrypt, "password", "short"));
}

#[test]
fn a_hash_and_a_secret_are_not_shown() {
    let stored = Stored::parse(OF_OTHERS[0]).unwrap();
    let shown = format!("{stored:?} {:?}", Typed::new("correct horse".into()));
    assert!(!shown.contains("A9CM") && !shown.contains("correct"), "{shown}");
}

prop_compose! {
    fn any_stored()(
        kind in 0..7,
        pepper in proptest::option::of("[a-zA-Z0-9_-]{1,32}"),
        salt in proptest::collection::vec(any::<u8>(), 8..=64),
        hash in proptest::collection::vec(any::<u8>(), 16..=64),
        (first, second, third) in (1..=16_u32, 1..=4_u32, 1..=4_u32),
    ) -> Stored {
        let none = DeriveParameters { length: hash.len() as u32, ..DeriveParameters::default() };
        let argon2 = DeriveParameters { memory: 1024 * first, passes: second, lanes: third, ..none };
        let (algorithm, parameters) = match kind {
            0 => (Algorithm::Argon2id, argon2),
            1 => (Algorithm::Argon2i, argon2),
            2 => (Algorithm::Argon2d, argon2),
            3 => (Algorithm::Bcrypt, DeriveParameters { cost: first.max(4), length: 23, ..none }),
            4 => (Algorithm::Scrypt, DeriveParameters { ln: first, r: second, p: third, ..none }),
            5 => (Algorithm::Pbkdf2Sha256, DeriveParameters { iterations: first * 1000, ..none }),
            _ => (Algorithm::Pbkdf2Sha512, DeriveParameters { iterations: first * 1000, ..none }),
        };
        let (salt, hash) = if kind == 3 {
            ((0..16).map(|at| salt[at % salt.len()]).collect(), (0..23).map(|at| hash[at % hash.len()]).collect())
        } else {
            (salt, hash)
        };
        Stored { pepper, costs: Costs { algorithm, parameters }, salt, hash }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn pw_009_what_is_written_is_read_as_it_was(stored in any_stored()) {
        prop_assert_eq!(Stored::parse(&stored.to_string()), Ok(stored));
    }

    /// What is read is bounded, and has one spelling but for the forms that others write.
    #[test]
    fn pw_009_whatever_is_read_is_bounded_and_no_text_panics(text in "[\\$!*]?(pepper\\$a\\$)?(argon2(id|i|d)|scrypt|2[aby]|pbkdf2-sha(256|512)|.{0,6})\\$[0-9a-z=,é]{0,20}(\\$[A-Za-z0-9+/.é=]{0,40}){0,3}\\$?") {
        if let Ok(stored) = Stored::parse(&text) {
            prop_assert!(stored.costs.are_bounded());
            prop_assert_eq!(Stored::parse(&stored.to_string()), Ok(stored));
        }
    }

    /// One changed character gives nothing, or something that is spelt so.
    #[test]
    fn pw_009_a_changed_character_is_never_read_as_the_same(which in 0..OF_OTHERS.len(), at in 0..64_usize, letter in any::<char>()) {
        let good = OF_OTHERS[which];
        let at = at % good.len();
        let bent = bent(good, at, &letter.to_string());
        if bent != good && !good.starts_with("$2") {
            prop_assert_ne!(Stored::parse(&bent).ok(), Stored::parse(good).ok());
        }
    }
}
