//! What the engine asks of its host, and what it is answered: the Rust form of `docs/contract.md` section 4.

use serde::{Deserialize, Serialize};

use crate::key::PublicJwk;
use crate::password::{Algorithm, Typed};
use crate::time::Millis;

/// A row's name: a partition, a `/`, and a name inside it. A commit stays inside one partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub String);

/// A stored value and the version that a later commit may require.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Made by the store; differs for every value that the key ever had.
    pub version: String,
    /// JSON text, opaque to the store. Empty while it stands behind the message (`Engine::resume_json`).
    #[serde(default)]
    pub value: String,
}

/// What the engine waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ask {
    /// Read rows.
    Load {
        /// One row is answered for each key, in order.
        keys: Vec<Key>,
    },
    /// Write rows, all or nothing.
    Commit(Batch),
    /// Read a page of rows; administration only.
    Scan(Scan),
    /// An HTTP request (optional capability).
    Fetch(Fetch),
    /// The host's own users (optional capability).
    Subject(SubjectAsk),
    /// A slow key derivation elsewhere (optional capability).
    Derive(Derive),
    /// A signature by a key of the host (optional capability).
    Sign(Sign),
    /// The check of a signature by the host's own cryptography (optional capability).
    Verify(Verify),
}

/// A conditional write: applied whole when every requirement holds, otherwise not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// The versions that must hold; `None` is absence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Require>,
    /// Rows to write.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<Put>,
    /// Rows to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delete: Vec<Key>,
    /// Counters to raise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<Add>,
}

/// One requirement of a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Require {
    /// The row.
    pub key: Key,
    /// Its version, or `None`: the row does not exist.
    pub version: Option<String>,
}

/// One write of a [`Batch`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// The row.
    pub key: Key,
    /// Its new value.
    pub value: String,
    /// When the store may remove it (milliseconds), `None`: never.
    pub expires: Option<Millis>,
}

/// One counter of a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// The row; its value is a decimal integer, absence is 0.
    pub key: Key,
    /// What is added.
    pub delta: u64,
    /// The batch is stale when the sum would exceed this.
    pub ceiling: u64,
    /// When the store may remove it (milliseconds).
    pub expires: Option<Millis>,
}

/// A page of rows by prefix, in the order of the keys' bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// How the keys start.
    pub prefix: String,
    /// Only keys greater than this.
    pub after: Option<Key>,
    /// At most so many rows.
    pub limit: u32,
}

/// An HTTP request that the host makes under limits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// Upper case.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// A byte string.
    pub body: Option<String>,
    /// What the host must hold to.
    pub limits: FetchLimits,
}

/// Limits of a [`Fetch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchLimits {
    /// The largest body.
    pub bytes: u32,
    /// The whole exchange's deadline.
    pub millis: u32,
    /// How many redirects may be followed.
    pub redirects: u8,
    /// Only addresses of the public internet, resolved once and pinned.
    pub public_only: bool,
}

/// A question about the host's own users.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SubjectAsk {
    /// Is this the user's password?
    SignIn {
        /// As typed, trimmed.
        login: String,
        /// As typed.
        password: String,
    },
    /// Does this user exist, and may it act?
    Status {
        /// The host's id.
        id: String,
    },
    /// The same, and what is known of the user under these names (OpenID Connect Core section 5.1).
    Claims {
        /// The host's id.
        id: String,
        /// Names of claims.
        claims: Vec<String>,
    },
}

/// A user of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectFound {
    /// Stable, at most 255 ASCII characters (OpenID Connect Core section 2).
    pub id: String,
    /// What pages call the user.
    #[serde(default)]
    pub name: Option<String>,
    /// To `claims`: those that are known.
    #[serde(default)]
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// A slow key derivation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derive {
    /// By which algorithm.
    pub algorithm: Algorithm,
    /// Costs.
    pub parameters: DeriveParameters,
    /// base64url.
    pub secret: Typed,
    /// base64url.
    pub salt: String,
}

