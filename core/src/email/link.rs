//! What is sent to an address and comes back from whoever reads there: good once, for one purpose, for one person, at one address.
//!
//! ```text
//!   asked for --> a row in the person's partition (digests alone), the link in a mail
//!                   |-- opened (GET) --> a page with a button: nothing is spent, whoever looks ahead
//!                   +-- POST ---------> spent in the commit of what it is for; a newer one takes the place of an older one
//! ```
//! One that signs in has a row for each browser that asks, so that nobody who only knows a name ends what somebody else waits for.
//!
//! The text is a handle: it says, sealed, whose it is, at which address, and until when. So a forged or an old one costs no trip, and one
//! kind is never taken for another.

use serde::{Deserialize, Serialize};

use crate::account::{self, Account};
use crate::change::Change;
use crate::config::Config;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{as_id, b64u, same, sha256};
use crate::host::Host;
use crate::record::{Record, Slot, Stored};
use crate::redacted::redacted_debug;
use crate::refusal::Refusal;
use crate::time::{Millis, Seconds, numeric_date};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To show that the address is the person's.
    VerifyEmail,
    /// To put this address in the place of the one that the person has.
    ChangeEmail,
    /// To choose a new password.
    ResetPassword,
    /// To sign in, in this browser: see [`in_browser`].
    SignIn(Id),
    /// To sign in, after something else: a code alone.
    SecondFactor,
    /// Nothing: the row tells when somebody was last told that they have an account.
    Registered,
}

impl Purpose {
    const fn kind(self) -> Kind {
        match self {
            Self::VerifyEmail | Self::Registered => Kind::VerifyEmail,
            Self::ChangeEmail => Kind::ChangeEmail,
            Self::ResetPassword => Kind::ResetPassword,
            Self::SignIn(_) | Self::SecondFactor => Kind::SignInLink,
        }
    }

    /// The row's name: one for each person and purpose.
    fn row(self) -> String {
        let name = match self {
            Self::VerifyEmail => "link.verify-email",
            Self::ChangeEmail => "link.change-email",
            Self::ResetPassword => "link.reset-password",
            Self::SignIn(browser) => return format!("link.sign-in.{}", b64u(browser)),
            Self::SecondFactor => "link.second-factor",
            Self::Registered => "link.registered",
        };
        name.to_owned()
    }

    /// The id of a new link: of one that signs in, its browser's.
    fn new_id(self, host: &Host) -> Id {
        match self {
            Self::SignIn(browser) => browser,
            _ => host.random().id("link id"),
        }
    }

    pub(super) const SIGN_IN_LIFETIME: Seconds = Seconds(900);

    /// How long it is good.
    pub(crate) const fn lifetime(self) -> Seconds {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => Seconds(86_400),
            Self::ResetPassword | Self::Registered => Seconds(3600),
            Self::SignIn(_) => Self::SIGN_IN_LIFETIME,
            Self::SecondFactor => Seconds(600),
        }
    }
}

/// Which browser asks to sign in, by the value of its cookie.
pub(super) fn in_browser(browser: &str) -> Purpose {
    let digest = sha256(&[b"link in ", browser.as_bytes()].concat());
    let (id, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    Purpose::SignIn(as_id(*id))
}

/// A link that was sent, as it is kept: no secret, and nothing that a secret follows from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    digest: String,
    /// Where it was sent to, exactly.
    address: String,
    pub(super) issued_at: Millis,
    expires_at: Millis,
    /// Of one that signs in: where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked_in: Option<AskedIn>,
}

/// The browser that asked for a link that signs in, and what it is to go on with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AskedIn {
    pub(super) browser_sha256: String,
    /// The handle of the interaction: sealed, and good in that browser alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) interaction: Option<String>,
    /// A PRF of the code that does the same, if one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// Whether the person wishes to stay signed in there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) remember: bool,
    /// Of the account whose password it was then: with another one nothing that was sent before signs in.
    #[serde(default)]
    pub(super) password_digest: String,
}

redacted_debug!(AskedIn);

