use serde_json::{Value, json};

use crate::setting::{Setting, client, post_as, redeem_fields, reply, text};
use crate::{ClientKey, basic, with_header};

/// A [`Setting`] whose client has a key and sends proofs of it.
pub struct Holder {
    /// The setting.
    pub s: Setting,
    /// The client's key.
    pub key: ClientKey,
    public: bool,
}

impl Holder {
    /// A public client, as browser and mobile applications are.
    pub fn public(config: Value, members: Value) -> Self {
        let mut members = members;
        members["authMethod"] = json!("none");
        Self { public: true, ..Self::confidential(config, members) }
    }

    /// A client with a secret.
    pub fn confidential(config: Value, members: Value) -> Self {
        let mut s = Setting::new(config, "opaque");
        (s.client, s.secret) = client(&mut s.world, members);
        Self { s, key: ClientKey::es256(1), public: false }
    }

    /// The command for the client's POST to a path, with these proofs.
    pub fn command(&self, path: &str, fields: &[(&str, &str)], proofs: &[&str]) -> Value {
        let (authorization, own) = match self.public {
            true => (String::new(), vec![("client_id", self.s.client.as_str())]),
            false => (basic(&self.s.client, &self.s.secret), Vec::new()),
        };
        let command = post_as(&authorization, path, &[&own, fields].concat());
        proofs.iter().fold(command, |command, proof| with_header(command, "dpop", proof))
    }

    /// A new proof for the token endpoint.
    pub fn proof(&self) -> String {
        self.key.proof(&self.s.world, "/token")
    }

    /// The command that redeems a code with these proofs.
    pub fn redeem_command(&self, code: &str, proofs: &[&str]) -> Value {
        self.command("/token", &redeem_fields(code), proofs)
    }

    /// The command that refreshes with these proofs.
    pub fn refresh_command(&self, token: &str, proofs: &[&str]) -> Value {
        self.command("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)], proofs)
    }

    /// The tokens of a new grant, bound to the key.
    pub fn tokens(&mut self) -> Value {
        let code = self.s.code();
        let command = self.redeem_command(&code, &[&self.proof()]);
        let (status, tokens) = reply(&self.s.world.ok(command));
        assert_eq!((status, text(&tokens["token_type"])), (200, "DPoP"), "{tokens}");
        tokens
    }
}
