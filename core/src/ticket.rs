//! Tickets: what goes through a browser and comes back. Sealed, good for a while and in the one browser that it began in, and never
//! stored: nothing is written for somebody who only came by.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::authorize::browser_digest;
use crate::hash::{b64u, from_b64u, same};
use crate::host::Host;
use crate::refusal::Refusal;
use crate::seal::Purpose;
use crate::time::{Millis, Seconds};

/// What a ticket is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) prefix: &'static str,
    /// What it is sealed for, before the tenant.
    pub(crate) context: &'static str,
    /// The label of its nonce in the call's random stream.
    pub(crate) nonce: &'static str,
    /// The longest that is looked at.
    pub(crate) longest: usize,
}

/// What is in a ticket that is good in one browser.
pub(crate) trait Bound: DeserializeOwned {
    /// What [`browser_digest`] makes of that browser's cookie.
    fn browser_sha256(&self) -> &str;
    fn began_at(&self) -> Millis;
}

impl Kind {
    /// The text that goes through the browser.
    pub(crate) fn seal(&self, host: &Host, content: &impl Serialize) -> String {
        self.seal_bytes(host, &serde_json::to_vec(content).unwrap_or_default())
    }

    /// What a ticket says, if it is authentic and not over, and began in this very browser; otherwise, `elsewhere` says what the
    /// person is told.
    pub(crate) fn open<T: Bound>(
        &self,
        host: &Host,
        text: &str,
        browser: Option<&str>,
        lifetime: Seconds,
        elsewhere: &'static str,
    ) -> Result<T, Refusal> {
        let content: T = self
            .read(host, text)
            .filter(|content: &T| host.now() < lifetime.after(content.began_at()))
            .ok_or(Refusal::InteractionEnded)?;
        let is_here = |browser: &str| same(browser_digest(browser).as_bytes(), content.browser_sha256().as_bytes());
        if browser.is_some_and(is_here) { Ok(content) } else { Err(Refusal::Forbidden(elsewhere)) }
    }

    /// What a ticket says, if it is authentic: whenever it was made, and whoever comes with it.
    pub(crate) fn read<T: DeserializeOwned>(&self, host: &Host, text: &str) -> Option<T> {
        crate::json::read(&self.open_bytes(host, text)?).ok()
    }

    fn seal_bytes(&self, host: &Host, content: &[u8]) -> String {
        let nonce = host.random().bytes(self.nonce);
        let sealed = host.config().roots.seal(Purpose::Interaction, &self.context(host), nonce, content);
        format!("{}{}", self.prefix, b64u(sealed))
    }

    fn open_bytes(&self, host: &Host, text: &str) -> Option<Vec<u8>> {
        let sealed = text.strip_prefix(self.prefix).filter(|text| text.len() <= self.longest).and_then(from_b64u)?;
        let (_, content) = host.config().roots.open(Purpose::Interaction, &self.context(host), &sealed)?;
        Some(content)
    }

    fn context(&self, host: &Host) -> Vec<u8> {
        [self.context.as_bytes(), host.tenant().as_bytes()].concat()
    }
}
