//! What your APIs tell of themselves.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::claviger::Claviger;
use crate::error::Error;

impl Claviger {
    /// The metadata (RFC 9728) of a resource that is configured. Those on this server's own origin have it served by
    /// [`Claviger::service`]; another serves it as JSON at `/.well-known/oauth-protected-resource` and its own path.
    ///
    /// # Errors
    /// `not_found` for what is not in `resources`, and faults.
    pub async fn resource_metadata(&self, resource: &str) -> Result<Map<String, Value>, Error> {
        self.command("resources.metadata", &Named { resource }).await
    }
}

#[derive(Serialize)]
struct Named<'a> {
    resource: &'a str,
}
