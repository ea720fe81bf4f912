//! Claviger.
pub mod key;
