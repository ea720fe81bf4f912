use serde_json::{Value, json};

use crate::{Browser, CHALLENGE, VERIFIER, World, basic, form, location_parameter};

/// The redirect URI of a [`Setting`]'s client.
pub const CALLBACK: &str = "https://app.example.com/cb";
/// The password of a [`Setting`]'s account.
pub const PASSWORD: &str = "correct horse";

/// A world with one confidential client and one person, `ada`, in front of a browser.
pub struct Setting {
    /// The world.
    pub world: World,
    /// The person's browser.
    pub browser: Browser,
    /// The client's id.
    pub client: String,
    /// The client's secret.
    pub secret: String,
    /// The person's subject.
    pub subject: String,
}

impl Setting {
    /// With these members of the configuration changed, and access tokens of this form (`jwt` or `opaque`).
    pub fn new(changes: Value, access_token: &str) -> Self {
        let mut world = World::with(changes);
        let (client, secret) = client(&mut world, json!({ "accessToken": access_token }));
        let account =
            world.ok(json!({ "accounts.create": { "login": "Ada", "password": PASSWORD, "name": "Ada Lovelace" } }));
        let subject = text(&account["id"]).to_owned();
        Self { world, browser: Browser::new(), client, secret, subject }
    }

    /// With the usual configuration and opaque access tokens.
    pub fn opaque() -> Self {
        Self::new(json!({}), "opaque")
    }

    /// A good authorization request, with parameters replaced, added, or (`None`) left out.
    pub fn query(&self, changes: &[(&str, Option<&str>)]) -> String {
        authorization_query(&self.client, changes)
    }

    /// Sends the browser to the authorization endpoint.
    pub fn authorize(&mut self, changes: &[(&str, Option<&str>)]) -> Value {
        let query = self.query(changes);
        self.browser.get(&mut self.world, &format!("/authorize?{query}"))
    }

    /// An interaction that only waits for consent.
    pub fn interaction(&mut self) -> String {
        let query = self.query(&[]);
        let interaction = self.browser.begin(&mut self.world, &query);
        self.browser.sign_in(&mut self.world, &interaction, "ada", PASSWORD);
        interaction
    }

    /// A code for the client, by way of the built-in pages.
    pub fn code(&mut self) -> String {
        let interaction = self.interaction();
        let answer = self.browser.allow(&mut self.world, &interaction, &["read"]);
        assert_eq!(answer["status"], 303, "{answer}");
        assert_eq!(location_parameter(&answer, "state").as_deref(), Some("s&t"));
        assert_eq!(location_parameter(&answer, "iss").as_deref(), Some(World::ISSUER));
        location_parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
    }

    /// The tokens of a new grant.
    pub fn tokens(&mut self) -> Value {
        let code = self.code();
        let (status, tokens) = self.redeem(&code);
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// The command for a form's POST by the client, authenticated by its secret in the header.
    pub fn post_command(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        post_as(&basic(&self.client, &self.secret), path, fields)
    }

    /// Posts a form as the client; the status and the JSON.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u64, Value) {
        reply(&self.world.ok(self.post_command(path, fields)))
    }

    /// The command that redeems a code.
    pub fn redeem_command(&self, code: &str) -> Value {
        self.post_command("/token", &redeem_fields(code))
    }

    /// Redeems a code.
    pub fn redeem(&mut self, code: &str) -> (u64, Value) {
        self.post("/token", &redeem_fields(code))
    }

    /// The command that refreshes.
    pub fn refresh_command(&self, token: &str) -> Value {
        self.post_command("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// Refreshes.
    pub fn refresh(&mut self, token: &str) -> (u64, Value) {
        self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// What the introspection endpoint says to the client.
    pub fn introspect(&mut self, token: &str) -> Value {
        self.post("/introspect", &[("token", token)]).1
    }

    /// Whether the introspection endpoint calls a token active.
    pub fn is_active(&mut self, token: &Value) -> bool {
        self.introspect(text(token))["active"] == true
    }
}

/// Registers a client with the usual redirect URI, and with these members; its id and secret (empty for a public one).
pub fn client(world: &mut World, changes: Value) -> (String, String) {
    let mut client = json!({ "name": "App", "redirectUris": [CALLBACK] });
    for (name, value) in changes.as_object().into_iter().flatten() {
        client[name] = value.clone();
    }
    let created = world.ok(json!({ "clients.create": client }));
    (text(&created["client"]["id"]).to_owned(), created["secret"].as_str().unwrap_or_default().to_owned())
}

/// A good authorization request of a client, with parameters replaced, added, or (`None`) left out.
pub fn authorization_query(client: &str, changes: &[(&str, Option<&str>)]) -> String {
    let mut fields = vec![
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "s&t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        // So that each test meets the consent page, whatever it allowed before.
        ("prompt", "consent"),
    ];
    for (name, value) in changes {
        fields.retain(|(own, _)| own != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    form(&fields)
}

/// The form that redeems a code of a [`Setting`].
pub fn redeem_fields(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// The command for a form's POST with this `Authorization` header; none when it is empty.
pub fn post_as(authorization: &str, path: &str, fields: &[(&str, &str)]) -> Value {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend((!authorization.is_empty()).then_some(("authorization", authorization)));
    post_raw(path, &headers, &form(fields))
}

/// The command for a POST with these headers and this body.
pub fn post_raw(path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    json!({ "http": { "method": "POST", "url": format!("{}{path}", World::ISSUER), "headers": headers, "body": body } })
}

/// The status and the JSON body of a response.
pub fn reply(response: &Value) -> (u64, Value) {
    let body = serde_json::from_str(text(&response["body"])).unwrap_or_else(|_| panic!("no JSON in {response}"));
    (response["status"].as_u64().unwrap_or_default(), body)
}

/// A header of a response.
pub fn header<'a>(response: &'a Value, name: &str) -> Option<&'a str> {
    response["headers"].as_array()?.iter().find(|header| header[0] == name)?[1].as_str()
}

/// A value that must be text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
