//! Hashes of passwords by themselves.

use serde::{Deserialize, Serialize};

use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// Hashes of passwords by themselves: nothing is stored, and nobody signs in.
    #[must_use]
    pub fn passwords(&self) -> Passwords<'_> {
        Passwords(self)
    }
}

/// Commands on hashes. The algorithm of a hash is found out by its prefix.
#[derive(Debug, Clone, Copy)]
pub struct Passwords<'a>(&'a Claviger);

impl Passwords<'_> {
    /// What is to be stored for a password, as the configuration says.
    ///
    /// # Errors
    /// `invalid_argument`, and faults.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let Hashed { hash } = self.0.command("passwords.hash", &Password { password }).await?;
        Ok(hash)
    }

    /// Whether it is the hash of this password, and whether a new one would be better.
    ///
    /// # Errors
    /// `invalid_argument` when it is no hash or would cost more than the engine spends, and faults.
    pub async fn verify(&self, password: &str, hash: &str) -> Result<CheckedHash, Error> {
        self.0.command("passwords.verify", &Guess { password, hash }).await
    }

    /// What a hash was made with.
    ///
    /// # Errors
    /// `invalid_argument` when it is no hash or would cost more than the engine spends, and faults.
    pub async fn inspect(&self, hash: &str) -> Result<InspectedHash, Error> {
        self.0.command("passwords.inspect", &Hashed { hash: hash.to_owned() }).await
    }
}

/// What came of a password and a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CheckedHash {
    /// Whether it is the hash of this password.
    pub valid: bool,
    /// Whether a new hash would be better.
    pub needs_rehash: bool,
}

/// What a hash was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InspectedHash {
    /// By which algorithm.
    pub algorithm: HashAlgorithm,
    /// How dear it is.
    pub parameters: HashParameters,
    /// The id of the pepper, if there is one.
    pub pepper: Option<String>,
    /// Whether a new hash would be better.
    pub needs_rehash: bool,
}

/// An algorithm that passwords are hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// RFC 9106.
    Argon2id,
    /// RFC 9106.
    Argon2i,
    /// RFC 9106.
    Argon2d,
    /// `$2b$` and its elders.
    Bcrypt,
    /// RFC 7914.
    Scrypt,
    /// RFC 8018 with HMAC-SHA-256.
    #[serde(rename = "pbkdf2-sha256")]
    Pbkdf2Sha256,
    /// RFC 8018 with HMAC-SHA-512.
    #[serde(rename = "pbkdf2-sha512")]
    Pbkdf2Sha512,
}

/// The costs of a hash: those of its algorithm, the others are `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HashParameters {
    /// KiB of argon2.
    pub memory: Option<u32>,
    /// Of argon2.
    pub passes: Option<u32>,
    /// Of argon2.
    pub lanes: Option<u32>,
    /// Of bcrypt.
    pub cost: Option<u32>,
    /// The power of two that is scrypt's N.
    pub ln: Option<u32>,
    /// The block size of scrypt.
    pub r: Option<u32>,
    /// The parallelism of scrypt.
    pub p: Option<u32>,
    /// Of PBKDF2.
    pub iterations: Option<u32>,
    /// Bytes that are kept.
    pub length: u32,
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

#[derive(Serialize)]
struct Guess<'a> {
    password: &'a str,
    hash: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Hashed {
    hash: String,
}
