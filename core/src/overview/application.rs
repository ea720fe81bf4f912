//! The applications that act for a person: what they allowed, and what is live of it, by client.

use std::cmp::Reverse;

use super::held::Held;
use crate::client::Client;
use crate::config::Config;
use crate::consent::Consent;
use crate::grant::Grant;
use crate::host::Host;
use crate::page::{Application, Destination};
use crate::record::Slot;
use crate::refusal::Stop;
use crate::time::Millis;
use crate::uri::Uri;

/// Something that a person allowed a client.
struct Allowed {
    client_id: String,
    scopes: Vec<String>,
    since: Millis,
    last_used: Option<Millis>,
}

/// Those of this page, the newest first: one load, of the clients.
pub(super) async fn applications(host: &Host, held: &Held) -> Result<Vec<Application>, Stop> {
    let allowed = allowed(host, held)?;
    let mut ids: Vec<&String> = allowed.iter().map(|allowed| &allowed.client_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let slots: Vec<Slot<Client>> = ids.into_iter().map(|id| Client::slot(host.config(), id)).collect();
    let clients = host.load(slots).await?;
    let known = clients.into_iter().flatten();
    let mut applications: Vec<Application> =
        known.filter_map(|client| application(host.config(), &client.value, &allowed)).collect();
    applications.sort_by_key(|application| Reverse(application.since));
    Ok(applications)
}

fn allowed(host: &Host, held: &Held) -> Result<Vec<Allowed>, Stop> {
    let mut allowed = Vec::new();
    for consent in held.records::<Consent>(host, "consent.")? {
        let of = |(scopes, since): (&[String], Millis)| Allowed {
            client_id: consent.value.client_id.clone(),
            scopes: scopes.to_vec(),
            since,
            last_used: None,
        };
        allowed.extend(consent.value.allowed(host.now()).map(of));
    }
    for grant in held.records::<Grant>(host, "grant.")?.into_iter().map(|stored| stored.value) {
        if grant.acts(host.now()) {
            let (since, last_used) = (grant.created_at, grant.last_issued_at());
            allowed.push(Allowed { client_id: grant.client_id, scopes: grant.scopes, since, last_used });
        }
    }
    Ok(allowed)
}

/// What was allowed to this client, and not to one that had its id before.
fn application(config: &Config, client: &Client, allowed: &[Allowed]) -> Option<Application> {
    let its = || allowed.iter().filter(|one| one.client_id == client.id && client.made_before(one.since));
    let mut scopes: Vec<&String> = Vec::new();
    for scope in its().flat_map(|one| &one.scopes) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let described = |scope: &String| config.scopes.get(scope).filter(|text| !text.is_empty()).unwrap_or(scope).clone();
    Some(Application {
        since: its().map(|one| one.since).min()?,
        last_used: its().filter_map(|one| one.last_used).max(),
        scopes: scopes.into_iter().map(described).collect(),
        id: client.id.clone(),
        name: client.name.clone(),
        place: place(client),
        is_unverified: client.is_self_made(),
    })
}

/// Where the client is: at the host of its document, else where browsers return to it; empty when at none, as on a television.
fn place(client: &Client) -> String {
    let document = Uri::parse(&client.id).filter(|_| client.is_document()).and_then(|uri| uri.host_and_port());
    let returns_to = || client.redirect_uris.first().map(|uri| Destination::of(uri).shown().to_owned());
    document.or_else(returns_to).unwrap_or_default()
}
