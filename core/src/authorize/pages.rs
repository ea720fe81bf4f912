//! The built-in pages' doors: they read forms and cookies, and end in the same steps as the typed commands.

use super::interaction::{Interaction, Next};
use super::steps::{Allowed, Situation, page_address};
use crate::config::{Config, Pages};
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::oidc;
use crate::page::{self, Brand, Consent, Destination, ErrorPage, RequestedScope, Unverified};
use crate::refusal::{Refusal, Stop};
use crate::session;
use crate::uri::Uri;

pub(crate) async fn consent_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let (situation, handle) = situation(host, request, &Form::parse(request.query())?).await?;
    let next = situation.next(host);
    if next == Next::Nothing {
        return Ok(Response::see_other(situation.allow(host, Allowed::default()).await?));
    }
    let elsewhere = host.config().pages.consent != Pages::CONSENT;
    let Some(signed_in) = situation.signed_in.as_ref().filter(|_| next == Next::Consent && !elsewhere) else {
        return Ok(Response::see_other(page_address(host.config(), next, &handle)));
    };
    let authorization = &situation.interaction.request;
    let destination = Destination::of(&authorization.return_to.redirect_uri);
    let form_source = destination.form_source().to_owned();
    let described = |id: &'_ String| host.config().scopes.get(id).map_or("", String::as_str);
    let asked = situation.scopes(host.config());
    // Not to be unticked: to sign in is what this is about.
    let choices = asked.iter().filter(|id| *id != oidc::OPENID);
    let scopes = choices.map(|id| RequestedScope { id, name: described(id), description: "" }).collect();
    let html = Consent {
        brand: brand(host.config()),
        client_name: &situation.client.name,
        unverified: unverified(&situation),
        destination,
        account_name: &signed_in.subject.name,
        scopes,
        action: &form_action(host, Pages::CONSENT),
        interaction: &handle,
        subject: &signed_in.subject.id,
    }
    .render();
    Ok(page_response(host.config(), 200, html, &[&form_source]))
}

/// What to say of an application that registered itself. Its links are shown where they lead to its own host: the one that the
/// browser goes to, or the one of its metadata document.
fn unverified(situation: &Situation) -> Option<Unverified<'_>> {
    let client = &situation.client;
    if !client.is_self_made() {
        return None;
    }
    let document = Uri::parse(&client.id).filter(|_| client.is_document()).and_then(|uri| uri.host);
    let returns_to = Uri::parse(&situation.interaction.request.return_to.redirect_uri).and_then(|uri| uri.host);
    let own = |address: &&str| {
        let host = Uri::parse(address).and_then(|uri| uri.host);
        host.is_some() && [document, returns_to].contains(&host)
    };
    let pages = client.about.as_ref().map(|about| {
        [("Its website", &about.client_uri), ("Its terms", &about.tos_uri), ("Its privacy policy", &about.policy_uri)]
    });
    let links = pages.into_iter().flatten().filter_map(|(words, page)| Some((words, page.as_deref().filter(own)?)));
    Some(Unverified { host: document.map(|host| host.text()), links: links.collect() })
}

pub(crate) async fn post_consent(host: &Host, request: &Request) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let form = request.form()?;
    let (situation, handle) = situation(host, request, &form).await?;
    match form.one("decision")? {
        // Somebody else signed in since the page was shown: they have not been asked.
        Some("allow") if form.one("subject")?.is_some_and(|asked| !situation.is_signed_in(asked)) => {
            Ok(Response::see_other(page_address(host.config(), Next::Consent, &handle)))
        }
        Some("allow") => {
            let scopes = form.all("scope").map(str::to_owned).collect();
            Ok(Response::see_other(
                situation.allow(host, Allowed { scopes: Some(scopes), ..Allowed::default() }).await?,
            ))
        }
        Some("deny") => Ok(Response::see_other(situation.refuse(host))),
        Some("switch_account") => {
            let [left, remembered] =
                [Cookie::Session, Cookie::Remember].map(|cookie| read_cookie(host.config(), request, cookie));
            let headers = session::sign_out(host, left, remembered).await?;
            Ok(Response::see_other(page_address(host.config(), Next::SignIn, &handle)).with_all(headers))
        }
        _ => Err(Refusal::InvalidRequest("Choose allow or deny").into()),
    }
}

/// What a person can do about an error of the application or the server.
pub(crate) const TRY_AGAIN: &str = "Go back to the application and try again. If this happens again, tell the people who run the application, and give them the error code.";

/// An error for the person in front of the browser, who must not be sent anywhere (RFC 6749 section 4.1.2.1).
pub(crate) fn error_page(host: &Host, refusal: &Refusal) -> Response {
    // Most refusals' own help is for who writes the application.
    let told = refusal.told();
    let help = match refusal {
        Refusal::InteractionEnded | Refusal::LinkEnded | Refusal::Forbidden(_) | Refusal::TooManyRequests { .. } => {
            told.help
        }
        Refusal::NotFound(_) => "Go back to your account page and look again.",
        _ => TRY_AGAIN,
    };
    problem_page(host.config(), told.status, told.code, &told.message, help).retry_after(refusal)
}

pub(crate) fn problem_page(config: &Config, status: u16, code: &str, message: &str, help: &str) -> Response {
    let html = ErrorPage {
        brand: brand(config),
        title: "This cannot go on",
        explanation: &format!("{message}."),
        code,
        help: Some(help),
    }
    .render();
    page_response(config, status, html, &[])
}

async fn situation(host: &Host, request: &Request, form: &Form) -> Result<(Situation, String), Stop> {
    const FORGED: Refusal = Refusal::Forbidden("This form was not sent from a page of this server");
    let missing = if request.method == "POST" { FORGED } else { Refusal::InteractionEnded };
    let handle = form.one("interaction")?.ok_or(missing)?;
    let interaction = Interaction::open(host, handle, read_cookie(host.config(), request, Cookie::Browser))?;
    let session_cookie = read_cookie(host.config(), request, Cookie::Session);
    Ok((Situation::load(host, interaction, session_cookie).await?, handle.to_owned()))
}

/// A form of ours is posted by a page of ours (RFC 9700 section 4.7). Our pages send no referrer, so `Origin` may be `null`; the
/// sealed interaction, bound to the browser's cookie, is what cannot be forged.
pub(crate) fn check_origin(host: &Host, request: &Request) -> Result<(), Refusal> {
    const ELSEWHERE: Refusal = Refusal::Forbidden("This form was sent from another site");
    if request.header("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(ELSEWHERE);
    }
    match request.header("origin") {
        Some(origin) if origin != host.config().issuer.origin && origin != "null" => Err(ELSEWHERE),
        _ => Ok(()),
    }
}

pub(crate) fn page_response(config: &Config, status: u16, html: String, form_targets: &[&str]) -> Response {
    Response { status, headers: page::headers(config.theme.as_ref(), form_targets), body: html }
}

pub(crate) fn form_action(host: &Host, page: &str) -> String {
    format!("{}{page}", host.config().issuer.path)
}

pub(crate) fn brand(config: &Config) -> Brand<'_> {
    Brand { name: &config.name, theme: config.theme.as_ref() }
}
