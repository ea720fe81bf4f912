//! People who sign in at another server and come back.

use serde_json::json;

use crate::scenario::Scenario;
use crate::scenario::application::text;
use crate::{Browser, CHALLENGE, VERIFIER, World};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "journey",
        about: "Somebody goes to another server and comes back, once, in the browser that they left with and in time",
        config: super::plain,
        way: web,
    },
    Scenario {
        name: "journey_mobile",
        about: "The same for a mobile application, which redeems a code with its verifier, once",
        config: super::plain,
        way: mobile,
    },
];

fn web(world: &mut World) {
    let mut browser = Browser::new();
    let begin = json!({ "cookie": "", "handle": "Ada.Test", "redirectPath": "/notes?sort=new" });
    let begun = world.ok(json!({ "journeys.begin": begin }));
    browser.keep(&begun);
    let complete = |cookie: &str| json!({ "journeys.complete": { "cookie": cookie, "state": begun["state"] } });
    assert_eq!(world.refused(complete("")), "forbidden");
    let back = world.ok(complete(&browser.cookie_header()));
    assert_eq!(back["redirectPath"], "/notes?sort=new");
    assert_eq!(world.refused(complete(&browser.cookie_header())), "interaction_ended");
    let again = world.ok(json!({ "journeys.begin": { "cookie": browser.cookie_header(), "handle": "ada.test" } }));
    let from = json!({ "cookie": "", "handle": "ada.test", "remote": "203.0.113.9" });
    assert!(world.ok(json!({ "journeys.begin": from }))["state"].is_string());
    world.advance(600);
    let late = json!({ "cookie": browser.cookie_header(), "state": again["state"] });
    assert_eq!(world.refused(json!({ "journeys.complete": late })), "interaction_ended");
    for bad in [
        json!({ "cookie": "", "handle": "ada" }),
        json!({ "cookie": "", "handle": "ada.test", "redirectPath": "//evil.test" }),
        json!({ "cookie": "", "handle": "ada.test", "mobile": true }),
        json!({ "cookie": "", "handle": "ada.test", "codeChallenge": CHALLENGE }),
    ] {
        assert_eq!(world.refused(json!({ "journeys.begin": bad })), "invalid_argument");
    }
}

fn mobile(world: &mut World) {
    let mut browser = Browser::new();
    let begin = json!({ "cookie": "", "handle": "ada.test", "mobile": true, "codeChallenge": CHALLENGE });
    let begun = world.ok(json!({ "journeys.begin": begin }));
    browser.keep(&begun);
    let back = json!({ "cookie": browser.cookie_header(), "state": begun["state"] });
    let back = world.ok(json!({ "journeys.complete": back }));
    let ask = json!({ "subject": "did:plc:abc", "handle": back["handle"], "codeChallenge": back["codeChallenge"] });
    let code = text(&world.ok(json!({ "journeys.issueCode": ask }))["code"]);
    let redeem = |verifier: &str| json!({ "journeys.redeemCode": { "code": code, "codeVerifier": verifier } });
    assert_eq!(world.refused(redeem(CHALLENGE)), "invalid_grant");
    assert_eq!(world.ok(redeem(VERIFIER))["subject"], "did:plc:abc");
    assert_eq!(world.refused(redeem(VERIFIER)), "invalid_grant");
    let plain = json!({ "subject": "did:plc:abc", "codeChallenge": "plain" });
    assert_eq!(world.refused(json!({ "journeys.issueCode": plain })), "invalid_argument");
}
