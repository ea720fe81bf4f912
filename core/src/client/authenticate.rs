//! Client authentication (RFC 6749 section 2.3): who the request says it is, and whether that is so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::{self, Sent};
use super::{AuthMethod, Client, document};
use crate::event::Event;
use crate::hash::same;
use crate::host::Host;
use crate::http::{Form, Request, decode_form_component};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};

/// The longest client id that is looked at.
const LONGEST_ID: usize = 2048;

/// What the request presents.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    method: AuthMethod,
    /// The secret, or the assertion.
    secret: String,
    /// Where the request came from.
    remote: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the one method that the request uses; two at once are refused (RFC 6749 section 2.3).
    pub(crate) fn read(request: &Request, form: &Form) -> Result<Self, Refusal> {
        let body_id = form.one("client_id")?;
        let body_secret = form.one("client_secret")?;
        let mut headers = request.header_values("authorization");
        let (header, second) = (headers.next(), headers.next());
        let asserted = ["client_assertion", "client_assertion_type"];
        let asserted = asserted.into_iter().any(|name| form.all(name).next().is_some());
        if second.is_some()
            || (header.is_some() && (body_secret.is_some() || asserted))
            || (asserted && body_secret.is_some())
        {
            return Err(Refusal::InvalidRequest("More than one client authentication method is used"));
        }
        let remote = request.remote.clone();
        if let Some(Sent { client_id, text }) = Sent::read(form)? {
            return Ok(Self { client_id, method: AuthMethod::PrivateKeyJwt, secret: text, remote });
        }
        let read = match header {
            Some(header) => Self::from_basic(header, body_id),
            None => Self::from_body(body_id, body_secret),
        };
        Ok(Self { remote, ..read? })
    }

    /// Whether anybody can send the same.
    pub(crate) fn prove_nothing(&self) -> bool {
        self.method == AuthMethod::None
    }

    /// RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined and base64-encoded.
    fn from_basic(header: &str, body_id: Option<&str>) -> Result<Self, Refusal> {
        const REFUSED: Refusal = Refusal::InvalidClient { challenge: true };
        let (scheme, encoded) = header.split_once(' ').ok_or(REFUSED)?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 2 * LONGEST_ID {
            return Err(REFUSED);
        }
        let decoded = STANDARD.decode(encoded.trim_start_matches(' ')).map_err(|_| REFUSED)?;
        let pair = String::from_utf8(decoded).map_err(|_| REFUSED)?;
        let (id, secret) = pair.split_once(':').ok_or(REFUSED)?;
        let client_id = decode_form_component(id).filter(|id| !id.is_empty()).ok_or(REFUSED)?;
        let secret = decode_form_component(secret).ok_or(REFUSED)?;
        if body_id.is_some_and(|id| id != client_id) {
            return Err(Refusal::InvalidRequest("The Authorization header and client_id name different clients"));
        }
        Ok(Self { client_id, method: AuthMethod::ClientSecretBasic, secret, remote: None })
    }

    fn from_body(id: Option<&str>, secret: Option<&str>) -> Result<Self, Refusal> {
        let client_id =
            id.filter(|id| id.len() <= LONGEST_ID).ok_or(Refusal::InvalidClient { challenge: false })?.to_owned();
        Ok(match secret {
            Some(secret) => {
                Self { client_id, method: AuthMethod::ClientSecretPost, secret: secret.to_owned(), remote: None }
            }
            None => Self { client_id, method: AuthMethod::None, secret: String::new(), remote: None },
        })
    }
}

/// The keys of a client that is what its metadata document says are those that are there now: one that the document names no more
/// may have been stolen.
async fn with_keys_of_today(
    host: &Host,
    credentials: &Credentials,
    client: Stored<Client>,
) -> Result<Option<Stored<Client>>, Stop> {
    match document::current(host, credentials.remote.as_deref(), &credentials.client_id, Some(client)).await {
        // The document is amiss, and not what the client presents.
        Err(Stop::Refused(Refusal::ClientDocument(why))) => Err(Refusal::TryAgain(why).into()),
        other => other,
    }
}

/// The client, if it exists, is not disabled, and proves itself by the method it registered. Which of these failed is not told. No trip,
/// but one commit for an assertion, and what it takes to read a metadata document anew.
pub(crate) async fn authenticate(
    host: &Host,
    client: Option<Stored<Client>>,
    credentials: &Credentials,
) -> Result<Stored<Client>, Stop> {
    let refused = Refusal::InvalidClient { challenge: credentials.method == AuthMethod::ClientSecretBasic };
    let client = match client {
        Some(client) if credentials.method == AuthMethod::PrivateKeyJwt => {
            with_keys_of_today(host, credentials, client).await?
        }
        client => client,
    };
    let Some(client) = client else {
        // An unknown client costs what a known one costs.
        same(&[0; 43], crate::hash::b64u(crate::hash::sha256(credentials.secret.as_bytes())).as_bytes());
        return Err(refused.into());
    };
    let by_secret = client
        .value
        .secrets
        .iter()
        .fold(false, |known, secret| known | secret.accepts(&credentials.secret, host.now()));
    let by_its_method = client.value.auth_method == credentials.method && !client.value.disabled;
    let proven = match credentials.method {
        AuthMethod::None => by_its_method,
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => by_its_method && by_secret,
        AuthMethod::PrivateKeyJwt => {
            by_its_method && assertion::proves(host, &client.value, &credentials.secret).await?
        }
    };
    if proven {
        return Ok(client);
    }
    host.tell(Event::ClientAuthenticationFailed { client_id: client.value.id });
    Err(refused.into())
}
