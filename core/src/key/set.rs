//! The issuer's signing keys and their rotation.
//!
//! ```text
//!   generate        rotate          rotate            lifetime of the longest token
//!  ---------> next ---------> active ---------> retired ------------------------> gone
//!               \________________\_________________\___ withdraw ---> withdrawn
//! ```
//! A next key is published before it signs, so that no verifier meets a key it could not have seen; a retired key verifies until
//! nothing it signed can still be valid; a withdrawn key verifies nothing from that moment.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::jws::{Compact, Header, MAX_BYTES, Unsigned};
use super::jwt::{Claims, Policy};
use super::{Algorithm, InvalidKey, PrivateKey, PublicJwk, PublicKey, verified};
use crate::change::Change;
use crate::config::{Config, HostKey};
use crate::event::Event;
use crate::hash::{b64u, from_b64u};
use crate::host::Host;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Fault, Stop};
use crate::seal::Purpose;
use crate::time::{Millis, Seconds};

/// How far the clocks of verifiers may be behind.
const SKEW: Seconds = Seconds(60);
/// How long a key set that was read serves without being read again: a key that was just added changes nothing for the tokens that
/// are about, and one that was just retired is still published. A withdrawal made through another instance is heard of by then.
pub(super) const REMEMBERED: Seconds = Seconds(60);
/// How soon a token with an unknown `kid` may make it be read again.
const REREAD: Seconds = Seconds(5);

/// All signing keys that the engine keeps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeySet {
    pub(super) keys: Vec<StoredKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) state: State,
    pub(super) created_at: Millis,
    /// When it became what it is.
    since: Millis,
    /// When a retired key is gone.
    until: Option<Millis>,
    pub(super) public: PublicJwk,
    /// The private JWK, sealed; a withdrawn key has none.
    pub(super) sealed: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Next,
    Active,
    Retired,
    Withdrawn,
}

impl Record for KeySet {
    const KIND: &'static str = "keys";

    fn expires(&self) -> Option<Millis> {
        None
    }
}

/// A JWK Set (RFC 7517 section 5).
#[derive(Debug, Serialize)]
pub(crate) struct Jwks {
    keys: Vec<PublicJwk>,
}

/// Who signs.
enum Signer<'a> {
    Engine(Rc<PrivateKey>),
    Host(&'a HostKey),
}

impl KeySet {
    pub(crate) fn slot(config: &Config) -> Slot<Self> {
        Slot::new(&config.tenant, "keys", "signing", "set")
    }

    /// What a flow that may sign loads with everything else: nothing while the set is remembered and not due to rotate.
    pub(crate) fn wanted(host: &Host) -> Option<Slot<Self>> {
        let known = host.signs() || host.keys().set(host.now(), REMEMBERED).is_some_and(|set| !set.is_due(host));
        (!known).then(|| Self::slot(host.config()))
    }

    /// Remembers what was loaded.
    pub(crate) fn remember(host: &Host, stored: Option<&Stored<Self>>) {
        if let Some(stored) = stored {
            host.keys().remember_set(stored.value.clone(), host.now());
        }
    }

    /// The set to sign with and to publish: made on the first use, rotated when it is due; both cost a commit, once. What was
    /// loaded goes before what is remembered.
    pub(crate) async fn current(host: &Host, loaded: Option<Stored<Self>>) -> Result<Rc<Self>, Stop> {
        if loaded.is_none()
            && let Some(set) = host.keys().set(host.now(), REMEMBERED).filter(|set| !set.is_due(host))
        {
            return Ok(set);
        }
        let (set, change) = match loaded {
            Some(stored) if host.signs() || !stored.value.is_due(host) => (stored.value, None),
            // Perhaps nothing was looked for: not to be remembered in the place of keys that are kept.
            None if host.signs() => return Ok(Rc::default()),
            Some(stored) => {
                let rotated = stored.value.clone().with_all_due_rotated(host)?;
                let change = Change::replace(&stored, rotated.clone());
                (rotated, Some(change))
            }
            None => {
                let made = Self::default().with_all_due_rotated(host)?;
                let change = Change::create(Self::slot(host.config()), made.clone());
                (made, Some(change))
            }
        };
        let set = match change {
            Some(change) => Self::first_of_all(host, change, set).await?,
            None => set,
        };
        Ok(host.keys().remember_set(set, host.now()))
    }

