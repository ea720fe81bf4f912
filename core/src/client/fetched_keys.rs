//! The keys behind a client's `jwks_uri`, fetched by the host and kept for a while.
//!
//! Keys that were fetched serve for ten minutes. An assertion that none of them has signed makes them be fetched again, since the client
//! may have rotated; but an address that answered is left alone for some seconds, whatever it said, and one that did not is tried a few times
//! in them, so that nobody can send this server after another by forged assertions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ask::{Fetch, FetchLimits};
use crate::host::Host;
use crate::http::from_byte_string;
use crate::key::PublicKey;
use crate::refusal::Fault;
use crate::time::{Millis, Seconds};
use crate::toolkit::jwt::Jwks;

/// How long keys serve.
const FRESH: Seconds = Seconds(600);
/// How long an address is left alone after it answered.
const COOL_DOWN: Seconds = Seconds(10);
/// How often an address may be tried in that time before it has answered: by requests that wait for it at once, or after failures.
const MOST_AT_ONCE: u8 = 8;
/// The most addresses that are remembered; when they are reached, everything is forgotten.
const MOST: usize = 256;
const LIMITS: FetchLimits = FetchLimits { bytes: 65_536, millis: 5000, redirects: 0, public_only: true };

/// What was fetched lately.
#[derive(Debug, Default)]
pub(crate) struct FetchedKeys(RefCell<BTreeMap<String, Fetched>>);

#[derive(Clone, Debug, Default)]
struct Fetched {
    keys: Rc<Vec<PublicKey>>,
    /// When these keys were the client's.
    at: Millis,
    /// When the address was tried last, how often since, and whether an answer came.
    tried: Millis,
    tries: u8,
    answered: bool,
}

/// The keys at this address, if they were fetched lately.
pub(super) fn known(host: &Host, uri: &str) -> Rc<Vec<PublicKey>> {
    let known = host.client_keys().known(uri);
    if known.is_fresh(host.now()) { known.keys } else { Rc::default() }
}

/// The keys that are at this address now; none when it does not answer with a JWK Set, or is left alone.
pub(super) async fn fetched(host: &Host, uri: &str) -> Result<Rc<Vec<PublicKey>>, Fault> {
    let cache = host.client_keys();
    let known = cache.known(uri);
    if known.is_cooling_down(host.now()) {
        if known.answered {
            return Ok(Rc::default());
        }
        if known.tries >= MOST_AT_ONCE {
            return Err(Fault::HostFailed("the keys of a client are being fetched, or cannot be".into()));
        }
    }
    cache.note(uri, |known| known.note_try(host.now()));
    let answer = fetch(host, uri).await?;
    cache.note(uri, |known| known.answered = true);
    let Some(keys) = answer else { return Ok(Rc::default()) };
    cache.note(uri, |known| known.note_keys(keys, host.now()));
    Ok(cache.known(uri).keys)
}

async fn fetch(host: &Host, uri: &str) -> Result<Option<Vec<PublicKey>>, Fault> {
    let accept = ("accept".into(), "application/jwk-set+json, application/json".into());
    let fetch = Fetch { method: "GET".into(), url: uri.to_owned(), headers: vec![accept], body: None, limits: LIMITS };
    let response = host.fetch(fetch).await?;
    if response.status != 200 {
        return Ok(None);
    }
    let text = from_byte_string(&response.body).and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| Jwks::read(&text).ok()).map(Jwks::into_keys))
}

impl FetchedKeys {
    fn known(&self, uri: &str) -> Fetched {
        self.0.borrow().get(uri).cloned().unwrap_or_default()
    }

    fn note(&self, uri: &str, change: impl FnOnce(&mut Fetched)) {
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST && !known.contains_key(uri) {
            known.clear();
        }
        change(known.entry(uri.to_owned()).or_default());
    }
}

impl Fetched {
    fn is_fresh(&self, now: Millis) -> bool {
        now.abs_diff(self.at) < FRESH.millis()
    }

    fn is_cooling_down(&self, now: Millis) -> bool {
        now.abs_diff(self.tried) < COOL_DOWN.millis()
    }

    fn note_try(&mut self, now: Millis) {
        if self.is_cooling_down(now) {
            self.tries = self.tries.saturating_add(1);
        } else {
            (self.tried, self.tries, self.answered) = (now, 1, false);
        }
    }

    fn note_keys(&mut self, keys: Vec<PublicKey>, now: Millis) {
        self.keys = Rc::new(keys);
        self.at = now;
    }
}
