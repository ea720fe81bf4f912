//! The typed commands on hashes by themselves: nothing is stored.

use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::stored::{Stored, Unusable};
use super::text::Prepared;
use super::{Typed, is_of, read};
use crate::ask::DeriveParameters;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};

/// `passwords.hash`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Hash {
    pub password: Typed,
}

/// `passwords.verify`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Verify {
    pub password: Typed,
    pub hash: Typed,
}

/// `passwords.inspect`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Inspect {
    pub hash: Typed,
}

/// What is stored for a password.
#[derive(Serialize)]
pub(crate) struct Hashed {
    hash: String,
}

/// Whether the password is right, and whether a new hash would be better.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checked {
    valid: bool,
    needs_rehash: bool,
}

/// What a hash was made with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    algorithm: super::Algorithm,
    parameters: DeriveParameters,
    pepper: Option<String>,
    needs_rehash: bool,
}

pub(crate) async fn hash(host: &Host, ask: &Hash) -> Result<Hashed, Stop> {
    Ok(Hashed { hash: super::hash(host, ask.password.text()).await? })
}

/// An empty or locked hash is no password's; one that cannot be read is refused.
pub(crate) async fn verify(host: &Host, ask: &Verify) -> Result<Checked, Stop> {
    let stored = match read(host, ask.hash.text()) {
        Err(Unusable::Locked) => return Ok(Checked { valid: false, needs_rehash: false }),
        read => read.map_err(Unusable::refusal)?,
    };
    let valid = match Prepared::of(ask.password.text()) {
        Some(password) => is_of(host, &stored, &password).await?,
        None => false,
    };
    Ok(Checked { valid, needs_rehash: host.config().password.is_behind(&stored) })
}

pub(crate) fn inspect(host: &Host, ask: &Inspect) -> Result<View, Refusal> {
    let stored = Stored::parse(ask.hash.text()).map_err(Unusable::refusal)?;
    let needs_rehash = host.config().password.is_behind(&stored);
    let Stored { pepper, costs: Costs { algorithm, parameters }, .. } = stored;
    Ok(View { algorithm, parameters, pepper, needs_rehash })
}
