//! The doors of the built-in pages for addresses, passwords and new accounts. A page that a link opens spends nothing until its button is
//! pressed: programs that look for viruses open links too.

use super::asking::admit;
use super::reset::{self, Reset, Status, ask_for_reset};
use super::sign_up::New;
use super::verification::{self, Shown, confirm, send_verification};
use crate::account::Account;
use crate::authorize::{brand, check_origin, form_action, page_response};
use crate::call::ById;
use crate::config::Pages;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::page::{AskAddress, MailDone, Mailbox, NewPassword, OpenLink, SignUp};
use crate::password::Typed;
use crate::refusal::{Refusal, Stop};
use crate::session::{self, Presented};
use crate::sign_in::Door;

/// What whoever asks is told, whoever they named.
const PERHAPS_SENT: &str = "If there is an account of this name, we have sent a mail to its address.";
const NAME_IT: &str = "Enter your user name or your email address.";

pub(crate) fn forgot_page(host: &Host) -> Response {
    ask_address(host, None)
}

/// The same page for whoever there is, and whoever there is not.
pub(crate) async fn post_forgot(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let Some(login) = form.one("login")? else { return Ok(ask_address(host, Some(NAME_IT))) };
    admit(host, request.remote.as_deref()).await?;
    ask_for_reset(host, login).await?;
    let page = Mailbox { brand: brand(host.config()), text: PERHAPS_SENT, code: None, problem: None, back: None };
    Ok(page_response(host.config(), 200, page.render(), &[]))
}

fn ask_address(host: &Host, problem: Option<&str>) -> Response {
    let page = AskAddress {
        brand: brand(host.config()),
        title: "Forgot your password?",
        lead: "We send you a link to choose a new one.",
        button: "Send the link",
        action: &form_action(host, Pages::FORGOT),
        interaction: None,
        may_remember: false,
        login: "",
        problem,
    };
    page_response(host.config(), 200, page.render(), &[])
}

pub(crate) async fn reset_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    let token = query.one("token")?.ok_or(Refusal::LinkEnded)?;
    match reset::find(host, token).await? {
        Ok(found) => Ok(new_password(host, found.login(), token, None)),
        Err(_) => Err(Refusal::LinkEnded.into()),
    }
}

pub(crate) async fn post_reset(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let token = form.one("token")?.ok_or(Refusal::LinkEnded)?;
    let password = Typed::new(form.one("password")?.unwrap_or_default().to_owned());
    match reset::reset(host, &Reset { token: token.to_owned(), password }).await {
        Ok(done) if done.status == Status::Reset => Ok(done_page(
            host,
            "Your password is set",
            "You were signed out everywhere. Sign in with your new password: you can close this page.",
        )),
        Ok(_) => Err(Refusal::LinkEnded.into()),
        Err(Stop::Refused(Refusal::InvalidArgument(_))) => {
            let login = form.one("login")?.unwrap_or_default();
            Ok(new_password(host, login, token, Some(&password_problem(host))))
        }
        Err(other) => Err(other),
    }
}

fn new_password(host: &Host, login: &str, token: &str, problem: Option<&str>) -> Response {
    let page = NewPassword {
        brand: brand(host.config()),
        login,
        shortest: host.config().password.shortest,
        action: &form_action(host, Pages::RESET),
        token,
        problem,
    };
    page_response(host.config(), if problem.is_some() { 400 } else { 200 }, page.render(), &[])
}

fn password_problem(host: &Host) -> String {
    format!("This cannot be your password. Choose one of {} characters or more.", host.config().password.shortest)
}

/// With a link, asks whether to confirm the address; without one, offers whoever is signed in to send one.
pub(crate) async fn verify_email_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    let Some(token) = query.one("token")? else { return offer_link(host, request).await };
    let shown = Shown::read(host, token)?;
    let (title, text) = match &shown {
        Shown::Own(_) => ("Is this your address?", "Confirm it only if you made an account here."),
        Shown::New(_) => {
            ("Use this address?", "Your account has it from now on. Confirm it only if you asked for that.")
        }
    };
    let page = OpenLink {
        brand: brand(host.config()),
        title,
        address: &shown.token().address,
        text,
        button: "Confirm",
        action: &form_action(host, Pages::VERIFY_EMAIL),
        token,
    };
    Ok(page_response(host.config(), 200, page.render(), &[]))
}

pub(crate) async fn post_verify_email(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let token = form.one("token")?.ok_or(Refusal::LinkEnded)?;
    let Ok(shown) = Shown::read(host, token) else { return send_link(host, request, token).await };
    match confirm(host, shown).await?.status {
        verification::Status::Verified => {
            Ok(done_page(host, "Your address is confirmed", "Thank you. You can close this page."))
        }
        verification::Status::Taken => {
            let text = "Another account has this address already. Sign in there, or use another address.";
            Ok(done_page(host, "This address is taken", text))
        }
        verification::Status::Token => Err(Refusal::LinkEnded.into()),
    }
}

