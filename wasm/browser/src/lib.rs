//! The JavaScript-values face of the engine's small rooms (`claviger_core::toolkit`), for browser and edge code. No logic lives
//! here: values cross as JSON texts, which JavaScript's own parser and writer turn into values and back.

mod dpop;
mod jwt;
mod pkce;
mod random;
mod sealed;
mod value;
