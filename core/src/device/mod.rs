//! The device authorization grant (RFC 8628), all but its token request (`grant::device_code`): a device without a browser gets a
//! code, and a person enters it in a browser elsewhere.
//!
//! ```text
//!   device:   POST /device_authorization -> device_code, user_code, where to go      POST /token, again and again
//!   person:   GET /device --> POST the code --> GET /device?interaction=... --> POST approve or deny --> done
//!                                                  |               ^
//!                                                  +--> sign-in ---+
//! ```
//! A code has one row, in a partition named by a PRF of the user code: whoever reads the store finds no code to enter. The device
//! code is a handle of that row. A host with a page of its own uses the typed commands; both doors end in `steps`.

mod commands;
mod endpoint;
mod errand;
mod pace;
mod pages;
mod state;
mod steps;
mod tries;
mod user_code;

use serde::{Deserialize, Serialize};

pub use commands::{Approve, At, Begin, Get};
pub(crate) use commands::{approve, begin, deny, get};
pub(crate) use endpoint::{address_of, device_authorization_endpoint, with_parameter};
pub(crate) use errand::Errand;
pub(crate) use pace::Pace;
pub(crate) use pages::{device_page, post_device};
pub(crate) use state::{Approval, Polled, State};
pub(crate) use user_code::UserCode;

use crate::config::Config;
use crate::handle::{Handle, Id, Owner};
use crate::hash::{b64u, same, sha256};
use crate::record::{Record, Slot};
use crate::seal::{Purpose, RootIndex};
use crate::time::{Millis, Seconds};

/// How many seconds longer a device that polls too often must wait.
const SLOWER: u64 = 5;

/// What a device asked for, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) id: String,
    secret_sha256: String,
    pub(crate) client_id: String,
    /// As it was when the device asked: what the person is shown.
    client_name: String,
    /// Where its registration is from.
    #[serde(default)]
    client_origin: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// The address that the device asked from, as the host knows it.
    asked_from: Option<String>,
    /// How long the device must wait between two polls; longer each time that it did not.
    pub(crate) interval: Seconds,
    pub(crate) created_at: Millis,
    pub(crate) expires_at: Millis,
    pub(crate) state: State,
}

impl Record for Device {
    const KIND: &'static str = "device";

    fn expires(&self) -> Option<Millis> {
        Some(self.expires_at)
    }
}

impl Device {
    pub(crate) const ROOM: &'static str = "device";

    /// The row that a code is entered for: under the first root secret, so a rotation of the secret ends the codes that are about.
    fn slot(config: &Config, user_code: &UserCode) -> (String, Slot<Self>) {
        let place = b64u(config.roots.prf::<16>(
            RootIndex::CURRENT,
            Purpose::UserCode,
            &[config.tenant.as_bytes(), &[0], user_code.as_str().as_bytes()],
        ));
        let slot = Self::slot_at(config, &place);
        (place, slot)
    }

    fn slot_at(config: &Config, place: &str) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, place, "code")
    }

    /// The row that a device code is of.
    pub(crate) fn slot_of(config: &Config, handle: &Handle) -> Option<Slot<Self>> {
        match &handle.owner {
            Owner::Device(place) => Some(Self::slot_at(config, place)),
            Owner::Subject(_) | Owner::Client(_) => None,
        }
    }

    /// Whether this is the device's own code, and not that of one whose user code came up again later.
    pub(crate) fn is_of(&self, handle: &Handle) -> bool {
        same(self.id.as_bytes(), b64u(handle.id).as_bytes())
            & same(self.secret_sha256.as_bytes(), b64u(sha256(&handle.secret)).as_bytes())
    }

    /// The same of a device that polls too often: it must wait longer from now on (section 3.5).
    pub(crate) fn slower(&self) -> Self {
        Self { interval: Seconds(self.interval.0.saturating_add(SLOWER)), ..self.clone() }
    }

    /// The one grant that this code can make.
    pub(crate) fn grant_id(&self, config: &Config) -> Id {
        config.roots.prf(RootIndex::CURRENT, Purpose::GrantId, &[b"device", self.id.as_bytes()])
    }
}
