//! The keys of clients: registered, or at an address of the client's (JW-053; RFC 7591 section 2, `jwks_uri`).

use claviger_tests::setting::CALLBACK;
use claviger_tests::{ClientKey, World};
use serde_json::{Value, json};

use crate::client_assertion::Keyed;

/// A client whose keys are at an address, and what that address answers.
struct Fetching {
    k: Keyed,
    jwks: Value,
    status: u64,
    headers: Value,
    fetched: usize,
}

impl Fetching {
    fn new() -> Self {
        let key = ClientKey::es256(1);
        let changes = json!({ "jwks": null, "jwksUri": "https://client.example/jwks" });
        let jwks = json!({ "keys": [key.public_jwk()] });
        let k = Keyed::with(json!({ "capabilities": ["fetch"] }), changes, key);
        Self { k, jwks, status: 200, headers: json!([]), fetched: 0 }
    }

    /// The status of a request with a new assertion by the client's key.
    fn request(&mut self) -> u64 {
        self.send(&self.k.assertion(json!({}), json!({})))
    }

    fn send(&mut self, assertion: &str) -> u64 {
        let command = self.k.command(assertion);
        let Self { k, jwks, status, headers, fetched } = self;
        let done = k.world.run_with(command, |ask, _, store| match ask.get("fetch") {
            Some(asked) => {
                *fetched += 1;
                assert_eq!((&asked["method"], &asked["url"]), (&json!("GET"), &json!("https://client.example/jwks")));
                assert_eq!((&asked["limits"]["publicOnly"], &asked["limits"]["redirects"]), (&json!(true), &json!(0)));
                json!({ "response": { "status": *status, "headers": headers, "body": jwks.to_string() } })
            }
            None => store.answer(ask),
        });
        done["ok"]["status"].as_u64().unwrap()
    }
}

#[test]
fn jw_053_a_key_that_the_client_rotated_to_is_fetched_once() {
    let mut f = Fetching::new();
    assert_eq!((f.request(), f.fetched), (200, 1));
    assert_eq!((f.request(), f.fetched), (200, 1), "kept");
    f.k.key = ClientKey::es256(2);
    f.jwks = json!({ "keys": [f.k.key.public_jwk()] });
    f.k.world.advance(60);
    assert_eq!((f.request(), f.fetched), (200, 2));
    let second = std::mem::replace(&mut f.k.key, ClientKey::es256(3));
    assert_eq!((f.request(), f.fetched), (401, 2), "left alone for a while");
    f.k.world.advance(10);
    assert_eq!((f.request(), f.fetched), (401, 3), "a forged kid costs a fetch now and then");
    f.k.key = second;
    assert_eq!((f.request(), f.fetched), (200, 3));
    f.k.world.advance(600);
    assert_eq!((f.request(), f.fetched), (200, 4), "looked at again: a key may have been withdrawn");
}

/// RFC 9111 section 5.2.2.1: a key that is gone from its address is taken no longer than that address said, nor than a day.
#[test]
fn jw_054_fetched_keys_serve_as_long_as_their_server_says_within_bounds() {
    for (headers, seconds) in [
        (json!([]), 600),
        (json!([["cache-control", "public, max-age=3600"]]), 3600),
        (json!([["cache-control", "max-age=3600"], ["age", "3000"]]), 600),
        (json!([["cache-control", "max-age=0"]]), 60),
        (json!([["cache-control", "no-store"]]), 60),
        (json!([["cache-control", "max-age=31536000"]]), 86_400),
        (json!([["cache-control", "max-age=x"]]), 600),
    ] {
        let mut f = Fetching::new();
        f.headers = headers.clone();
        assert_eq!((f.request(), f.fetched), (200, 1), "{headers}");
        f.jwks = json!({ "keys": [ClientKey::es256(2).public_jwk()] });
        f.k.world.advance(seconds - 1);
        assert_eq!((f.request(), f.fetched), (200, 1), "{headers}");
        f.k.world.advance(1);
        assert_eq!((f.request(), f.fetched), (401, 2), "{headers}: the key is gone");
    }
}

