//! What keeps a person's secrets: keys are sealed, recovery codes are digests, both bound to whose they are.

use zeroize::Zeroizing;

use super::recovery;
use crate::config::Config;
use crate::hash::{b64u, from_b64u, same};
use crate::refusal::Fault;
use crate::seal::{Purpose, RootIndex, Roots};

/// The root secrets, for the factors of one person: what is another person's, or of another tenant, does not open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeper<'a> {
    roots: &'a Roots,
    tenant: &'a str,
    subject: &'a str,
}

impl<'a> Keeper<'a> {
    pub(crate) fn of(config: &'a Config, subject: &'a str) -> Self {
        Self { roots: &config.roots, tenant: &config.tenant, subject }
    }

    /// The key of an authenticator, as the store may have it.
    pub(super) fn seal(&self, id: &str, nonce: [u8; 24], key: &[u8]) -> String {
        b64u(self.roots.seal(Purpose::FactorSecret, &self.context(id), nonce, key))
    }

    /// The key again.
    pub(super) fn open(&self, id: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        from_b64u(sealed)
            .and_then(|sealed| self.roots.open(Purpose::FactorSecret, &self.context(id), &sealed))
            .map(|(_, key)| Zeroizing::new(key))
            .ok_or(Fault::bad_row("the key of an authenticator does not open"))
    }

    /// What is stored of a recovery code. Without the root secret nobody can try codes on it.
    pub(super) fn digest(&self, code: &recovery::Code) -> String {
        self.digest_under(RootIndex::CURRENT, code)
    }

    /// Whether a stored digest is of this code, under whichever root secret. All are tried, whatever is found.
    pub(super) fn is_digest_of(&self, digest: &str, code: &recovery::Code) -> bool {
        let is_under = |root| same(self.digest_under(root, code).as_bytes(), digest.as_bytes());
        self.roots.indexes().fold(false, |found, root| found | is_under(root))
    }

    /// The code has a fixed length, and stands last.
    fn digest_under(&self, root: RootIndex, code: &recovery::Code) -> String {
        let parts = [self.tenant.as_bytes(), &[0], self.subject.as_bytes(), &[0], code.as_bytes()];
        b64u(self.roots.prf::<16>(root, Purpose::RecoveryCode, &parts))
    }

    /// Ids have a fixed length.
    fn context(&self, id: &str) -> Vec<u8> {
        [self.tenant.as_bytes(), &[0], self.subject.as_bytes(), &[0], id.as_bytes()].concat()
    }
}
