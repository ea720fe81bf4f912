//! The account page: a person sees the applications and the sessions that act for them, and ends them.
//!
//! ```text
//!   GET /account --> (sign-in page -->) the page --> POST /account: remove an application, end sessions, sign out --> GET again
//! ```
//! A page costs one scan of the person's own partition and one load of the clients that are named; a change the scan and one commit.

mod application;
mod held;

use std::cmp::Reverse;

use crate::authorize::{brand, browser_of, check_origin, page_response, sign_in_address};
use crate::config::Pages;
use crate::consent::Consent;
use crate::device::Errand;
use crate::grant::{self, Grant};
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie, set_cookie};
use crate::page::{Account, OwnSession, SignedOut};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::security::SECURITY;
use crate::session::{self, Presented, Session, SignedIn};
use application::applications;
use held::Held;

/// Shows the page, or sends the browser to sign in first. A host with a page of its own gets a person who is signed in.
pub(crate) async fn account_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let config = host.config();
    let cookie = read_cookie(config, request, Cookie::Session);
    if config.pages.account != Pages::ACCOUNT {
        let signed_in = session::find(host, cookie).await?.is_some();
        let there = || Response::see_other(Errand::account_address(config));
        return Ok(if signed_in { there() } else { sign_in(host, request) });
    }
    let after = Form::parse(request.query())?;
    let after = after.one("after")?;
    let Some(presented) = Presented::read(config, cookie) else { return Ok(sign_in(host, request)) };
    let held = Held::scan(host, presented.owner().name(), after).await?;
    match held.whose(host, &presented).await? {
        Some(signed_in) => {
            signed_in.note_seen(host).await?;
            show(host, &presented, &signed_in, &held, after.is_some()).await
        }
        None => Ok(sign_in(host, request)),
    }
}

/// Does what the person chose, and shows the page again. The form's token is the session's own, so no other site and no other
/// session can have sent it (RFC 9700 section 4.7).
pub(crate) async fn post_account(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let config = host.config();
    let presented = Presented::read(config, read_cookie(config, request, Cookie::Session));
    let Some(presented) = presented.filter(|_| config.pages.account == Pages::ACCOUNT) else {
        return Ok(sign_in(host, request));
    };
    if !form.one("token")?.is_some_and(|token| presented.is_form_token(token)) {
        return Err(Refusal::Forbidden("This form was not sent from a page of this session").into());
    }
    let held = Held::scan(host, presented.owner().name(), None).await?;
    let Some(signed_in) = held.whose(host, &presented).await? else { return Ok(sign_in(host, request)) };
    let mine = Mine { host, subject: &signed_in.subject.id, id: &signed_in.session.id, own: signed_in.row() };
    if form.one("sign_out")?.is_some() {
        session::end(host, mine.subject, mine.id, mine.own).await?;
        let headers = session::forget(host, read_cookie(config, request, Cookie::Remember)).await?;
        return Ok(page_response(host.config(), 200, SignedOut { brand: brand(host.config()) }.render(), &[])
            .with_all(headers));
    }
    if let Some(client_id) = form.one("remove")? {
        mine.remove_application(held, client_id).await?;
    } else if let Some(id) = form.one("end")? {
        mine.end_session(&held, id).await?;
    } else if form.one("end_others")?.is_some() {
        mine.end_others(held).await?;
    } else {
        return Err(Refusal::InvalidRequest("Choose what to end").into());
    }
    Ok(Response::see_other(config.issuer.address(Pages::ACCOUNT)))
}

/// A person, and the session by which they act: no change is made but by one that is still there.
struct Mine<'a> {
    host: &'a Host,
    subject: &'a str,
    /// Of the session.
    id: &'a str,
    /// Its row, if it has one.
    own: Option<Stored<Session>>,
}