/// However long keys may be kept, one that the client rotates to is looked for at once.
#[test]
fn jw_053_keys_that_may_be_kept_for_a_day_do_not_hide_the_next() {
    let mut f = Fetching::new();
    f.headers = json!([["cache-control", "max-age=86400"]]);
    assert_eq!((f.request(), f.fetched), (200, 1));
    f.k.key = ClientKey::es256(2);
    f.jwks = json!({ "keys": [f.k.key.public_jwk()] });
    f.k.world.advance(10);
    assert_eq!((f.request(), f.fetched), (200, 2));
    assert_eq!((f.request(), f.fetched), (200, 2), "kept");
}

#[test]
fn jw_053_a_key_that_took_the_name_of_another_is_fetched_too() {
    let mut f = Fetching::new();
    assert_eq!((f.request(), f.fetched), (200, 1));
    let mut second = ClientKey::es256(2).public_jwk();
    second["kid"] = f.k.key.public_jwk()["kid"].clone();
    f.jwks = json!({ "keys": [second] });
    let mut nameless = f.jwks.clone();
    nameless["keys"][0]["kid"] = json!("another");
    f.k.world.advance(10);
    let named = ClientKey::es256(2).assertion(&f.k.world, &f.k.id, json!({ "kid": f.k.key.jkt() }), json!({}));
    assert_eq!((f.send(&named), f.fetched), (200, 2), "the same kid, another key");
    f.jwks = nameless;
    f.k.world.advance(10);
    let none = ClientKey::es256(2).assertion(&f.k.world, &f.k.id, json!({ "kid": null }), json!({ "jti": "x" }));
    assert_eq!((f.send(&none), f.fetched), (200, 2), "no kid, and the key is known");
    assert_eq!((f.request(), f.fetched), (401, 3), "the first key is gone");
}

#[test]
fn an_address_that_does_not_answer_well_authenticates_nobody() {
    let mut f = Fetching::new();
    f.status = 500;
    assert_eq!(f.request(), 401);
    assert_eq!((f.request(), f.fetched), (401, 1));
    f.status = 200;
    f.k.world.advance(10);
    for bad in
        [json!({}), json!([]), json!({ "keys": 1 }), json!({ "keys": [] }), json!({ "keys": [f.k.key.private_jwk()] })]
    {
        f.jwks = bad;
        assert_eq!(f.request(), 401, "{}", f.jwks);
        f.k.world.advance(10);
    }
    let command = f.k.command(&f.k.assertion(json!({}), json!({})));
    let done = f.k.world.run_with(command, |ask, _, store| match ask.get("fetch") {
        Some(_) => json!({ "failed": "no route" }),
        None => store.answer(ask),
    });
    assert_eq!((&done["ok"]["status"], &done["fault"]["code"]), (&json!(503), &json!("host_failed")), "{done}");
}

#[test]
fn a_crowd_at_the_first_use_of_an_address_fetches_few_times_and_is_not_refused() {
    let mut f = Fetching::new();
    let commands: Vec<Value> = (0..64).map(|_| f.k.command(&f.k.assertion(json!({}), json!({})))).collect();
    let mut waiting: Vec<Value> = commands.into_iter().map(|command| f.k.world.begin(command)).collect();
    let (mut fetched, mut statuses) = (0, Vec::new());
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for step in waiting {
            let answer = match step["ask"].get("fetch") {
                Some(_) => {
                    fetched += 1;
                    json!({ "response": { "status": 200, "headers": [], "body": f.jwks.to_string() } })
                }
                None => f.k.world.store.answer(&step["ask"]),
            };
            let next = f.k.world.resume(&step["flow"], answer);
            if next.get("ask").is_some() {
                still.push(next)
            } else {
                statuses.push(next["done"]["ok"]["status"].clone())
            }
        }
        waiting = still;
    }
    assert_eq!(fetched, 8);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 8);
    assert!(statuses.iter().all(|status| *status == 200 || *status == 503), "{statuses:?}");
    assert_eq!(f.request(), 200);
}

