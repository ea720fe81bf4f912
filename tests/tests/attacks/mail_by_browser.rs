//! Each browser that asks to sign in by mail waits for its own: nobody who only knows a name ends what a person waits for (RT-002, RT-012,
//! RT-013, RT-020).

use claviger_tests::setting::{PASSWORD, Setting, header, text};
use claviger_tests::{Browser, form};
use serde_json::{Value, json};

use crate::email::{ADDRESS, asked_to_sign_in, mail, mailing, reset, reset_asked, signs_in, token_of, verify};
use crate::email_sign_in::typed;

fn send(browser: &Browser) -> Value {
    json!({ "signIn.sendMail": { "visit": { "cookie": browser.cookie_header() }, "login": ADDRESS } })
}

/// A browser that asks, what its page carries, and its mail, if it is sent one.
struct Asked {
    browser: Browser,
    waiting: String,
    mail: Option<Value>,
}

impl Asked {
    fn anew(s: &mut Setting) -> Self {
        Self::by(s, Browser::new())
    }

    fn by(s: &mut Setting, mut browser: Browser) -> Self {
        let sent = s.world.ok(send(&browser));
        browser.keep(&sent);
        let mail = s.world.take_mails().pop();
        Self { browser, waiting: text(&sent["waiting"]).to_owned(), mail }
    }

    fn mail(&self) -> &Value {
        self.mail.as_ref().unwrap()
    }

    fn with_code(&self) -> Value {
        let visit = json!({ "cookie": self.browser.cookie_header() });
        json!({ "signIn.withMail": { "visit": visit, "waiting": self.waiting, "code": self.mail()["code"] } })
    }

    fn with_link(&self) -> Value {
        let visit = json!({ "cookie": self.browser.cookie_header() });
        json!({ "signIn.withLink": { "visit": visit, "token": token_of(self.mail()) } })
    }
}

fn rows(s: &Setting) -> usize {
    s.world.store.keys("/link.sign-in.").len()
}

#[test]
fn rt_020_another_who_asks_ends_nothing_that_a_person_waits_for() {
    for by_link in [true, false] {
        let mut s = mailing();
        // Otherwise the first of them would have the account to themselves.
        let verified = json!({ "email": ADDRESS, "email_verified": true });
        s.world.ok(json!({ "accounts.update": { "id": s.subject, "claims": verified } }));
        let mine = Asked::anew(&mut s);
        // At once, and when the minute is over.
        let eve = Asked::anew(&mut s);
        s.world.advance(60);
        let again = Asked::by(&mut s, eve.browser.clone());
        assert!(eve.mail.is_some() && again.mail.is_some());
        if by_link {
            let ended = s.world.race(&mine.with_link(), 64);
            assert_eq!(ended.iter().filter(|done| done["ok"]["stage"] == "full").count(), 1, "{ended:?}");
        } else {
            // Of a crowd the late ones would count as guesses.
            assert_eq!(s.world.ok(mine.with_code())["stage"], "full");
        }
        // Hers are for her own browser, of which nothing is spent by mine; and none is for another.
        let mut stolen = again.with_code();
        stolen["signIn.withMail"]["visit"]["cookie"] = json!(mine.browser.cookie_header());
        assert_eq!(s.world.refused(stolen), "wrong_credentials");
        assert_eq!(s.world.ok(again.with_code())["stage"], "full");
        assert_eq!(s.world.refused(eve.with_link()), "link_ended", "the same browser's newer one took its place");
    }
}

#[test]
fn at_the_pages_it_is_the_same() {
    let mut s = mailing();
    let (page, sent) = asked_to_sign_in(&mut s);
    let mine = s.browser.clone();
    s.browser = Browser::new();
    asked_to_sign_in(&mut s);
    assert_eq!(rows(&s), 2);
    assert_eq!(s.world.ok(typed(&mine, &page, text(&sent["code"])))["status"], 303);
    let pressed = mine.post_command("/sign-in-link", &form(&[("token", &token_of(&sent))]));
    assert_eq!(s.world.ok(pressed)["status"], 400, "a code and its link are one");
}

#[test]
fn rt_020_a_link_says_itself_which_browser_it_is_of() {
    let mut s = mailing();
    let asked = Asked::anew(&mut s);
    let other = Asked::by(&mut s, Browser::new());
    for cookie in [other.browser.cookie_header(), String::new()] {
        let mut elsewhere = asked.with_link();
        elsewhere["signIn.withLink"]["visit"]["cookie"] = json!(cookie);
        assert_eq!(s.world.refused(elsewhere), "forbidden");
        assert!(s.world.asked().is_empty());
    }
}

#[test]
fn rt_013_however_many_browsers_ask_a_person_is_sent_ten_mails_in_an_hour_and_has_no_more_rows() {
    let mut s = mailing();
    let sent = (0..64).filter(|_| Asked::anew(&mut s).mail.is_some()).count();
    assert_eq!((sent, rows(&s)), (10, 10));
    let unknown = |s: &mut Setting| {
        s.world.ok(json!({ "signIn.sendMail": { "visit": { "cookie": "" }, "login": "nobody@example.com" } }));
    };
    (0..64).for_each(|_| unknown(&mut s));
    assert_eq!(rows(&s), 20, "nor has one of whom there is none");
    s.world.advance(901);
    s.world.ok(json!({ "purge": {} }));
    assert_eq!(rows(&s), 0);
}