    /// What this flow wrote, or what a faster one did: a race for the keys must not use up the tries of the request itself.
    async fn first_of_all(host: &Host, change: Change, written: Self) -> Result<Self, Stop> {
        match host.commit(change).await {
            Ok(()) => Ok(written),
            Err(Stop::Stale) => {
                // What was told so far is of keys that were never kept.
                host.untell();
                let stored = host.load(Self::slot(host.config())).await?;
                stored.map(|stored| stored.value).ok_or(Stop::Stale)
            }
            Err(other) => Err(other),
        }
    }

    /// The set to check a token with: read again when the token names a key that is not in what is remembered.
    pub(crate) async fn for_verifying(host: &Host, token: &str) -> Result<Rc<Self>, Stop> {
        let kid = Compact::parse(token, MAX_BYTES).ok().and_then(|compact| compact.header().kid.clone());
        let names_it = |set: &Self| {
            kid.as_ref().is_none_or(|kid| {
                set.keys.iter().any(|key| key.kid == *kid)
                    || host.config().signing.host_keys.iter().any(|key| key.kid == *kid)
            })
        };
        let remembered = host.keys().set(host.now(), REMEMBERED).filter(|set| names_it(set));
        if let Some(set) = remembered.or_else(|| host.keys().set(host.now(), REREAD)) {
            return Ok(set);
        }
        Ok(match host.load(Self::slot(host.config())).await? {
            Some(stored) => host.keys().remember_set(stored.value, host.now()),
            None if host.signs() => host.keys().remember_set(Self::default(), host.now()),
            None => Rc::default(),
        })
    }

    /// Whether a key of the other set is withdrawn in this one, and was not there.
    pub(super) fn withdrew_from(&self, other: &Self) -> bool {
        let withdrawn = |kid: &str| self.keys.iter().any(|key| key.state == State::Withdrawn && key.kid == kid);
        other.keys.iter().any(|key| key.state != State::Withdrawn && withdrawn(&key.kid))
    }

    fn is_due(&self, host: &Host) -> bool {
        host.config().signing.algorithms().any(|algorithm| self.is_due_for(host, algorithm))
    }

    fn is_due_for(&self, host: &Host, algorithm: Algorithm) -> bool {
        let every = host.config().signing.rotate_every;
        self.find(algorithm, State::Active).is_none_or(|active| every.after(active.since) <= host.now())
    }

    fn with_all_due_rotated(self, host: &Host) -> Result<Self, Fault> {
        host.config().signing.algorithms().try_fold(self, |set, algorithm| {
            if set.is_due_for(host, algorithm) { set.rotated(host, algorithm) } else { Ok(set) }
        })
    }

