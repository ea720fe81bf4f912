//! The doors of signing in by mail: the page that asks who it is, the one that takes the code, and the one that the link opens.

use super::asking::admit;
use super::passwordless::{self, Asking, ask_to_sign_in, waiting_cookie};
use crate::authorize::{brand, browser_of, check_origin, form_action, page_response};
use crate::config::{Pages, Passwordless};
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::page::{AskAddress, CodeField, Mailbox, OpenLink};
use crate::refusal::{Refusal, Stop};
use crate::sign_in::{Door, Place, Visitor, arrived};

const NAME_IT: &str = "Enter your user name or your email address.";
const WRONG: &str = "This code is wrong, or over. Check it, or ask for a new one.";
const TOO_MANY: &str = "There were too many attempts. Wait a few minutes, then try again.";

pub(crate) fn sign_in_by_mail_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    Door::read(host, request, &query)?;
    Ok(ask_address(host, query.one("interaction")?, None))
}

/// The page asks who it is, and then for the code.
pub(crate) async fn post_sign_in_by_mail(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let place = Door::read(host, request, &form)?.unnamed_place(host);
    if let Some(waiting) = form.one("waiting")? {
        return type_code(host, request, &place, waiting, form.one("code")?.unwrap_or_default()).await;
    }
    let Some(login) = form.one("login")? else { return Ok(ask_address(host, Some(&place.handle), Some(NAME_IT))) };
    admit(host, request.remote.as_deref()).await?;
    let visitor = Visitor::of(host, request);
    let browser = browser_of(host, visitor.browser());
    let remember = form.one("remember")?.is_some();
    let from = Asking { browser: &browser, known: visitor.known(), interaction: Some(&place.handle), remember };
    let waiting = ask_to_sign_in(host, login, from).await?;
    let (name, value) = waiting_cookie(host, &browser);
    Ok(mailbox(host, &place, &waiting, None).with(name, value))
}

async fn type_code(
    host: &Host,
    request: &Request,
    place: &Place,
    waiting: &str,
    typed: &str,
) -> Result<Response, Stop> {
    let visitor = Visitor::of(host, request);
    let again = |problem, refusal: &Refusal| {
        Response { status: refusal.status(), ..mailbox(host, place, waiting, Some(problem)) }.retry_after(refusal)
    };
    match passwordless::by_code(host, &visitor, Some(&place.handle), (waiting, typed)).await {
        Ok(came) => arrived(host, &visitor, place, came).await,
        Err(Stop::Refused(refusal @ Refusal::WrongCredentials)) => Ok(again(WRONG, &refusal)),
        Err(Stop::Refused(refusal @ Refusal::TooManyRequests { .. })) => Ok(again(TOO_MANY, &refusal)),
        Err(other) => Err(other),
    }
}

/// The page that a link opens: nothing is spent by that, and in another browser nothing ever is.
pub(crate) async fn sign_in_link_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    let token = query.one("token")?.ok_or(Refusal::LinkEnded)?;
    let browser = read_cookie(host.config(), request, Cookie::Browser);
    let shown = passwordless::look(host, token, browser).await?;
    let page = OpenLink {
        brand: brand(host.config()),
        title: "Sign in",
        address: &shown.address,
        text: "You asked in this browser for a link to sign in.",
        button: "Sign in",
        action: &form_action(host, Pages::SIGN_IN_LINK),
        token,
    };
    Ok(page_response(host.config(), 200, page.render(), &[&shown.place.form_source]))
}

pub(crate) async fn post_sign_in_link(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let token = form.one("token")?.ok_or(Refusal::LinkEnded)?;
    let visitor = Visitor::of(host, request);
    let (place, came) = passwordless::by_link(host, &visitor, token).await?;
    arrived(host, &visitor, &place, came).await
}

fn mailbox(host: &Host, place: &Place, waiting: &str, problem: Option<&str>) -> Response {
    let ways = &host.config().sign_in.passwordless;
    let text = match (ways.contains(&Passwordless::Link), ways.contains(&Passwordless::Code)) {
        (true, true) => {
            "If there is an account of this name, we have sent a mail to its address. Open the link in it in this browser, or type the code."
        }
        (true, false) => {
            "If there is an account of this name, we have sent a mail to its address. Open the link in it in this browser."
        }
        _ => "If there is an account of this name, we have sent a mail to its address. Type the code in it.",
    };
    let action = form_action(host, Pages::SIGN_IN_BY_MAIL);
    let code = CodeField { action: &action, interaction: &place.handle, waiting };
    let code = ways.contains(&Passwordless::Code).then_some(code);
    let page = Mailbox { brand: brand(host.config()), text, code, problem, back: None };
    page_response(host.config(), 200, page.render(), &[&place.form_source])
}

fn ask_address(host: &Host, interaction: Option<&str>, problem: Option<&str>) -> Response {
    let page = AskAddress {
        brand: brand(host.config()),
        title: "Sign in by mail",
        lead: "We send a mail to the address of your account, with which you sign in.",
        button: "Send the mail",
        action: &form_action(host, Pages::SIGN_IN_BY_MAIL),
        interaction,
        may_remember: host.config().sign_in.remember_for.is_some(),
        login: "",
        problem,
    };
    page_response(host.config(), 200, page.render(), &[])
}
