//! The issuer's signing keys and their rotation.
//!
//! ```text
//!   generate        rotate          rotate            lifetime of the longest token
//!  ---------> next ---------> active ---------> retired ------------------------> gone
//!               \________________\_________________\___ withdraw ---> withdrawn
//! ```
//! A next key is published before it signs, so that no verifier meets a key it could not have seen; a retired key verifies until
//! nothing it signed can still be valid; a withdrawn key verifies nothing from that moment.

use serde::{Deserialize, Serialize};

use super::jws::{Compact, Header, MAX_BYTES, Unsigned};
use super::jwt::{Claims, Policy};
use super::{Algorithm, InvalidKey, PrivateKey, PublicJwk, PublicKey};
use crate::config::{Capability, Config, HostKey};
use crate::event::Event;
use crate::hash::{b64u, from_b64u};
use crate::host::{Change, Host};
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Fault, Refusal, Stop};
use crate::seal::Purpose;
use crate::time::{Millis, Seconds};

/// How far the clocks of verifiers may be behind.
const SKEW: Seconds = Seconds(60);
/// How long a key set that was read serves verification without being read again.
const REMEMBERED: Seconds = Seconds(60);
/// How soon a token with an unknown `kid` may make it be read again.
const REREAD: Seconds = Seconds(5);
/// How many keys a set holds at most.
const MOST: usize = 32;

/// All signing keys that the engine keeps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<StoredKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    algorithm: Algorithm,
    state: State,
    created_at: Millis,
    /// When it became what it is.
    since: Millis,
    /// When a retired key is gone.
    until: Option<Millis>,
    public: PublicJwk,
    /// The private JWK, sealed; a withdrawn key has none.
    sealed: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
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
    Engine(std::rc::Rc<PrivateKey>),
    Host(&'a HostKey),
}

impl KeySet {
    pub(crate) fn slot(config: &Config) -> Slot<Self> {
        Slot::new(&config.tenant, "keys", "signing", "set")
    }

    /// The set as it should be now: made on the first use, rotated when it is due. Both cost a commit, once.
    pub(crate) async fn current(host: &Host, stored: Option<Stored<Self>>) -> Result<Self, Stop> {
        let algorithm = host.config().signing.algorithm;
        let by_host = !host.config().signing.host_keys.is_empty();
        match stored {
            Some(stored) if by_host || !stored.value.is_due(host, algorithm) => Ok(stored.value),
            None if by_host => Ok(Self::default()),
            Some(stored) => {
                let rotated = stored.value.clone().rotated(host, algorithm)?;
                let change = Change::replace(&stored, rotated.clone());
                Self::first_of_all(host, change, rotated).await
            }
            None => {
                let made = Self::default().rotated(host, algorithm)?;
                let change = Change::create(Self::slot(host.config()), made.clone());
                Self::first_of_all(host, change, made).await
            }
        }
    }

    /// What this flow wrote, or what a faster one did: a race for the keys must not use up the tries of the request itself.
    async fn first_of_all(host: &Host, change: Change, written: Self) -> Result<Self, Stop> {
        match host.commit(change).await {
            Ok(()) => Ok(written),
            Err(Stop::Stale) => {
                // What was told so far is of keys that were never kept.
                host.take_events();
                let stored = host.load(Self::slot(host.config())).await?;
                stored.map(|stored| stored.value).ok_or(Stop::Stale)
            }
            Err(other) => Err(other),
        }
    }

    /// The set to check a token with: remembered for a while, since a key that was just added or retired changes nothing for the
    /// tokens that are about; read again when the token names a key that is not in it. A withdrawal made through another
    /// instance is heard of within [`REMEMBERED`].
    pub(crate) async fn for_verifying(host: &Host, token: &str) -> Result<Self, Stop> {
        let kid = Compact::parse(token, MAX_BYTES).ok().and_then(|compact| compact.header().kid.clone());
        let names_it = |set: &Self| {
            kid.as_ref().is_none_or(|kid| {
                set.keys.iter().any(|key| key.kid == *kid)
                    || host.config().signing.host_keys.iter().any(|key| key.kid == *kid)
            })
        };
        if let Some((set, read_at)) = host.keys().set() {
            let age = host.now().saturating_sub(read_at);
            if age < REMEMBERED.millis() && (names_it(&set) || age < REREAD.millis()) {
                return Ok(set);
            }
        }
        let stored = host.load(Self::slot(host.config())).await?;
        let set = stored.map(|stored| stored.value).unwrap_or_default();
        host.keys().remember_set(set.clone(), host.now());
        Ok(set)
    }

