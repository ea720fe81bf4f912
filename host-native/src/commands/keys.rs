//! The keys that sign tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// The keys that sign tokens.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }
}

/// Commands on keys.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a>(&'a Claviger);

impl Keys<'_> {
    /// Lists the keys that the engine keeps, which those of [`Builder::host_key`](crate::Builder::host_key) are not.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self) -> Result<Vec<Key>, Error> {
        let KeySet { keys } = self.0.command("keys.list", &Nothing {}).await?;
        Ok(keys)
    }

    /// Makes the key that is next to sign with its algorithm. It is published at once.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn generate(&self, algorithm: Algorithm) -> Result<Key, Error> {
        self.0.command("keys.generate", &Generate { algorithm }).await
    }

    /// Brings a key along: a PEM of PKCS #8 that is not encrypted. An RSA key is for `algorithm`, or for RS256. It waits for its turn, or
    /// signs from now on (`activate`); what it signed before verifies from now on.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn import_pem(&self, pem: &str, algorithm: Option<Algorithm>, activate: bool) -> Result<Key, Error> {
        self.0.command("keys.import", &Import { pem: Some(pem), jwk: None, algorithm, activate }).await
    }

    /// The same of a private JWK, which may say `alg` itself.
    ///
    /// # Errors
    /// `invalid_argument`, `already_exists`, and faults.
    pub async fn import_jwk(&self, jwk: &Value, algorithm: Option<Algorithm>, activate: bool) -> Result<Key, Error> {
        self.0.command("keys.import", &Import { pem: None, jwk: Some(jwk), algorithm, activate }).await
    }

    /// The public half of a key, as a JWK and as a PEM.
    ///
    /// # Errors
    /// `not_found`, `invalid_argument` for a symmetric key, and faults.
    pub async fn export(&self, kid: &str) -> Result<ExportedKey, Error> {
        self.0.command("keys.export", &Withdraw { kid }).await
    }

    /// The JWK Set that is published.
    ///
    /// # Errors
    /// Faults only.
    pub async fn jwks(&self) -> Result<Value, Error> {
        self.0.command("keys.jwks", &Nothing {}).await
    }

    /// A key for elsewhere, kept nowhere: the private half is shown this once.
    ///
    /// # Errors
    /// Faults only.
    pub async fn pair(&self, algorithm: Algorithm) -> Result<KeyPair, Error> {
        self.0.command("keys.pair", &Generate { algorithm }).await
    }

    /// The next key becomes active, and the active key retires: it signs no more, and verifies until its tokens have expired.
    /// `None`: the keys of the algorithm that signs.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn rotate(&self, algorithm: Option<Algorithm>) -> Result<Vec<Key>, Error> {
        let KeySet { keys } = self.0.command("keys.rotate", &Rotate { algorithm }).await?;
        Ok(keys)
    }

    /// A compromised key: it verifies nothing from now on, except in other instances of the engine, which hear of it within a minute.
    ///
    /// # Errors
    /// `not_found`, and faults.
    pub async fn withdraw(&self, kid: &str) -> Result<Vec<Key>, Error> {
        let KeySet { keys } = self.0.command("keys.withdraw", &Withdraw { kid }).await?;
        Ok(keys)
    }
}

/// A key's public half, and what is done with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Key {
    /// The `kid` of tokens.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// What is done with it.
    pub state: KeyState,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// RFC 7517; empty for a symmetric key, which has none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub public_jwk: Map<String, Value>,
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExportedKey {
    /// The `kid` of tokens.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// RFC 7517.
    pub public_jwk: Map<String, Value>,
    /// SubjectPublicKeyInfo.
    pub public_pem: String,
}

/// A key that is kept nowhere. A symmetric one has its JWK alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyPair {
    /// The `kid` of tokens.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// RFC 7517.
    pub private_jwk: Map<String, Value>,
    /// PKCS #8.
    pub private_pem: Option<String>,
    /// RFC 7517.
    pub public_jwk: Option<Map<String, Value>>,
    /// SubjectPublicKeyInfo.
    pub public_pem: Option<String>,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({} {})", self.algorithm, self.kid)
    }
}

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum KeyState {
    /// Published, so that caches know it before it signs.
    Next,
    /// Signs.
    Active,
    /// Verifies what it has signed.
    Retired,
    /// Verifies nothing.
    Withdrawn,
}

/// How to sign (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSA with PKCS #1 v1.5.
    #[serde(rename = "RS256")]
    Rs256,
    /// The same with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// The same with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSA with PSS.
    #[serde(rename = "PS256")]
    Ps256,
    /// The same with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// The same with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// HMAC with SHA-256: for the application's own JWTs alone.
    #[serde(rename = "HS256")]
    Hs256,
    /// The same with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// The same with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Generate {
    algorithm: Algorithm,
}

#[derive(Serialize)]
struct Import<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Algorithm>,
    activate: bool,
}

#[derive(Serialize)]
struct Rotate {
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Algorithm>,
}

#[derive(Serialize)]
struct Withdraw<'a> {
    kid: &'a str,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}
