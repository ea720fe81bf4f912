//! The Claviger engine: authentication and authorization with no IO, no clock and no randomness of its own.
//!
//! A host opens an [`Engine`] with a configuration, hands it calls, carries out what it asks for, and gives back what it is told
//! (`docs/contract.md`). The rooms, from the door inwards:
//!
//! | room | what it knows |
//! |---|---|
//! | [`engine`], [`call`], [`ask`], `command`, `unreadable` | flows, and the contract with the host |
//! | `host`, `want`, `change`, `record` | the mailbox, what a flow loads and writes, what a row holds |
//! | `http`, `metadata`, [`page`] | requests, responses, the router, RFC 8414, the built-in pages |
//! | `authorize` | the authorization request, the interaction, sign-in, consent, the response |
//! | `device` | the device authorization endpoint, the page where the code is entered |
//! | `client`, `account`, `session` | who is there |
//! | [`factor`] | what else proves it: authenticator apps, recovery codes |
//! | [`password`] | what stands in place of a password, made and checked |
//! | `sign_in` | how somebody gets there: the stages, and how often it may be tried |
//! | [`mail`], `email` | what people are told at their own address, and what they do by way of it |
//! | `security` | the page on what a person signs in with |
//! | `journey`, `atproto` | a person sent to another server to sign in, and back; how people are called there |
//! | `overview` | the account page: what acts for a person, shown to them and ended by them |
//! | [`pat`] | personal access tokens: their life, their exchange for a JWT, their administration over HTTP |
//! | `grant`, `token` | what was allowed, and the tokens made from it |
//! | `oidc` | ID tokens, claims, userinfo, what a client calls a person |
//! | `dpop`, `marker`, `ticket` | proofs of possession (RFC 9449); what may be used once was used; what goes through a browser and comes back |
//! | `purge`, `throttle` | rows that are over, removed; what happens too often |
//! | [`key`], `seal`, `handle`, `hash`, `random` | cryptography |
//! | `jwts` | the application's own JWTs: signed, verified, taken back |
//! | [`toolkit`] | PKCE, DPoP proofs, JWT verification and sealed values by themselves, for browser and edge code |
//! | `config`, [`refusal`], [`event`], `json`, `redacted`, `resource`, `scope`, `subset`, [`time`], `uri` | what everything else speaks in |

mod account;
pub mod ask;
mod atproto;
mod authorize;
pub mod call;
mod change;
mod client;
mod command;
mod config;
mod consent;
mod device;
mod dpop;
mod email;
pub mod engine;
pub mod event;
pub mod factor;
mod grant;
mod handle;
mod hash;
mod host;
mod http;
mod iron;
mod issuers;
mod journey;
mod json;
mod jwts;
pub mod key;
pub mod mail;
mod marker;
mod metadata;
mod oidc;
mod overview;
pub mod page;
pub mod password;
pub mod pat;
mod purge;
mod random;
mod record;
mod redacted;
pub mod refusal;
mod resource;
mod scope;
mod seal;
mod security;
mod session;
mod sign_in;
mod subset;
mod throttle;
mod ticket;
pub mod time;
#[cfg(test)]
mod timing;
mod token;
pub mod toolkit;
mod unreadable;
mod uri;
mod want;

pub use engine::{Engine, fault_json, opened_json};
pub use password::derive_json;