    fn is_due(&self, host: &Host, algorithm: Algorithm) -> bool {
        let every = host.config().signing.rotate_every;
        self.find(algorithm, State::Active).is_none_or(|active| every.after(active.since) <= host.now())
    }

    fn find(&self, algorithm: Algorithm, state: State) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.algorithm == algorithm && key.state == state)
    }

    /// Next becomes active, active becomes retired, and a new next is made. Without a next key, one is made active at once.
    fn rotated(mut self, host: &Host, algorithm: Algorithm) -> Result<Self, Fault> {
        if self.find(algorithm, State::Next).is_none() {
            self.keys.push(StoredKey::generate(host, algorithm)?);
        }
        let until = longest_token(host.config()).after(SKEW.after(host.now()));
        for key in self.keys.iter_mut().filter(|key| key.algorithm == algorithm) {
            match key.state {
                State::Active => key.turn(State::Retired, host.now(), Some(until)),
                State::Next => {
                    key.turn(State::Active, host.now(), None);
                    host.tell(Event::KeyRotated { kid: key.kid.clone() });
                }
                State::Retired | State::Withdrawn => {}
            }
        }
        self.keys.push(StoredKey::generate(host, algorithm)?);
        self.keys.retain(|key| key.until.is_none_or(|until| host.now() < until));
        Ok(self)
    }

    /// A JWS (RFC 7515) over JSON claims, by the key that signs now.
    pub(crate) async fn sign(&self, host: &Host, typ: &str, claims: &[u8]) -> Result<String, Fault> {
        let signer = self.signer(host)?;
        let (algorithm, kid) = match &signer {
            Signer::Engine(key) => (key.algorithm(), key.kid().to_owned()),
            Signer::Host(key) => (key.algorithm, key.kid.clone()),
        };
        let unsigned = Unsigned::new(&Header { alg: algorithm, kid: Some(kid), typ: Some(typ.to_owned()) }, claims);
        let signature = match signer {
            Signer::Engine(key) => {
                key.sign(unsigned.signing_input()).map_err(|_| Fault::Cryptography("the signing key is damaged"))?
            }
            Signer::Host(key) => host.sign(&key.kid, key.algorithm, unsigned.signing_input()).await?,
        };
        Ok(unsigned.with_signature(&signature))
    }

    fn signer<'a>(&self, host: &'a Host) -> Result<Signer<'a>, Fault> {
        if let Some(key) = host.config().signing.host_keys.first() {
            return Ok(Signer::Host(key));
        }
        let active = self.find(host.config().signing.algorithm, State::Active);
        let sealed =
            active.and_then(|key| key.sealed.as_deref()).ok_or(Fault::BadRow("the key set has no active key"))?;
        host.keys().private(sealed, || open(host, sealed)).map(Signer::Engine)
    }

    /// The claims of a token that one of these keys signed and that meets the policy.
    pub(crate) async fn verify(&self, host: &Host, token: &str, policy: &Policy<'_>) -> Result<Option<Claims>, Fault> {
        let Ok(compact) = Compact::parse(token, MAX_BYTES) else { return Ok(None) };
        let Some(key) = self.public_keys(host).into_iter().find(|key| compact.suits(key)) else { return Ok(None) };
        let by_host =
            host.config().offers(Capability::Verify) && matches!(key.algorithm(), Algorithm::ES256 | Algorithm::RS256);
        let verified = if by_host {
            let jwk = key.to_jwk().unwrap_or_default();
            let answer =
                host.verify(jwk, key.algorithm(), compact.signing_input().as_bytes(), compact.signature()).await?;
            compact.verified_elsewhere(answer)
        } else {
            compact.verify([key.as_ref()])
        };
        Ok(verified.ok().and_then(|verified| policy.check(&verified).ok()))
    }

    fn public_keys(&self, host: &Host) -> Vec<std::rc::Rc<PublicKey>> {
        let own = self
            .published(host)
            .filter_map(|key| host.keys().public(&key.kid, || PublicKey::from_own_jwk(&key.public)).ok());
        let of_host = host
            .config()
            .signing
            .host_keys
            .iter()
            .filter_map(|key| host.keys().public(&key.kid, || key.public_key()).ok());
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
    fn generate(host: &Host, algorithm: Algorithm) -> Result<Self, Fault> {
        let mut fill = |out: &mut [u8]| host.random().fill("signing key", out);
        let key = PrivateKey::generate(algorithm, &mut fill)
            .map_err(|_| Fault::Cryptography("a signing key could not be made"))?;
        let nonce = host.random().bytes("key nonce");
        let sealed =
            host.config().roots.seal(Purpose::StoredKey, host.tenant().as_bytes(), nonce, key.to_jwk().as_bytes());
        host.tell(Event::KeyGenerated { kid: key.kid().to_owned() });
        Ok(Self {
            kid: key.kid().to_owned(),
            algorithm,
            state: State::Next,
            created_at: host.now(),
            since: host.now(),
            until: None,
            public: key.public().to_jwk().unwrap_or_default(),
            sealed: Some(b64u(sealed)),
        })
    }

    fn turn(&mut self, state: State, since: Millis, until: Option<Millis>) {
        self.state = state;
        self.since = since;
        self.until = until;
    }
}

