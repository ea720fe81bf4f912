use serde_json::{Value, json};

use crate::setting::{CALLBACK, PASSWORD, authorization_query, post_raw, redeem_fields};
use crate::{Browser, World, basic, form, location_parameter};

/// A registered application, a person's account, and the person's browser.
pub struct Application {
    /// The person's browser.
    pub browser: Browser,
    /// The client's id.
    pub client: String,
    /// The client's secret.
    pub secret: String,
    /// The person's account.
    pub subject: String,
}

impl Application {
    /// Registers the application, with access tokens of this form, and makes the account `ada`.
    pub fn register(world: &mut World, access_token: &str) -> Self {
        let account = json!({ "login": "Ada", "password": PASSWORD, "name": "Ada Lovelace" });
        world.ok(json!({ "accounts.create": account }));
        Self::register_for_ada(world, access_token)
    }

    /// Registers the application alone.
    pub fn register_for_ada(world: &mut World, access_token: &str) -> Self {
        let client = json!({ "name": "App", "redirectUris": [CALLBACK], "accessToken": access_token });
        let created = world.ok(json!({ "clients.create": client }));
        let account = world.ok(json!({ "accounts.find": { "login": "ada" } }));
        Self {
            browser: Browser::new(),
            client: text(&created["client"]["id"]),
            secret: text(&created["secret"]),
            subject: text(&account["id"]),
        }
    }

    /// The parameters of an authorization request, with these in place of the usual ones; an empty one is left out.
    pub fn query(&self, changes: &[(&str, &str)]) -> String {
        let changes = changes.iter().map(|(name, value)| (*name, (!value.is_empty()).then_some(*value)));
        authorization_query(&self.client, &changes.collect::<Vec<_>>())
    }

    /// Goes to the authorization endpoint; returns the response.
    pub fn authorize(&mut self, world: &mut World, changes: &[(&str, &str)]) -> Value {
        let path = format!("/authorize?{}", self.query(changes));
        self.browser.get(world, &path)
    }

    /// Goes to the authorization endpoint; returns the interaction's handle.
    pub fn interaction(&mut self, world: &mut World, changes: &[(&str, &str)]) -> String {
        let query = self.query(changes);
        self.browser.begin(world, &query)
    }

    /// Signs in, allows, and returns the code.
    pub fn code(&mut self, world: &mut World, changes: &[(&str, &str)], scopes: &[&str]) -> String {
        let interaction = self.interaction(world, changes);
        let signed_in = self.browser.sign_in(world, &interaction, "ada", PASSWORD);
        assert_eq!(signed_in["status"], 303, "{signed_in}");
        let answer = self.browser.allow(world, &interaction, scopes);
        location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
    }

    /// Redeems a code.
    pub fn redeem(&self, world: &mut World, code: &str) -> (u64, Value) {
        self.token(world, &redeem_fields(code))
    }

    /// Signs in, allows, redeems: the token response.
    pub fn tokens(&mut self, world: &mut World) -> Value {
        let code = self.code(world, &[], &["read"]);
        let (status, tokens) = self.redeem(world, &code);
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// Refreshes.
    pub fn refresh(&self, world: &mut World, token: &Value) -> (u64, Value) {
        self.token(world, &[("grant_type", "refresh_token"), ("refresh_token", &text(token))])
    }

    /// Asks about a token.
    pub fn introspect(&self, world: &mut World, token: &Value) -> Value {
        self.post(world, "/introspect", &[("token", &text(token))]).1
    }

    /// Posts to the token endpoint.
    pub fn token(&self, world: &mut World, fields: &[(&str, &str)]) -> (u64, Value) {
        self.post(world, "/token", fields)
    }

    /// Posts a form as this client.
    pub fn post(&self, world: &mut World, path: &str, fields: &[(&str, &str)]) -> (u64, Value) {
        let authorization = basic(&self.client, &self.secret);
        post(world, path, &[("authorization", &authorization)], &form(fields))
    }
}

/// Posts a form with these headers; returns the status and the body, null when it is empty.
pub fn post(world: &mut World, path: &str, headers: &[(&str, &str)], body: &str) -> (u64, Value) {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let typed = headers.iter().any(|(name, _)| *name == "content-type");
    let headers: Vec<_> = headers.iter().copied().chain((!typed).then_some(form)).collect();
    let response = world.ok(post_raw(path, &headers, body));
    let body = response["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    (response["status"].as_u64().unwrap_or_default(), body.unwrap_or_default())
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