/// Costs of a [`Derive`]: those of its algorithm. What is 0 is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeriveParameters {
    /// KiB of argon2 (RFC 9106 section 3.1).
    #[serde(skip_serializing_if = "is_zero")]
    pub memory: u32,
    /// Iterations of argon2.
    #[serde(skip_serializing_if = "is_zero")]
    pub passes: u32,
    /// Parallelism of argon2.
    #[serde(skip_serializing_if = "is_zero")]
    pub lanes: u32,
    /// Of bcrypt: 2 to its power is how often the key is set up.
    #[serde(skip_serializing_if = "is_zero")]
    pub cost: u32,
    /// Of scrypt: 2 to its power is N (RFC 7914 section 2).
    #[serde(skip_serializing_if = "is_zero")]
    pub ln: u32,
    /// The block size of scrypt.
    #[serde(skip_serializing_if = "is_zero")]
    pub r: u32,
    /// Parallelism of scrypt.
    #[serde(skip_serializing_if = "is_zero")]
    pub p: u32,
    /// Of PBKDF2 (RFC 8018 section 5.2).
    #[serde(skip_serializing_if = "is_zero")]
    pub iterations: u32,
    /// Bytes of output.
    pub length: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A signature by a key that only the host has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The key's `kid`.
    pub key: String,
    /// The JOSE name.
    pub algorithm: String,
    /// base64url.
    pub message: String,
}

/// A signature to check.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// The public key.
    pub jwk: PublicJwk,
    /// The JOSE name.
    pub algorithm: String,
    /// base64url.
    pub message: String,
    /// base64url, in JOSE form.
    pub signature: String,
}

/// What the host answers.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// To a load: one for each key.
    Rows(Vec<Option<Row>>),
    /// To a commit.
    Commit(Committed),
    /// To a scan.
    Page(Page),
    /// To a fetch.
    Response(Fetched),
    /// To a subject ask.
    Subject(Option<SubjectFound>),
    /// To a derive: base64url.
    Derived(String),
    /// To a sign: base64url.
    Signature(String),
    /// To a verify.
    Verified(bool),
    /// To any ask: there is too much to do; it may be tried again after so many seconds.
    Busy(u64),
    /// To any ask: it could not be done. The text is for the log.
    Failed(String),
}

/// How a commit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Committed {
    /// Applied, durably.
    Committed,
    /// Not applied: a requirement did not hold.
    Stale,
    /// The host cannot say; the engine reads back.
    Unknown,
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// In the order of the keys' bytes.
    pub rows: Vec<KeyedRow>,
    /// The last key when there may be more.
    pub next: Option<Key>,
}

/// A row of a [`Page`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedRow {
    /// Its key.
    pub key: Key,
    /// Its version.
    pub version: String,
    /// Its value.
    pub value: String,
}

/// An HTTP response to a [`Fetch`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// A byte string.
    pub body: String,
}

/// What may hold a secret is not shown: rows, bodies and their headers, passwords, what is derived from them, and what is signed.
macro_rules! shown_without_secrets {
    ($($name:ident { $($shown:ident),* })+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($shown), &self.$shown))*.finish_non_exhaustive()
            }
        })+
    };
}

shown_without_secrets! {
    Row { version }
    KeyedRow { key, version }
    Put { key, expires }
    Fetch { method, url, limits }
    Fetched { status }
    Derive { algorithm, parameters }
    Sign { key, algorithm }
    Verify { algorithm }
}

impl std::fmt::Debug for SubjectAsk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignIn { login, .. } => f.debug_struct("SignIn").field("login", login).finish_non_exhaustive(),
            Self::Status { id } => f.debug_struct("Status").field("id", id).finish(),
            Self::Claims { id, .. } => f.debug_struct("Claims").field("id", id).finish_non_exhaustive(),
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => f.debug_tuple("Rows").field(rows).finish(),
            Self::Commit(committed) => f.debug_tuple("Commit").field(committed).finish(),
            Self::Page(page) => f.debug_tuple("Page").field(page).finish(),
            Self::Response(response) => f.debug_tuple("Response").field(response).finish(),
            Self::Subject(found) => f.debug_tuple("Subject").field(found).finish(),
            Self::Derived(_) => f.write_str("Derived(..)"),
            Self::Signature(_) => f.write_str("Signature(..)"),
            Self::Verified(verified) => f.debug_tuple("Verified").field(verified).finish(),
            Self::Busy(seconds) => f.debug_tuple("Busy").field(seconds).finish(),
            Self::Failed(why) => f.debug_tuple("Failed").field(why).finish(),
        }
    }
}
