//! The client configuration endpoint (RFC 7592 section 2).

use super::endpoint::{new_registration_access_token, object};
use super::response::{Credentials, respond};
use crate::change::Change;
use crate::client::manage::new_secret;
use crate::client::metadata::{self, Members, Source};
use crate::client::{Client, Origin, SecretHash, check_sector};
use crate::event::Event;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::throttle::Throttle;

/// Members that a client is told and may not send (section 2.2).
const OF_THE_SERVER: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Reads, replaces or removes the registration of the client that the path names, by its registration access token. A token that is
/// not its own tells nothing, not even whether there is such a client.
pub(crate) async fn client_configuration_endpoint(host: &Host, request: &Request, id: &str) -> Result<Response, Stop> {
    let token = request.bearer()?;
    let client = host
        .load(Client::slot(host.config(), id))
        .await?
        .filter(|client| presented(host, &client.value, token).is_some());
    let client = client.ok_or(Refusal::InvalidToken)?;
    if client.value.disabled {
        return Err(Refusal::RegistrationRefused("The client is disabled").into());
    }
    match request.method.as_str() {
        "PUT" => update(host, request, token, &client).await,
        "DELETE" => delete(host, client).await,
        _ => {
            let credentials = Credentials { secret: None, registration_access_token: token.to_owned() };
            Ok(respond(host.config(), 200, &client.value, &credentials))
        }
    }
}

/// The token of the client's that this is.
fn presented<'c>(host: &Host, client: &'c Client, token: &str) -> Option<&'c SecretHash> {
    let Origin::Registered { tokens, .. } = &client.origin else { return None };
    tokens.iter().fold(None, |known, own| if own.accepts(token, host.now()) { Some(own) } else { known })
}

/// Section 2.2: the whole registration anew. What is left out is gone, or as if it had never been said. The token is replaced by
/// another; the old one works as long as a rotated refresh token does, for the client that never got the answer. What makes this
/// server fetch something counts as a registration does.
async fn update(host: &Host, request: &Request, token: &str, stored: &Stored<Client>) -> Result<Response, Stop> {
    let old = &stored.value;
    let members = object(request)?;
    let members = Members(&members);
    check_identity(host, &members, old)?;
    let next = new_registration_access_token(host);
    let grace = host.config().refresh_grace.after(host.now());
    // One that was replaced already is not kept alive by being used.
    let until = presented(host, old, token).and_then(|own| own.expires).unwrap_or(grace);
    let tokens = vec![SecretHash::of(&next, None), SecretHash::of(token, Some(until))];
    let origin = Origin::Registered { tokens, unused_until: old.origin.unused_until() };
    let said = metadata::read(host.config(), Source::Registration, &members, (old.id.clone(), origin, host.now()))?;
    let secret = (said.auth_method.has_secret() && old.secrets.is_empty()).then(|| new_secret(host));
    let mut secrets: Vec<_> = secret.iter().map(|secret| SecretHash::of(secret, None)).collect();
    if said.auth_method.has_secret() {
        secrets.extend(old.secrets.iter().cloned());
    }
    let client = Client { secrets, ..said.decided_as(old) };
    if client.openid.sector_identifier_uri.is_some() {
        let per_hour = host.config().registration.per_hour;
        Throttle::of_address(host, request.remote.as_deref(), "registration", per_hour).admit(host).await?;
    }
    check_sector(host, &client).await?;
    let credentials = Credentials { secret, registration_access_token: next };
    let response = respond(host.config(), 200, &client, &credentials);
    let client_id = client.id.clone();
    host.commit(Change::replace(stored, client)).await?;
    host.tell(Event::ClientUpdated { client_id });
    Ok(response)
}

/// The client says who it is, and overwrites nothing that is the server's.
fn check_identity(host: &Host, members: &Members<'_>, client: &Client) -> Result<(), Refusal> {
    if members.text("client_id")? != Some(client.id.as_str()) {
        return Err(Refusal::InvalidClientMetadata("The client_id is missing, or another client's"));
    }
    if OF_THE_SERVER.iter().any(|name| members.has(name)) {
        return Err(Refusal::InvalidClientMetadata("A member is the server's alone"));
    }
    match members.text("client_secret")? {
        Some(secret) if !client.secrets.iter().any(|own| own.accepts(secret, host.now())) => {
            Err(Refusal::InvalidClientMetadata("The client_secret is not the client's"))
        }
        _ => Ok(()),
    }
}

/// Section 2.3. Its tokens are dead with it: every use of one loads the client's row, and what is older than that is none of its.
async fn delete(host: &Host, client: Stored<Client>) -> Result<Response, Stop> {
    let client_id = client.value.id;
    host.commit(Change::remove(client.key, client.version)).await?;
    host.tell(Event::ClientDeleted { client_id });
    Ok(Response::empty(204).with("cache-control", "no-store"))
}