#[test]
fn rt_013_at_one_instant_they_are_no_more() {
    let mut s = mailing();
    let ended = s.world.race(&send(&Browser::new()), 64);
    let mails = ended.iter().filter(|done| done.get("mail").is_some()).count();
    assert_eq!((mails, rows(&s)), (10, 10));
    // Of one browser, one.
    let mut s = mailing();
    let browser = Asked::anew(&mut s).browser;
    s.world.advance(60);
    let ended = s.world.race(&send(&browser), 64);
    assert_eq!((ended.iter().filter(|done| done.get("mail").is_some()).count(), rows(&s)), (1, 1));
}

#[test]
fn strangers_who_ask_keep_nobody_from_a_browser_that_is_known_as_theirs() {
    let mut s = mailing();
    let own = known(&mut s);
    (0..64).for_each(|_| _ = Asked::anew(&mut s));
    assert!(Asked::anew(&mut s).mail.is_none());
    let asked = Asked::by(&mut s, own.clone());
    assert_eq!(s.world.ok(asked.with_link())["stage"], "full");
    // It has ten of its own.
    let mut sent = 0;
    for _ in 0..20 {
        s.world.advance(60);
        sent += usize::from(Asked::by(&mut s, own.clone()).mail.is_some());
    }
    assert_eq!(sent, 9);
    // Nor is it known as anybody else's.
    s.world.ok(json!({ "accounts.create": { "login": "grace@example.com", "password": PASSWORD } }));
    let mut graces = Browser::new();
    let visit = json!({ "visit": { "cookie": "" }, "login": "grace@example.com", "password": PASSWORD });
    graces.keep(&s.world.ok(json!({ "signIn.withPassword": visit })));
    assert!(Asked::by(&mut s, graces).mail.is_none());
}

/// A browser in which ada has signed in.
fn known(s: &mut Setting) -> Browser {
    let mut browser = Browser::new();
    let visit = json!({ "visit": { "cookie": "" }, "login": ADDRESS, "password": PASSWORD });
    browser.keep(&s.world.ok(json!({ "signIn.withPassword": visit })));
    browser
}

#[test]
fn whatever_changes_the_password_or_the_address_voids_what_every_browser_waits_for() {
    type Change = fn(&mut Setting);
    let changes: [(&str, Change); 4] = [
        ("reset", |s| {
            s.world.ok(reset_asked(ADDRESS));
            let token = token_of(&mail(&mut s.world));
            assert_eq!(s.world.ok(reset(&token))["status"], "reset");
        }),
        ("set", |s| {
            s.world.ok(json!({ "accounts.setPassword": { "id": s.subject, "password": "another horse" } }));
        }),
        ("changed", |s| {
            let ask = json!({ "id": s.subject, "current": PASSWORD, "new": "another horse" });
            s.world.ok(json!({ "accounts.changePassword": ask }));
        }),
        ("address", |s| {
            let ask = json!({ "id": s.subject, "email": "ada@example.org" });
            s.world.ok(json!({ "accounts.requestEmailChange": ask }));
            let token = token_of(&mail(&mut s.world));
            assert_eq!(s.world.ok(verify(&token))["status"], "verified");
        }),
    ];
    for (name, change) in changes {
        let mut s = mailing();
        let waiting: Vec<Asked> = (0..3).map(|_| Asked::anew(&mut s)).collect();
        change(&mut s);
        for asked in waiting {
            assert_eq!(s.world.refused(asked.with_link()), "link_ended", "{name}");
            assert_eq!(s.world.refused(asked.with_code()), "wrong_credentials", "{name}");
        }
    }
}

#[test]
fn a_sign_in_with_the_password_as_it_is_voids_nothing() {
    let mut s = mailing();
    let asked = Asked::anew(&mut s);
    assert!(signs_in(&mut s, PASSWORD));
    assert_eq!(s.world.ok(asked.with_code())["stage"], "full");
}

#[test]
fn what_was_sent_finds_the_browser_again_and_so_does_what_it_began_before() {
    for (interaction, kept) in [("5m", 900), ("1h", 3600)] {
        let sign_in = json!({ "passwordless": ["link", "code"] });
        let config =
            json!({ "capabilities": ["mail"], "signIn": sign_in, "lifetimes": { "interaction": interaction } });
        let mut s = Setting::new(config, "opaque");
        let sent = s.world.ok(send(&Browser::new()));
        let query = s.query(&[]);
        let handle = s.browser.begin(&mut s.world, &query);
        let body = form(&[("interaction", &handle), ("login", ADDRESS)]);
        let page = s.browser.post(&mut s.world, "/sign-in-by-mail", &body);
        for response in [sent, page] {
            let cookie = header(&response, "set-cookie").unwrap();
            assert!(cookie.contains(&format!("Max-Age={kept}")), "{cookie}");
        }
    }
}
