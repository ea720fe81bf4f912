//! Passwords: what stands with a person in place of one, made and checked.
//!
//! ```text
//! as typed --text--> prepared --pepper--> secret --derive--> a key, which stands in `Stored` with all that made it
//! ```
//!
//! Whoever signs in, the same work is done: what the configuration says a new hash costs, and what it says that older ones cost. So time
//! does not tell whether there is somebody of this name, with a password or without. See `docs/decisions/0014-passwords.md`.

mod bcrypt;
pub mod commands;
mod costs;
mod derive;
mod key;
mod pepper;
mod phc;
mod settings;
mod stored;
#[cfg(test)]
mod tests;
mod text;
mod typed;
mod unicode;

pub use costs::Algorithm;
pub use derive::derive_json;
pub(crate) use key::{KeyHash, UnusableKey};
pub(crate) use settings::{Passwords, Written};
pub use typed::Typed;

use crate::event::Event;
use crate::hash::same;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};
use pepper::Secret;
use stored::{Stored, Unusable};
use text::Prepared;

/// The password is the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// The stored hash is of another algorithm than new ones, cheaper, or without the current pepper: see [`rehash`].
    pub(crate) needs_rehash: bool,
}

/// Whom a password is checked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    /// Nobody, or somebody whom no password lets in now.
    Nobody,
    /// Somebody, with what stands in place of their password.
    Of {
        /// Who it is.
        subject: &'a str,
        /// `None`: no password signs in.
        hash: Option<&'a str>,
    },
}

/// Whether the password is the stored one; `None` when not. What cannot be used, and an empty password, never verify.
///
/// Costs the same whatever was found: see this module.
pub(crate) async fn verify(host: &Host, found: Found<'_>, typed: &str) -> Result<Option<Verified>, Stop> {
    let Some(password) = Prepared::of(typed) else { return Ok(None) };
    let policy = &host.config().password;
    let stored = usable(host, found);
    if let Some(stored) = &stored
        && is_of(host, stored, &password).await?
    {
        return Ok(Some(Verified { needs_rehash: policy.is_behind(stored) }));
    }
    for costs in policy.attempt() {
        if !stored.as_ref().is_some_and(|stored| stored.costs.are_as(costs)) {
            derive::derive(host, costs, &Secret::of(costs, None, &password), &[0; SALT]).await?;
        }
    }
    Ok(None)
}

/// What can be verified against. Whoever has a hash that cannot is told of, since nobody else would know why they cannot sign in.
fn usable(host: &Host, found: Found<'_>) -> Option<Stored> {
    let Found::Of { subject, hash: Some(hash) } = found else { return None };
    match read(host, hash) {
        Ok(stored) => Some(stored),
        Err(Unusable::Locked) => None,
        Err(why) => {
            host.tell(Event::PasswordUnusable { subject: subject.to_owned(), reason: why.reason() });
            None
        }
    }
}

fn read(host: &Host, hash: &str) -> Result<Stored, Unusable> {
    Stored::parse(hash)?.with_known_pepper(&host.config().password)
}

async fn is_of(host: &Host, stored: &Stored, password: &Prepared) -> Result<bool, Stop> {
    let pepper = stored.pepper.as_deref().and_then(|id| host.config().password.pepper(id));
    let secret = Secret::of(&stored.costs, pepper, password);
    let derived = derive::derive(host, &stored.costs, &secret, &stored.salt).await?;
    Ok(same(&derived, &stored.hash) & secret.is_whole())
}

/// What is stored for a new password, if it may be one.
pub(crate) async fn hash(host: &Host, typed: &str) -> Result<String, Stop> {
    let policy = &host.config().password;
    let password = Prepared::of(typed).filter(|password| password.may_be_new(policy.shortest));
    let password = password.ok_or(Refusal::InvalidArgument(
        "password: at least as long as password.shortest (8 unless configured), at most 512 characters, and no control characters",
    ))?;
    make(host, &password)
        .await?
        .ok_or_else(|| Refusal::InvalidArgument("password: at most 72 bytes, all that bcrypt reads").into())
}

/// What takes the place of a stored hash that was just verified and needs it; `None`: it has to stay as it is. Commit it on the version
/// of the row that was verified, so that a password that was changed meanwhile is not lost.
pub(crate) async fn rehash(host: &Host, typed: &str) -> Result<Option<String>, Stop> {
    match Prepared::of(typed) {
        Some(password) => make(host, &password).await,
        None => Ok(None),
    }
}

/// What is stored for a hash that another system made, if this engine can verify it.
pub(crate) fn import(host: &Host, hash: &str) -> Result<String, Refusal> {
    Ok(read(host, hash).map_err(Unusable::refusal)?.to_string())
}

/// Bytes of a new salt.
const SALT: usize = 16;

/// `None`: the algorithm does not read the whole of this password.
async fn make(host: &Host, password: &Prepared) -> Result<Option<String>, Stop> {
    let policy = &host.config().password;
    let (costs, pepper) = (policy.costs, policy.peppers.first());
    let secret = Secret::of(&costs, pepper, password);
    if !secret.is_whole() {
        return Ok(None);
    }
    let salt: [u8; SALT] = host.random().bytes("password salt");
    let hash = derive::derive(host, &costs, &secret, &salt).await?.to_vec();
    let pepper = pepper.map(|pepper| pepper.id.clone());
    Ok(Some(Stored { pepper, costs, salt: salt.to_vec(), hash }.to_string()))
}
