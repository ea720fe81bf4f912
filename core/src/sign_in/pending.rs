//! Between the factors: a sealed handle in the form of the page that asks for the second one.

use serde::{Deserialize, Serialize};

use super::stage::{First, Full};
use crate::account::Account;
use crate::authorize::browser_digest;
use crate::config::Config;
use crate::hash::{b64u, from_b64u, same};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::seal::Purpose;
use crate::time::{Millis, Seconds};

const PREFIX: &str = "cvp_";
/// The longest handle that is looked at: the one of an interaction is inside.
const LONGEST: usize = 20_000;
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
        let content = serde_json::to_vec(self).unwrap_or_default();
        let nonce = host.random().bytes("pending nonce");
        let sealed = host.config().roots.seal(Purpose::Interaction, &context(host.config()), nonce, &content);
        format!("{PREFIX}{}", b64u(sealed))
    }

    /// What a handle says, if it is authentic, not over, and of this very browser.
    pub(super) fn open(host: &Host, handle: &str, browser: Option<&str>) -> Result<Self, Refusal> {
        let config = host.config();
        let sealed = handle.strip_prefix(PREFIX).filter(|text| text.len() <= LONGEST).and_then(from_b64u);
        let opened = sealed.and_then(|sealed| config.roots.open(Purpose::Interaction, &context(config), &sealed));
        let pending: Self = opened
            .and_then(|(_, content)| crate::json::read(&content).ok())
            .filter(|pending: &Self| host.now() < LIFETIME.after(pending.began_at))
            .ok_or(Refusal::InteractionEnded)?;
        let is_here = |browser: &str| same(browser_digest(browser).as_bytes(), pending.browser_sha256.as_bytes());
        if browser.is_some_and(is_here) {
            Ok(pending)
        } else {
            Err(Refusal::Forbidden("This sign-in was begun in another browser"))
        }
    }
}

fn context(config: &Config) -> Vec<u8> {
    [b"pending ", config.tenant.as_bytes()].concat()
}
