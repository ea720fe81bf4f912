//! A page of your own where people enter the codes of their devices (RFC 8628).
//!
//! The page asks for the code and calls [`Devices::begin`]. The browser comes back with `?interaction=<handle>`: [`Devices::get`]
//! says whether to send it to the sign-in page or what to ask the person.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::interactions::{At, InteractionClient, InteractionScope, Onward, cookie_of};
use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// A page of your own where people enter the codes of their devices.
    #[must_use]
    pub fn devices(&self) -> Devices<'_> {
        Devices(self)
    }
}

/// Commands on the codes of devices.
#[derive(Debug, Clone, Copy)]
pub struct Devices<'a>(&'a Claviger);

impl Devices<'_> {
    /// A person typed a code: where to send the browser. Nothing is looked up yet.
    ///
    /// # Errors
    /// `unknown_user_code` for what cannot be a code, and faults.
    pub async fn begin(&self, user_code: &str, headers: &HeaderMap) -> Result<Onward, Error> {
        self.0.command("device.begin", &Begin { user_code, cookie: cookie_of(headers) }).await
    }

    /// What the page must do. `remote` is the peer's address, from which only so many wrong codes are taken.
    ///
    /// # Errors
    /// `unknown_user_code`, `too_many_requests`, `interaction_ended`, `forbidden` for another browser's, and faults.
    pub async fn get(&self, handle: &str, headers: &HeaderMap, remote: Option<&str>) -> Result<DeviceRequest, Error> {
        self.0.command("device.get", &Get { at: At::new(handle, headers), remote }).await
    }

    /// The person allows it.
    ///
    /// # Errors
    /// `interaction_ended` when it was decided, or another session claimed the code; `forbidden`, and faults.
    pub async fn approve(&self, handle: &str, headers: &HeaderMap, allowed: &DeviceAllowed) -> Result<(), Error> {
        let approve = Approve { at: At::new(handle, headers), allowed };
        self.0.command::<Decided>("device.approve", &approve).await.map(drop)
    }

    /// The person refuses.
    ///
    /// # Errors
    /// As of [`Devices::approve`].
    pub async fn deny(&self, handle: &str, headers: &HeaderMap) -> Result<(), Error> {
        self.0.command::<Decided>("device.deny", &At::new(handle, headers)).await.map(drop)
    }
}

/// What the page must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "prompt", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum DeviceRequest {
    /// Send the browser to the sign-in page.
    SignIn {
        /// Where that is.
        location: String,
    },
    /// Show all of this, above all the code, and let the person decide.
    Confirm {
        /// As the device shows it.
        user_code: String,
        /// Which application asks.
        client: InteractionClient,
        /// What it asks for.
        scopes: Vec<InteractionScope>,
        /// Who is signed in.
        subject: String,
        /// The address that the device asked from.
        asked_from: Option<String>,
        /// Milliseconds since 1970.
        asked_at: u64,
        /// Milliseconds since 1970.
        expires_at: u64,
    },
}

/// What the person allows a device.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeviceAllowed {
    /// Of what was asked for; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Any JSON to keep with the grant, of at most 4 kB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Begin<'a> {
    user_code: &'a str,
    cookie: String,
}

#[derive(Serialize)]
struct Get<'a> {
    #[serde(flatten)]
    at: At<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<&'a str>,
}

#[derive(Serialize)]
struct Approve<'a> {
    #[serde(flatten)]
    at: At<'a>,
    #[serde(flatten)]
    allowed: &'a DeviceAllowed,
}

#[derive(Deserialize)]
struct Decided {}
