//! A resource server that calls another one for the person whose token it received.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{Application, post, text};
use crate::{World, basic, form};

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "token_exchange",
    about: "A token is exchanged, again, narrowed, passed on with an actor token; what is refused; the end of the grant is the end of all",
    config: || json!({ "resources": { FRONT: {}, BACK: { "lifetime": "5m" } } }),
    way: token_exchange,
}];

const FRONT: &str = "https://front.example.com";
const BACK: &str = "https://back.example.com";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A client that is a resource server.
struct Server(String);

impl Server {
    fn register(world: &mut World, access_token: &str, resources: Value, exchange_for: Value) -> Self {
        let client = json!({ "name": "API", "redirectUris": [], "grantTypes": [GRANT, "client_credentials"],
            "accessToken": access_token, "resources": resources, "exchangeFor": exchange_for });
        let created = world.ok(json!({ "clients.create": client }));
        Self(basic(&text(&created["client"]["id"]), &text(&created["secret"])))
    }

    fn exchange(&self, world: &mut World, token: &Value, fields: &[(&str, &str)]) -> Value {
        let token = text(token);
        let usual = [("grant_type", GRANT), ("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
        self.post(world, &[&usual[..], fields].concat())
    }

    fn post(&self, world: &mut World, fields: &[(&str, &str)]) -> Value {
        post(world, "/token", &[("authorization", &self.0)], &form(fields)).1
    }
}

fn token_exchange(world: &mut World) {
    for (access_token, first) in [("jwt", true), ("opaque", false)] {
        let mut app = if first {
            Application::register(world, access_token)
        } else {
            Application::register_for_ada(world, access_token)
        };
        let front = Server::register(world, access_token, json!([FRONT]), json!([BACK]));
        let back = Server::register(world, access_token, json!([BACK]), json!([]));
        let code = app.code(world, &[("scope", "read write"), ("resource", FRONT)], &["read", "write"]);
        let (_, tokens) = app.redeem(world, &code);
        let token = &tokens["access_token"];
        let result = front.exchange(world, token, &[("resource", BACK), ("scope", "read")]);
        assert_eq!((&result["scope"], &result["issued_token_type"]), (&json!("read"), &json!(ACCESS_TOKEN)));
        let again = front.exchange(world, token, &[("audience", BACK), ("scope", "read")]);
        assert_eq!(again["access_token"], result["access_token"]);
        world.ok(json!({ "tokens.verify": { "token": result["access_token"], "audience": BACK } }));
        world.ok(json!({ "tokens.introspect": { "token": result["access_token"] } }));
        let own = back.post(world, &[("grant_type", "client_credentials")]);
        let actor = text(&own["access_token"]);
        let fields =
            [("actor_token", actor.as_str()), ("actor_token_type", ACCESS_TOKEN), ("requested_token_type", JWT)];
        let last = back.exchange(world, &result["access_token"], &fields);
        assert_eq!(last["issued_token_type"], JWT, "{last}");
        world.ok(json!({ "tokens.introspect": { "token": last["access_token"] } }));
        for (by, token, fields, error) in [
            (&front, &result["access_token"], &[("scope", "write")][..], "invalid_scope"),
            (&front, token, &[("resource", "https://other.example.com")], "invalid_target"),
            (&front, token, &[("requested_token_type", "urn:x")], "invalid_request"),
            (&front, token, &[("actor_token", actor.as_str())], "invalid_request"),
            (&back, token, &[], "invalid_request"),
            (&front, &tokens["refresh_token"], &[], "invalid_request"),
            (&back, &own["access_token"], &[], "invalid_request"),
        ] {
            assert_eq!(by.exchange(world, token, fields)["error"], error);
        }
        let not_allowed = [("grant_type", GRANT), ("subject_token", "x"), ("subject_token_type", ACCESS_TOKEN)];
        assert_eq!(app.token(world, &not_allowed).1["error"], "unauthorized_client");
        app.post(world, "/revoke", &[("token", &text(&tokens["refresh_token"]))]);
        for ended in [&result["access_token"], &last["access_token"]] {
            assert_eq!(world.ok(json!({ "tokens.introspect": { "token": ended } })), json!({ "active": false }));
        }
        assert_eq!(front.exchange(world, token, &[])["error"], "invalid_request");
    }
}
