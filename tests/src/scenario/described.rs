//! The scenarios themselves.

mod administration;
mod client_credentials;
mod contract;
mod keys;
mod refusals;
mod services;
mod sign_in;
mod tokens;

use super::Scenario;

/// Every scenario, in the order in which they are printed.
pub fn all() -> Vec<Scenario> {
    [
        administration::ALL,
        sign_in::ALL,
        tokens::ALL,
        client_credentials::ALL,
        refusals::ALL,
        keys::ALL,
        services::ALL,
        contract::ALL,
    ]
    .concat()
}
