//! Seals of iron-session 8 (`Fe26.2*...~2`), byte for byte.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// Seals of iron-session, for applications that keep cookies of it.
    #[must_use]
    pub fn seals(&self) -> Seals<'_> {
        Seals(self)
    }
}

/// Commands on seals of iron-session.
#[derive(Debug, Clone, Copy)]
pub struct Seals<'a>(&'a Claviger);

/// Passwords by number: the one with the highest seals, all open. Each has 32 characters or more.
#[derive(Clone, Default, Serialize)]
pub struct SealPasswords(BTreeMap<u32, String>);

impl std::fmt::Debug for SealPasswords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealPasswords({})", self.0.len())
    }
}

impl SealPasswords {
    /// One password, which iron-session calls 1.
    #[must_use]
    pub fn one(password: impl Into<String>) -> Self {
        Self(BTreeMap::from([(1, password.into())]))
    }

    /// Another one, under a number of its own.
    #[must_use]
    pub fn and(mut self, number: u32, password: impl Into<String>) -> Self {
        self.0.insert(number, password.into());
        self
    }
}

impl Seals<'_> {
    /// Seals anything that is JSON, for `ttl`; `Duration::ZERO` is without an end.
    ///
    /// # Errors
    /// `invalid_argument` for a short password or more than 64 kB, and faults.
    pub async fn seal(&self, data: &impl Serialize, passwords: &SealPasswords, ttl: Duration) -> Result<String, Error> {
        #[derive(Serialize)]
        struct Seal<'a, T> {
            data: &'a T,
            passwords: &'a SealPasswords,
            ttl: u64,
        }
        #[derive(Deserialize)]
        struct Sealed {
            seal: String,
        }
        let Sealed { seal } = self.0.command("seals.seal", &Seal { data, passwords, ttl: ttl.as_secs() }).await?;
        Ok(seal)
    }

    /// What was sealed; an empty object when the seal is over, was changed, or has another password.
    ///
    /// # Errors
    /// `invalid_argument` when it is no such seal at all, and faults, also when what comes out is no `T`.
    pub async fn unseal<T: DeserializeOwned>(&self, seal: &str, passwords: &SealPasswords) -> Result<T, Error> {
        #[derive(Serialize)]
        struct Unseal<'a> {
            seal: &'a str,
            passwords: &'a SealPasswords,
        }
        #[derive(Deserialize)]
        struct Unsealed<T> {
            data: T,
        }
        let Unsealed { data } = self.0.command("seals.unseal", &Unseal { seal, passwords }).await?;
        Ok(data)
    }
}
