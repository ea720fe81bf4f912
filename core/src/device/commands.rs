//! The typed commands on device codes, for hosts with a page of their own.

use serde::{Deserialize, Serialize};

use super::steps::{Looked, Situation, Visit};
use super::{Errand, UserCode};
use crate::authorize::{ClientView, Onward, ScopeView, browser_of, sign_in_address};
use crate::grant::Context;
use crate::host::Host;
use crate::http::{Cookie, find_cookie, set_cookie};
use crate::redacted::redacted_debug;
use crate::refusal::{Refusal, Stop};
use crate::time::Millis;

/// `device.begin`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Begin {
    pub user_code: String,
    /// The request's whole `Cookie` header.
    pub cookie: String,
}

/// `device.get`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Get {
    pub handle: String,
    pub cookie: String,
    /// The peer's address, where wrong codes are counted.
    #[serde(default)]
    pub remote: Option<String>,
}

/// `device.approve`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Approve {
    pub handle: String,
    pub cookie: String,
    /// A part of what was asked for; all of it when absent.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    #[serde(default)]
    pub context: Option<Context>,
}

/// `device.deny`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct At {
    pub handle: String,
    pub cookie: String,
}

redacted_debug!(Begin Get Approve At);

/// What the page must do: send the browser to the sign-in page, or ask the person.
#[derive(Debug, Serialize)]
#[serde(tag = "prompt", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(crate) enum View {
    SignIn {
        location: String,
    },
    Confirm {
        user_code: String,
        client: ClientView,
        scopes: Vec<ScopeView>,
        subject: String,
        asked_from: Option<String>,
        asked_at: Millis,
        expires_at: Millis,
    },
}

/// What was decided.
#[derive(Debug, Serialize)]
pub(crate) struct Decided {
    approved: bool,
}

/// A person typed a code: the browser goes on with an interaction of its own. Nothing is looked up yet.
pub(crate) fn begin(host: &Host, ask: &Begin) -> Result<Onward, Stop> {
    let config = host.config();
    let browser = browser_of(host, find_cookie(config, &ask.cookie, Cookie::Browser));
    let handle = Errand::of_typed(host, &ask.user_code, &browser).ok_or(Refusal::UnknownUserCode)?;
    let cookie = set_cookie(config, Cookie::Browser, &browser, config.lifetimes.interaction);
    Ok(Onward { location: Errand::address(config, &handle), headers: vec![cookie] })
}

pub(crate) async fn get(host: &Host, ask: &Get) -> Result<View, Stop> {
    let user_code = open(host, &ask.handle, &ask.cookie)?;
    let visit = Visit { remote: ask.remote.as_deref(), ..visit(host, &ask.cookie) };
    let Looked::Found(situation) = Situation::look(host, user_code, visit).await? else {
        return Ok(View::SignIn { location: sign_in_address(host.config(), &ask.handle) });
    };
    let Situation { user_code, device, signed_in, .. } = *situation;
    let device = device.value;
    Ok(View::Confirm {
        user_code: user_code.shown(),
        client: ClientView::of_device(device.client_id, device.client_name, device.client_origin),
        scopes: device.scopes.iter().map(|name| ScopeView::of(host.config(), name)).collect(),
        subject: signed_in.subject.id,
        asked_from: device.asked_from,
        asked_at: device.created_at,
        expires_at: device.expires_at,
    })
}

pub(crate) async fn approve(host: &Host, ask: &Approve) -> Result<Decided, Stop> {
    let situation = claimed(host, &ask.handle, &ask.cookie).await?;
    situation.approve(host, ask.scopes.as_deref(), ask.context.clone()).await?;
    Ok(Decided { approved: true })
}

pub(crate) async fn deny(host: &Host, ask: &At) -> Result<Decided, Stop> {
    claimed(host, &ask.handle, &ask.cookie).await?.deny(host).await?;
    Ok(Decided { approved: false })
}

async fn claimed(host: &Host, handle: &str, cookie: &str) -> Result<Situation, Stop> {
    let user_code = open(host, handle, cookie)?;
    Situation::claimed(host, user_code, visit(host, cookie)).await
}

fn open(host: &Host, handle: &str, cookie: &str) -> Result<UserCode, Refusal> {
    Errand::open(host, handle, find_cookie(host.config(), cookie, Cookie::Browser))
}

fn visit<'a>(host: &Host, cookie: &'a str) -> Visit<'a> {
    Visit { session_cookie: find_cookie(host.config(), cookie, Cookie::Session), remote: None }
}
