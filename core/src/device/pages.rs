//! The built-in page's doors: they read forms and cookies, and end in the same steps as the typed commands.

use super::Errand;
use super::steps::{Looked, Situation, Visit};
use super::user_code::UserCode;
use crate::authorize::{brand, browser_of, check_origin, page_response, sign_in_address};
use crate::client::Origin;
use crate::config::Pages;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie, set_cookie};
use crate::oidc;
use crate::page::{DeviceCode, DeviceConfirm, DeviceDone, RequestedScope};
use crate::refusal::{Refusal, Stop};
use crate::session;

/// Without an interaction, asks for the code: what stands in the address is put in the field, and nothing is done about it
/// (RFC 8628 section 3.3.1). With one, asks whether to allow it.
pub(crate) async fn device_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    let Some(handle) = query.one("interaction")? else {
        return Ok(ask_code(host, query.one("user_code")?.unwrap_or_default(), None));
    };
    let user_code = open(host, request, handle)?;
    let typed = user_code.shown();
    match Situation::look(host, user_code, visit(host, request)).await {
        Ok(Looked::SignInFirst) => Ok(Response::see_other(sign_in_address(host.config(), handle))),
        Ok(Looked::Found(situation)) => Ok(confirm(host, handle, &situation)),
        Err(Stop::Refused(refusal @ Refusal::UnknownUserCode)) => Ok(ask_code(host, &typed, Some(refusal))),
        Err(other) => Err(other),
    }
}

pub(crate) async fn post_device(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    match form.one("interaction")? {
        None => Ok(enter(host, request, form.one("user_code")?.unwrap_or_default())),
        Some(handle) => decide(host, request, &form, handle).await,
    }
}

/// The code goes on as an errand of this browser, and is looked at after the sign-in.
fn enter(host: &Host, request: &Request, typed: &str) -> Response {
    let config = host.config();
    let browser = browser_of(host, read_cookie(config, request, Cookie::Browser));
    match Errand::of_typed(host, typed, &browser) {
        Some(handle) => {
            let (name, value) = set_cookie(config, Cookie::Browser, &browser, config.lifetimes.interaction);
            Response::see_other(Errand::address(config, &handle)).with(name, value)
        }
        None => ask_code(host, typed, Some(Refusal::UnknownUserCode)),
    }
}

async fn decide(host: &Host, request: &Request, form: &Form, handle: &str) -> Result<Response, Stop> {
    let user_code = open(host, request, handle)?;
    if form.one("decision")? == Some("switch_account") {
        return switch_account(host, request, handle, user_code).await;
    }
    let situation = Situation::claimed(host, user_code, visit(host, request)).await?;
    let device = situation.device.value.clone();
    let done = |approved| {
        let page = DeviceDone { brand: brand(host.config()), client_name: &device.client_name, approved };
        page_response(host.config(), 200, page.render(), &[])
    };
    match form.one("decision")? {
        Some("allow") => {
            let scopes: Vec<String> = form.all("scope").map(str::to_owned).collect();
            situation.approve(host, Some(&scopes), None).await?;
            Ok(done(true))
        }
        Some("deny") => {
            situation.deny(host).await?;
            Ok(done(false))
        }
        _ => Err(Refusal::InvalidRequest("Choose allow or deny").into()),
    }
}

async fn switch_account(host: &Host, request: &Request, handle: &str, user_code: UserCode) -> Result<Response, Stop> {
    let visit = visit(host, request);
    Situation::release(host, user_code, visit).await?;
    let remembered = read_cookie(host.config(), request, Cookie::Remember);
    let headers = session::sign_out(host, visit.session_cookie, remembered).await?;
    Ok(Response::see_other(sign_in_address(host.config(), handle)).with_all(headers))
}

fn confirm(host: &Host, handle: &str, situation: &Situation) -> Response {
    let device = &situation.device.value;
    let described = |id: &'_ String| host.config().scopes.get(id).map_or("", String::as_str);
    // Not to be unticked: to sign in is what this is about.
    let choices = device.scopes.iter().filter(|id| *id != oidc::OPENID);
    let scopes = choices.map(|id| RequestedScope { id, name: described(id), description: "" }).collect();
    let html = DeviceConfirm {
        brand: brand(host.config()),
        client_name: &device.client_name,
        unverified: device.client_origin != Origin::OPERATOR,
        user_code: &situation.user_code.shown(),
        account_name: &situation.signed_in.subject.name,
        scopes,
        asked_from: device.asked_from.as_deref(),
        minutes_ago: host.now().saturating_sub(device.created_at) / 60_000,
        action: &action(host),
        interaction: handle,
    }
    .render();
    page_response(host.config(), 200, html, &[])
}

fn ask_code(host: &Host, typed: &str, problem: Option<Refusal>) -> Response {
    let shown = UserCode::read(typed).map_or_else(|| typed.chars().take(20).collect(), |code| code.shown());
    let page = DeviceCode {
        brand: brand(host.config()),
        action: &action(host),
        user_code: &shown,
        problem: problem.as_ref().map(Refusal::message),
    };
    page_response(host.config(), problem.as_ref().map_or(200, Refusal::status), page.render(), &[])
}

fn open(host: &Host, request: &Request, handle: &str) -> Result<UserCode, Refusal> {
    Errand::open(host, handle, read_cookie(host.config(), request, Cookie::Browser))
}

fn visit<'a>(host: &Host, request: &'a Request) -> Visit<'a> {
    let session_cookie = read_cookie(host.config(), request, Cookie::Session);
    Visit { session_cookie, remote: request.remote.as_deref() }
}

fn action(host: &Host) -> String {
    format!("{}{}", host.config().issuer.path, Pages::DEVICE)
}
