//! A host with users of its own.

use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::stores::StoreError;

/// The application's own users, in place of the engine's accounts. Write the methods as `async fn`.
pub trait Subjects: Send + Sync + 'static {
    /// Answers whose login and password these are, or `None`. Take as long for an unknown login as for a wrong password.
    ///
    /// # Errors
    /// Whatever the log should say. A failure denies.
    fn sign_in(
        &self,
        login: String,
        password: String,
    ) -> impl Future<Output = Result<Option<Identity>, StoreError>> + Send;

    /// Answers a user by id; `None` if there is no such user or the user is disabled.
    ///
    /// # Errors
    /// Whatever the log should say. A failure denies.
    fn status(&self, id: String) -> impl Future<Output = Result<Option<Identity>, StoreError>> + Send;
}

/// A user of the application's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Stable, and never given to somebody else. It becomes the tokens' `sub`.
    pub id: String,
    /// What pages call the user.
    pub name: String,
}

/// What the engine asks about the host's users.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SubjectAsk {
    SignIn { login: String, password: String },
    Status { id: String },
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Option<Identity>, StoreError>> + Send + 'a>>;

/// [`Subjects`] as an object.
pub(crate) trait DynSubjects: Send + Sync {
    fn ask(&self, ask: SubjectAsk) -> Answer<'_>;
}

impl<S: Subjects> DynSubjects for S {
    fn ask(&self, ask: SubjectAsk) -> Answer<'_> {
        match ask {
            SubjectAsk::SignIn { login, password } => Box::pin(self.sign_in(login, password)),
            SubjectAsk::Status { id } => Box::pin(self.status(id)),
        }
    }
}
