//! From what you say to the engine's configuration (`docs/contract.md`, section 6) and a running pool.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::available_parallelism;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::claviger::{Claviger, Inner};
use crate::clock::Clock;
use crate::engine::{DerivePool, Module, Pool, Tuning};
use crate::error::{Error, Problem};
use crate::event::Event;
use crate::host::{Host, Listener, Services};
use crate::issuers::Issuers;
use crate::lifetime::Lifetime;
use crate::logouts::Logouts;
use crate::mail::{Mail, Mails, Sending};
use crate::services::{Fetch, ServiceError, Sign, Verify};
use crate::stores::{DynStore, Store};
use crate::subject::{DynSubjects, Subjects};

/// How many derivations may wait for each thread that derives.
const DERIVE_QUEUE: usize = 32;

/// A derivation at its largest parameters takes seconds; an ordinary one 20 to 60 ms.
const DERIVE_DEADLINE: Duration = Duration::from_secs(20);

/// How long a derivation may take with its time in the queue: as long as the longest may compute, and what waits before it.
const DERIVE_PATIENCE: Duration = Duration::from_secs(30);

/// Configures a [`Claviger`]. Only the issuer, a secret and a store are required.
pub struct Builder {
    configuration: Map<String, Value>,
    store: Option<Arc<dyn DynStore>>,
    subjects: Option<Arc<dyn DynSubjects>>,
    services: Services,
    listeners: Vec<Listener>,
    clock: Clock,
    instances: usize,
    derivers: usize,
    deadline: Duration,
    patience: Duration,
    #[cfg(test)]
    module: Option<Module>,
}

impl Builder {
    pub(crate) fn new(issuer: impl Into<String>) -> Self {
        Self::from_configuration(Map::from_iter([("issuer".to_owned(), Value::String(issuer.into()))]))
    }

