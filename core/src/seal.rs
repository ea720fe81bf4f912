//! The root secrets and everything derived from them: one key for each purpose (HKDF, RFC 5869), authenticated encryption
//! (XChaCha20-Poly1305) and the pseudo-random function behind convergent tokens.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

use crate::hash::{Bytes32, Keyed, hmac, leading};

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
    /// Where the row of a user code is.
    UserCode,
    /// Values that an application seals for itself.
    SealedValue,
    /// Nonces for DPoP proofs.
    DpopNonce,
    /// Answers on their way to a client by a form.
    Response,
    /// Codes that were mailed, as they are kept.
    EmailCode,
    /// The keys of authenticators at rest.
    FactorSecret,
    /// What is stored of recovery codes.
    RecoveryCode,
    /// Sessions that browsers keep themselves.
    SealedSession,
}

impl Purpose {
    const ALL: [Self; 15] = [
        Self::Handle,
        Self::HandleNonce,
        Self::Interaction,
        Self::StoredKey,
        Self::TokenSecret,
        Self::AccountId,
        Self::GrantId,
        Self::UserCode,
        Self::SealedValue,
        Self::DpopNonce,
        Self::Response,
        Self::FactorSecret,
        Self::RecoveryCode,
        Self::SealedSession,
        Self::EmailCode,
    ];

    const fn label(self) -> &'static [u8] {
        match self {
            Self::Handle => b"claviger handle 1",
            Self::HandleNonce => b"claviger handle nonce 1",
            Self::Interaction => b"claviger interaction 1",
            Self::StoredKey => b"claviger stored key 1",
            Self::TokenSecret => b"claviger token secret 1",
            Self::AccountId => b"claviger account id 1",
            Self::GrantId => b"claviger grant id 1",
            Self::UserCode => b"claviger user code 1",
            Self::SealedValue => b"claviger sealed value 1",
            Self::DpopNonce => b"claviger dpop nonce 1",
            Self::Response => b"claviger response 1",
            Self::EmailCode => b"claviger email code 1",
            Self::FactorSecret => b"claviger factor secret 1",
            Self::RecoveryCode => b"claviger recovery code 1",
            Self::SealedSession => b"claviger sealed session 1",
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

/// The keys of every purpose under each root secret. They are derived once: one request needs a dozen of them.
pub(crate) struct Roots {
    current: Keys,
    /// Newest first.
    older: Vec<Keys>,
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({} secrets)", self.count())
    }
}

/// What HKDF makes of one root secret: a key for each of [`Purpose::ALL`], in that order.
struct Keys([Key; Purpose::ALL.len()]);

/// One key: as it is for the cipher, and taken in by HMAC.
struct Key {
    bytes: Bytes32,
    mac: Keyed,
}

impl Keys {
    /// HKDF-Extract (RFC 5869 section 2.2), and HKDF-Expand (section 2.3) for each purpose.
    fn derive(secret: &str) -> Self {
        let root = Keyed::new(&hmac(&crate::hash::sha256(b"claviger root 1"), &[secret.as_bytes()]));
        Self(Purpose::ALL.map(|purpose| {
            let bytes = root.hmac(&[purpose.label(), &[1]]);
            Key { bytes, mac: Keyed::new(&bytes) }
        }))
    }

    fn of(&self, purpose: Purpose) -> &Key {
        let [
            handle,
            handle_nonce,
            interaction,
            stored_key,
            token_secret,
            account_id,
            grant_id,
            user_code,
            sealed_value,
            dpop_nonce,
            response,
            factor_secret,
            recovery_code,
            sealed_session,
            email_code,
        ] = &self.0;
        match purpose {
            Purpose::Handle => handle,
            Purpose::HandleNonce => handle_nonce,
            Purpose::Interaction => interaction,
            Purpose::StoredKey => stored_key,
            Purpose::TokenSecret => token_secret,
            Purpose::AccountId => account_id,
            Purpose::GrantId => grant_id,
            Purpose::UserCode => user_code,
            Purpose::SealedValue => sealed_value,
            Purpose::DpopNonce => dpop_nonce,
            Purpose::Response => response,
            Purpose::EmailCode => email_code,
            Purpose::FactorSecret => factor_secret,
            Purpose::RecoveryCode => recovery_code,
            Purpose::SealedSession => sealed_session,
        }
    }
}

impl Roots {
    /// The first secret seals, all open.
    pub(crate) fn new<'a>(current: &str, older: impl IntoIterator<Item = &'a str>) -> Self {
        Self { current: Keys::derive(current), older: older.into_iter().map(Keys::derive).collect() }
    }

    fn count(&self) -> usize {
        1 + self.older.len()
    }

    /// All of them, the current one first.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = RootIndex> {
        (0..self.count()).map(RootIndex)
    }

    fn key(&self, root: RootIndex, purpose: Purpose) -> &Key {
        let older = root.0.checked_sub(1).and_then(|index| self.older.get(index));
        older.unwrap_or(&self.current).of(purpose)
    }

    fn cipher(&self, root: RootIndex, purpose: Purpose) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key(root, purpose).bytes.into())
    }

    /// A pseudo-random function of the parts. Callers fix each part's length, or put a length before it.
    pub(crate) fn prf<const N: usize>(&self, root: RootIndex, purpose: Purpose, parts: &[&[u8]]) -> [u8; N] {
        leading(&self.key(root, purpose).mac.hmac(parts))
    }

    /// Encrypts and authenticates. `context` must be the same to open.
    pub(crate) fn seal(&self, purpose: Purpose, context: &[u8], nonce: [u8; NONCE], message: &[u8]) -> Vec<u8> {
        // Encryption fails only over 256 GiB; an empty ciphertext opens nowhere.
        let sealed =
            self.cipher(RootIndex::CURRENT, purpose).encrypt(&nonce.into(), Payload { msg: message, aad: context });
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed.unwrap_or_default());
        out
    }

    /// Opens what [`Roots::seal`] made with any of the secrets; anything else is `None`.
    pub(crate) fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<(RootIndex, Vec<u8>)> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        if sealed.len() < TAG {
            return None;
        }
        self.indexes().find_map(|root| {
            let payload = Payload { msg: sealed, aad: context };
            let message = self.cipher(root, purpose).decrypt(&(*nonce).into(), payload).ok()?;
            Some((root, message))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds7_7_no_two_purposes_and_no_two_secrets_share_a_key() {
        let roots = Roots::new("an old secret, long enough to be one", ["another secret, long enough to be one"]);
        let keys: Vec<Bytes32> =
            roots.indexes().flat_map(|root| Purpose::ALL.map(|purpose| roots.key(root, purpose).bytes)).collect();
        assert_eq!(keys.len(), 30);
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "key {at} is the key of something else");
        }
    }

    #[test]
    fn only_the_same_purpose_context_and_bytes_open() {
        let roots = Roots::new("an old secret, long enough to be one", []);
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
        let old = Roots::new("the old secret of thirty-two characters", []);
        let both = Roots::new("the new secret of thirty-two characters", ["the old secret of thirty-two characters"]);
        let sealed = old.seal(Purpose::Handle, b"", [1; 24], b"x");
        assert_eq!(both.open(Purpose::Handle, b"", &sealed), Some((RootIndex(1), b"x".to_vec())));
        let sealed = both.seal(Purpose::Handle, b"", [1; 24], b"x");
        assert_eq!(old.open(Purpose::Handle, b"", &sealed), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Roots::new("a", ["b"])), "Roots(2 secrets)");
    }
}
