//! Signing in with what was mailed: a link, or a code, each good once and only in the browser that asked for it.
//!
//! Each browser that asks has a row of its own: who asks for somebody else's ends nothing that they wait for.
//!
//! So a link that is sent on, or opened by whoever looks into the mailbox first, signs nobody in, and whoever is talked into opening the
//! link of somebody else does not go on as them. Codes are guessed at the price of any other guess at the person: see [`Attempts`].

use super::asking::{Asked, Letter, To};
use super::claim;
use super::link::{AskedIn, Link, Purpose, Token, in_browser, void_all};
use crate::account::Account;
use crate::authorize::browser_digest;
use crate::change::Change;
use crate::config::Passwordless;
use crate::device::Errand;
use crate::event::Event;
use crate::factor::Factors;
use crate::handle::{Handle, Kind, Owner};
use crate::hash::{b64u, same};
use crate::host::Host;
use crate::http::{Cookie, set_cookie};
use crate::mail;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::seal::{self, RootIndex};
use crate::session::Former;
use crate::sign_in::{Attempts, Came, Door, First, Known, Place, Proved, Visitor, first_factor};
use crate::time::{Millis, Seconds, numeric_date};

/// Digits of a code: with ten guesses in a quarter of an hour, one in ten million is right.
const DIGITS: usize = 8;

/// A browser that asks, and what it is to go on with.
pub(super) struct Asking<'a> {
    /// The value of its cookie.
    pub(super) browser: &'a str,
    /// Whose it is known to be.
    pub(super) known: Option<&'a Known>,
    /// `None`: at a page of the host's own.
    pub(super) interaction: Option<&'a str>,
    /// Whether the person wishes to stay signed in.
    pub(super) remember: bool,
}

/// A link or a code to the account's own address, whatever was typed to name it. Gives what the page for the code is to carry: whose it is,
/// sealed; of a name that nobody has it looks the same.
pub(super) async fn ask_to_sign_in(host: &Host, login: &str, from: Asking<'_>) -> Result<String, Stop> {
    let purpose = in_browser(from.browser);
    let Some(asked) = Asked::by_login(host, purpose, login, from.known).await? else { return Ok(waiting(host, "")) };
    let handle = waiting(host, &asked.subject);
    if asked.wait(host).is_some() {
        return Ok(handle);
    }
    let ways = &host.config().sign_in.passwordless;
    let code = ways.contains(&Passwordless::Code).then(|| new_code(host));
    let by_link = ways.contains(&Passwordless::Link);
    let asked_in = AskedIn {
        browser_sha256: browser_digest(from.browser),
        interaction: from.interaction.map(str::to_owned),
        remember: from.remember,
        code: code.as_ref().map(|code| code_digest(host, RootIndex::CURRENT, &asked.subject, code)),
        password_digest: asked.account().map(Account::password_digest).unwrap_or_default(),
    };
    let event = Event::SignInMailRequested { subject: asked.subject.clone() };
    let to = asked.recipient().map(|to| (to, event));
    let letter = Letter {
        kind: if by_link { mail::Kind::SignInLink } else { mail::Kind::SignInCode },
        link: if by_link { To::Token(&host.config().pages.sign_in_link) } else { To::Nowhere },
        code,
        asked_in: Some(asked_in),
    };
    asked.send(host, to, letter).await?;
    Ok(handle)
}

/// What was sent must find the browser again, and an interaction that it has must outlive that.
pub(super) fn waiting_cookie(host: &Host, browser: &str) -> (&'static str, String) {
    let lifetime = Purpose::SIGN_IN_LIFETIME.max(host.config().lifetimes.interaction);
    set_cookie(host.config(), Cookie::Browser, browser, lifetime)
}

pub(super) fn new_code(host: &Host) -> String {
    // 2^128 is so much more than 10^8 that no code is likelier than another.
    let drawn = u128::from_be_bytes(host.random().bytes("sign-in code"));
    format!("{:0DIGITS$}", drawn % 10_u128.pow(DIGITS as u32))
}

/// A PRF, since eight digits are found behind any plain digest.
pub(super) fn code_digest(host: &Host, root: RootIndex, subject: &str, code: &str) -> String {
    let parts: [&[u8]; 3] = [subject.as_bytes(), &[0], code.as_bytes()];
    b64u(host.config().roots.prf::<32>(root, seal::Purpose::EmailCode, &parts))
}