fn open(host: &Host, sealed: &str) -> Result<PrivateKey, Fault> {
    let sealed = from_b64u(sealed).ok_or(Fault::BadRow("a signing key cannot be read"))?;
    let (_, jwk) = host
        .config()
        .roots
        .open(Purpose::StoredKey, host.tenant().as_bytes(), &sealed)
        .ok_or(Fault::BadRow("a signing key was sealed with a secret that is not configured"))?;
    let jwk = zeroize::Zeroizing::new(jwk);
    let jwk = std::str::from_utf8(&jwk).map_err(|_| Fault::BadRow("a signing key cannot be read"))?;
    PrivateKey::from_jwk(jwk).map_err(|_| Fault::BadRow("a signing key cannot be read"))
}

fn longest_token(config: &Config) -> Seconds {
    let of_resources = config.resources.values().filter_map(|resource| resource.lifetime);
    of_resources.fold(config.lifetimes.access_token, Seconds::max)
}

/// A key as the host sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    kid: String,
    algorithm: Algorithm,
    state: State,
    created_at: Millis,
    public_jwk: PublicJwk,
}

#[derive(Debug, Serialize)]
pub(crate) struct Views {
    keys: Vec<View>,
}

impl View {
    fn of(key: &StoredKey) -> Self {
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
    Ok(Views::of(&KeySet::current(host, stored).await?))
}

pub(crate) async fn generate(host: &Host, ask: &Generate) -> Result<View, Stop> {
    check_algorithm(ask.algorithm)?;
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
    check_algorithm(algorithm)?;
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

fn check_algorithm(algorithm: Algorithm) -> Result<(), Refusal> {
    match algorithm {
        Algorithm::HS256 => {
            Err(Refusal::InvalidArgument("algorithm: others verify these tokens, so it must be asymmetric"))
        }
        _ => Ok(()),
    }
}

async fn change(host: &Host, decide: impl FnOnce(KeySet) -> Result<KeySet, Stop>) -> Result<KeySet, Stop> {
    let stored = host.load(KeySet::slot(host.config())).await?;
    let set = decide(stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default())?;
    let change = match &stored {
        Some(stored) => Change::replace(stored, set.clone()),
        None => Change::create(KeySet::slot(host.config()), set.clone()),
    };
    host.commit(change).await?;
    host.keys().remember_set(set.clone(), host.now());
    Ok(set)
}
