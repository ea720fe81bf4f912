//! The keys behind a client's `jwks_uri`, fetched by the host and kept for a while.
//!
//! Keys that were fetched serve as long as their server says, within bounds. An assertion that none of them has signed makes them be fetched again, since the client
//! may have rotated; but an address that answered is left alone for some seconds, whatever it said, and one that did not is tried a few times
//! in them, so that nobody can send this server after another by forged assertions. Nor by many addresses: those of one origin are
//! fetched so often together, but for an address where keys were found before: whoever names others beside it does not keep its client
//! out. What was tried is remembered apart from keys, and where there is too much the oldest is forgotten.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ask::{Fetch, FetchLimits};
use crate::host::Host;
use crate::http::from_byte_string;
use crate::key::jws::{Compact, Verified};
use crate::key::{PublicKey, verified_by_one_of};
use crate::refusal::Fault;
use crate::time::{Millis, Seconds};
use crate::toolkit::jwt::{Jwks, KEYS_SERVE};
use crate::uri::Uri;

/// How long an address is left alone after it answered.
const COOL_DOWN: Seconds = Seconds(10);
/// How often an address may be tried in that time before it has answered: by requests that wait for it at once, or after failures.
const MOST_AT_ONCE: u8 = 8;
/// How often the addresses of one origin may be tried in that time together.
const MOST_AT_ORIGIN: u8 = 32;
/// The most addresses whose keys are remembered.
const MOST: usize = 256;
/// The most addresses and origins of which it is remembered that they were tried.
const MOST_TRIED: usize = 2048;
const LIMITS: FetchLimits = FetchLimits { bytes: 65_536, millis: 5000, redirects: 0, public_only: true };

/// What was fetched lately, and what was tried: by address, and by origin.
#[derive(Debug, Default)]
pub(crate) struct FetchedKeys {
    keys: RefCell<BTreeMap<String, Known>>,
    addresses: RefCell<BTreeMap<String, Tried>>,
    origins: RefCell<BTreeMap<String, Tried>>,
}

/// The keys of a client, when they were, and how long they serve.
#[derive(Clone, Debug, Default)]
struct Known {
    keys: Rc<Vec<PublicKey>>,
    at: Millis,
    fresh: Seconds,
}

/// When something was tried last, how often since, and whether an answer came.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    since: Millis,
    times: u8,
    answered: bool,
}

/// A token that one of the keys at this address has signed. They may have changed since they were fetched, so those that are there now
/// have the last word.
pub(crate) async fn verified_at(host: &Host, uri: &str, compact: Compact<'_>) -> Result<Option<Verified>, Fault> {
    match verified_by_one_of(host, &known(host, uri), compact.clone()).await? {
        Some(verified) => Ok(Some(verified)),
        None => verified_by_one_of(host, &fetched(host, uri).await?, compact).await,
    }
}

/// The keys at this address, if they were fetched lately.
fn known(host: &Host, uri: &str) -> Rc<Vec<PublicKey>> {
    host.client_keys().known(uri, host.now())
}

/// The keys that are at this address now; none when it does not answer with a JWK Set, or is left alone.
async fn fetched(host: &Host, uri: &str) -> Result<Rc<Vec<PublicKey>>, Fault> {
    const LEFT_ALONE: &str = "the keys of a client are being fetched, or cannot be";
    let cache = host.client_keys();
    let origin = Uri::parse(uri).map_or_else(|| uri.to_owned(), |uri| uri.origin());
    let address = cache.address(uri, host.now());
    if address.answered {
        return Ok(Rc::default());
    }
    let origin_is_left_alone = !cache.has(uri) && cache.origin(&origin, host.now()).times >= MOST_AT_ORIGIN;
    if address.times >= MOST_AT_ONCE || origin_is_left_alone {
        return Err(Fault::HostFailed(LEFT_ALONE.into()));
    }
    cache.note_try(uri, origin, host.now());
    let answer = fetch(host, uri).await?;
    cache.note_answer(uri);
    let Some((keys, fresh)) = answer else { return Ok(Rc::default()) };
    let keys = Rc::new(keys);
    cache.keep(uri, Known { keys: Rc::clone(&keys), at: host.now(), fresh });
    Ok(keys)
}

async fn fetch(host: &Host, uri: &str) -> Result<Option<(Vec<PublicKey>, Seconds)>, Fault> {
    let accept = ("accept".into(), "application/jwk-set+json, application/json".into());
    let fetch = Fetch { method: "GET".into(), url: uri.to_owned(), headers: vec![accept], body: None, limits: LIMITS };
    let response = host.fetch(fetch).await?;
    if response.status != 200 {
        return Ok(None);
    }
    let text = from_byte_string(&response.body).and_then(|bytes| String::from_utf8(bytes).ok());
    let keys = text.and_then(|text| Jwks::read(&text).ok()).map(Jwks::into_keys);
    Ok(keys.map(|keys| (keys, KEYS_SERVE.said_in(&response.headers))))
}

impl FetchedKeys {
    fn known(&self, uri: &str, now: Millis) -> Rc<Vec<PublicKey>> {
        let keys = self.keys.borrow();
        let known = keys.get(uri).filter(|known| now.abs_diff(known.at) < known.fresh.millis());
        known.map(|known| Rc::clone(&known.keys)).unwrap_or_default()
    }

    /// Whether there were keys at this address, however long ago.
    fn has(&self, uri: &str) -> bool {
        self.keys.borrow().contains_key(uri)
    }

    fn keep(&self, uri: &str, fetched: Known) {
        *place(&mut self.keys.borrow_mut(), MOST, uri, |known| known.at) = fetched;
    }

    /// What was tried at this address in the time that it is left alone; nothing, when that is over.
    fn address(&self, uri: &str, now: Millis) -> Tried {
        self.addresses.borrow().get(uri).copied().unwrap_or_default().lately(now)
    }

    fn origin(&self, origin: &str, now: Millis) -> Tried {
        self.origins.borrow().get(origin).copied().unwrap_or_default().lately(now)
    }

    fn note_try(&self, uri: &str, origin: String, now: Millis) {
        for (tried, name) in [(&self.addresses, uri), (&self.origins, &origin)] {
            place(&mut tried.borrow_mut(), MOST_TRIED, name, |tried| tried.since).note(now);
        }
    }

    fn note_answer(&self, uri: &str) {
        if let Some(tried) = self.addresses.borrow_mut().get_mut(uri) {
            tried.answered = true;
        }
    }
}

/// The place of a name. Where there are too many, the oldest gives way.
fn place<'a, T: Default>(
    all: &'a mut BTreeMap<String, T>,
    most: usize,
    name: &str,
    age: impl Fn(&T) -> Millis,
) -> &'a mut T {
    if all.len() >= most && !all.contains_key(name) {
        let oldest = all.iter().min_by_key(|(_, value)| age(value)).map(|(name, _)| name.clone());
        oldest.and_then(|oldest| all.remove(&oldest));
    }
    all.entry(name.to_owned()).or_default()
}

impl Tried {
    fn lately(self, now: Millis) -> Self {
        if now.abs_diff(self.since) < COOL_DOWN.millis() { self } else { Self::default() }
    }

    fn note(&mut self, now: Millis) {
        let lately = self.lately(now);
        let since = if lately.times == 0 { now } else { lately.since };
        *self = Self { since, times: lately.times.saturating_add(1), ..lately };
    }
}
