//! A world around the engine: a store in memory, a virtual clock, fixed seeds, and a browser with a cookie jar. Behaviour tests
//! and scenarios run in it, on the engine itself, with every ask in plain sight.

mod authenticator;
mod browser;
mod client_key;
mod holder;
pub mod scenario;
pub mod services;
pub mod setting;
mod store;
mod world;

pub use authenticator::Authenticator;
pub use browser::{Browser, CHALLENGE, VERIFIER, basic, form, location_parameter, parameter};
pub use client_key::{ClientKey, claims_of, with_header};
pub use holder::Holder;
pub use store::Memory;
pub use world::{Asked, World};
