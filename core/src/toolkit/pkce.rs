//! Proof Key for Code Exchange (RFC 7636), the client's half.

use serde::Serialize;

use crate::authorize::pkce::challenge_of;
use crate::hash::b64u;

/// What a client keeps (`verifier`) and what it sends (`challenge`, with the method S256).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Pkce {
    verifier: String,
    challenge: String,
}

impl Pkce {
    /// A pair made of 32 random bytes, as RFC 7636 section 4.1 recommends.
    #[must_use]
    pub fn new(random: &[u8; 32]) -> Self {
        let verifier = b64u(random);
        let challenge = challenge_of(&verifier);
        Self { verifier, challenge }
    }

    /// For the token request, and for nobody else.
    #[must_use]
    pub fn verifier(&self) -> &str {
        &self.verifier
    }

    /// For the authorization request.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::pkce::{is_challenge, verifies};

    #[test]
    fn the_octets_of_rfc_7636_appendix_b_give_its_verifier_and_challenge() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let pkce = Pkce::new(&octets);
        assert_eq!(pkce.verifier(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_is_made_here_passes_what_the_server_checks() {
        let pkce = Pkce::new(&[255; 32]);
        assert!(is_challenge(pkce.challenge()));
        assert!(verifies(pkce.verifier(), pkce.challenge()));
    }
}
