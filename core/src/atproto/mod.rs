//! The AT Protocol: how people are called there.

mod handle;

pub(crate) use handle::read as read_handle;
