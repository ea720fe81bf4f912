//! The authorization response (RFC 6749 sections 4.1.2 and 4.1.2.1), with `iss` (RFC 9207) always.
//!
//! Every answer is an address to send the browser to, so that both doors of an interaction answer alike. For
//! `response_mode=form_post` it is one of ours, with the answer sealed in it; the page there posts it to the client.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::request::ReturnTo;
use crate::hash::{b64u, from_b64u};
use crate::host::Host;
use crate::http::{Form, Request, Response};
use crate::metadata;
use crate::page::{self, Destination, FormPost};
use crate::refusal::{Refusal, Stop};
use crate::seal::Purpose;
use crate::time::Millis;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How the client wants its answer (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, OAuth 2.0 Form Post Response
/// Mode section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseMode {
    #[default]
    Query,
    FormPost,
}

impl ResponseMode {
    /// What `response_modes_supported` says.
    pub(crate) const NAMES: [&str; 2] = ["query", "form_post"];

    pub(super) fn read(parameters: &Form) -> Result<Self, Refusal> {
        match parameters.one("response_mode")? {
            None | Some("query") => Ok(Self::Query),
            Some("form_post") => Ok(Self::FormPost),
            Some(_) => Err(Refusal::InvalidRequest("The response_mode is not supported")),
        }
    }
}

/// An answer on its way to the client by a form.
#[derive(Serialize, Deserialize)]
struct Posted {
    redirect_uri: String,
    parameters: Vec<(String, String)>,
    until: Millis,
}

/// Where the browser goes with a code.
pub(crate) fn with_code(host: &Host, return_to: &ReturnTo, code: &str) -> String {
    location(host, return_to, &[("code", code)])
}

/// Where the browser goes with an error.
pub(crate) fn with_error(host: &Host, return_to: &ReturnTo, refusal: &Refusal) -> String {
    location(host, return_to, &[("error", refusal.code()), ("error_description", refusal.message())])
}

fn location(host: &Host, return_to: &ReturnTo, parameters: &[(&str, &str)]) -> String {
    let state = return_to.state.as_deref().map(|state| ("state", state));
    let all = parameters.iter().copied().chain(state).chain([("iss", host.config().issuer.text.as_str())]);
    match return_to.mode {
        ResponseMode::Query => {
            let query: Vec<String> = all.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            let uri = &return_to.redirect_uri;
            format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, query.join("&"))
        }
        ResponseMode::FormPost => {
            let posted = Posted {
                redirect_uri: return_to.redirect_uri.clone(),
                parameters: all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                until: host.config().lifetimes.code.after(host.now()),
            };
            format!("{}?response={}", host.config().issuer.address(metadata::FORM_POST), posted.seal(host))
        }
    }
}

impl Posted {
    fn seal(&self, host: &Host) -> String {
        let content = serde_json::to_vec(self).unwrap_or_default();
        let nonce = host.random().bytes("response nonce");
        b64u(host.config().roots.seal(Purpose::Response, host.tenant().as_bytes(), nonce, &content))
    }

    fn open(host: &Host, sealed: &str) -> Option<Self> {
        let (_, content) =
            host.config().roots.open(Purpose::Response, host.tenant().as_bytes(), &from_b64u(sealed)?)?;
        let posted: Self = crate::json::read(&content).ok()?;
        (host.now() < posted.until).then_some(posted)
    }
}

/// The page that posts an answer to the client (OAuth 2.0 Form Post Response Mode section 2).
pub(crate) fn form_post_page(host: &Host, request: &Request) -> Result<Response, Stop> {
    let query = Form::parse(request.query())?;
    let posted = query.one("response")?.and_then(|sealed| Posted::open(host, sealed));
    let posted = posted.ok_or(Refusal::InteractionEnded)?;
    let destination = Destination::of(&posted.redirect_uri);
    let headers = page::headers_with_script(host.config().theme.as_ref(), &[destination.form_source()], page::SUBMIT);
    let body = FormPost {
        brand: super::pages::brand(host.config()),
        destination,
        action: &posted.redirect_uri,
        parameters: &posted.parameters,
    }
    .render();
    Ok(Response { status: 200, headers, body })
}

/// A value for a query.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, PLAIN).to_string()
}
