//! The typed commands on the signing keys.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::set::{KeySet, State, StoredKey, longest_token};
use super::{Algorithm, PublicJwk};
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// How many keys a set holds at most.
pub(super) const MOST: usize = 32;

/// A key as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    kid: String,
    algorithm: Algorithm,
    state: State,
    created_at: Millis,
    /// A symmetric key has none.
    #[serde(skip_serializing_if = "PublicJwk::is_empty")]
    public_jwk: PublicJwk,
}

#[derive(Debug, Serialize)]
pub(crate) struct Views {
    keys: Vec<View>,
}

impl View {
    pub(super) fn of(key: &StoredKey) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            state: key.state,
            created_at: key.created_at,
            public_jwk: key.public.clone(),
        }
    }
}

impl Views {
    fn of(set: &KeySet) -> Self {
        Self { keys: set.keys.iter().map(View::of).collect() }
    }
}

/// `keys.generate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Generate {
    pub algorithm: Algorithm,
}

/// `keys.rotate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Rotate {
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
}

/// `keys.withdraw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Withdraw {
    pub kid: String,
}

pub(crate) async fn list(host: &Host) -> Result<Views, Stop> {
    let stored = host.load(KeySet::slot(host.config())).await?;
    let set = KeySet::current(host, stored).await?;
    Ok(Views::of(&set))
}

pub(crate) async fn generate(host: &Host, ask: &Generate) -> Result<View, Stop> {
    let key = StoredKey::generate(host, ask.algorithm)?;
    let view = View::of(&key);
    change(host, |mut set| {
        if set.keys.len() >= MOST {
            return Err(Refusal::InvalidArgument(
                "There are too many keys; rotate, and wait for the retired ones to go",
            )
            .into());
        }
        set.keys.push(key);
        Ok(set)
    })
    .await?;
    Ok(view)
}

pub(crate) async fn rotate(host: &Host, ask: &Rotate) -> Result<Views, Stop> {
    let algorithm = ask.algorithm.unwrap_or(host.config().signing.algorithm);
    let set = change(host, |set| {
        if set.keys.len() >= MOST {
            return Err(Refusal::InvalidArgument("There are too many keys; wait for the retired ones to go").into());
        }
        Ok(set.rotated(host, algorithm)?)
    })
    .await?;
    Ok(Views::of(&set))
}

pub(crate) async fn withdraw(host: &Host, ask: &Withdraw) -> Result<Views, Stop> {
    let set = change(host, |mut set| {
        let found = set.keys.iter_mut().find(|key| key.kid == ask.kid);
        let key = found.ok_or(Refusal::NotFound("There is no key with this kid"))?;
        let (algorithm, was_active) = (key.algorithm, key.state == State::Active);
        key.turn(State::Withdrawn, host.now(), Some(longest_token(host.config()).after(host.now())));
        key.sealed = None;
        host.tell(Event::KeyWithdrawn { kid: ask.kid.clone() });
        if was_active { Ok(set.rotated(host, algorithm)?) } else { Ok(set) }
    })
    .await?;
    Ok(Views::of(&set))
}

pub(super) async fn change(
    host: &Host,
    decide: impl FnOnce(KeySet) -> Result<KeySet, Stop>,
) -> Result<Rc<KeySet>, Stop> {
    let stored = host.load(KeySet::slot(host.config())).await?;
    let set = decide(stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default())?;
    let change = match &stored {
        Some(stored) => Change::replace(stored, set.clone()),
        None => Change::create(KeySet::slot(host.config()), set.clone()),
    };
    host.commit(change).await?;
    Ok(host.keys().remember_set(set, host.now()))
}
