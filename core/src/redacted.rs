//! What holds a secret says no more of itself than its name.

/// Implements `Debug` for each type as its name alone.
macro_rules! redacted_debug {
    ($($name:ident)+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}
pub(crate) use redacted_debug;
