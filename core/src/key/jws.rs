//! The compact serialization of a JSON Web Signature (RFC 7515 section 7.1), and no other.

use core::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::parse_object;
use super::jwk::{decode, encode};
use super::{Algorithm, BadSignature, PrivateKey, PublicKey, SigningFailed};

/// How long a token may be, in bytes, when nothing else is said.
pub const MAX_BYTES: usize = 16 * 1024;

/// How many keys are tried for a token that names none.
pub(super) const MAX_CANDIDATES: usize = 4;

/// A token that has been taken apart, and not been believed.
#[derive(Clone, Debug)]
pub struct Compact<'t> {
    header: Header,
    payload: Vec<u8>,
    signing_input: &'t str,
    signature: Vec<u8>,
}

/// The members of a JOSE header that are listened to. A key or the address of a key (`jwk`, `jku`, `x5u`, `x5c`) in a header is
/// never used: anyone can write one (RFC 8725 section 3.10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The algorithm; it must be that of the key.
    pub alg: Algorithm,
    /// The id of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// What kind of token this is (RFC 8725 section 3.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
}

impl<'t> Compact<'t> {
    /// Takes a token apart, in time linear in its length.
    ///
    /// # Errors
    /// [`Malformed`] unless the token has at most `max_bytes` bytes and exactly three parts in strict base64url, with a header that
    /// names an algorithm of the engine, and neither `crit` nor `b64`: no extension is understood (RFC 7515 section 4.1.11).
    pub fn parse(token: &'t str, max_bytes: usize) -> Result<Self, Malformed> {
        if token.len() > max_bytes {
            return Err(Malformed::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Malformed::Parts)?;
        if payload.contains('.') || header.is_empty() || signature.is_empty() {
            return Err(Malformed::Parts);
        }
        Ok(Self {
            header: Header::parse(&decode(header).ok_or(Malformed::Encoding)?)?,
            payload: decode(payload).ok_or(Malformed::Encoding)?,
            signing_input,
            signature: decode(signature).ok_or(Malformed::Encoding)?,
        })
    }

    /// The header, as anyone may have written it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, as anyone may have written it: good for finding out whose key to ask for, and for nothing else.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Any member of the header, as anyone may have written it: for a proof of possession, whose key is in its header.
    pub(crate) fn unverified_header(&self, name: &str) -> Option<Value> {
        let (header, _) = self.signing_input.split_once('.')?;
        parse_object(&decode(header)?).ok()?.remove(name)
    }

    /// What is signed.
    #[must_use]
    pub const fn signing_input(&self) -> &'t str {
        self.signing_input
    }

    /// The signature, in its JOSE form.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether `key` is one that the token may be checked with: of its algorithm, and of its `kid` if it names one.
    #[must_use]
    pub fn suits(&self, key: &PublicKey) -> bool {
        key.algorithm() == self.header.alg && self.header.kid.as_deref().is_none_or(|kid| kid == key.kid())
    }

    /// Checks the signature against the keys that suit. A token without `kid` is tried against at most four; a `kid` must mean one key.
    ///
    /// # Errors
    /// [`BadSignature`], whether a key was found or not.
    pub fn verify<'k>(self, keys: impl IntoIterator<Item = &'k PublicKey>) -> Result<Verified, BadSignature> {
        let candidates: Vec<_> = keys.into_iter().filter(|key| self.suits(key)).take(MAX_CANDIDATES).collect();
        let ambiguous = self.header.kid.is_some() && candidates.len() > 1;
        let made_this = |key: &&PublicKey| key.verify(self.signing_input.as_bytes(), &self.signature).is_ok();
        let verified = !ambiguous && candidates.iter().any(made_this);
        self.verified_elsewhere(verified)
    }

    /// Takes the word of a host that checked the signature with the very key that was chosen for this token.
    ///
    /// # Errors
    /// [`BadSignature`] when the host says that it does not verify.
    pub fn verified_elsewhere(self, verified: bool) -> Result<Verified, BadSignature> {
        let Self { header, payload, .. } = self;
        if verified { Ok(Verified { header, payload }) } else { Err(BadSignature) }
    }
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let members = parse_object(text).map_err(|_| Malformed::Json)?;
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(Malformed::Extension);
        }
        let alg = text_member(&members, "alg")?.ok_or(Malformed::Algorithm)?;
        Ok(Self {
            alg: alg.parse().map_err(|_| Malformed::Algorithm)?,
            kid: text_member(&members, "kid")?.map(str::to_owned),
            typ: text_member(&members, "typ")?.map(str::to_owned),
        })
    }
}

fn text_member<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Malformed> {
    members.get(name).map(|value| value.as_str().ok_or(Malformed::Json)).transpose()
}

/// A token whose signature has been checked.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The header.
    pub header: Header,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Why a token could not be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// It is longer than allowed.
    TooLong,
    /// It has not three parts, or no header or no signature.
    Parts,
    /// A part is not base64url.
    Encoding,
    /// The header is not a JSON object with unique members of the right types.
    Json,
    /// `alg` is absent or not an algorithm of the engine.
    Algorithm,
    /// `crit` or `b64`: an extension that changes the meaning.
    Extension,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the token is too long",
            Self::Parts => "the token has not exactly three parts",
            Self::Encoding => "a part of the token is not base64url",
            Self::Json => "the token's header is not a JSON object with unique, well-typed members",
            Self::Algorithm => "the token's alg is not offered",
            Self::Extension => "the token uses crit or b64",
        })
    }
}

impl core::error::Error for Malformed {}

/// A token that has yet to be signed.
#[derive(Clone, Debug)]
pub struct Unsigned(String);

impl Unsigned {
    /// Lays out the header and the payload.
    #[must_use]
    pub fn new(header: &impl Serialize, payload: &[u8]) -> Self {
        // A header is a few texts: writing it cannot fail, and an empty one would not parse anywhere.
        let header = serde_json::to_vec(header).unwrap_or_default();
        Self(format!("{}.{}", encode(&header), encode(payload)))
    }

    /// What is to be signed.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token, given the signature in its JOSE form.
    #[must_use]
    pub fn with_signature(self, signature: &[u8]) -> String {
        self.0 + "." + &encode(signature)
    }
}

/// Signs a payload with a key of the engine's own, whose `alg` and `kid` go into the header.
///
/// # Errors
/// [`SigningFailed`] when the key is damaged.
pub fn sign_compact(typ: &str, payload: &[u8], key: &PrivateKey) -> Result<String, SigningFailed> {
    let header = Header { alg: key.algorithm(), kid: Some(key.kid().to_owned()), typ: Some(typ.to_owned()) };
    let unsigned = Unsigned::new(&header, payload);
    let signature = key.sign(unsigned.signing_input())?;
    Ok(unsigned.with_signature(&signature))
}
