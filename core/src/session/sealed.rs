//! Sessions that browsers keep themselves: all of one in its cookie, sealed. Looked at again after `sessions.revalidate`; until then
//! nobody is asked, so that what ended since is not noticed.
//!
//! ```text
//!   cvz_ <base64url of  nonce(24)  XChaCha20-Poly1305( session, epoch, when it was looked at )  tag(16) >
//! ```

use serde::{Deserialize, Serialize};

use super::epoch::{self, Epoch};
use super::{Agent, Session};
use crate::config::Config;
use crate::handle::Secret;
use crate::hash::{b64u, from_b64u};
use crate::host::Host;
use crate::http::{Cookie, LONGEST_COOKIE, cookie_length, set_cookie};
use crate::record::Stored;
use crate::refusal::Refusal;
use crate::seal::{Purpose, RootIndex};
use crate::time::{Millis, Seconds};

const PREFIX: &str = "cvz_";

/// What a sealed cookie holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) session: Session,
    /// The person's, when it was last looked at.
    pub(super) epoch: u64,
    /// When the store was last asked whether it is still good.
    pub(super) checked_at: Millis,
}

impl Sealed {
    /// Nobody is shown a list of sealed sessions, nor told of their end: what a row keeps for that is left out.
    pub(super) fn of(session: &Session, epoch: u64, now: Millis) -> Self {
        let session =
            Session { secret_sha256: String::new(), clients: Vec::new(), agent: Agent::default(), ..session.clone() };
        Self { session, epoch, checked_at: now }
    }

    pub(super) fn open(config: &Config, cookie: &str) -> Option<(RootIndex, Self)> {
        let sealed = cookie.strip_prefix(PREFIX).filter(|text| text.len() <= LONGEST_COOKIE).and_then(from_b64u)?;
        let (root, content) = config.roots.open(Purpose::SealedSession, config.tenant.as_bytes(), &sealed)?;
        Some((root, crate::json::read(&content).ok()?))
    }

    /// The cookie. What no browser would keep is refused.
    pub(super) fn seal(&self, host: &Host) -> Result<(&'static str, String), Refusal> {
        let content = serde_json::to_vec(self).unwrap_or_default();
        let nonce = host.random().bytes("sealed session nonce");
        let sealed = host.config().roots.seal(Purpose::SealedSession, host.config().tenant.as_bytes(), nonce, &content);
        let text = format!("{PREFIX}{}", b64u(sealed));
        if cookie_length(host.config(), Cookie::Session, &text) > LONGEST_COOKIE {
            return Err(Refusal::InvalidArgument("session: a sealed one has at most 4096 bytes with its name"));
        }
        let left = Seconds(self.session.expires_at.saturating_sub(host.now()) / 1000);
        Ok(set_cookie(host.config(), Cookie::Session, &text, left))
    }

    /// What the tokens of its forms are made of.
    pub(super) fn form_secret(&self, config: &Config) -> Secret {
        config.roots.prf(RootIndex::CURRENT, Purpose::SealedSession, &[b"form ", self.session.id.as_bytes()])
    }

    /// Whether it was looked at lately enough to be good by itself.
    pub(super) fn is_fresh(&self, host: &Host) -> bool {
        host.now().abs_diff(self.checked_at) < host.config().sessions.revalidate.millis()
    }

    pub(super) fn is_over(&self, now: Millis) -> bool {
        self.session.over_at() <= now
    }

    /// Whether it is still good by what is stored.
    pub(super) fn stands(&self, epoch: Option<&Stored<Epoch>>) -> bool {
        epoch::admits(epoch, &self.session, self.epoch)
    }
}
