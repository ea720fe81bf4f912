//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): an application sends the browser here to sign out.
//!
//! ```text
//!   GET /logout --- with an ID token of this very session ---> over --> back to the application, or a page that says so
//!        |                                                      ^
//!        +-- anything else --> asks the person --> POST /logout +
//! ```
//! A client's own POST becomes a GET first: the browser sends no cookies with a form of another site.

use serde::{Deserialize, Serialize};

use super::{hint, subject};
use crate::authorize::{brand, check_origin, encoded, page_response};
use crate::client::Client;
use crate::config::Config;
use crate::hash::{b64u, from_b64u};
use crate::host::Host;
use crate::http::{Cookie, Form, Request, Response, read_cookie};
use crate::metadata;
use crate::page::{Destination, SignOut, SignedIn, SignedOut};
use crate::refusal::{Refusal, Stop};
use crate::seal::Purpose;
use crate::session::{self, Presented};
use crate::time::Millis;

/// The longest `state` that is carried, in bytes.
const LONGEST_STATE: usize = 4096;
/// What is listened to; `logout_hint` and `ui_locales` may be there too.
const PARAMETERS: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// Section 2. Where the hint is of this session: a load and a commit, and a scan and a commit for what ends with it.
pub(crate) async fn logout_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    if request.method == "GET" {
        return arrive(host, request, &Form::parse(request.query())?).await;
    }
    let form = request.form()?;
    match form.one("confirmation")? {
        Some(confirmation) => decide(host, request, &form, confirmation).await,
        None => Ok(as_get(host.config(), &form)?),
    }
}

fn as_get(config: &Config, form: &Form) -> Result<Response, Refusal> {
    let mut address = format!("{}?", config.issuer.address(metadata::LOGOUT));
    for name in PARAMETERS {
        if let Some(value) = form.one(name)? {
            address.push_str(&format!("{name}={}&", encoded(value)));
        }
    }
    address.pop();
    Ok(Response::see_other(address))
}

async fn arrive(host: &Host, request: &Request, query: &Form) -> Result<Response, Stop> {
    let config = host.config();
    let hint = match query.one("id_token_hint")? {
        Some(hint) => Some(hint::read(host, hint).await?),
        None => None,
    };
    let hinted = hint.as_ref().and_then(|hint| hint.text("azp"));
    let client_id = match (hinted, query.one("client_id")?) {
        (Some(hinted), Some(said)) if hinted != said => {
            return Err(Refusal::InvalidRequest("The id_token_hint is of another client").into());
        }
        (hinted, said) => hinted.or(said),
    };
    let browser = Presented::read(config, read_cookie(config, request, Cookie::Session));
    let client_slot = client_id.map(|id| Client::slot(config, id));
    let (client, session) = host.load((client_slot, Presented::slots(browser.as_ref(), host))).await?;
    let client = client.map(|client| client.value).filter(|client| !client.disabled);
    let browser = browser.filter(|browser| !browser.is_former(&session));
    let back = read_return(query, client_id, client.as_ref())?;
    let signed_in = Presented::check(browser.as_ref(), host, session).await?;
    let sid = hint.as_ref().and_then(|hint| hint.text("sid")).zip(client_id);
    let is_meant = |session: &Presented| sid.is_some_and(|(sid, client)| sid == subject::sid(client, &session.id()));
    match (browser, signed_in) {
        (Some(browser), signed_in) if is_meant(&browser) => {
            let row = signed_in.and_then(|signed_in| signed_in.row());
            session::end(host, browser.owner().name(), &browser.id(), row).await?;
            over(host, request, back).await
        }
        (_, Some(signed_in)) => Ok(ask(host, &signed_in, client.as_ref().map(|client| client.name.clone()), back)),
        (_, None) => over(host, request, back).await,
    }
}

