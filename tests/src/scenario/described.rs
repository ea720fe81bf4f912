//! The scenarios themselves.

mod account_pages;
mod administration;
mod authenticators;
mod client_credentials;
mod contract;
mod device;
mod exchange;
mod factors;
mod journeys;
mod jwts;
mod keys;
mod logout;
mod mail;
mod openid;
mod passwords;
mod pats;
mod proofs;
mod pushed;
mod refusals;
mod registration;
mod resource_server;
mod services;
mod sessions;
mod sign_in;
mod tokens;

use serde_json::{Value, json};

use super::Scenario;

/// Every scenario, in the order in which they are printed.
pub fn all() -> Vec<Scenario> {
    [
        administration::ALL,
        sign_in::ALL,
        sessions::ALL,
        factors::ALL,
        journeys::ALL,
        passwords::ALL,
        pushed::ALL,
        tokens::ALL,
        client_credentials::ALL,
        resource_server::ALL,
        device::ALL,
        account_pages::ALL,
        authenticators::ALL,
        proofs::ALL,
        exchange::ALL,
        pats::ALL,
        registration::ALL,
        openid::ALL,
        logout::ALL,
        mail::ALL,
        refusals::ALL,
        jwts::ALL,
        keys::ALL,
        services::ALL,
        contract::ALL,
    ]
    .concat()
}

/// A configuration with nothing but what must be there.
fn plain() -> Value {
    json!({})
}