/// Whether this is the code that was sent, and here is where it was asked for.
pub(super) fn is_code(host: &Host, link: &Link, subject: &str, typed: &str, browser: Option<&str>) -> bool {
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let kept = link.asked_in.as_ref().and_then(|asked_in| asked_in.code.as_deref()).unwrap_or_default();
    let digests = host.config().roots.indexes().map(|root| code_digest(host, root, subject, &code));
    let right = digests.fold(false, |right, own| right | same(own.as_bytes(), kept.as_bytes()));
    right & is_asked_in(link, browser)
}

fn waiting(host: &Host, subject: &str) -> String {
    let until = numeric_date(Purpose::SIGN_IN_LIFETIME.after(host.now()));
    let handle = Handle {
        owner: Owner::Subject(subject.to_owned()),
        id: host.random().id("waiting id"),
        serial: u32::try_from(until).unwrap_or(u32::MAX),
        secret: [0; 16],
        client: String::new(),
    };
    handle.seal(&host.config().roots, host.tenant(), Kind::SignInCode)
}

/// Whose code is to be typed; `None`: it is over.
fn waited(host: &Host, handle: &str) -> Option<String> {
    let opened = Handle::open(&host.config().roots, host.tenant(), Kind::SignInCode, handle)?.handle;
    let until: Millis = Seconds(opened.serial.into()).millis();
    opened.owner.subject().filter(|_| host.now() < until).map(str::to_owned)
}

/// A link as it is shown, before it is used.
pub(super) struct Shown {
    pub(super) address: String,
    /// What it was asked for to go on with.
    pub(super) place: Place,
}

/// Looks at a link, and spends nothing.
pub(super) async fn look(host: &Host, text: &str, browser: Option<&str>) -> Result<Shown, Stop> {
    let token = Token::read(host, in_browser(browser.unwrap_or_default()), text)?;
    let (account, link) = host.load((Account::slot(host.config(), &token.subject), token.slot(host))).await?;
    let interaction = check(&token, account, link)?.interaction();
    Ok(Shown { place: place_of(host, interaction.as_deref(), browser)?, address: token.address })
}

/// Signs in with a link, for what the browser asked for it.
pub(super) async fn by_link(host: &Host, visitor: &Visitor<'_>, text: &str) -> Result<(Place, Came), Stop> {
    let (good, proof) = open_link(host, visitor, text).await?;
    let place = place_of(host, good.interaction().as_deref(), visitor.browser())?;
    let came = good.sign_in(host, visitor, Some(&place.handle), proof).await?;
    Ok((place, came))
}

/// The same at a page of the host's own, which knows where to go on.
pub(super) async fn by_link_at_host(host: &Host, visitor: &Visitor<'_>, text: &str) -> Result<Came, Stop> {
    let (good, proof) = open_link(host, visitor, text).await?;
    good.sign_in(host, visitor, None, proof).await
}

async fn open_link(host: &Host, visitor: &Visitor<'_>, text: &str) -> Result<(Good, Proof), Stop> {
    let token = Token::read(host, in_browser(visitor.browser().unwrap_or_default()), text)?;
    let config = host.config();
    let slots = (
        Account::slot(config, &token.subject),
        token.slot(host),
        Factors::slot(config, &token.subject),
        visitor.old(host),
    );
    let (account, link, factors, former) = host.load(slots).await?;
    // To guess at a link is hopeless, so it is held to no counter: whoever fills that of a person locks nobody out of their mailbox.
    let good = check(&token, account, link)?;
    Ok((good, Proof { attempts: None, factors, former }))
}

/// Where the sign-in began; if that is over by now, the person's own page.
fn place_of(host: &Host, interaction: Option<&str>, browser: Option<&str>) -> Result<Place, Refusal> {
    let began = interaction.map(|handle| Door::open(host, handle, browser));
    let door = match (began, browser) {
        (Some(Ok(door)), _) => door,
        (_, Some(own)) => Door::open(host, &Errand::begin(host, None, own), browser)?,
        _ => return Err(Refusal::InteractionEnded),
    };
    Ok(door.unnamed_place(host))
}

/// What a first factor needs beside itself.
struct Proof {
    attempts: Option<Attempts>,
    factors: Option<Stored<Factors>>,
    former: Former,
}

