//! Somebody asks for a mail. Whoever they name, and whether there is such a person, the same happens: one load, one commit of the same
//! rows, the same answer. What differs leaves after the answer.

use serde::Serialize;

use super::link::{AskedIn, Link, Purpose};
use crate::account::{self, Account, Login, Older, id_for, normal_login};
use crate::change::Change;
use crate::device::{address_of, with_parameter};
use crate::event::Event;
use crate::host::Host;
use crate::mail::{self, Mail, Recipient};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::sign_in::Known;
use crate::throttle::Throttle;
use crate::time::Seconds;
use crate::want::EvenIfOver;

/// How long a person waits for another mail of the same purpose.
const PAUSE: Seconds = Seconds(60);
/// How many mails one person is sent in an hour to sign in, and as many for whatever else.
const MOST_OF_A_PERSON: u64 = 10;
/// How many may be asked for from one address in an hour: several people may share it.
const MOST_OF_AN_ADDRESS: u64 = 60;
const WINDOW: Seconds = Seconds(3600);

/// For a typed command.
pub(super) fn ensure_offered(host: &Host) -> Result<(), Refusal> {
    if host.config().mails_to_accounts() {
        return Ok(());
    }
    Err(Refusal::NotFound("This server sends no mail to accounts of its own"))
}

/// What whoever asked is told: the same for everybody.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    status: &'static str,
    /// Seconds until another may be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Sent {
    pub(super) const YES: Self = Self { status: "sent", retry_after: None };
    /// There is nothing to be sent: the address is verified.
    pub(super) const VERIFIED: Self = Self { status: "verified", retry_after: None };

    pub(super) const fn throttled(seconds: u64) -> Self {
        Self { status: "throttled", retry_after: Some(seconds) }
    }
}

/// A refusal for too many is an answer to a typed command.
pub(super) fn or_throttled(sent: Result<Sent, Stop>) -> Result<Sent, Stop> {
    match sent {
        Err(Stop::Refused(Refusal::TooManyRequests { retry_after })) => Ok(Sent::throttled(retry_after)),
        other => other,
    }
}

/// Counts for the address that asks, before anybody is looked up: behind every door, page and command. Once, also where a flow decides anew.
///
/// A host that does not say where requests come from (`remote`) has the person's own counter alone: were all such requests to share one, a
/// single asker would use it up for everybody.
pub(super) async fn admit(host: &Host, remote: Option<&str>) -> Result<(), Stop> {
    let Some(remote) = remote else { return Ok(()) };
    if !host.passed_before() {
        Throttle::from_address(host, remote, "mail", MOST_OF_AN_ADDRESS, WINDOW).admit(host).await?;
        host.note_passed();
    }
    Ok(())
}

/// Whom somebody names, and what they were sent.
pub(super) struct Asked {
    purpose: Purpose,
    /// Whose it is; for a name that nobody has, whose it would be.
    pub(super) subject: String,
    account: Option<Stored<Account>>,
    link: Option<Stored<Link>>,
    mails: Throttle,
    count: u64,
}

/// What is to be sent.
pub(super) struct Letter<'a> {
    pub(super) kind: mail::Kind,
    pub(super) link: To<'a>,
    /// What is to be typed.
    pub(super) code: Option<String>,
    /// The browser that asks, where what is sent is good in it alone.
    pub(super) asked_in: Option<AskedIn>,
}

