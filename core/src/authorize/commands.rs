//! The typed commands on interactions, for hosts with pages of their own.

use serde::{Deserialize, Serialize};

use super::interaction::{Interaction, Next};
use super::steps::{Allowed, Situation, page_address};
use crate::client::{About, Client};
use crate::config::Config;
use crate::device::Errand;
use crate::grant::Context;
use crate::host::Host;
use crate::http::{Cookie, find_cookie};
use crate::page::Destination;
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::sign_in::{self, Visit};

/// `interactions.get` and `interactions.deny`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Get {
    pub handle: String,
    /// The request's whole `Cookie` header.
    pub cookie: String,
}

/// `interactions.complete`.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Complete {
    pub handle: String,
    pub cookie: String,
    /// Whom the host signed in.
    pub subject: String,
    /// How (RFC 8176); not empty.
    pub methods: Vec<String>,
    /// The request's `user-agent`, for the list of a person's sessions.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// The peer's address, for the same.
    #[serde(default)]
    pub remote: Option<String>,
    /// Whether the browser is to be remembered, where it may be.
    #[serde(default)]
    pub remember: bool,
}

/// `interactions.consent`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Consent {
    pub handle: String,
    pub cookie: String,
    /// A part of what was asked for; all of it when absent.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Whom the page asked; whoever is signed in when absent.
    #[serde(default)]
    pub subject: Option<String>,
    /// What to keep with the grant.
    #[serde(default)]
    pub context: Option<Context>,
}

redacted_debug!(Get Complete Consent);

/// What a page shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    prompt: Next,
    /// `None` when no application asks yet: the person enters the code of a device.
    client: Option<ClientView>,
    redirect_host: Option<String>,
    scopes: Vec<ScopeView>,
    subject: Option<String>,
    login_hint: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientView {
    id: String,
    name: String,
    /// Anything but `operator` registered itself.
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<About>>,
}

impl ClientView {
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            origin: client.origin.name().to_owned(),
            metadata: client.about.clone(),
        }
    }

    /// What is known of a client where only a device's request is at hand.
    pub(crate) const fn of_device(id: String, name: String, origin: String) -> Self {
        Self { id, name, origin, metadata: None }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ScopeView {
    name: String,
    description: String,
}

impl ScopeView {
    pub(crate) fn of(config: &Config, name: &String) -> Self {
        Self { name: name.clone(), description: config.scopes.get(name).cloned().unwrap_or_default() }
    }
}

/// Where the browser goes, and what to set on the way.
#[derive(Serialize)]
pub(crate) struct Onward {
    pub(crate) location: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

pub(crate) async fn get(host: &Host, ask: &Get) -> Result<View, Stop> {
    if Errand::is_handle(&ask.handle) {
        return Ok(for_an_errand(host, ask)?);
    }
    let situation = situation(host, &ask.handle, &ask.cookie).await?;
    let request = &situation.interaction.request;
    Ok(View {
        prompt: situation.next(host),
        client: Some(ClientView::of(&situation.client)),
        redirect_host: Some(Destination::of(&request.return_to.redirect_uri).shown().to_owned()),
        scopes: situation.scopes(host.config()).iter().map(|name| ScopeView::of(host.config(), name)).collect(),
        subject: situation.signed_in.as_ref().map(|signed_in| signed_in.subject.id.clone()),
        login_hint: request.login_hint.clone(),
    })
}

/// Somebody must sign in to enter the code of a device, where what asks is told after that; or to see their account page.
fn for_an_errand(host: &Host, ask: &Get) -> Result<View, Refusal> {
    Errand::onward(host, &ask.handle, find_cookie(host.config(), &ask.cookie, Cookie::Browser))?;
    Ok(View {
        prompt: Next::SignIn,
        client: None,
        redirect_host: None,
        scopes: Vec::new(),
        subject: None,
        login_hint: None,
    })
}

/// The host signed a person in: a session begins, and the browser goes to the consent page.
pub(crate) async fn complete(host: &Host, ask: &Complete) -> Result<Onward, Stop> {
    let Complete { handle, cookie, subject, methods, remote, user_agent, remember } = ask.clone();
    let location = onward(host, &handle, &cookie)?;
    let visit = Visit { cookie, remote, user_agent, remember };
    Ok(Onward { location, headers: sign_in::by_host(host, &visit, &subject, &methods).await?.headers })
}

pub(crate) async fn consent(host: &Host, ask: &Consent) -> Result<Onward, Stop> {
    let situation = situation(host, &ask.handle, &ask.cookie).await?;
    let Consent { scopes, subject, context, .. } = ask.clone();
    Ok(Onward { location: situation.allow(host, Allowed { scopes, subject, context }).await?, headers: Vec::new() })
}

pub(crate) async fn deny(host: &Host, ask: &Get) -> Result<Onward, Stop> {
    Ok(Onward { location: situation(host, &ask.handle, &ask.cookie).await?.refuse(host), headers: Vec::new() })
}

/// Where the person goes on after signing in.
fn onward(host: &Host, handle: &str, cookie: &str) -> Result<String, Refusal> {
    if Errand::is_handle(handle) {
        return Errand::onward(host, handle, find_cookie(host.config(), cookie, Cookie::Browser));
    }
    let interaction = open(host, handle, cookie)?;
    Ok(page_address(host.config(), Next::Nothing, &interaction.seal(host)))
}

fn open(host: &Host, handle: &str, cookie: &str) -> Result<Interaction, Refusal> {
    Interaction::open(host, handle, find_cookie(host.config(), cookie, Cookie::Browser))
}

async fn situation(host: &Host, handle: &str, cookie: &str) -> Result<Situation, Stop> {
    let interaction = open(host, handle, cookie)?;
    Situation::load(host, interaction, find_cookie(host.config(), cookie, Cookie::Session)).await
}