    /// Starts from a configuration in the words of `docs/contract.md`, section 6, such as one read from a file.
    #[must_use]
    pub fn from_configuration(configuration: Map<String, Value>) -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self {
            configuration,
            store: None,
            subjects: None,
            services: Services::default(),
            listeners: Vec::new(),
            clock: Clock::default(),
            instances: processors,
            derivers: processors,
            deadline: Duration::from_secs(2),
            patience: Duration::from_secs(5),
            #[cfg(test)]
            module: None,
        }
    }

    /// At least 32 characters of randomness, such as `claviger secret` prints. All keys are derived from it.
    #[must_use]
    pub fn secret(self, secret: impl Into<String>) -> Self {
        self.set("secret", Value::String(secret.into()))
    }

    /// Several secrets, to replace one: the first signs and seals, all open.
    #[must_use]
    pub fn secrets(self, secrets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let secrets = secrets.into_iter().map(|secret| Value::String(secret.into())).collect();
        self.set("secret", Value::Array(secrets))
    }

    /// Where rows live.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// A scope that clients may ask for, and what the consent page says of it.
    #[must_use]
    pub fn scope(self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.set_in("scopes", name, Value::String(description.into()))
    }

    /// What pages call this server.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.set("name", Value::String(name.into()))
    }

    /// Keeps this server's rows apart from those of others in the same store. Default `main`.
    #[must_use]
    pub fn tenant(self, tenant: impl Into<String>) -> Self {
        self.set("tenant", Value::String(tenant.into()))
    }

    /// How long something lives, in whole seconds.
    #[must_use]
    pub fn lifetime(self, of: Lifetime, lifetime: Duration) -> Self {
        self.set_in("lifetimes", of.member(), lifetime.as_secs().into())
    }

    /// How long a browser begins sessions by itself, for a person who wished so: from a day to 400 days. None does unless this is set.
    #[must_use]
    pub fn remember_for(self, lifetime: Duration) -> Self {
        self.set_in("signIn", "rememberFor", lifetime.as_secs().into())
    }

    /// Personal access tokens ([`Claviger::pats`]), exchanged at `/token`, taken by the guard, and administered at `/admin/tokens` by
    /// administrators' own. [`Builder::set`] says more of them, in the words of `pats` in `docs/contract.md`, section 6.
    #[must_use]
    pub fn pats(mut self) -> Self {
        self.configuration.entry("pats").or_insert_with(|| json!({}));
        self
    }

    /// Keeps sessions in their cookies, sealed, in place of rows in the store. One is good for `revalidate` (at most an hour) without a look
    /// at the store; set [`Principal::headers`](crate::commands::Principal::headers) on the response.
    #[must_use]
    pub fn sealed_sessions(self, revalidate: Duration) -> Self {
        self.set_in("sessions", "form", "sealed".into()).set_in("sessions", "revalidate", revalidate.as_secs().into())
    }

    /// Leaves a refresh token of a session good until its session ends. Usually it is good once, so that a stolen one ends the session.
    #[must_use]
    pub fn session_tokens_stay(self) -> Self {
        self.set_in("sessions", "rotateTokens", false.into())
    }

    /// Pages of your own, in place of the built-in ones: the browser is sent there with `?interaction=<handle>`.
    #[must_use]
    pub fn pages(self, sign_in: impl Into<String>, consent: impl Into<String>) -> Self {
        self.set_in("pages", "signIn", Value::String(sign_in.into())).set_in(
            "pages",
            "consent",
            Value::String(consent.into()),
        )
    }

    /// A page of your own where people enter the codes of their devices, in place of the built-in one.
    #[must_use]
    pub fn device_page(self, device: impl Into<String>) -> Self {
        self.set_in("pages", "device", Value::String(device.into()))
    }

    /// A page of your own where people see what acts for them, in place of the built-in one: they come signed in, from `/account`.
    #[must_use]
    pub fn account_page(self, account: impl Into<String>) -> Self {
        self.set_in("pages", "account", Value::String(account.into()))
    }

    /// People make accounts for themselves, at `/sign-up`. Needs [`Builder::on_mail`].
    #[must_use]
    pub fn sign_up(self) -> Self {
        self.set_in("signIn", "signUp", Value::Bool(true))
    }

    /// What is mailed to sign in with, in place of a password: `link`, `code`, or both. Needs [`Builder::on_mail`].
    #[must_use]
    pub fn passwordless(self, ways: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let ways = ways.into_iter().map(|way| Value::String(way.into())).collect();
        self.set_in("signIn", "passwordless", Value::Array(ways))
    }

    /// One more issuer in the same engine and store: its settings, with a tenant of its own. Only what the engine is configured with is
    /// taken from it; services, listeners and threads are this builder's. Requests reach it by their address, commands by
    /// [`Claviger::at`].
    #[must_use]
    pub fn also(mut self, issuer: Builder) -> Self {
        let issuers = self.configuration.entry("issuers").or_insert_with(|| json!([]));
        if let Value::Array(issuers) = issuers {
            issuers.push(Value::Object(issuer.configuration));
        }
        self
    }

    /// Any member of the configuration, for those that have no method here.
    #[must_use]
    pub fn set(mut self, member: impl Into<String>, value: Value) -> Self {
        self.configuration.insert(member.into(), value);
        self
    }

    /// Your own users, in place of the engine's accounts.
    #[must_use]
    pub fn subjects(mut self, subjects: impl Subjects) -> Self {
        self.subjects = Some(Arc::new(subjects));
        self
    }

    /// A key that only [`Builder::sign`] can use, and the public half (RFC 7517) that verifiers read. The first one signs
    /// all tokens; the others are published, so that what they signed is still verified. `algorithm` is `ES256`, `ES384`,
    /// `RS256` or `EdDSA`.
    #[must_use]
    pub fn host_key(mut self, kid: impl Into<String>, algorithm: impl Into<String>, public_jwk: Value) -> Self {
        let key = json!({ "kid": kid.into(), "algorithm": algorithm.into(), "publicJwk": public_jwk });
        let signing = self.configuration.entry("signing").or_insert_with(|| json!({}));
        if let Value::Object(signing) = signing
            && let Value::Array(keys) = signing.entry("hostKeys").or_insert_with(|| json!([]))
        {
            keys.push(key);
        }
        self
    }

    /// Signs with the keys of [`Builder::host_key`].
    #[must_use]
    pub fn sign(mut self, sign: impl Sign) -> Self {
        self.services.sign = Some(Arc::new(sign));
        self
    }

    /// Checks signatures in place of the engine.
    #[must_use]
    pub fn verify(mut self, verify: impl Verify) -> Self {
        self.services.verify = Some(Arc::new(verify));
        self
    }

    /// Makes HTTP requests for the engine, where it needs any: client metadata documents, `jwks_uri`. `PublicFetch` of
    /// [`services`](crate::services) (the feature `fetch`) is one.
    #[must_use]
    pub fn fetch(mut self, fetch: impl Fetch) -> Self {
        self.services.fetch = Some(Arc::new(fetch));
        self
    }

    /// Sends mail, on a task of its own once the requester has its answer. Without it nobody verifies an address, resets a password, or is
    /// told of anything by mail. A mail that fails is lost, and its person asks for another; the error goes to the log, so see that
    /// neither the link nor the code is in it.
    #[must_use]
    pub fn on_mail<F, S>(mut self, send: F) -> Self
    where
        F: Fn(Mail) -> S + Send + Sync + 'static,
        S: Future<Output = Result<(), ServiceError>> + Send + 'static,
    {
        self.services.mail = Some(Arc::new(move |mail| -> Sending { Box::pin(send(mail)) }));
        self
    }

    /// Calls you with every event, on the task that served the request: be quick.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// How many instances of the engine run, each on a thread. Default: one for each processor.
    #[must_use]
    pub fn instances(mut self, instances: usize) -> Self {
        self.instances = instances;
        self
    }

    /// How many threads derive keys from passwords. Default: one for each processor.
    #[must_use]
    pub fn derivers(mut self, derivers: usize) -> Self {
        self.derivers = derivers;
        self
    }

    /// How long the engine may compute without a pause before its instance is replaced. Default 2 seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long a store, or another service of yours, may take to answer. Default 5 seconds.
    #[must_use]
    pub fn store_deadline(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A clock of yours, in milliseconds since 1970, for tests.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// Compiles the engine, unless this process has, or the feature `cache` finds it compiled on this machine, and starts its
    /// threads. Compiling takes half a second and blocks.
    ///
    /// # Errors
    /// [`Error::Configuration`] names the member that is wrong.
    pub fn build(mut self) -> Result<Claviger, Error> {
        let store = self.store.take().ok_or_else(|| missing("store"))?;
        self.offer_capabilities();
        let issuers = Issuers::of(&self.configuration).ok_or_else(|| missing("issuer"))?;
        if !self.configuration.contains_key("secret") {
            return Err(missing("secret"));
        }
        let module = self.module()?;
        let configuration = Value::Object(self.configuration).to_string().into_bytes().into();
        let tuning = Tuning { configuration, deadline: self.deadline };
        let host = Host {
            pool: Pool::start(&module, &tuning, self.instances)?,
            derive: DerivePool::start(&module, self.derivers, self.derivers * DERIVE_QUEUE, DERIVE_DEADLINE)?,
            store,
            subjects: self.subjects,
            services: self.services,
            listeners: self.listeners,
            logouts: Logouts::default(),
            mails: Mails::default(),
            withdrawals: AtomicU64::default(),
            clock: self.clock,
            patience: self.patience,
            derive_patience: DERIVE_PATIENCE,
        };
        Ok(Claviger::of(Inner::new(host, issuers)))
    }

    #[cfg(not(test))]
    fn module(&self) -> Result<Module, Error> {
        Ok(Module::shipped()?)
    }

    #[cfg(test)]
    fn module(&self) -> Result<Module, Error> {
        Ok(self.module.clone().map_or_else(Module::shipped, Ok)?)
    }

    /// Runs another engine in place of the one that ships.
    #[cfg(test)]
    pub(crate) fn run_module(mut self, module: Module) -> Self {
        self.module = Some(module);
        self
    }

    /// What this host does for the engine: it derives keys on other threads, and what else it was given.
    fn offer_capabilities(&mut self) {
        let mut capabilities = vec!["derive"];
        capabilities.extend(self.subjects.as_ref().map(|_| "subject"));
        capabilities.extend(self.services.names());
        self.configuration.insert("capabilities".into(), json!(capabilities));
    }

    fn set_in(mut self, object: &str, member: impl Into<String>, value: Value) -> Self {
        let object = self.configuration.entry(object).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(members) = object {
            members.insert(member.into(), value);
        }
        self
    }
}

/// The configuration holds secrets, so only its members' names are shown.
impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<_> = self.configuration.keys().collect();
        formatter.debug_struct("Builder").field("configuration", &members).finish_non_exhaustive()
    }
}

fn missing(member: &str) -> Error {
    let help = format!("Call `.{member}(...)` on the builder.");
    Error::Configuration(Problem::new("configuration", 500, format!("`{member}` is missing"), help))
}
