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