/// Where the link of a mail leads.
pub(super) enum To<'a> {
    /// To this page, with a token that is good there once.
    Token(&'a str),
    /// To this page.
    Page(&'a str),
    /// There is none.
    Nowhere,
}

impl Asked {
    /// By the login that was typed, which finds an account and is never written to. `None`: nobody can have such a one.
    pub(super) async fn by_login(
        host: &Host,
        purpose: Purpose,
        typed: &str,
        known: Option<&Known>,
    ) -> Result<Option<Self>, Stop> {
        let Some(login) = normal_login(typed) else { return Ok(None) };
        let config = host.config();
        let guess = id_for(config, &login);
        let slots = |id: &str| {
            (Account::slot(config, id), EvenIfOver(Link::slot(config, purpose, id)), mails_of(host, purpose, id, known))
        };
        let older = Older::of(config, Some(&login), slots);
        let (login, (account, link, count), older) =
            host.load((Login::slot(config, &login), slots(&guess), older)).await?;
        let asked = |subject: String, (account, link, count)| {
            let mails = mails_of(host, purpose, &subject, known);
            Self { purpose, subject, account, link, mails, count }
        };
        Ok(Some(match login.map(|login| login.value.account) {
            None => asked(guess, (None, link, count)),
            Some(id) if id == guess => asked(id, (account, link, count)),
            Some(id) => match older.under(&id) {
                Some(found) => asked(id, found),
                None => Self::by_id(host, purpose, &id, known).await?,
            },
        }))
    }

    pub(super) async fn by_id(host: &Host, purpose: Purpose, id: &str, known: Option<&Known>) -> Result<Self, Stop> {
        let config = host.config();
        let mails = mails_of(host, purpose, id, known);
        let (account, link, count) =
            host.load((Account::slot(config, id), EvenIfOver(Link::slot(config, purpose, id)), &mails)).await?;
        Ok(Self { purpose, subject: id.to_owned(), account, link, mails, count })
    }

    /// With what a flow has loaded of this person.
    pub(super) fn of(
        host: &Host,
        purpose: Purpose,
        account: Option<&Stored<Account>>,
        subject: &str,
        (link, count): (Option<Stored<Link>>, u64),
    ) -> Self {
        Self {
            purpose,
            subject: subject.to_owned(),
            account: account.cloned(),
            link,
            mails: mails_of(host, purpose, subject, None),
            count,
        }
    }

    /// The account, whether or not its owner may act.
    pub(super) fn account(&self) -> Option<&Account> {
        self.account.as_ref().map(|account| &account.value)
    }

    /// Where mail goes, if there is such a person, who may act and has an address.
    pub(super) fn recipient(&self) -> Option<Recipient> {
        self.account().filter(|account| !account.disabled).and_then(Recipient::of)
    }

    /// How many seconds must pass before anything is sent to them, if any.
    pub(super) fn wait(&self, host: &Host) -> Option<u64> {
        let again_at = self.link.as_ref().map_or(0, |link| PAUSE.after(link.value.issued_at));
        if again_at > host.now() {
            return Some(again_at.saturating_sub(host.now()).div_ceil(1000));
        }
        self.mails.check(host, self.count).err().and_then(|refusal| refusal.retry_after())
    }

    /// Keeps a link in place of the one before, and sends it. To nobody, the same is kept of a link that nobody has: what the store is asked
    /// for does not tell either.
    pub(super) async fn send(
        self,
        host: &Host,
        to: Option<(Recipient, Event)>,
        letter: Letter<'_>,
    ) -> Result<(), Stop> {
        host.commit(self.add_to(Change::default(), host, to, letter)).await
    }

    /// The same with another change of the person's partition.
    pub(super) fn add_to(
        self,
        change: Change,
        host: &Host,
        to: Option<(Recipient, Event)>,
        letter: Letter<'_>,
    ) -> Change {
        let Letter { kind, link: leads, code, asked_in } = letter;
        let address = to.as_ref().map_or("", |(to, _)| to.address());
        let (token, mut link) = Link::issue(host, self.purpose, &self.subject, address);
        link.asked_in = asked_in;
        if let Some((to, event)) = to {
            let mail = Mail { code, ..Mail::new(kind, to) };
            let (at, until) = (|page| address_of(host.config(), page), Some(link.expires_at()));
            host.send(match leads {
                To::Token(page) => {
                    Mail { link: Some(with_parameter(&at(page), "token", &token)), expires_at: until, ..mail }
                }
                To::Page(page) => Mail { link: Some(at(page)), ..mail },
                To::Nowhere => Mail { expires_at: until, ..mail },
            });
            host.tell(event);
        }
        let change = match &self.link {
            Some(old) => change.and_replace(old, link),
            None => change.and_create(Link::slot(host.config(), self.purpose, &self.subject), link),
        };
        if self.mails.check(host, self.count).is_ok() { change.and_count(&self.mails) } else { change }
    }

    /// Nothing is sent so soon after the last one, and nothing changes; the store is asked for the same.
    pub(super) async fn send_nothing(self, host: &Host) -> Result<(), Stop> {
        match &self.link {
            Some(old) => host.commit(Change::replace(old, old.value.clone())).await,
            None => Ok(()),
        }
    }
}

/// Codes after a password have a count of their own, so have mails to sign in, and so have browsers that the person signed in with before:
/// nobody who only knows a name keeps somebody from the others.
pub(super) fn mails_of(host: &Host, purpose: Purpose, subject: &str, known: Option<&Known>) -> Throttle {
    let name = match purpose {
        Purpose::SecondFactor => "mail-second",
        Purpose::SignIn(_) if known.is_some_and(|known| known.is_of(subject)) => "mail-sign-in-known",
        Purpose::SignIn(_) => "mail-sign-in",
        _ => "mail",
    };
    Throttle::new(host, account::ROOM, subject, name, MOST_OF_A_PERSON, WINDOW)
}
