//! A host with users of its own.

use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

    /// Answers what is known of a user under these names (OpenID Connect Core section 5.1); `None` if there is no such user or the
    /// user is disabled. An address is verified when `email_verified` is `true`. By default applications are told nothing but the id.
    ///
    /// # Errors
    /// Whatever the log should say. A failure denies.
    fn claims(
        &self,
        id: String,
        names: Vec<String>,
    ) -> impl Future<Output = Result<Option<Map<String, Value>>, StoreError>> + Send {
        let _ = names;
        let status = self.status(id);
        async move { Ok(status.await?.map(|_| Map::new())) }
    }
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
    Claims { id: String, claims: Vec<String> },
}

/// What the engine is told.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    id: String,
    name: Option<String>,
    claims: Map<String, Value>,
}

impl From<Identity> for Found {
    fn from(identity: Identity) -> Self {
        Self { id: identity.id, name: Some(identity.name), claims: Map::new() }
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Option<Found>, StoreError>> + Send + 'a>>;

/// [`Subjects`] as an object.
pub(crate) trait DynSubjects: Send + Sync {
    fn ask(&self, ask: SubjectAsk) -> Answer<'_>;
}

impl<S: Subjects> DynSubjects for S {
    fn ask(&self, ask: SubjectAsk) -> Answer<'_> {
        match ask {
            SubjectAsk::SignIn { login, password } => {
                Box::pin(async move { Ok(self.sign_in(login, password).await?.map(Found::from)) })
            }
            SubjectAsk::Status { id } => Box::pin(async move { Ok(self.status(id).await?.map(Found::from)) }),
            SubjectAsk::Claims { id, claims } => Box::pin(async move {
                let known = self.claims(id.clone(), claims).await?;
                Ok(known.map(|claims| Found { id, name: None, claims }))
            }),
        }
    }
}
