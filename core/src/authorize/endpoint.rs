//! The authorization endpoint (RFC 6749 section 3.1).

use super::interaction::{Interaction, Next};
use super::pages::error_page;
use super::request::{AuthorizationRequest, Prompt, ReturnTo};
use super::response::with_error;
use super::steps::page_address;
use crate::client::Client;
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie, set_cookie};
use crate::refusal::{Refusal, Stop};
use crate::session::{Presented, SignedIn};

/// Checks the request and sends the browser on: to a page, or back to the client with an error. Nothing is written.
pub(crate) async fn authorize(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = match read_parameters(request) {
        Ok(query) => query,
        Err(refusal) => return Ok(error_page(host, &refusal)),
    };
    let (client, signed_in) = match load(host, request, &query).await {
        Err(Stop::Refused(refusal)) => return Ok(error_page(host, &refusal)),
        other => other?,
    };
    let return_to = match ReturnTo::read(&query, &client) {
        Ok(return_to) => return_to,
        Err(refusal) => return Ok(error_page(host, &refusal)),
    };
    let response = match AuthorizationRequest::read(host.config(), &client, return_to.clone(), &query) {
        Ok(authorization) => interact(host, request, authorization, signed_in.as_ref()),
        Err(refusal) => Err(refusal),
    };
    Ok(response.unwrap_or_else(|refusal| Response::see_other(with_error(host.config(), &return_to, &refusal))))
}

/// GET in the query, POST in a form (OpenID Connect Core section 3.1.2.1).
fn read_parameters(request: &Request) -> Result<Form, Refusal> {
    if request.method == "POST" { request.form() } else { Form::parse(request.query()) }
}

/// One load for the client and whoever is signed in.
async fn load(host: &Host, request: &Request, query: &Form) -> Result<(Client, Option<SignedIn>), Stop> {
    let config = host.config();
    let id = query.one("client_id")?.ok_or(Refusal::InvalidRequest("The client is unknown or disabled"))?;
    let presented = Presented::read(config, read_cookie(config, request, Cookie::Session));
    let slots = Presented::slots(presented.as_ref(), host);
    let (client, (session, account)) = host.load((Client::slot(config, id), slots)).await?;
    let client = client.map(|client| client.value).filter(|client| !client.disabled);
    let client = client.ok_or(Refusal::InvalidRequest("The client is unknown or disabled"))?;
    Ok((client, Presented::check(presented.as_ref(), host, session, account).await?))
}

fn interact(
    host: &Host,
    request: &Request,
    authorization: AuthorizationRequest,
    signed_in: Option<&SignedIn>,
) -> Result<Response, Refusal> {
    let config = host.config();
    let known = read_cookie(config, request, Cookie::Browser).filter(|value| value.len() == 22).map(str::to_owned);
    let browser = known.unwrap_or_else(|| b64u(host.random().bytes::<16>("browser")));
    let prompt = authorization.prompt;
    let interaction = Interaction::begin(host, authorization, &browser);
    let next = interaction.next(signed_in, host.now());
    match (prompt, next) {
        (Prompt::None, Next::SignIn) => return Err(Refusal::LoginRequired),
        (Prompt::None, Next::Consent) => return Err(Refusal::ConsentRequired),
        _ => {}
    }
    let (name, value) = set_cookie(config, Cookie::Browser, &browser, config.lifetimes.interaction);
    let handle = interaction.seal_bounded(host)?;
    Ok(Response::see_other(page_address(config, next, &handle)).with(name, value))
}
