//! Claviger: authentication and authorization for Rust services. One WebAssembly engine, your own storage.
//!
//! ```no_run
//! # async fn me() -> &'static str { "me" }
//! # fn app(secret: String) -> Result<axum::Router, claviger::Error> {
//! # use axum::routing::get;
//! let auth = claviger::Claviger::builder("https://auth.example.com")
//!     .secret(secret)
//!     .store(claviger::stores::Sqlite::open("auth.db")?)
//!     .scope("read", "See your things")
//!     .build()?;
//! let app = axum::Router::new()
//!     .route("/api/me", get(me).layer(auth.require_scope("read")))
//!     .fallback_service(auth.service());
//! # Ok(app)
//! # }
//! ```
//!
//! The same `.wasm` file that the npm package runs is run here by wasmtime, in a pool of instances on threads of their
//! own. It can reach nothing: storage, time and randomness are handed to it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`Claviger`], [`Builder`] | the whole of it, and how it is configured |
//! | [`commands`] | `auth.clients()`, `auth.accounts()` and so on: typed commands by noun |
//! | [`OAuthSessions`] | sessions of people who sign in at a server of their own |
//! | [`web`] | the [`tower`](tower_service::Service) service and the guard for your own routes |
//! | [`stores`] | the [`stores::Store`] trait, and the stores `Memory` and `Sqlite` |
//! | [`services`] | what the engine may leave to you: signing, verifying, HTTP requests |
//! | [`engine`] | one instance, for those who drive the engine by hand |

mod builder;
mod claviger;
mod clock;
pub mod commands;
pub mod engine;
mod error;
mod event;
mod host;
mod issuers;
mod lifetime;
mod logouts;
mod mail;
mod oauth_sessions;
pub mod services;
pub mod stores;
mod subject;
mod verified_tokens;
pub mod web;

pub use builder::Builder;
pub use claviger::Claviger;
pub use commands::{Principal, Requirement};
pub use error::{Error, Problem};
pub use event::Event;
pub use lifetime::Lifetime;
pub use mail::{Mail, MailKind};
pub use oauth_sessions::{MobileSession, OAuthClient, OAuthSession, OAuthSessions, SessionStorage, Validated};
pub use subject::{Identity, Subjects};
