//! The engine itself: one WebAssembly module, run by wasmtime.
//!
//! | file | what it does |
//! |---|---|
//! | `module` | compiles the module once per process, and keeps time for the deadlines |
//! | `instance` | bytes in and bytes out of one instance |
//! | `worker` | a thread that owns an instance, and replaces it after a trap |
//! | `pool` | the workers, and the flows that live in them |
//! | `derive` | threads of their own for key derivation, which takes tens of milliseconds |
//! | `wire` | the JSON of `docs/contract.md` sections 2 to 4 |
//!
//! [`Instance`] is public for those who drive the engine by hand, such as a recorder of scenarios.

mod derive;
mod instance;
mod module;
mod pool;
#[cfg(test)]
mod tests;
pub(crate) mod wire;
mod worker;

pub(crate) use derive::DerivePool;
pub use instance::Instance;
pub(crate) use module::Module;
pub(crate) use pool::{Pool, Progress, Tuning};
pub(crate) use worker::StartError;

/// Why the engine gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The module could not be compiled or instantiated.
    #[error("the engine cannot be loaded: {0}")]
    Load(String),
    /// The instance trapped, or outlived its deadline. Every flow that was in it is gone.
    #[error("the engine's instance trapped: {0}")]
    Trapped(String),
    /// So much work is waiting that this piece was not taken on.
    #[error("too much work is waiting")]
    Busy,
    /// The engine answered with something that is not in the contract.
    #[error("the engine broke the contract: {0}")]
    Contract(String),
}