    fn find(&self, algorithm: Algorithm, state: State) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.algorithm == algorithm && key.state == state)
    }

    /// Next becomes active, active becomes retired, and a new next is made if there is none. Without a next key, one is made active at
    /// once.
    pub(super) fn rotated(mut self, host: &Host, algorithm: Algorithm) -> Result<Self, Fault> {
        if self.find(algorithm, State::Next).is_none() {
            self.keys.push(StoredKey::generate(host, algorithm)?);
        }
        // Others may sign with it until they hear.
        let until = longest_token(host.config()).after(SKEW.after(REMEMBERED.after(host.now())));
        let mut next = true;
        for key in self.keys.iter_mut().filter(|key| key.algorithm == algorithm) {
            match key.state {
                State::Active => key.turn(State::Retired, host.now(), Some(until)),
                // The oldest; others that were generated beside it wait for their turn.
                State::Next if std::mem::take(&mut next) => {
                    key.turn(State::Active, host.now(), None);
                    host.tell(Event::KeyRotated { kid: key.kid.clone() });
                }
                State::Next | State::Retired | State::Withdrawn => {}
            }
        }
        if self.find(algorithm, State::Next).is_none() {
            self.keys.push(StoredKey::generate(host, algorithm)?);
        }
        self.keys.retain(|key| key.until.is_none_or(|until| host.now() < until));
        Ok(self)
    }

    /// A key that signs from now on; the one before it verifies as long as what others sign with it until they hear of it.
    pub(super) fn with_active(mut self, host: &Host, mut key: StoredKey) -> Self {
        let until = longest_token(host.config()).after(SKEW.after(REMEMBERED.after(host.now())));
        for known in
            self.keys.iter_mut().filter(|known| known.algorithm == key.algorithm && known.state == State::Active)
        {
            known.turn(State::Retired, host.now(), Some(until));
        }
        key.turn(State::Active, host.now(), None);
        host.tell(Event::KeyRotated { kid: key.kid.clone() });
        self.keys.push(key);
        self
    }

    /// A JWS (RFC 7515) over JSON claims, by the key that signs now.
    pub(crate) async fn sign(&self, host: &Host, typ: &str, claims: &[u8]) -> Result<String, Fault> {
        self.sign_by(host, None, typ, claims).await
    }

    /// The same by a key for this algorithm, or by the usual one.
    pub(crate) async fn sign_by(
        &self,
        host: &Host,
        algorithm: Option<Algorithm>,
        typ: &str,
        claims: &[u8],
    ) -> Result<String, Fault> {
        let signer = self.signer(host, algorithm)?;
        let (algorithm, kid) = match &signer {
            Signer::Engine(key) => (key.algorithm(), key.kid().to_owned()),
            Signer::Host(key) => (key.algorithm, key.kid.clone()),
        };
        let unsigned = Unsigned::new(&Header { alg: algorithm, kid: Some(kid), typ: Some(typ.to_owned()) }, claims);
        let signature = match signer {
            Signer::Engine(key) => {
                key.sign(unsigned.signing_input()).map_err(|_| Fault::Cryptography("the signing key is damaged"))?
            }
            Signer::Host(key) => {
                let signature = host.sign(&key.kid, key.algorithm, unsigned.signing_input()).await?;
                let public = host.keys().of_host(&key.kid, || key.public_key());
                // Nobody could use such a token, and the code would be spent.
                if public.is_ok_and(|public| public.verify(unsigned.signing_input(), &signature).is_ok()) {
                    signature
                } else {
                    return Err(Fault::BadAnswer("a signature does not verify with the key's publicJwk"));
                }
            }
        };
        Ok(unsigned.with_signature(&signature))
    }

    fn signer<'a>(&self, host: &'a Host, algorithm: Option<Algorithm>) -> Result<Signer<'a>, Fault> {
        let signing = &host.config().signing;
        if !signing.host_keys.is_empty() {
            let mut keys = signing.host_keys.iter();
            let key = keys.find(|key| algorithm.is_none_or(|algorithm| key.algorithm == algorithm));
            return key.map(Signer::Host).ok_or(Fault::Cryptography("the host has no key for this algorithm"));
        }
        let active = self.find(algorithm.unwrap_or(signing.algorithm), State::Active);
        let sealed =
            active.and_then(|key| key.sealed.as_deref()).ok_or(Fault::bad_row("the key set has no active key"))?;
        host.keys().private(sealed, || open(host, sealed)).map(Signer::Engine)
    }

    /// The claims of a token that one of these keys signed and that meets the policy.
    pub(crate) async fn verify(&self, host: &Host, token: &str, policy: &Policy<'_>) -> Result<Option<Claims>, Fault> {
        let Ok(compact) = Compact::parse(token, MAX_BYTES) else { return Ok(None) };
        let Some(key) = self.public_keys(host).into_iter().find(|key| compact.suits(key)) else { return Ok(None) };
        let verified = verified(host, &key, compact).await?;
        Ok(verified.ok().and_then(|verified| policy.check(&verified).ok()))
    }

    /// Whether something can be signed with this algorithm, or with the usual one.
    pub(crate) fn signs_with(&self, host: &Host, algorithm: Option<Algorithm>) -> bool {
        let Some(algorithm) = algorithm else { return true };
        match host.config().signing.host_keys.as_slice() {
            [] => self.find(algorithm, State::Active).is_some(),
            of_host => of_host.iter().any(|key| key.algorithm == algorithm),
        }
    }

    /// What verifies the application's own JWTs: the keys that everybody sees, and the symmetric ones, which nothing else is verified with.
    pub(crate) fn verifying_keys(&self, host: &Host) -> Vec<Rc<PublicKey>> {
        let symmetric = self.published(host).filter(|key| !key.algorithm.is_asymmetric()).filter_map(|key| {
            let sealed = key.sealed.as_deref()?;
            host.keys().public(sealed, || open(host, sealed).map(|key| key.public().clone())).ok()
        });
        self.public_keys(host).into_iter().chain(symmetric).collect()
    }

    fn public_keys(&self, host: &Host) -> Vec<Rc<PublicKey>> {
        let own = self
            .published(host)
            .filter(|key| key.algorithm.is_asymmetric())
            .filter_map(|key| host.keys().public(key.sealed.as_deref()?, || PublicKey::from_own_jwk(&key.public)).ok());
        let of_host = host
            .config()
            .signing
            .host_keys
            .iter()
            .filter_map(|key| host.keys().of_host(&key.kid, || key.public_key()).ok());
        own.chain(of_host).collect()
    }

    fn published<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = &'a StoredKey> {
        self.keys.iter().filter(|key| key.state != State::Withdrawn && key.until.is_none_or(|until| host.now() < until))
    }

    /// The JWK Set (RFC 7517 section 5) that verifiers read.
    pub(crate) fn to_jwks(&self, host: &Host) -> Jwks {
        Jwks { keys: self.public_keys(host).iter().filter_map(|key| key.to_jwk()).collect() }
    }
}

