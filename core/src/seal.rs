//! The root secrets and everything derived from them: one key for each purpose (HKDF, RFC 5869), authenticated encryption
//! (XChaCha20-Poly1305) and the pseudo-random function behind convergent tokens.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

use crate::hash::{Bytes32, hmac, leading};

/// What a derived key is for. No two purposes share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Codes, tokens, session cookies: the parts that route a request.
    Handle,
    /// The nonce of a handle (a synthetic one: the same handle is always the same text).
    HandleNonce,
    /// Authorization requests on their way through the browser.
    Interaction,
    /// Private keys at rest.
    StoredKey,
    /// The secrets inside codes and tokens, derived from a grant.
    TokenSecret,
    /// Account ids.
    AccountId,
    /// The grant that an interaction may make, once.
    GrantId,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Handle => b"claviger handle 1",
            Self::HandleNonce => b"claviger handle nonce 1",
            Self::Interaction => b"claviger interaction 1",
            Self::StoredKey => b"claviger stored key 1",
            Self::TokenSecret => b"claviger token secret 1",
            Self::AccountId => b"claviger account id 1",
            Self::GrantId => b"claviger grant id 1",
        }
    }
}

/// Which root secret made or opened something: the first seals, all open, so that the secret can be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RootIndex(usize);

impl RootIndex {
    pub(crate) const CURRENT: Self = Self(0);
}

const NONCE: usize = 24;
const TAG: usize = 16;

/// The root secrets, newest first, each already extracted.
pub(crate) struct Roots(Vec<Bytes32>);

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({} secrets)", self.0.len())
    }
}

impl Roots {
    /// HKDF-Extract (RFC 5869 section 2.2) of each secret. `secrets` is not empty (the configuration sees to it).
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let salt = crate::hash::sha256(b"claviger root 1");
        Self(secrets.into_iter().map(|secret| hmac(&salt, &[secret.as_bytes()])).collect())
    }

    fn key(&self, root: RootIndex, purpose: Purpose) -> Bytes32 {
        let root = self.0.get(root.0).copied().unwrap_or_default();
        hmac(&root, &[purpose.label(), &[1]])
    }

    /// A pseudo-random function of the parts. Callers fix each part's length, or put a length before it.
    pub(crate) fn prf<const N: usize>(&self, root: RootIndex, purpose: Purpose, parts: &[&[u8]]) -> [u8; N] {
        leading(&hmac(&self.key(root, purpose), parts))
    }

    /// Encrypts and authenticates. `context` must be the same to open.
    pub(crate) fn seal(&self, purpose: Purpose, context: &[u8], nonce: [u8; NONCE], message: &[u8]) -> Vec<u8> {
        let cipher = XChaCha20Poly1305::new(&self.key(RootIndex::CURRENT, purpose).into());
        // Encryption fails only over 256 GiB; an empty ciphertext opens nowhere.
        let sealed = cipher.encrypt(&nonce.into(), Payload { msg: message, aad: context }).unwrap_or_default();
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Roots::seal`] made with any of the secrets; anything else is `None`.
    pub(crate) fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<(RootIndex, Vec<u8>)> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        if sealed.len() < TAG {
            return None;
        }
        (0..self.0.len()).map(RootIndex).find_map(|root| {
            let cipher = XChaCha20Poly1305::new(&self.key(root, purpose).into());
            let message = cipher.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: context }).ok()?;
            Some((root, message))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_purpose_context_and_bytes_open() {
        let roots = Roots::new(["an old secret, long enough to be one"]);
        let sealed = roots.seal(Purpose::Handle, b"code", [9; 24], b"message");
        assert_eq!(roots.open(Purpose::Handle, b"code", &sealed).map(|opened| opened.1), Some(b"message".to_vec()));
        assert!(roots.open(Purpose::Interaction, b"code", &sealed).is_none());
        assert!(roots.open(Purpose::Handle, b"refresh", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(roots.open(Purpose::Handle, b"code", &bent).is_none(), "bit flip at {at}");
            assert!(roots.open(Purpose::Handle, b"code", &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_rotated_secret_still_opens_and_says_which_it_was() {
        let old = Roots::new(["the old secret of thirty-two characters"]);
        let both = Roots::new(["the new secret of thirty-two characters", "the old secret of thirty-two characters"]);
        let sealed = old.seal(Purpose::Handle, b"", [1; 24], b"x");
        assert_eq!(both.open(Purpose::Handle, b"", &sealed), Some((RootIndex(1), b"x".to_vec())));
        let sealed = both.seal(Purpose::Handle, b"", [1; 24], b"x");
        assert_eq!(old.open(Purpose::Handle, b"", &sealed), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Roots::new(["a", "b"])), "Roots(2 secrets)");
    }
}
