//! Passwords that change: which sessions end, what counts as a guess, and what must survive every fault of the store.

use claviger_tests::World;
use claviger_tests::setting::{PASSWORD, Setting, text};
use serde_json::{Value, json};

use crate::operations::Operation;
use crate::passwords::{IMPORTED, OF_IMPORTED, cheap, import, named, sign_in, sign_in_command, stored, with};

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
