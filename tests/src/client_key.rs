use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_core::key::{Algorithm, PrivateKey};
use serde_json::{Value, json};

use crate::World;

/// A key of a client's own: for DPoP proofs and for assertions.
pub struct ClientKey {
    key: PrivateKey,
    made: Cell<u32>,
}

impl ClientKey {
    /// The same number, the same key.
    pub fn new(algorithm: Algorithm, number: u8) -> Self {
        let key = PrivateKey::generate(algorithm, &mut |bytes| bytes.fill(number));
        Self { key: key.unwrap_or_else(|error| panic!("{error}")), made: Cell::new(0) }
    }

    /// An ES256 key.
    pub fn es256(number: u8) -> Self {
        Self::new(Algorithm::ES256, number)
    }

    /// A key that is written somewhere.
    pub fn of_jwk(jwk: &str) -> Self {
        Self { key: PrivateKey::from_jwk(jwk).unwrap_or_else(|error| panic!("{error}")), made: Cell::new(0) }
    }

    /// The public half, with `alg`, `kid` and `use`.
    pub fn public_jwk(&self) -> Value {
        json!(self.key.public().to_jwk())
    }

    /// The whole key.
    pub fn private_jwk(&self) -> Value {
        serde_json::from_str(&self.key.to_jwk()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The public half, with what a thumbprint is made of and nothing else.
    pub fn bare_jwk(&self) -> Value {
        let mut jwk = self.public_jwk();
        for name in ["alg", "kid", "use"] {
            jwk.as_object_mut().and_then(|members| members.remove(name));
        }
        jwk
    }

    /// The thumbprint (RFC 7638).
    pub fn jkt(&self) -> String {
        self.key.public().thumbprint()
    }

    /// A JWS in compact form over whatever these are.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.key.sign(input.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A proof for a POST to a path of the issuer, never the same twice.
    pub fn proof(&self, world: &World, path: &str) -> String {
        self.proof_with(world, path, json!({}), json!({}))
    }

    /// The same with these members of its header and its claims changed, or (`null`) left out.
    pub fn proof_with(&self, world: &World, path: &str, header: Value, claims: Value) -> String {
        let mut proof_header = json!({ "typ": "dpop+jwt", "alg": self.algorithm(), "jwk": self.bare_jwk() });
        let mut proof_claims = json!({
            "jti": self.unique(), "htm": "POST", "htu": format!("{}{path}", World::ISSUER), "iat": world.now / 1000,
        });
        change(&mut proof_header, header);
        change(&mut proof_claims, claims);
        self.sign(&proof_header, &proof_claims)
    }

    /// An assertion of a client (RFC 7523 section 3), with these members changed, or (`null`) left out.
    pub fn assertion(&self, world: &World, client: &str, header: Value, claims: Value) -> String {
        let mut of_header = json!({ "alg": self.algorithm(), "kid": self.key.kid() });
        let mut of_claims = json!({
            "iss": client, "sub": client, "aud": World::ISSUER, "jti": self.unique(),
            "iat": world.now / 1000, "exp": world.now / 1000 + 60,
        });
        change(&mut of_header, header);
        change(&mut of_claims, claims);
        self.sign(&of_header, &of_claims)
    }

    fn algorithm(&self) -> &'static str {
        self.key.algorithm().name()
    }

    fn unique(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("{}-{}", self.jkt(), self.made.get())
    }
}

fn change(object: &mut Value, changes: Value) {
    for (name, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(object.as_object_mut().and_then(|members| members.remove(name))),
            value => object[name] = value.clone(),
        }
    }
}

/// An `http` command with one more header.
pub fn with_header(mut command: Value, name: &str, value: &str) -> Value {
    if let Some(headers) = command["http"]["headers"].as_array_mut() {
        headers.push(json!([name, value]));
    }
    command
}

/// The claims of a JWT, whoever signed it.
pub fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok()).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_else(|error| panic!("{token}: {error}"))
}
