//! What the engine tells its host about: who signed in, what was issued, what was revoked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that happened. It carries no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// What happened, such as `token.issued`.
    pub name: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Of which issuer, where it is not the engine's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// To whom and by what: `subject`, `clientId` and so on.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}
