//! A code by mail as the second factor: good once, for ten minutes, in the browser that waits for it.

use super::asking::{Asked, Letter, To};
use super::link::{AskedIn, Link, Purpose};
use super::passwordless::{code_digest, is_code, new_code};
use crate::authorize::browser_digest;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host;
use crate::mail;
use crate::record::Slot;
use crate::refusal::Stop;
use crate::seal::RootIndex;

/// The row of the code; `None`: this server sends none.
pub(crate) fn second_factor_slot(config: &Config, subject: &str) -> Option<Slot<Link>> {
    config.mails_to_accounts().then(|| Link::slot(config, Purpose::SecondFactor, subject))
}

/// Sends one: a load and a commit. Within a minute of the last one, that one stays good.
pub(crate) async fn send_second_factor(host: &Host, subject: &str, browser: &str) -> Result<(), Stop> {
    let asked = Asked::by_id(host, Purpose::SecondFactor, subject, None).await?;
    let verified = asked.account().is_some_and(crate::account::Account::is_address_verified);
    let Some(to) = asked.recipient().filter(|_| verified && asked.wait(host).is_none()) else { return Ok(()) };
    let code = new_code(host);
    let asked_in = AskedIn {
        browser_sha256: browser_digest(browser),
        interaction: None,
        code: Some(code_digest(host, RootIndex::CURRENT, subject, &code)),
        remember: false,
        password_digest: String::new(),
    };
    let letter = Letter { kind: mail::Kind::SignInCode, link: To::Nowhere, code: Some(code), asked_in: Some(asked_in) };
    let event = Event::SignInMailRequested { subject: subject.to_owned() };
    asked.send(host, Some((to, event)), letter).await
}

/// Whether this is the code that was sent here.
pub(crate) fn is_second_factor(host: &Host, link: &Link, subject: &str, typed: &str, browser: Option<&str>) -> bool {
    is_code(host, link, subject, typed, browser)
}
