//! The page on what a person signs in with: their password, their authenticator apps, codes by mail, their recovery codes.
//!
//! ```text
//!   GET /account/security --> (sign-in page -->) the page --> POST: change the password, remove an app, codes by mail --> GET, or new codes
//!                                                  |
//!                                                  +--> POST add: the key --> POST confirm: a code --> recovery codes
//! ```
//! Only who signed in recently (`signIn.recent`) changes anything; others sign in again first, with all their factors. A page costs one
//! load; a change one load, one commit that requires the session that asks, and what ends the others.

mod changes;

use crate::account::Account;
use crate::authorize::{brand, check_origin, form_action, page_response};
use crate::config::Pages;
use crate::device::Errand;
use crate::factor::Factors;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::overview;
use crate::page::{MailFactor, OwnAuthenticator, Security};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::session::{Presented, SignedIn};

/// Under the issuer.
pub(crate) const SECURITY: &str = "/account/security";

/// Shows the page, or sends the browser to sign in first; where the host has an account page of its own, there.
pub(crate) async fn security_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    if let Some(elsewhere) = at_host(host) {
        return Ok(elsewhere);
    }
    let Some(here) = Here::find(host, request).await? else { return Ok(sign_in_first(host, request)) };
    let query = Form::parse(request.query())?;
    let done = query.one("done")?.and_then(notice);
    here.signed_in.note_seen(host).await?;
    Ok(here.show(200, None, done).with_all(here.signed_in.renewed(host)?))
}

/// Does what the person chose. The form's token is the session's own, so no other site and no other session can have sent it (RFC 9700
/// section 4.7).
pub(crate) async fn post_security(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    if let Some(elsewhere) = at_host(host) {
        return Ok(elsewhere);
    }
    let form = request.form()?;
    let presented = Presented::read(host.config(), read_cookie(host.config(), request, Cookie::Session));
    let Some(presented) = presented else { return Ok(sign_in_first(host, request)) };
    if !form.one("token")?.is_some_and(|token| presented.is_form_token(token)) {
        return Err(Refusal::Forbidden("This form was not sent from a page of this session").into());
    }
    match Here::load(host, presented).await? {
        Some(here) if here.is_recent() => here.change(&form, request.remote.as_deref()).await,
        _ => Ok(sign_in_first(host, request)),
    }
}

fn at_host(host: &Host) -> Option<Response> {
    let config = host.config();
    (config.pages.account != Pages::ACCOUNT).then(|| Response::see_other(Errand::account_address(config)))
}

fn sign_in_first(host: &Host, request: &Request) -> Response {
    overview::sign_in_first(host, request, Errand::begin_security)
}

/// What a redirect after a change says.
fn notice(done: &str) -> Option<&'static str> {
    match done {
        "password" => Some("Your password was changed."),
        "removed" => Some("The app was removed."),
        "added" => Some("The app was added."),
        "mail_on" => Some("From now on we mail you a code when you sign in."),
        "mail_off" => Some("We no longer mail you codes."),
        _ => None,
    }
}

/// A person at the page, and all that it shows.
struct Here<'a> {
    host: &'a Host,
    presented: Presented,
    signed_in: SignedIn,
    /// Where the engine keeps it.
    account: Option<Stored<Account>>,
    factors: Option<Stored<Factors>>,
}

impl<'a> Here<'a> {
    async fn find(host: &'a Host, request: &Request) -> Result<Option<Self>, Stop> {
        match Presented::read(host.config(), read_cookie(host.config(), request, Cookie::Session)) {
            Some(presented) => Self::load(host, presented).await,
            None => Ok(None),
        }
    }

    async fn load(host: &'a Host, presented: Presented) -> Result<Option<Self>, Stop> {
        let factors = Factors::slot(host.config(), presented.owner().name());
        let (rows, factors) = host.load((Presented::slots(Some(&presented), host), factors)).await?;
        let account = rows.account().cloned();
        let signed_in = Presented::check(Some(&presented), host, rows).await?;
        Ok(signed_in.map(|signed_in| Self { host, signed_in, presented, account, factors }))
    }

    /// Whether the sign-in is so recent that what one signs in with may be changed.
    fn is_recent(&self) -> bool {
        self.host.now() < self.host.config().sign_in.recent.after(self.signed_in.session.auth_time)
    }

    /// What a code by mail would be, or is, to this person; `None`: there is none.
    fn mail(&self) -> Option<MailFactor<'_>> {
        let enabled = self.factors.as_ref().is_some_and(|factors| factors.value.is_by_mail());
        let account = self.account.as_ref().filter(|_| self.host.config().mails_to_accounts());
        let has_app = self.factors.as_ref().is_some_and(|factors| factors.value.has_app());
        let may = |account: &Account| account.is_address_verified() && (account.password.is_some() || has_app);
        let account = account.map(|account| &account.value).filter(|account| enabled || may(account));
        account.and_then(|account| Some(MailFactor { address: account.address()?, enabled }))
    }

    fn show(&self, status: u16, problem: Option<&str>, notice: Option<&str>) -> Response {
        let factors = self.factors.as_ref().map(|stored| &stored.value);
        let own = factors.into_iter().flat_map(|factors| factors.authenticators(self.host.now()));
        let own = own.filter_map(|authenticator| {
            Some(OwnAuthenticator {
                id: authenticator.id.clone(),
                name: authenticator.name.clone(),
                added_at: authenticator.created_at,
                last_used_at: authenticator.last_used_at()?,
            })
        });
        let html = Security {
            brand: brand(self.host.config()),
            login: self.signed_in.subject.login(),
            has_password: self.account.as_ref().is_some_and(|account| account.value.password.is_some()),
            mail: self.mail(),
            authenticators: own.collect(),
            recovery_codes_left: factors.map_or(0, Factors::recovery_codes_left),
            is_recent: self.is_recent(),
            now: self.host.now(),
            action: &form_action(self.host, SECURITY),
            account: &form_action(self.host, Pages::ACCOUNT),
            token: &self.presented.form_token(),
            problem,
            notice,
        }
        .render();
        page_response(self.host.config(), status, html, &[])
    }
}