/// Whoever is not signed in has come with a link that is none.
async fn offer_link(host: &Host, request: &Request) -> Result<Response, Stop> {
    let (presented, account) = own_account(host, request).await?;
    let Some(address) = account.address().filter(|_| !account.is_address_verified()) else {
        return Ok(done_page(host, "There is nothing to confirm", "Your address is confirmed, or you have none here."));
    };
    let page = OpenLink {
        brand: brand(host.config()),
        title: "Confirm your address",
        address,
        text: "We send you a link that confirms that it is yours.",
        button: "Send the link",
        action: &form_action(host, Pages::VERIFY_EMAIL),
        token: &presented.form_token(),
    };
    Ok(page_response(host.config(), 200, page.render(), &[]))
}

/// The token is the session's own, so no other site has sent the form (RFC 9700 section 4.7).
async fn send_link(host: &Host, request: &Request, token: &str) -> Result<Response, Stop> {
    let (presented, account) = own_account(host, request).await?;
    if !presented.is_form_token(token) {
        return Err(Refusal::LinkEnded.into());
    }
    send_verification(host, &ById { id: account.id }).await?;
    let text = "We have sent a mail to the address of your account. Open the link in it to confirm the address.";
    let page = Mailbox { brand: brand(host.config()), text, code: None, problem: None, back: None };
    Ok(page_response(host.config(), 200, page.render(), &[]))
}

async fn own_account(host: &Host, request: &Request) -> Result<(Presented, Account), Stop> {
    let cookie = read_cookie(host.config(), request, Cookie::Session);
    let presented = Presented::read(host.config(), cookie).ok_or(Refusal::LinkEnded)?;
    let signed_in = session::find(host, cookie).await?.ok_or(Refusal::LinkEnded)?;
    let account = host.load(Account::slot(host.config(), &signed_in.subject.id)).await?;
    Ok((presented, account.ok_or(Refusal::LinkEnded)?.value))
}

pub(crate) fn sign_up_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    Ok(sign_up(host, &query, None)?)
}

/// The same page whether or not there is such an account: what there is to say is in the mail.
pub(crate) async fn post_sign_up(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let (email, password) = (form.one("email")?, form.one("password")?);
    let (Some(email), Some(password)) = (email, password) else {
        return Ok(sign_up(host, &form, Some("Enter your email address and a password."))?);
    };
    let new = New { email, password, name: form.one("name")? };
    if new.login().is_err() {
        return Ok(sign_up(host, &form, Some("This is no email address. Check what you typed."))?);
    }
    admit(host, request.remote.as_deref()).await?;
    match new.sign_up(host).await {
        Err(Stop::Refused(Refusal::InvalidArgument(_))) => Ok(sign_up(host, &form, Some(&password_problem(host)))?),
        Err(other) => Err(other),
        Ok(_) => {
            let text = format!("We have sent a mail to {}. Open the link in it to confirm the address.", email.trim());
            let back = back(host, request, &form)?;
            let page =
                Mailbox { brand: brand(host.config()), text: &text, code: None, problem: None, back: back.as_deref() };
            Ok(page_response(host.config(), 200, page.render(), &[]))
        }
    }
}

fn sign_up(host: &Host, form: &Form, problem: Option<&str>) -> Result<Response, Refusal> {
    let interaction = form.one("interaction")?;
    let back = interaction.map(|handle| crate::authorize::sign_in_address(host.config(), handle));
    let page = SignUp {
        brand: brand(host.config()),
        action: &form_action(host, Pages::SIGN_UP),
        interaction,
        email: form.one("email")?.unwrap_or_default(),
        name: form.one("name")?.unwrap_or_default(),
        shortest: host.config().password.shortest,
        problem,
        back: back.as_deref(),
    };
    Ok(page_response(host.config(), if problem.is_some() { 400 } else { 200 }, page.render(), &[]))
}

/// Back to where the sign-in began, if it is still this browser's.
fn back(host: &Host, request: &Request, form: &Form) -> Result<Option<String>, Refusal> {
    let handle = form.one("interaction")?;
    let is_own = Door::read(host, request, form).is_ok();
    Ok(handle.filter(|_| is_own).map(|handle| crate::authorize::sign_in_address(host.config(), handle)))
}

fn done_page(host: &Host, title: &str, text: &str) -> Response {
    let onward = host.config().issuer.address(Pages::ACCOUNT);
    page_response(
        host.config(),
        200,
        MailDone { brand: brand(host.config()), title, text, onward: Some(&onward) }.render(),
        &[],
    )
}
