//! Somebody makes an account for themselves. Whether there was one already is told to who reads the mail of the address, and to nobody
//! else: the same work, the same trips, the same answer.

use serde::Deserialize;

use super::asking::{Asked, Letter, Sent, To, admit, ensure_offered, mails_of, or_throttled};
use super::link::{Link, Purpose};
use super::verification::verification;
use crate::account::{Account, Login, Older, check_name, id_for, normal_login};
use crate::change::Change;
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::mail::{self, Recipient, is_address};
use crate::oidc::claims::Claims;
use crate::password::{self, Typed};
use crate::record::Stored;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::want::EvenIfOver;

/// `accounts.register`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Register {
    pub email: String,
    pub password: Typed,
    #[serde(default)]
    pub name: Option<String>,
    /// The peer's address, where one of the host's own pages asks.
    #[serde(default)]
    pub remote: Option<String>,
}

redacted_debug!(Register);

pub(crate) async fn register(host: &Host, ask: &Register) -> Result<Sent, Stop> {
    ensure_offered(host)?;
    if !host.config().sign_in.sign_up {
        return Err(Refusal::NotFound("Nobody signs up here: see signIn.signUp").into());
    }
    let new = New { email: &ask.email, password: ask.password.text(), name: ask.name.as_deref() };
    or_throttled(new.counted(host, ask.remote.as_deref()).await)
}

/// Who signs up, as they say.
pub(super) struct New<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) name: Option<&'a str>,
}

/// What cannot be signed up with, as an argument of the command.
const NO_ADDRESS: Refusal = Refusal::InvalidArgument("email: one address, such as ada@example.com");

impl New<'_> {
    async fn counted(self, host: &Host, remote: Option<&str>) -> Result<Sent, Stop> {
        admit(host, remote).await?;
        self.sign_up(host).await
    }

    /// The login is the address, as logins are compared. An address whose letters turn into others by that may be another mailbox (CVE-2019-19844).
    pub(super) fn login(&self) -> Result<String, Refusal> {
        let typed = self.email.trim();
        let login = normal_login(typed).filter(|login| is_address(typed) && is_address(login));
        login
            .filter(|login| login.chars().eq(typed.chars().map(|letter| letter.to_ascii_lowercase())))
            .ok_or(NO_ADDRESS)
    }

    pub(super) async fn sign_up(self, host: &Host) -> Result<Sent, Stop> {
        let login = self.login()?;
        check_name(self.name)?;
        // Before anybody is looked up: the work is the same.
        let password = password::hash(host, self.password).await?;
        let config = host.config();
        let guess = id_for(config, &login);
        let slots = |id: &str| {
            let link = |purpose| EvenIfOver(Link::slot(config, purpose, id));
            let count = mails_of(host, Purpose::Registered, id, None);
            (Account::slot(config, id), link(Purpose::VerifyEmail), link(Purpose::Registered), count)
        };
        let older = Older::of(config, Some(&login), slots);
        let (claimed, (account, link, told, count), older) =
            host.load((Login::slot(config, &login), slots(&guess), older)).await?;
        let own = claimed.as_ref().is_none_or(|claimed| claimed.value.account == guess);
        match (claimed, &account) {
            // A claim whose account was never made is gone on with.
            (claimed, None) if own => {
                if claimed.is_none() {
                    claim(host, &login, &guess).await?;
                }
                let asked = Asked::of(host, Purpose::VerifyEmail, None, &guess, (link, count));
                self.make(host, asked, &login, password).await?;
            }
            (Some(claimed), Some(_)) if own => {
                let asked = Asked::of(host, Purpose::Registered, account.as_ref(), &guess, (told, count));
                tell_owner(host, &claimed, asked).await?;
            }
            (Some(claimed), _) => {
                let id = &claimed.value.account;
                match older.under(id) {
                    Some((None, link, _, count)) => {
                        let asked = Asked::of(host, Purpose::VerifyEmail, None, id, (link, count));
                        self.make(host, asked, &login, password).await?;
                    }
                    Some((account, _, told, count)) => {
                        let asked = Asked::of(host, Purpose::Registered, account.as_ref(), id, (told, count));
                        tell_owner(host, &claimed, asked).await?;
                    }
                    None => {
                        let asked = Asked::by_id(host, Purpose::Registered, id, None).await?;
                        tell_owner(host, &claimed, asked).await?;
                    }
                }
            }
            // Another account, made under this address and moved away since, has the address's own id.
            (None, _) => {
                let id = b64u(host.random().id("account id"));
                claim(host, &login, &id).await?;
                let asked = Asked::of(host, Purpose::VerifyEmail, None, &id, (None, 0));
                self.make(host, asked, &login, password).await?;
            }
        }
        Ok(Sent::YES)
    }

    /// The account, whose address nobody has verified yet, and the link that does.
    async fn make(self, host: &Host, asked: Asked, login: &str, password: String) -> Result<(), Stop> {
        let subject = asked.subject.clone();
        let mut claims = Claims::new();
        claims.insert("email".to_owned(), login.into());
        let account = Account {
            id: subject.clone(),
            login: login.to_owned(),
            name: self.name.map(str::to_owned),
            password: Some(password),
            disabled: false,
            created_at: host.now(),
            claims,
        };
        let to = Recipient::of(&account);
        host.tell(Event::AccountCreated { subject: subject.clone() });
        let to = to.map(|to| (to, Event::AccountRegistered { subject }));
        let slot = Account::slot(host.config(), &account.id);
        host.commit(asked.add_to(Change::create(slot, account), host, to, verification(host))).await
    }
}

async fn claim(host: &Host, login: &str, id: &str) -> Result<(), Stop> {
    host.commit(Change::create(Login::slot(host.config(), login), Login { account: id.to_owned() })).await
}

/// There is such an account: its owner is told. As many commits, of rows of the same partitions, as where there is none.
async fn tell_owner(host: &Host, claimed: &Stored<Login>, asked: Asked) -> Result<(), Stop> {
    host.commit(Change::replace(claimed, claimed.value.clone())).await?;
    if asked.wait(host).is_some() {
        return asked.send_nothing(host).await;
    }
    let event = Event::RegistrationRepeated { subject: asked.subject.clone() };
    let to = asked.recipient().map(|to| (to, event));
    let link = To::Page(&host.config().pages.forgot);
    asked.send(host, to, Letter { kind: mail::Kind::AlreadyRegistered, link, code: None, asked_in: None }).await
}