/// What is good, as it was read.
pub(super) struct Good {
    pub(super) account: Stored<Account>,
    pub(super) link: Stored<Link>,
}

fn check(token: &Token, account: Option<Stored<Account>>, link: Option<Stored<Link>>) -> Result<Good, Refusal> {
    let link = token.live(link)?;
    let account = account.filter(|account| may_sign_in(&account.value, &link.value)).ok_or(Refusal::LinkEnded)?;
    Ok(Good { account, link })
}

pub(super) fn is_asked_in(link: &Link, browser: Option<&str>) -> bool {
    let asked_in = link.asked_in.as_ref().map_or("", |asked_in| asked_in.browser_sha256.as_str());
    browser.is_some_and(|browser| same(browser_digest(browser).as_bytes(), asked_in.as_bytes()))
}

/// The address is the one that it was sent to, and the password the one that it was asked under.
fn may_sign_in(account: &Account, link: &Link) -> bool {
    let asked_under = link.asked_in.as_ref().map(|asked_in| asked_in.password_digest.as_str());
    !account.disabled
        && account.address() == Some(link.address())
        && asked_under == Some(account.password_digest().as_str())
}

/// Signs in with a code that was typed, behind the handle of the page.
pub(super) async fn by_code(
    host: &Host,
    visitor: &Visitor<'_>,
    interaction: Option<&str>,
    (handle, typed): (&str, &str),
) -> Result<Came, Stop> {
    let subject = waited(host, handle).ok_or(Refusal::LinkEnded)?;
    let config = host.config();
    let attempts = visitor.attempts(host, &subject);
    let slots = (
        Account::slot(config, &subject),
        Link::slot(config, in_browser(visitor.browser().unwrap_or_default()), &subject),
        &attempts,
        Factors::slot(config, &subject),
        visitor.old(host),
    );
    let (account, link, counted, factors, former) = host.load(slots).await?;
    let known = account.as_ref().map(|account| account.value.id.clone());
    attempts.check(host, counted, known.as_deref())?;
    let link = link.filter(|link| is_code(host, &link.value, &subject, typed, visitor.browser()));
    let good = account.zip(link).filter(|(account, link)| may_sign_in(&account.value, &link.value));
    let Some((account, link)) = good else {
        host.tell(Event::SignInFailed { subject: known });
        attempts.failed(host).await?;
        return Err(Refusal::WrongCredentials.into());
    };
    let proof = Proof { attempts: Some(attempts), factors, former };
    Good { account, link }.sign_in(host, visitor, interaction, proof).await
}

impl Good {
    fn interaction(&self) -> Option<String> {
        self.link.value.asked_in.as_ref().and_then(|asked_in| asked_in.interaction.clone())
    }

    /// Spent in the commit of the first factor; the address is verified by it, after whatever was there before is cleared.
    async fn sign_in(
        self,
        host: &Host,
        visitor: &Visitor<'_>,
        interaction: Option<&str>,
        proof: Proof,
    ) -> Result<Came, Stop> {
        let wished = self.link.value.asked_in.as_ref().is_some_and(|asked_in| asked_in.remember);
        let visitor = &visitor.clone().wishing(wished);
        let Proof { attempts, factors, former } = proof;
        let (config, subject) = (host.config(), self.account.value.id.clone());
        let is_verified = self.account.value.is_address_verified();
        let Self { account, link } = if is_verified {
            self
        } else {
            let slot = Link::slot(config, in_browser(visitor.browser().unwrap_or_default()), &subject);
            let cleared = claim::clear(host, self, slot).await?;
            host.tell(Event::EmailVerified { subject: subject.clone() });
            cleared
        };
        let password_digest = Some(account.value.password_digest());
        let (owner, id) = (host.clone(), subject.clone());
        let change = Box::new(move |change: Change| {
            let change = change.and_remove(link.key, link.version);
            if is_verified {
                // Nobody who was disabled meanwhile comes in.
                change.and_require(account.key, account.version)
            } else {
                let after = account.value.clone().with_verified(link.value.address());
                void_all(owner.config(), &id, change.and_replace(&account, after), None)
            }
        });
        let first = First::by(&subject, "email");
        let proved = Proved { first, attempts, factors, former, change: Some(change), password_digest };
        first_factor(host, visitor, interaction, visitor.browser().unwrap_or_default(), proved).await
    }
}
