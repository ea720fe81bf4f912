//! Addresses that are shown to be their owner's, and addresses that take the place of others (OpenID Connect Core section 5.1,
//! `email_verified`). Nothing but a link that was sent there, or the host, says that an address is verified.

use serde::{Deserialize, Serialize};

use super::asking::{Asked, Letter, Sent, To, ensure_offered};
use super::link::{Link, Purpose, Token};
use crate::account::{self, Account, Subject, normal_login};
use crate::call::ById;
use crate::change::Change;
use crate::config::Capability;
use crate::event::Event;
use crate::host::Host;
use crate::mail::{self, Mail, Recipient, is_address};
use crate::record::Stored;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};

/// `accounts.requestEmailChange`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct RequestEmailChange {
    pub id: String,
    pub email: String,
}

/// `accounts.verifyEmail`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct ByToken {
    pub token: String,
}

redacted_debug!(ByToken);

/// `accounts.sendVerification`: a link to the address that the account has.
pub(crate) async fn send_verification(host: &Host, ask: &ById) -> Result<Sent, Stop> {
    ensure_offered(host)?;
    let asked = Asked::by_id(host, Purpose::VerifyEmail, &ask.id, None).await?;
    let account = asked.account().ok_or(NO_ACCOUNT)?;
    let to = Recipient::of(account).ok_or(Refusal::InvalidArgument("id: of an account with an email address"))?;
    if account.is_address_verified() {
        return Ok(Sent::VERIFIED);
    }
    if let Some(seconds) = asked.wait(host) {
        return Ok(Sent::throttled(seconds));
    }
    let event = Event::VerificationRequested { subject: ask.id.clone() };
    asked.send(host, Some((to, event)), verification(host)).await?;
    Ok(Sent::YES)
}

/// The mail that asks whether an address is its owner's.
pub(super) fn verification(host: &Host) -> Letter<'_> {
    let link = To::Token(&host.config().pages.verify_email);
    Letter { kind: mail::Kind::VerifyEmail, link, code: None, asked_in: None }
}

/// `accounts.requestEmailChange`: a link to the new address, which takes the place of the old one when it is opened. Whether the new address
/// is somebody else's login is told to who reads there, and to nobody before.
pub(crate) async fn request_email_change(host: &Host, ask: &RequestEmailChange) -> Result<Sent, Stop> {
    ensure_offered(host)?;
    let email = ask.email.trim();
    if !is_address(email) {
        return Err(Refusal::InvalidArgument("email: one address, such as ada@example.com").into());
    }
    let asked = Asked::by_id(host, Purpose::ChangeEmail, &ask.id, None).await?;
    let account = asked.account().ok_or(NO_ACCOUNT)?;
    if account.address() == Some(email) && account.is_address_verified() {
        return Ok(Sent::VERIFIED);
    }
    if let Some(seconds) = asked.wait(host) {
        return Ok(Sent::throttled(seconds));
    }
    let to = Recipient::at(account, email);
    let event = Event::EmailChangeRequested { subject: ask.id.clone() };
    let link = To::Token(&host.config().pages.verify_email);
    let letter = Letter { kind: mail::Kind::ChangeEmail, link, code: None, asked_in: None };
    asked.send(host, Some((to, event)), letter).await?;
    Ok(Sent::YES)
}

const NO_ACCOUNT: Refusal = Refusal::NotFound("There is no account with this id");

/// What became of a link that shows an address.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verified {
    pub(crate) status: Status,
    /// Whose it is, and which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The address is the account's, and verified; now, or since before.
    Verified,
    /// The link is over.
    Token,
    /// Another account has this address for its login.
    Taken,
}

/// `accounts.verifyEmail`: with a link of either kind, for what that kind is for.
pub(crate) async fn verify_email(host: &Host, ask: &ByToken) -> Result<Verified, Stop> {
    ensure_offered(host)?;
    match Shown::read(host, &ask.token) {
        Ok(shown) => confirm(host, shown).await,
        Err(_) => Ok(over()),
    }
}

const fn over() -> Verified {
    Verified { status: Status::Token, subject: None, email: None }
}

