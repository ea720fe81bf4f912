//! Between the factors: a sealed handle in the form of the page that asks for the second one.

use serde::{Deserialize, Serialize};

use super::stage::{First, Full};
use crate::account::Account;
use crate::authorize::browser_digest;
use crate::host::Host;
use crate::refusal::Refusal;
use crate::ticket;
use crate::time::{Millis, Seconds};

/// As long as it is because the handle of an interaction is inside.
const TICKET: ticket::Kind =
    ticket::Kind { prefix: "cvp_", context: "pending ", nonce: "pending nonce", longest: 20_000 };
/// How long somebody may look for their telephone.
const LIFETIME: Seconds = Seconds(600);

/// Somebody who proved one thing, and must prove another. It is no session, and good in one browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Why they sign in: the handle of an interaction, or of an errand. `None`: the host knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interaction: Option<String>,
    subject: String,
    methods: Vec<String>,
    browser_sha256: String,
    /// Of the account whose password it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_digest: Option<String>,
    began_at: Millis,
    /// Whether the person wishes to stay signed in.
    #[serde(default)]
    remember: bool,
}

impl Pending {
    /// `browser`: the value of its cookie, which every sign-in begins with.
    pub(super) fn new(
        interaction: Option<&str>,
        first: First,
        browser: &str,
        password_digest: Option<String>,
        now: Millis,
    ) -> Self {
        Self {
            interaction: interaction.map(str::to_owned),
            subject: first.subject,
            methods: first.methods,
            browser_sha256: browser_digest(browser),
            password_digest,
            began_at: now,
            remember: false,
        }
    }

    /// Of a sign-in at the built-in pages.
    pub(super) fn interaction(&self) -> Result<&str, Refusal> {
        self.interaction.as_deref().ok_or(Refusal::InteractionEnded)
    }

    /// Whether the account has another password now, or is gone.
    pub(super) fn is_outdated(&self, account: Option<&Account>) -> bool {
        let digest = |account: &Account| account.password_digest();
        self.password_digest.is_some() && self.password_digest != account.map(digest)
    }

    pub(super) fn remembering(self, remember: bool) -> Self {
        Self { remember, ..self }
    }

    pub(super) const fn remembers(&self) -> bool {
        self.remember
    }

    /// How the first thing was proved.
    pub(super) fn methods(&self) -> &[String] {
        &self.methods
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The second thing was proved, too.
    pub(super) fn full(self, methods: &[&str], now: Millis) -> Full {
        let methods = self.methods.into_iter().chain(methods.iter().map(|&method| method.to_owned())).collect();
        Full::proved(self.subject, methods, now)
    }

    pub(super) fn seal(&self, host: &Host) -> String {
        TICKET.seal(host, self)
    }

    /// What a handle says, if it is authentic, not over, and of this very browser.
    pub(super) fn open(host: &Host, handle: &str, browser: Option<&str>) -> Result<Self, Refusal> {
        TICKET.open(host, handle, browser, LIFETIME, "This sign-in was begun in another browser")
    }
}

impl ticket::Bound for Pending {
    fn browser_sha256(&self) -> &str {
        &self.browser_sha256
    }

    fn began_at(&self) -> Millis {
        self.began_at
    }
}
