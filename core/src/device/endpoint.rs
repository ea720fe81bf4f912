//! The device authorization endpoint (RFC 8628 section 3.1).

use serde::Serialize;

use super::{Device, State, UserCode};
use crate::change::Change;
use crate::client::{self, Client, Credentials, GrantType};
use crate::config::Config;
use crate::handle::{Handle, Id, Kind, Owner, Secret};
use crate::hash::{b64u, sha256};
use crate::host::Host;
use crate::http::{Request, Response};
use crate::refusal::{Refusal, Stop};
use crate::throttle::Throttle;
use crate::time::Seconds;
use crate::{resource, scope};

/// How long a device waits between two polls, to begin with (section 3.2).
const INTERVAL: Seconds = Seconds(5);
/// The longest address that is kept.
const LONGEST_ADDRESS: usize = 64;

/// Section 3.2.
#[derive(Serialize)]
struct Asked {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// Seconds.
    expires_in: u64,
    interval: Seconds,
}

/// How many codes one address may ask for in an hour, in the name of clients that do not authenticate.
const MOST_PER_HOUR: u32 = 1000;

/// One load, one commit; of a client that does not authenticate, another that counts the address. A user code that is taken loses its race, and another one is drawn.
pub(crate) async fn device_authorization_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    let config = host.config();
    let form = request.form()?;
    let credentials = Credentials::read(request, &form)?;
    let client = host.load(Client::slot(config, &credentials.client_id)).await?;
    let client = client::current(host, request.remote.as_deref(), &credentials.client_id, client).await?;
    let client = client::authenticate(host, client, &credentials).await?.value;
    if !client.may_use(GrantType::DeviceCode) {
        return Err(Refusal::UnauthorizedClient.into());
    }
    let (id, secret): (Id, Secret) = (host.random().id("device id"), host.random().bytes("device secret"));
    let user_code = UserCode::draw(host.random());
    let (place, slot) = Device::slot(config, &user_code);
    let device = Device {
        id: b64u(id),
        secret_sha256: b64u(sha256(&secret)),
        scopes: scope::requested(config, &client, &form)?,
        resources: resource::requested(config, &form)?,
        client_id: client.id.clone(),
        client_name: client.name.clone(),
        client_origin: client.origin.name().to_owned(),
        asked_from: request.remote.clone().filter(|address| address.len() <= LONGEST_ADDRESS),
        interval: INTERVAL,
        created_at: client.since(host.now()),
        expires_at: config.lifetimes.device_code.after(host.now()),
        state: State::Pending,
    };
    // Once, however often a user code is taken. Rows of devices are each in a partition of their own, so it is a commit more.
    if credentials.prove_nothing() && !host.passed_before() {
        Throttle::of_address(host, request.remote.as_deref(), "device", MOST_PER_HOUR).admit(host).await?;
        host.note_passed();
    }
    host.commit(Change::create(slot, device)).await?;
    let handle = Handle { owner: Owner::Device(place), id, serial: 0, secret, client: client.id };
    let page = page_address(config);
    let shown = user_code.shown();
    Ok(Response::json(
        200,
        &Asked {
            device_code: handle.seal(&config.roots, &config.tenant, Kind::DeviceCode),
            verification_uri_complete: with_parameter(&page, "user_code", &shown),
            verification_uri: page,
            user_code: shown,
            expires_in: config.lifetimes.device_code.0,
            interval: INTERVAL,
        },
    ))
}

/// The page where the code is entered, built in or the host's own.
pub(super) fn page_address(config: &Config) -> String {
    address_of(config, &config.pages.device)
}

/// The address of a page that is configured by its path or address.
pub(crate) fn address_of(config: &Config, page: &str) -> String {
    if page.starts_with('/') { config.issuer.address(page) } else { page.to_owned() }
}

/// An address with a parameter whose value needs no encoding.
pub(crate) fn with_parameter(address: &str, name: &str, value: &str) -> String {
    format!("{address}{}{name}={value}", if address.contains('?') { '&' } else { '?' })
}
