//! A series of secrets that take turns, as refresh tokens do: each is a PRF of the row's salt and its number, so that no secret is stored, and
//! the same row always gives the same one. Two tabs that come with one secret at once get the same next one; who comes with an older
//! one later has a stolen copy, or had theirs stolen.

use serde::{Deserialize, Serialize};

use crate::handle::{Opened, Secret};
use crate::hash::{b64u, from_b64u, same};
use crate::host::Host;
use crate::seal::{Purpose, RootIndex};
use crate::time::Millis;

/// Which of its secrets is good now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Series {
    salt: String,
    pub(super) generation: u32,
    rotated_at: Millis,
}

/// What came with a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The secret that is good now.
    Current,
    /// The one before it, a moment ago: another tab was faster, or its answer was lost.
    Former,
    /// One that was good once.
    Replayed,
    /// None of these.
    Foreign,
}

impl Series {
    pub(super) fn begin(host: &Host) -> Self {
        Self { salt: b64u(host.random().bytes::<32>("series salt")), generation: 0, rotated_at: host.now() }
    }

    /// The secret of this generation, for one purpose.
    pub(super) fn secret(&self, host: &Host, root: RootIndex, purpose: &str, generation: u32) -> Secret {
        let salt = from_b64u(&self.salt).unwrap_or_default();
        let parts: [&[u8]; 3] = [purpose.as_bytes(), &generation.to_be_bytes(), &salt];
        host.config().roots.prf(root, Purpose::TokenSecret, &parts)
    }

    /// What was presented. A flow that decides anew, because another was faster, has met no thief.
    pub(super) fn meet(&self, host: &Host, purpose: &str, presented: &Opened) -> Met {
        let serial = presented.handle.serial;
        let expected = self.secret(host, presented.root, purpose, serial);
        if serial > self.generation || self.salt.is_empty() || !same(&expected, &presented.handle.secret) {
            return Met::Foreign;
        }
        if serial == self.generation {
            host.note_passed();
            return Met::Current;
        }
        let grace = host.config().refresh_grace.after(self.rotated_at);
        let is_next = serial.checked_add(1) == Some(self.generation);
        if is_next && (host.now() < grace || host.passed_before()) { Met::Former } else { Met::Replayed }
    }

    /// The same after its secret was used.
    pub(super) fn rotated(&self, now: Millis) -> Self {
        Self { generation: self.generation.saturating_add(1), rotated_at: now, ..self.clone() }
    }
}