impl HostKey {
    /// The key that verifies what the host signs, under the name that the configuration gives it.
    pub(crate) fn public_key(&self) -> Result<PublicKey, InvalidKey> {
        Ok(PublicKey::from_jwk(&self.public_jwk)?.with_kid(&self.kid))
    }
}

impl StoredKey {
    pub(super) fn generate(host: &Host, algorithm: Algorithm) -> Result<Self, Fault> {
        let key = generate(host, algorithm)?;
        host.tell(Event::KeyGenerated { kid: key.kid().to_owned() });
        Ok(Self::next(host, &key))
    }

    /// A key that waits for its turn, the private half sealed.
    pub(super) fn next(host: &Host, key: &PrivateKey) -> Self {
        let nonce = host.random().bytes("key nonce");
        let sealed =
            host.config().roots.seal(Purpose::StoredKey, host.tenant().as_bytes(), nonce, key.to_jwk().as_bytes());
        Self {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm(),
            state: State::Next,
            created_at: host.now(),
            since: host.now(),
            until: None,
            public: key.public().to_jwk().unwrap_or_default(),
            sealed: Some(b64u(sealed)),
        }
    }

    pub(super) fn turn(&mut self, state: State, since: Millis, until: Option<Millis>) {
        self.state = state;
        self.since = since;
        self.until = until;
    }
}

pub(super) fn generate(host: &Host, algorithm: Algorithm) -> Result<PrivateKey, Fault> {
    let mut fill = |out: &mut [u8]| host.random().fill("signing key", out);
    PrivateKey::generate(algorithm, &mut fill).map_err(|_| Fault::Cryptography("a signing key could not be made"))
}

fn open(host: &Host, sealed: &str) -> Result<PrivateKey, Fault> {
    let sealed = from_b64u(sealed).ok_or(Fault::bad_row("a signing key cannot be read"))?;
    let (_, jwk) = host
        .config()
        .roots
        .open(Purpose::StoredKey, host.tenant().as_bytes(), &sealed)
        .ok_or(Fault::bad_row("a signing key was sealed with a secret that is not configured"))?;
    let jwk = zeroize::Zeroizing::new(jwk);
    let jwk = std::str::from_utf8(&jwk).map_err(|_| Fault::bad_row("a signing key cannot be read"))?;
    PrivateKey::from_jwk(jwk).map_err(|_| Fault::bad_row("a signing key cannot be read"))
}

pub(super) fn longest_token(config: &Config) -> Seconds {
    let of_id_tokens = config.openid.as_ref().map_or(Seconds(0), |_| config.lifetimes.id_token);
    let of_resources = config.resources.values().filter_map(|resource| resource.lifetime);
    let of_own = config.lifetimes.own_jwt();
    let of_pats = config.pats.as_ref().map_or(Seconds(0), |pats| pats.lifetime);
    let longest = of_resources.fold(config.lifetimes.access_token, Seconds::max);
    longest.max(of_id_tokens).max(of_own).max(of_pats)
}
