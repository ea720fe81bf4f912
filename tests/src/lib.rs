//! A world around the engine: a store in memory, a virtual clock, fixed seeds, and a browser with a cookie jar. Behaviour tests
//! and scenarios run in it, on the engine itself, with every ask in plain sight.

mod browser;
pub mod scenario;
pub mod services;
pub mod setting;
mod store;
mod world;

pub use browser::{Browser, CHALLENGE, VERIFIER, basic, form, location_parameter, parameter};
pub use store::Memory;
pub use world::{Asked, World};