#[test]
fn what_is_registered_of_keys_is_checked() {
    let mut world = World::new();
    let key = ClientKey::es256(1);
    let jwks = json!({ "keys": [key.public_jwk()] });
    let good = json!({ "name": "App", "redirectUris": [CALLBACK], "authMethod": "private_key_jwt", "jwks": jwks });
    let created = world.ok(json!({ "clients.create": good }));
    assert_eq!((&created["client"]["jwks"], &created["secret"]), (&jwks, &Value::Null));
    for (name, value) in [
        ("jwks", Value::Null),
        ("jwks", json!({ "keys": [] })),
        ("jwks", json!({ "keys": [key.private_jwk()] })),
        ("jwksUri", json!("https://client.example/jwks")),
        ("authMethod", json!("client_secret_basic")),
        ("authMethod", json!("none")),
        ("authSigningAlg", json!("HS256")),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        assert_eq!(world.refused(json!({ "clients.create": bad })), "invalid_argument", "{name}");
    }
    let id = created["client"]["id"].clone();
    let second = json!({ "keys": [ClientKey::es256(2).public_jwk()] });
    let updated = world.ok(json!({ "clients.update": { "id": id, "jwks": second } }));
    assert_eq!(updated["jwks"], second);
    assert_eq!(
        world.refused(json!({ "clients.update": { "id": id, "jwksUri": "https://client.example/jwks" } })),
        "invalid_argument"
    );
    world.reopen(json!({ "capabilities": ["fetch"] }));
    let updated = world.ok(json!({ "clients.update": { "id": id, "jwksUri": "https://client.example/jwks" } }));
    assert_eq!((updated.get("jwks"), &updated["jwksUri"]), (None, &json!("https://client.example/jwks")));
    for bad in ["http://client.example/jwks", "https://127.0.0.1/jwks", "x"] {
        assert_eq!(
            world.refused(json!({ "clients.update": { "id": id, "jwksUri": bad } })),
            "invalid_argument",
            "{bad}"
        );
    }
}

#[test]
fn jw_053_many_addresses_of_one_origin_are_no_way_to_send_the_server_after_it() {
    let mut f = Fetching::new();
    assert_eq!((f.request(), f.fetched), (200, 1));
    let key = ClientKey::es256(7);
    let mut fetched: usize = 0;
    for n in 0..300 {
        let own = json!({ "name": "Many", "id": format!("many-{n}"), "redirectUris": [CALLBACK], "authMethod": "private_key_jwt",
            "jwksUri": format!("https://victim.example/{n}"), "grantTypes": ["client_credentials"] });
        f.k.world.ok(json!({ "clients.create": own }));
        let mut claims = json!({ "jti": n.to_string() });
        for name in ["iss", "sub"] {
            claims[name] = json!(format!("many-{n}"));
        }
        let forged = f.k.assertion(json!({}), claims);
        let command = f.k.command(&forged);
        f.k.world.run_with(command, |ask, _, store| match ask.get("fetch") {
            Some(_) => {
                fetched += 1;
                json!({ "response": { "status": 200, "headers": [], "body": json!({ "keys": [key.public_jwk()] }).to_string() } })
            }
            None => store.answer(ask),
        });
    }
    assert_eq!(fetched, 32, "of one origin, in ten seconds");
    let honest = f.fetched;
    assert_eq!((f.request(), f.fetched), (200, honest), "nothing of another origin is forgotten");
    f.k.key = ClientKey::es256(9);
    assert_eq!((f.request(), f.fetched), (401, honest), "nor that it is to be left alone");
}