impl Record for Link {
    const KIND: &'static str = "link";

    fn expires(&self) -> Option<Millis> {
        Some(self.expires_at)
    }
}

impl Link {
    /// The same, good under another password.
    pub(super) fn under_password_of(&self, account: &Account) -> Self {
        let password_digest = account.password_digest();
        let asked_in = self.asked_in.clone().map(|asked_in| AskedIn { password_digest, ..asked_in });
        Self { asked_in, ..self.clone() }
    }

    /// A new link: its secret text, and what is kept of it.
    pub(super) fn issue(host: &Host, purpose: Purpose, subject: &str, address: &str) -> (String, Self) {
        let expires = numeric_date(purpose.lifetime().after(host.now()));
        let handle = Handle {
            owner: Owner::Subject(subject.to_owned()),
            id: purpose.new_id(host),
            serial: u32::try_from(expires).unwrap_or(u32::MAX),
            secret: host.random().bytes("link secret"),
            client: address.to_owned(),
        };
        let link = Self {
            digest: digest(&handle.id, &handle.secret),
            address: address.to_owned(),
            issued_at: host.now(),
            expires_at: Seconds(expires).millis(),
            asked_in: None,
        };
        (handle.seal(&host.config().roots, host.tenant(), purpose.kind()), link)
    }

    pub(super) fn slot(config: &Config, purpose: Purpose, subject: &str) -> Slot<Self> {
        Slot::new(&config.tenant, account::ROOM, subject, &purpose.row())
    }

    pub(super) const fn expires_at(&self) -> Millis {
        self.expires_at
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

/// Nothing that was sent is good any more, but what is for this: whoever has the password or the address of yesterday shall not decide
/// what they are tomorrow. All of the person's own partition. What signs in is void with the password that it was asked under.
pub(crate) fn void_all(config: &Config, subject: &str, change: Change, but: Option<Purpose>) -> Change {
    if !config.mails_to_accounts() {
        return change;
    }
    let kinds = [Purpose::ChangeEmail, Purpose::ResetPassword, Purpose::SecondFactor];
    let voided = kinds.into_iter().filter(|purpose| Some(*purpose) != but);
    voided.fold(change, |change, purpose| change.and_delete(Some(Link::slot(config, purpose, subject).key)))
}

/// What somebody presents: an authentic link that is not over, not yet compared with its row.
pub(super) struct Token {
    purpose: Purpose,
    pub(super) subject: String,
    /// Where it was sent to.
    pub(super) address: String,
    digest: String,
}

impl Token {
    pub(super) fn read(host: &Host, purpose: Purpose, text: &str) -> Result<Self, Refusal> {
        let opened = Handle::open(&host.config().roots, host.tenant(), purpose.kind(), text);
        let handle = opened.map(|opened| opened.handle).ok_or(Refusal::LinkEnded)?;
        let subject = handle.owner.subject().ok_or(Refusal::LinkEnded)?.to_owned();
        if Seconds(handle.serial.into()).millis() <= host.now() {
            return Err(Refusal::LinkEnded);
        }
        if matches!(purpose, Purpose::SignIn(browser) if browser != handle.id) {
            return Err(Refusal::Forbidden("Open this link in the browser in which you asked for it"));
        }
        Ok(Self { purpose, subject, digest: digest(&handle.id, &handle.secret), address: handle.client })
    }

    pub(super) fn slot(&self, host: &Host) -> Slot<Link> {
        Link::slot(host.config(), self.purpose, &self.subject)
    }

    /// The row, if it is this link's: it was not used, and no newer one took its place.
    pub(super) fn live(&self, row: Option<Stored<Link>>) -> Result<Stored<Link>, Refusal> {
        let own = |link: &Link| same(link.digest.as_bytes(), self.digest.as_bytes()) && link.address == self.address;
        row.filter(|row| own(&row.value)).ok_or(Refusal::LinkEnded)
    }
}

fn digest(id: &Id, secret: &Secret) -> String {
    b64u(sha256(&[&b"link "[..], id, secret].concat()))
}
