//! The Claviger engine: authentication and authorization with no IO, no clock and no randomness of its own.
//!
//! A host opens an [`Engine`] with a configuration, hands it calls, carries out what it asks for, and gives back what it is told
//! (`docs/contract.md`). The rooms, from the door inwards:
//!
//! | room | what it knows |
//! |---|---|
//! | [`engine`], [`call`], [`ask`], `unreadable` | flows, and the contract with the host |
//! | `host`, `record` | the mailbox, what a row holds, conditional writes |
//! | `http`, `metadata` | requests, responses, the router, RFC 8414 |
//! | `authorize`, `page` | the authorization request, sign-in and consent |
//! | `client`, `account`, `session` | who is there |
//! | `grant`, `token` | what was allowed, and the tokens made from it |
//! | [`key`], `seal`, `handle`, `hash`, `random` | cryptography |
//! | [`toolkit`] | PKCE, DPoP proofs, JWT verification and sealed values by themselves, for browser and edge code |
//! | `config`, `subset`, `uri`, [`refusal`], [`event`], [`time`] | what everything else speaks in |

mod account;
pub mod ask;
mod authorize;
pub mod call;
mod change;
mod client;
mod command;
mod config;
pub mod engine;
pub mod event;
mod grant;
mod handle;
mod hash;
mod host;
mod http;
mod json;
pub mod key;
mod metadata;
pub mod page;
mod purge;
mod random;
mod record;
pub mod refusal;
mod scope;
mod seal;
mod session;
mod subset;
pub mod time;
mod token;
pub mod toolkit;
mod unreadable;
mod uri;
mod want;

pub use account::derive_json;
pub use engine::{Engine, fault_json, opened_json};
