//! The handle that everything hangs on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::builder::Builder;
use crate::engine::EngineError;
use crate::error::Error;
use crate::host::{Host, Outcome};
use crate::issuers::Issuers;

/// The authorization server. Clones are the same one; it ends with the last of them.
#[derive(Clone)]
pub struct Claviger {
    inner: Arc<Inner>,
    /// The one of several issuers that commands are for.
    at: Option<Arc<str>>,
}

pub(crate) struct Inner {
    pub(crate) host: Arc<Host>,
    pub(crate) issuers: Issuers,
    told_of_remote: AtomicBool,
}

impl Inner {
    pub(crate) fn new(host: Host, issuers: Issuers) -> Self {
        Self { host: Arc::new(host), issuers, told_of_remote: AtomicBool::new(false) }
    }

    /// For a request of an unknown peer. Once: without it all are counted as one, whom the first to ask for too much locks out.
    pub(crate) fn tell_of_remote(&self) {
        let mails = self.host.services.mail.is_some();
        if (self.issuers.register_anybody || mails) && !self.told_of_remote.swap(true, Ordering::Relaxed) {
            tracing::error!(
                help = "Put a `Remote` into the extensions of requests, or serve with axum's `ConnectInfo` and the feature `axum`.",
                "clients register themselves or people are sent mail, and the address of the peer is unknown: one limit counts for all"
            );
        }
    }
}

impl Claviger {
    /// Starts to configure a server. `issuer` is its address as clients see it: https, or http on a loopback host.
    pub fn builder(issuer: impl Into<String>) -> Builder {
        Builder::new(issuer)
    }

    pub(crate) fn of(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), at: None }
    }

    /// The same server, for one of the issuers of [`Builder::also`]: its commands and its service are that issuer's. One that is not
    /// configured is a fault at the first use.
    #[must_use]
    pub fn at(&self, issuer: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), at: Some(issuer.into()) }
    }

    pub(crate) fn named(&self) -> Option<&str> {
        self.at.as_deref()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// The address as clients see it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.at.as_deref().unwrap_or(&self.inner.issuers.first)
    }

    /// Waits until every client that is to be told of the end of a session was told (some minutes at most), and every mail was sent, or
    /// will not be. For a process that ends soon.
    pub async fn settled(&self) {
        self.inner.host.logouts.settled().await;
        self.inner.host.mails.settled().await;
    }

    /// Runs any command of `docs/contract.md`, section 5, by its name. The typed rooms, such as [`Claviger::clients`],
    /// are the better way where they reach.
    ///
    /// # Errors
    /// [`Error::Refused`] when the command is refused, and faults.
    pub async fn command<T: DeserializeOwned>(&self, name: &str, arguments: &impl Serialize) -> Result<T, Error> {
        let Outcome { ok, .. } = self.inner.host.run(self.named(), name, arguments).await?;
        serde_json::from_str(ok.get()).map_err(|error| EngineError::Contract(error.to_string()).into())
    }
}

impl fmt::Debug for Claviger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Claviger").field("issuer", &self.inner.issuers.first).finish_non_exhaustive()
    }
}
