//! The typed commands that bring keys in and give their public halves out.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json::{Secrets, parse_object};
use super::jwk::{InvalidKey, Members};
use super::manage::{MOST, View, change};
use super::set::{Jwks, KeySet, StoredKey, generate};
use super::{Algorithm, PrivateKey, PublicJwk, PublicKey};
use crate::event::Event;
use crate::host::Host;
use crate::redacted::redacted_debug;
use crate::refusal::{Fault, Refusal, Stop};

/// `keys.import`: a private JWK, or a PEM of PKCS #8.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Import {
    #[serde(default)]
    pub jwk: Option<Box<RawValue>>,
    #[serde(default)]
    pub pem: Option<String>,
    /// What it signs with; `None`: what the JWK says, or the usual one of such keys.
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    /// Signs from now on, in place of waiting for its turn.
    #[serde(default)]
    pub activate: bool,
}

redacted_debug!(Import);

/// `keys.export`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Export {
    pub kid: String,
}

/// `keys.pair`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "docs/contract.md section 5")]
pub struct Pair {
    pub algorithm: Algorithm,
}

/// The public half of a key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exported {
    kid: String,
    algorithm: Algorithm,
    public_jwk: PublicJwk,
    public_pem: String,
}

/// A key that is kept nowhere. What a symmetric one has not is absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyPair {
    kid: String,
    algorithm: Algorithm,
    private_jwk: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_pem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_jwk: Option<PublicJwk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_pem: Option<String>,
}

/// A load and a commit.
pub(crate) async fn import(host: &Host, ask: &Import) -> Result<View, Stop> {
    if ask.jwk.is_some() == ask.pem.is_some() {
        return Err(Refusal::InvalidArgument("Give jwk or pem, one of them").into());
    }
    let key = ask.key().map_err(|why| Refusal::UnfitKey(format!("key: {why}")))?;
    // One whose parts do not belong together would stop whoever signs with it.
    if !key.sign(b"import").is_ok_and(|signature| key.public().verify(b"import", &signature).is_ok()) {
        return Err(Refusal::InvalidArgument("key: its parts do not belong together").into());
    }
    let stored = StoredKey::next(host, &key);
    let set = change(host, |mut set| {
        if set.keys.len() >= MOST {
            return Err(Refusal::InvalidArgument("There are too many keys; wait for the retired ones to go").into());
        }
        let of_host = &host.config().signing.host_keys;
        if set.keys.iter().any(|known| known.kid == stored.kid) || of_host.iter().any(|known| known.kid == stored.kid) {
            return Err(Refusal::AlreadyExists("There is a key with this kid").into());
        }
        host.tell(Event::KeyImported { kid: stored.kid.clone() });
        if ask.activate {
            return Ok(set.with_active(host, stored.clone()));
        }
        set.keys.push(stored.clone());
        Ok(set)
    })
    .await?;
    set.keys.iter().find(|known| known.kid == stored.kid).map(View::of).ok_or(Stop::Stale)
}

/// A load.
pub(crate) async fn export(host: &Host, ask: &Export) -> Result<Exported, Stop> {
    let set = host.load(KeySet::slot(host.config())).await?.map(|stored| stored.value).unwrap_or_default();
    let found = set.keys.iter().find(|key| key.kid == ask.kid);
    let key = found.ok_or(Refusal::NotFound("There is no key with this kid"))?;
    let public =
        PublicKey::from_own_jwk(&key.public).ok().and_then(|public| Some((public.to_jwk()?, public.to_pem()?)));
    let (public_jwk, public_pem) = public.ok_or(Refusal::InvalidArgument("kid: a symmetric key has no public half"))?;
    Ok(Exported { kid: key.kid.clone(), algorithm: key.algorithm, public_jwk, public_pem })
}

/// The JWK Set (RFC 7517 section 5) that is published.
pub(crate) async fn jwks(host: &Host) -> Result<Jwks, Stop> {
    let stored = host.load(KeySet::wanted(host)).await?;
    Ok(KeySet::current(host, stored).await?.to_jwks(host))
}

/// No trip: a key for elsewhere.
pub(crate) fn pair(host: &Host, ask: &Pair) -> Result<KeyPair, Fault> {
    const UNWRITABLE: Fault = Fault::Cryptography("a key cannot be written");
    let key = generate(host, ask.algorithm)?;
    Ok(KeyPair {
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        private_jwk: RawValue::from_string(key.to_jwk().to_string()).map_err(|_| UNWRITABLE)?,
        private_pem: key.to_pem().map(|pem| pem.to_string()),
        public_jwk: key.public().to_jwk(),
        public_pem: key.public().to_pem(),
    })
}

impl Import {
    fn key(&self) -> Result<PrivateKey, InvalidKey> {
        match (&self.jwk, &self.pem) {
            (Some(jwk), None) => self.of_jwk(jwk),
            (None, Some(pem)) => PrivateKey::from_pem(pem, self.algorithm),
            _ => Err(InvalidKey::NotAnObject),
        }
    }

    fn of_jwk(&self, jwk: &RawValue) -> Result<PrivateKey, InvalidKey> {
        let mut jwk = Secrets(parse_object(jwk.get().as_bytes()).map_err(|_| InvalidKey::NotAnObject)?);
        let named = self.algorithm.map(|algorithm| Value::from(algorithm.name()));
        // A JWK that says another algorithm is for that alone.
        if let Some(named) = named
            && *jwk.0.entry("alg").or_insert_with(|| named.clone()) != named
        {
            return Err(InvalidKey::Unsupported);
        }
        PrivateKey::from_members(Members(&jwk.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_in_debug_texts() {
        let jwk = RawValue::from_string(r#"{"d":"a secret"}"#.to_owned()).ok();
        let import = Import { jwk, pem: Some("a secret".into()), algorithm: None, activate: false };
        assert!(!format!("{import:?}").contains("a secret"));
    }
}
