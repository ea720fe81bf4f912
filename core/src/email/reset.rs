//! A new password for whoever reads the mail of the account (OWASP Forgot Password).
//!
//! Nobody is signed in by it: the next sign-in is as any other, with the second factor where there is one.

use serde::{Deserialize, Serialize};

use super::asking::{Asked, Letter, Sent, To, admit, ensure_offered, or_throttled};
use super::link::{Link, Purpose, Token, void_all};
use crate::account::Account;
use crate::change::Change;
use crate::event::Event;
use crate::host::Host;
use crate::password::{self, Typed};
use crate::record::Stored;
use crate::redacted::redacted_debug;
use crate::refusal::Stop;
use crate::{mail, session};

/// `accounts.requestReset`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RequestReset {
    pub login: String,
    /// The peer's address, where one of the host's own pages asks: see [`admit`].
    #[serde(default)]
    pub remote: Option<String>,
}

/// `accounts.reset`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Reset {
    pub token: String,
    pub password: Typed,
}

redacted_debug!(Reset);

pub(crate) async fn request_reset(host: &Host, ask: &RequestReset) -> Result<Sent, Stop> {
    ensure_offered(host)?;
    or_throttled(counted(host, ask).await)
}

async fn counted(host: &Host, ask: &RequestReset) -> Result<Sent, Stop> {
    admit(host, ask.remote.as_deref()).await?;
    ask_for_reset(host, &ask.login).await
}

/// A link to the account's own address, whatever was typed to name it.
pub(super) async fn ask_for_reset(host: &Host, login: &str) -> Result<Sent, Stop> {
    let Some(asked) = Asked::by_login(host, Purpose::ResetPassword, login, None).await? else { return Ok(Sent::YES) };
    if let Some(seconds) = asked.wait(host) {
        return Ok(Sent::throttled(seconds));
    }
    let event = Event::PasswordResetRequested { subject: asked.subject.clone() };
    let to = asked.recipient().map(|to| (to, event));
    let link = To::Token(&host.config().pages.reset);
    let letter = Letter { kind: mail::Kind::ResetPassword, link, code: None, asked_in: None };
    asked.send(host, to, letter).await?;
    Ok(Sent::YES)
}

/// What became of it.
#[derive(Debug, Serialize)]
pub(crate) struct WasReset {
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The password is the new one, and nobody is signed in any more.
    Reset,
    /// The link is over.
    Token,
    /// There is no such account any more, or its owner may not act.
    User,
}

/// `accounts.reset`. The sessions end before, so that a fault after it leaves none of them and the link; and after, for whoever came in by the
/// old password meanwhile.
pub(crate) async fn reset(host: &Host, ask: &Reset) -> Result<WasReset, Stop> {
    ensure_offered(host)?;
    let Ok(token) = Token::read(host, Purpose::ResetPassword, &ask.token) else { return Ok(Status::Token.alone()) };
    // A flow that decides anew because sessions changed under it has set the password already.
    if !host.passed_before() {
        let found = match look(host, &token).await? {
            Ok(found) => found,
            Err(status) => return Ok(status.alone()),
        };
        let password = password::hash(host, ask.password.text()).await?;
        session::end_all(host, &token.subject).await?;
        found.set(host, password).await?;
        host.note_passed();
    }
    session::end_all(host, &token.subject).await?;
    Ok(WasReset { status: Status::Reset, subject: Some(token.subject) })
}

impl Status {
    const fn alone(self) -> WasReset {
        WasReset { status: self, subject: None }
    }
}

/// A link that is good, and whose it is.
pub(super) struct Found {
    account: Stored<Account>,
    link: Stored<Link>,
}

/// One trip; none for a link that is not authentic.
pub(super) async fn find(host: &Host, token: &str) -> Result<Result<Found, Status>, Stop> {
    match Token::read(host, Purpose::ResetPassword, token) {
        Ok(token) => look(host, &token).await,
        Err(_) => Ok(Err(Status::Token)),
    }
}

/// The link's row, and the account at the address that it was sent to.
async fn look(host: &Host, token: &Token) -> Result<Result<Found, Status>, Stop> {
    let (account, link) = host.load((Account::slot(host.config(), &token.subject), token.slot(host))).await?;
    let Ok(link) = token.live(link) else { return Ok(Err(Status::Token)) };
    let Some(account) = account.filter(|account| !account.value.disabled) else { return Ok(Err(Status::User)) };
    let is_there = account.value.address() == Some(token.address.as_str());
    Ok(if is_there { Ok(Found { account, link }) } else { Err(Status::Token) })
}

impl Found {
    pub(super) fn login(&self) -> &str {
        &self.account.value.login
    }

    /// The address is verified by it: its owner reads there. What else was sent is void, or a thief who asked for another address yesterday
    /// could put it in place tomorrow.
    async fn set(self, host: &Host, password: String) -> Result<(), Stop> {
        let Self { account, link } = self;
        let subject = account.value.id.clone();
        let address = link.value.address();
        if !account.value.is_address_verified() {
            host.tell(Event::EmailVerified { subject: subject.clone() });
        }
        let value = Account { password: Some(password), ..account.value.clone().with_verified(address) };
        host.tell(Event::PasswordReset { subject: subject.clone() });
        mail::password_changed(host, &value);
        let change = Change::replace(&account, value).and_remove(link.key, link.version);
        host.commit(void_all(host.config(), &subject, change, Some(Purpose::ResetPassword))).await
    }
}
