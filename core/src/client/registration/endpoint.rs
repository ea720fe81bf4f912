//! The client registration endpoint (RFC 7591 section 3).

use super::response::{Credentials, respond};
use super::token;
use crate::change::Change;
use crate::client::manage::new_secret;
use crate::client::metadata::{self, Members, Source};
use crate::client::{Client, Origin, SecretHash, check_sector};
use crate::config::RegistrationMode;
use crate::event::Event;
use crate::hash::b64u;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::key::json::parse_object;
use crate::refusal::{Refusal, Stop};
use crate::throttle::Throttle;

const REFUSED: Refusal = Refusal::RegistrationRefused("Clients do not register themselves here");

/// Section 3.1. Two commits: what admits the caller is spent, then the client is made; before them the load of an initial access
/// token, where one is needed. A store that fails in between costs a caller one use of its token, and never gives two clients for
/// one.
pub(crate) async fn registration_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    let registration = &host.config().registration;
    let admission = match registration.mode {
        RegistrationMode::Off => return Err(REFUSED.into()),
        RegistrationMode::Open => None,
        RegistrationMode::Token => Some(token::find(host, request.bearer()?).await?),
    };
    let (client, credentials) = read(host, request)?;
    match admission {
        Some(token) => token::spend(host, token).await?,
        None => {
            let remote = request.remote.as_deref();
            Throttle::of_address(host, remote, "registration", registration.per_hour).admit(host).await?;
        }
    }
    check_sector(host, &client).await?;
    let response = respond(host.config(), 201, &client, &credentials);
    let client_id = client.id.clone();
    host.commit(Change::create(Client::slot(host.config(), &client_id), client)).await?;
    host.tell(Event::ClientRegistered { client_id });
    Ok(response)
}

/// The client that the body describes, with an id and credentials of the server's choosing.
fn read(host: &Host, request: &Request) -> Result<(Client, Credentials), Refusal> {
    let members = object(request)?;
    let token = new_registration_access_token(host);
    let unused_until = Some(host.config().registration.unused_for.after(host.now()));
    let origin = Origin::Registered { tokens: vec![SecretHash::of(&token, None)], unused_until };
    let id = b64u(host.random().id("client id"));
    let stated = metadata::read(host.config(), Source::Registration, &Members(&members), (id, origin, host.now()))?;
    let secret = stated.auth_method.has_secret().then(|| new_secret(host));
    let secrets = secret.iter().map(|secret| SecretHash::of(secret, None)).collect();
    Ok((Client { secrets, ..stated }, Credentials { secret, registration_access_token: token }))
}

/// Section 3.1: the body is a JSON object, without two members of one name and not too deep.
pub(super) fn object(request: &Request) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
    parse_object(&request.json()?)
        .map_err(|_| Refusal::InvalidClientMetadata("The body is not a JSON object, or has two members of one name"))
}

/// RFC 7592 section 3.
pub(super) fn new_registration_access_token(host: &Host) -> String {
    format!("cvm_{}", b64u(host.random().bytes::<32>("registration access token")))
}
