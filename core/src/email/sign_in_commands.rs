//! Signing in by mail as typed commands, for a host with pages of its own.

use serde::{Deserialize, Serialize};

use super::asking::admit;
use super::passwordless::{self, Asking, ask_to_sign_in, waiting_cookie};
use crate::authorize::browser_of;
use crate::host::Host;
use crate::password::Typed;
use crate::refusal::{Refusal, Stop};
use crate::sign_in::{Came, View, Visit, Visitor};

/// `signIn.sendMail`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct SendMail {
    pub visit: Visit,
    pub login: String,
}

/// `signIn.withMail`: the code that was sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct WithMail {
    pub visit: Visit,
    /// As `signIn.sendMail` gave it.
    pub waiting: Typed,
    pub code: Typed,
}

/// `signIn.withLink`: the link that was sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct WithLink {
    pub visit: Visit,
    pub token: Typed,
}

/// What the page for the code is to carry; the same for whoever there is and is not.
#[derive(Serialize)]
pub(crate) struct Waiting {
    waiting: String,
    headers: Vec<(&'static str, String)>,
}

pub(crate) async fn send_mail(host: &Host, ask: &SendMail) -> Result<Waiting, Stop> {
    ensure_offered(host)?;
    admit(host, ask.visit.remote.as_deref()).await?;
    let visitor = Visitor::at_host(host, &ask.visit);
    let browser = browser_of(host, visitor.browser());
    let from = Asking { browser: &browser, known: visitor.known(), interaction: None, remember: ask.visit.remember };
    let waiting = ask_to_sign_in(host, &ask.login, from).await?;
    Ok(Waiting { waiting, headers: vec![waiting_cookie(host, &browser)] })
}

/// Two trips.
pub(crate) async fn with_mail(host: &Host, ask: &WithMail) -> Result<View, Stop> {
    ensure_offered(host)?;
    let visitor = Visitor::at_host(host, &ask.visit);
    let came = passwordless::by_code(host, &visitor, None, (ask.waiting.text(), ask.code.text())).await?;
    Ok(view(host, &visitor, came))
}

/// Two trips.
pub(crate) async fn with_link(host: &Host, ask: &WithLink) -> Result<View, Stop> {
    ensure_offered(host)?;
    let visitor = Visitor::at_host(host, &ask.visit);
    let came = passwordless::by_link_at_host(host, &visitor, ask.token.text()).await?;
    Ok(view(host, &visitor, came))
}

fn view(host: &Host, visitor: &Visitor<'_>, came: Came) -> View {
    View::of(host, came, visitor.browser().unwrap_or_default())
}

fn ensure_offered(host: &Host) -> Result<(), Refusal> {
    if host.config().sign_in.passwordless.is_empty() {
        return Err(Refusal::NotFound("Nobody signs in by mail here: signIn.passwordless would say how"));
    }
    Ok(())
}