impl Mine<'_> {
    /// Ends all grants of a client, and forgets what it was allowed: one commit for each page on which there is something.
    async fn remove_application(&self, mut held: Held, client_id: &str) -> Result<(), Stop> {
        let consent = Consent::slot(self.host.config(), self.subject, client_id).key;
        let mut found = false;
        loop {
            let mut grants = held.records::<Grant>(self.host, "grant.")?;
            grants.retain(|grant| grant.value.client_id == client_id);
            let is_allowed = held.has(&consent);
            found |= is_allowed || !grants.is_empty();
            grants.retain(|grant| !grant.value.state.is_revoked());
            if is_allowed || !grants.is_empty() {
                grant::end_together(self.host, grants, self.own.as_ref(), consent.clone()).await?;
            }
            match held.next(self.host).await? {
                Some(next) => held = next,
                None if found => return Ok(()),
                None => return Err(Refusal::NotFound("This application has no access to your account").into()),
            }
        }
    }

    async fn end_session(&self, held: &Held, id: &str) -> Result<(), Stop> {
        const NONE: Refusal = Refusal::NotFound("You have no such session, or it has ended");
        let slot = Session::slot(self.host.config(), self.subject, &session::item_id(id).map_err(|_| NONE)?);
        let found = held.one(self.host, slot).await?.ok_or(NONE)?;
        session::end_found(self.host, vec![found], self.own.as_ref()).await
    }

    async fn end_others(&self, mut held: Held) -> Result<(), Stop> {
        if self.own.is_none() {
            return session::end_others(self.host, self.subject, self.id).await;
        }
        session::forget_others(self.host, self.subject, self.id).await?;
        loop {
            let mut others = held.records::<Session>(self.host, "session.")?;
            others.retain(|session| session.value.id != self.id);
            if !others.is_empty() {
                session::end_found(self.host, others, self.own.as_ref()).await?;
            }
            match held.next(self.host).await? {
                Some(next) => held = next,
                None => return Ok(()),
            }
        }
    }
}

async fn show(
    host: &Host,
    presented: &Presented,
    signed_in: &SignedIn,
    held: &Held,
    is_continued: bool,
) -> Result<Response, Stop> {
    let mut sessions: Vec<Session> =
        held.records::<Session>(host, "session.")?.into_iter().map(|stored| stored.value).collect();
    if signed_in.row().is_none() {
        sessions.push(signed_in.session.clone());
    }
    sessions.sort_by_key(|session| (session.id != signed_in.session.id, Reverse(session.auth_time)));
    let own = |session: Session| OwnSession {
        is_this: session.id == signed_in.session.id,
        signed_in_at: session.auth_time,
        seen_at: session.last_seen_at(),
        browser: session.agent().browser(),
        address: session.agent().address.clone().unwrap_or_default(),
        id: session.id,
    };
    let html = Account {
        brand: brand(host.config()),
        account_name: &signed_in.subject.name,
        applications: applications(host, held).await?,
        sessions: sessions.into_iter().map(own).collect(),
        now: host.now(),
        action: &format!("{}{}", host.config().issuer.path, Pages::ACCOUNT),
        security: &format!("{}{SECURITY}", host.config().issuer.path),
        token: &presented.form_token(),
        is_continued,
        more: held.cursor(),
    }
    .render();
    let page = page_response(host.config(), 200, html, &[]);
    Ok(signed_in.renewed(host)?.into_iter().fold(page, |page, (name, value)| page.with(name, value)))
}

fn sign_in(host: &Host, request: &Request) -> Response {
    sign_in_first(host, request, |host, browser| Errand::begin(host, None, browser))
}

/// The browser comes back after it, on the errand that begins; nothing is stored.
pub(crate) fn sign_in_first(host: &Host, request: &Request, begin: fn(&Host, &str) -> String) -> Response {
    let config = host.config();
    let browser = browser_of(host, read_cookie(config, request, Cookie::Browser));
    let (name, value) = set_cookie(config, Cookie::Browser, &browser, config.lifetimes.interaction);
    Response::see_other(sign_in_address(config, &begin(host, &browser))).with(name, value)
}
