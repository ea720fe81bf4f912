//! Peppers: what a stolen store alone does not have (NIST SP 800-63B-4 section 3.1.1.2).
//!
//! A password is peppered by HMAC-SHA-256 with the pepper as its key, written in base64url. The id of the pepper stands with the hash, as
//! `$pepper$<id>` before it. The first one configured is for new hashes; others still verify, and are then replaced.

use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

use super::costs::{Algorithm, Costs};
use super::text::Prepared;
use crate::config::{check_secret, ensure};
use crate::hash::{Keyed, b64u, sha256};
use crate::refusal::Fault;

/// A pepper, and what it is known by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pepper {
    pub(super) id: String,
    secret: String,
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pepper").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Pepper {
    /// Whether it may be one.
    pub(super) fn is_id(id: &str) -> bool {
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        plain && (1..=32).contains(&id.len())
    }
}

/// A list of them. serde's own words have what it found in its place.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pepper>, D::Error> {
    let rule = "password.peppers: a list of objects, each with an id and a secret";
    Vec::deserialize(deserializer).map_err(|_| de::Error::custom(rule))
}

/// What is wrong with them, if anything is.
pub(super) fn check(peppers: &[Pepper]) -> Result<(), Fault> {
    ensure(peppers.len() <= 8, "password.peppers: at most 8")?;
    let named_so = |id: &String| peppers.iter().filter(|pepper| pepper.id == *id).count();
    ensure(
        peppers.iter().all(|pepper| Pepper::is_id(&pepper.id) && named_so(&pepper.id) == 1),
        "password.peppers: each with an id of its own, of 1 to 32 letters, digits, - and _",
    )?;
    peppers.iter().try_for_each(|pepper| {
        check_secret(&pepper.secret).map_err(|_| {
            let rule = "password.peppers: each secret as `secret` is; make one with `claviger secret`";
            Fault::Configuration(rule.to_owned())
        })
    })
}

/// What a key is derived from.
pub(super) struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    whole: bool,
}

/// All that bcrypt reads, in bytes; and it ends at a zero byte.
const MOST_OF_BCRYPT: usize = 72;

impl Secret {
    /// The password, or its HMAC. What bcrypt would read in part alone is replaced, so that it costs what any other does, and verifies
    /// nothing (CVE-2025-22228).
    pub(super) fn of(costs: &Costs, pepper: Option<&Pepper>, password: &Prepared) -> Self {
        let bytes = Zeroizing::new(match pepper {
            Some(pepper) => peppered(pepper, password).into_bytes(),
            None => password.bytes().to_vec(),
        });
        let whole = costs.algorithm != Algorithm::Bcrypt || is_read_whole(&bytes);
        let bytes = if whole { bytes } else { Zeroizing::new(b64u(sha256(&bytes)).into_bytes()) };
        Self { bytes, whole }
    }

    /// Random bytes, as they are.
    pub(super) fn of_key(key: &[u8]) -> Self {
        Self { bytes: Zeroizing::new(key.to_vec()), whole: true }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether all of the password is in it.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }
}

pub(super) fn is_read_whole(secret: &[u8]) -> bool {
    secret.len() <= MOST_OF_BCRYPT && !secret.contains(&0)
}

fn peppered(pepper: &Pepper, password: &Prepared) -> String {
    b64u(Keyed::of_any_length(pepper.secret.as_bytes()).hmac(&[password.bytes()]))
}
