//! An errand: a person is about to decide on a code, or to see their account page, in one browser. Sealed, and never stored.

use serde::{Deserialize, Serialize};

use super::endpoint::{address_of, page_address, with_parameter};
use super::user_code::UserCode;
use crate::authorize::browser_digest;
use crate::config::Config;
use crate::host::Host;
use crate::refusal::Refusal;
use crate::security::SECURITY;
use crate::ticket;
use crate::time::Millis;

const TICKET: ticket::Kind = ticket::Kind { prefix: "cve_", context: "errand ", nonce: "errand nonce", longest: 512 };

/// The code that was entered (none: a page of their own account), the browser it was entered in, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Errand {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_code: Option<String>,
    /// To the page on what they sign in with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    security: bool,
    browser_sha256: String,
    began_at: Millis,
}

impl Errand {
    /// The handle that goes through the browser.
    pub(crate) fn begin(host: &Host, user_code: Option<&UserCode>, browser: &str) -> String {
        Self::seal(host, user_code, false, browser)
    }

    /// The same to the page on what the person signs in with.
    pub(crate) fn begin_security(host: &Host, browser: &str) -> String {
        Self::seal(host, None, true, browser)
    }

    fn seal(host: &Host, user_code: Option<&UserCode>, security: bool, browser: &str) -> String {
        let errand = Self {
            user_code: user_code.map(|code| code.as_str().to_owned()),
            security,
            browser_sha256: browser_digest(browser),
            began_at: host.now(),
        };
        TICKET.seal(host, &errand)
    }

    /// Whether a handle is of an errand, and not of an authorization request.
    pub(crate) fn is_handle(handle: &str) -> bool {
        handle.starts_with(TICKET.prefix)
    }

    /// The code, if there is one in an errand that [`Self::read`] takes.
    pub(super) fn open(host: &Host, handle: &str, browser: Option<&str>) -> Result<UserCode, Refusal> {
        let code = Self::read(host, handle, browser)?.user_code;
        code.and_then(|code| UserCode::read(&code)).ok_or(Refusal::InteractionEnded)
    }

    /// Where the browser goes on after the sign-in, if the handle is one that [`Self::read`] takes.
    pub(crate) fn onward(host: &Host, handle: &str, browser: Option<&str>) -> Result<String, Refusal> {
        let errand = Self::read(host, handle, browser)?;
        let config = host.config();
        Ok(match errand {
            Self { user_code: Some(_), .. } => Self::address(config, handle),
            Self { security: true, .. } => config.issuer.address(SECURITY),
            _ => Self::account_address(config),
        })
    }

    /// What a handle says, if it is authentic, not over, and began in this very browser.
    fn read(host: &Host, handle: &str, browser: Option<&str>) -> Result<Self, Refusal> {
        let lifetime = host.config().lifetimes.interaction;
        TICKET.open(host, handle, browser, lifetime, "This code was entered in another browser")
    }

    /// The account page, built in or the host's own.
    pub(crate) fn account_address(config: &Config) -> String {
        address_of(config, &config.pages.account)
    }

    /// Where the browser goes on with it.
    pub(super) fn address(config: &Config, handle: &str) -> String {
        with_parameter(&page_address(config), "interaction", handle)
    }
}

impl ticket::Bound for Errand {
    fn browser_sha256(&self) -> &str {
        &self.browser_sha256
    }

    fn began_at(&self) -> Millis {
        self.began_at
    }
}