/// A link that shows an address, of one of the two kinds.
pub(super) enum Shown {
    /// The account's own.
    Own(Token),
    /// One that is to take its place.
    New(Token),
}

impl Shown {
    pub(super) fn read(host: &Host, text: &str) -> Result<Self, Refusal> {
        let own = Token::read(host, Purpose::VerifyEmail, text).map(Self::Own);
        own.or_else(|_| Token::read(host, Purpose::ChangeEmail, text).map(Self::New))
    }

    pub(super) fn token(&self) -> &Token {
        match self {
            Self::Own(token) | Self::New(token) => token,
        }
    }
}

/// The address is as it was when the link was sent there, or nothing is verified.
pub(super) async fn confirm(host: &Host, shown: Shown) -> Result<Verified, Stop> {
    let token = shown.token();
    let verified =
        |status| Verified { status, subject: Some(token.subject.clone()), email: Some(token.address.clone()) };
    let (account, link) = host.load((Account::slot(host.config(), &token.subject), token.slot(host))).await?;
    let Some(account) = account.filter(|account| !account.value.disabled) else { return Ok(over()) };
    let is_own = account.value.address() == Some(token.address.as_str());
    if is_own && account.value.is_address_verified() {
        return Ok(verified(Status::Verified));
    }
    let Ok(link) = token.live(link) else { return Ok(over()) };
    match &shown {
        Shown::Own(_) if !is_own => return Ok(over()),
        Shown::Own(token) => own_address(host, &account, &link, token).await?,
        Shown::New(token) => match new_address(host, &account, &link, token).await? {
            Status::Verified => {}
            status => return Ok(verified(status)),
        },
    }
    Ok(verified(Status::Verified))
}

/// Whether somebody's address is verified: in their account, or as the host knows it.
pub(crate) async fn is_verified(host: &Host, subject: Option<&str>) -> Result<bool, Stop> {
    let Some(subject) = subject else { return Ok(false) };
    if host.config().offers(Capability::Subject) {
        let names = ["email", "email_verified"];
        let claims = account::claims(host, &Subject::unknown(subject), &names).await?;
        return Ok(claims.get("email_verified").is_some_and(|verified| *verified == true));
    }
    let account = host.load(Account::slot(host.config(), subject)).await?;
    Ok(account.is_some_and(|account| account.value.is_address_verified()))
}

async fn own_address(host: &Host, account: &Stored<Account>, link: &Stored<Link>, token: &Token) -> Result<(), Stop> {
    host.tell(Event::EmailVerified { subject: token.subject.clone() });
    let value = account.value.clone().with_verified(&token.address);
    let change = Change::replace(account, value).and_remove(link.key.clone(), link.version.clone());
    host.commit(change).await
}

/// Where the old address is what its owner signs in with, so is the new one from now on. The new login is claimed first, and the old one let go
/// next: whatever fails on the way, its owner gets in by one of them, and whoever tries again ends the same.
async fn new_address(
    host: &Host,
    account: &Stored<Account>,
    link: &Stored<Link>,
    token: &Token,
) -> Result<Status, Stop> {
    let old = &account.value;
    let signs_in_with_it = old.address().and_then(normal_login).is_some_and(|address| address == old.login);
    let new_login = normal_login(&token.address).filter(|login| signs_in_with_it && *login != old.login);
    if let Some(login) = &new_login {
        if !account::claim_for(host, login, &old.id).await? {
            return Ok(Status::Taken);
        }
        account::let_go(host, &old.login, &old.id).await?;
    }
    if let Some(to) = Recipient::of(old) {
        host.send(Mail::new(mail::Kind::EmailChanged, to));
    }
    host.tell(Event::EmailChanged { subject: old.id.clone() });
    host.tell(Event::EmailVerified { subject: old.id.clone() });
    let login = new_login.unwrap_or_else(|| old.login.clone());
    let value = Account { login, ..old.clone() }.with_verified(&token.address);
    let change = Change::replace(account, value).and_remove(link.key.clone(), link.version.clone());
    host.commit(super::link::void_all(host.config(), &old.id, change, Some(Purpose::ChangeEmail))).await?;
    Ok(Status::Verified)
}
