//! How far somebody has come in signing in. Only who is all the way there gets a session.
//!
//! ```text
//!   (a name) -- password, link, code, the host's word --> First -- no second factor ----------------> Full --> a session
//!                                                           |                                          ^
//!                                                           +-- a second one --> Pending -- proved ----+
//! ```
//! `Pending` is no session and no row: it goes through the browser sealed, and opens in that browser alone.

use crate::time::Millis;

/// Somebody who proved one thing.
#[derive(Clone, Debug)]
pub(crate) struct First {
    pub(crate) subject: String,
    /// How (RFC 8176).
    pub(crate) methods: Vec<String>,
}

/// Somebody who proved all that there is to prove. It is made here, or by the host's own word.
#[derive(Clone, Debug)]
pub(crate) struct Full {
    subject: String,
    methods: Vec<String>,
    auth_time: Millis,
}

impl Full {
    /// The host says that it signed somebody in.
    pub(crate) fn by_host(subject: &str, methods: &[String], now: Millis) -> Self {
        Self { subject: subject.to_owned(), methods: methods.to_vec(), auth_time: now }
    }

    /// Everything was proved here.
    pub(super) const fn proved(subject: String, methods: Vec<String>, auth_time: Millis) -> Self {
        Self { subject, methods, auth_time }
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn methods(&self) -> &[String] {
        &self.methods
    }

    /// When the last of it was proved.
    pub(crate) const fn auth_time(&self) -> Millis {
        self.auth_time
    }
}

impl First {
    pub(crate) fn by(subject: &str, method: &str) -> Self {
        Self { subject: subject.to_owned(), methods: vec![method.to_owned()] }
    }

    /// There is nothing more to prove.
    pub(super) fn full(self, now: Millis) -> Full {
        Full::proved(self.subject, self.methods, now)
    }
}