/// Where the browser goes afterwards: an address that the client registered, byte for byte (section 3.1). Of an address that comes
/// without a client nobody knows whose it is: it is not gone to.
fn read_return(query: &Form, client_id: Option<&str>, client: Option<&Client>) -> Result<Option<String>, Refusal> {
    let (uri, state) = (query.one("post_logout_redirect_uri")?, query.one("state")?);
    let Some(uri) = uri.filter(|_| client_id.is_some()) else { return Ok(None) };
    if !client.is_some_and(|client| client.openid.post_logout_redirect_uris.iter().any(|own| own == uri)) {
        return Err(Refusal::InvalidRequest("The post_logout_redirect_uri is not registered for this client"));
    }
    let Some(state) = state else { return Ok(Some(uri.to_owned())) };
    if state.len() > LONGEST_STATE {
        return Err(Refusal::InvalidRequest("The parameter state is too long"));
    }
    Ok(Some(format!("{uri}{}state={}", if uri.contains('?') { '&' } else { '?' }, encoded(state))))
}

/// What the person is asked, sealed: of this session alone, so that no other site's form can answer.
#[derive(Serialize, Deserialize)]
struct Confirmation {
    session_id: String,
    client_name: Option<String>,
    back: Option<String>,
    until: Millis,
}

impl Confirmation {
    fn seal(&self, host: &Host) -> String {
        let content = serde_json::to_vec(self).unwrap_or_default();
        let nonce = host.random().bytes("logout nonce");
        b64u(host.config().roots.seal(Purpose::Interaction, &context(host), nonce, &content))
    }

    fn open(host: &Host, sealed: &str) -> Option<Self> {
        let (_, content) = host.config().roots.open(Purpose::Interaction, &context(host), &from_b64u(sealed)?)?;
        let confirmation: Self = crate::json::read(&content).ok()?;
        (host.now() < confirmation.until).then_some(confirmation)
    }
}

fn context(host: &Host) -> Vec<u8> {
    [b"logout ", host.tenant().as_bytes()].concat()
}

fn ask(host: &Host, signed_in: &session::SignedIn, client_name: Option<String>, back: Option<String>) -> Response {
    let config = host.config();
    let destination = back.as_deref().map(Destination::of);
    let form_source = destination.as_ref().map(|destination| destination.form_source().to_owned());
    let confirmation = Confirmation {
        session_id: signed_in.session.id.clone(),
        client_name,
        back,
        until: config.lifetimes.interaction.after(host.now()),
    };
    let html = SignOut {
        brand: brand(host.config()),
        client_name: confirmation.client_name.as_deref(),
        account_name: &signed_in.subject.name,
        destination,
        action: &format!("{}{}", config.issuer.path, metadata::LOGOUT),
        confirmation: &confirmation.seal(host),
    }
    .render();
    page_response(host.config(), 200, html, &form_source.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn decide(host: &Host, request: &Request, form: &Form, confirmation: &str) -> Result<Response, Stop> {
    check_origin(host, request)?;
    let config = host.config();
    let asked = Confirmation::open(host, confirmation).ok_or(Refusal::InteractionEnded)?;
    let browser = Presented::read(config, read_cookie(config, request, Cookie::Session));
    let session = host.load(Presented::slots(browser.as_ref(), host)).await?;
    let browser = browser.filter(|browser| !browser.is_former(&session));
    let signed_in = Presented::check(browser.as_ref(), host, session).await?;
    match (form.one("decision")?, browser, signed_in) {
        (Some("sign_out"), Some(browser), signed_in) if browser.id() == asked.session_id => {
            let row = signed_in.and_then(|signed_in| signed_in.row());
            session::end(host, browser.owner().name(), &asked.session_id, row).await?;
            over(host, request, asked.back).await
        }
        // Somebody signed in since the page was shown: they have not been asked.
        (Some("sign_out"), _, Some(signed_in)) => Ok(ask(host, &signed_in, asked.client_name, asked.back)),
        (Some("stay"), _, Some(signed_in)) => {
            let page = SignedIn { brand: brand(host.config()), account_name: &signed_in.subject.name };
            Ok(page_response(host.config(), 200, page.render(), &[]))
        }
        (Some("sign_out" | "stay"), ..) => over(host, request, asked.back).await,
        _ => Err(Refusal::InvalidRequest("Choose to sign out or to stay").into()),
    }
}

/// Nobody is signed in any more.
async fn over(host: &Host, request: &Request, back: Option<String>) -> Result<Response, Stop> {
    let response = match back {
        Some(back) => Response::see_other(back),
        None => page_response(host.config(), 200, SignedOut { brand: brand(host.config()) }.render(), &[]),
    };
    Ok(response.with_all(session::forget(host, read_cookie(host.config(), request, Cookie::Remember)).await?))
}
