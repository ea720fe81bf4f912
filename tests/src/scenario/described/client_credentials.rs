//! A client that acts for itself.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::application::{post, text};
use crate::{World, basic, form};

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "client_credentials",
    about: "A client acts for itself: with a JWT, with an opaque token, for a resource; its tokens end; what is refused",
    config: || json!({ "defaultScopes": ["read"] }),
    way: client_credentials,
}];

fn client_credentials(world: &mut World) {
    for access_token in ["jwt", "opaque"] {
        let service = Service::register(world, access_token);
        let first = service.token(world, &[]);
        let second = service.token(world, &[("scope", "read write"), ("resource", "https://api.example.com")]);
        let verified = world.ok(json!({ "tokens.verify": { "token": first, "scopes": ["read"] } }));
        assert_eq!((&verified["subject"], &verified["clientId"]), (&Value::Null, &json!(service.client)));
        world.ok(json!({ "tokens.verify": { "token": second, "audience": "https://api.example.com" } }));
        for token in [&first, &second] {
            assert_eq!(service.post(world, "/introspect", &[("token", token)]).1["active"], true);
            assert_eq!(service.post(world, "/revoke", &[("token", token)]).0, 200);
            assert_eq!(service.post(world, "/introspect", &[("token", token)]).1, json!({ "active": false }));
        }
        for (fields, error) in
            [([("scope", "openid")], "invalid_scope"), ([("resource", "https://other.example.com")], "invalid_target")]
        {
            let fields = [&[("grant_type", "client_credentials")], &fields[..]].concat();
            assert_eq!(service.post(world, "/token", &fields).1["error"], error);
        }
        let last = service.token(world, &[]);
        let update = json!({ "id": service.client, "grantTypes": ["refresh_token"] });
        world.ok(json!({ "clients.update": update }));
        let refused = service.post(world, "/token", &[("grant_type", "client_credentials")]);
        assert_eq!(refused.1["error"], "unauthorized_client");
        world.ok(json!({ "clients.delete": { "id": service.client } }));
        assert_eq!(world.ok(json!({ "tokens.introspect": { "token": last } })), json!({ "active": false }));
    }
    world.advance(15 * 60);
    let persons = world.ok(json!({ "purge": {} }));
    world.ok(json!({ "purge": { "after": persons["next"] } }));
    let public =
        json!({ "name": "App", "redirectUris": [], "authMethod": "none", "grantTypes": ["client_credentials"] });
    assert_eq!(world.refused(json!({ "clients.create": public })), "invalid_argument");
}

/// A client that may do nothing but act for itself.
struct Service {
    client: String,
    secret: String,
}

impl Service {
    fn register(world: &mut World, access_token: &str) -> Self {
        let client = json!({ "name": "Job", "redirectUris": [], "grantTypes": ["client_credentials"],
            "accessToken": access_token });
        let created = world.ok(json!({ "clients.create": client }));
        Self { client: text(&created["client"]["id"]), secret: text(&created["secret"]) }
    }

    fn token(&self, world: &mut World, fields: &[(&str, &str)]) -> String {
        let fields = [&[("grant_type", "client_credentials")], fields].concat();
        let (status, tokens) = self.post(world, "/token", &fields);
        assert_eq!(status, 200, "{tokens}");
        text(&tokens["access_token"])
    }

    fn post(&self, world: &mut World, path: &str, fields: &[(&str, &str)]) -> (u64, Value) {
        let authorization = basic(&self.client, &self.secret);
        post(world, path, &[("authorization", &authorization)], &form(fields))
    }
}
