//! Proof Key for Code Exchange (RFC 7636), S256 only.

use crate::hash::{b64u, from_b64u, same, sha256};

/// Whether a challenge is the base64url of a SHA-256 digest (RFC 7636 section 4.2).
pub(crate) fn is_challenge(text: &str) -> bool {
    text.len() == 43 && from_b64u(text).is_some_and(|digest| digest.len() == 32)
}

/// The challenge of a verifier, by the method S256 (RFC 7636 section 4.2).
pub(crate) fn challenge_of(verifier: &str) -> String {
    b64u(sha256(verifier.as_bytes()))
}

/// Whether a verifier is well-formed (RFC 7636 section 4.1) and its digest is the challenge (section 4.6).
pub(crate) fn verifies(verifier: &str, challenge: &str) -> bool {
    let well_formed = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    well_formed && same(challenge_of(verifier).as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "a test may panic")]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_appendix_b_verifies() {
        assert!(is_challenge(CHALLENGE));
        assert!(verifies(VERIFIER, CHALLENGE));
    }

    #[test]
    fn az_033_malformed_challenges_are_none() {
        let last = CHALLENGE.len() - 1;
        for bad in [
            CHALLENGE[..last].to_owned(),
            format!("{CHALLENGE}A"),
            format!("{}=", &CHALLENGE[..last]),
            CHALLENGE.replace('-', "+"),
            format!("{}N", &CHALLENGE[..last]),
            String::new(),
        ] {
            assert!(!is_challenge(&bad), "{bad}");
        }
    }

    #[test]
    fn az_036_az_037_verifiers_have_43_to_128_plain_characters() {
        let of = |verifier: &str| verifies(verifier, &challenge_of(verifier));
        assert!(of(&"a".repeat(43)) && of(&"~".repeat(128)));
        for bad in [
            "a".repeat(42),
            "a".repeat(129),
            format!("{}\0", "a".repeat(43)),
            format!("{}é", "a".repeat(43)),
            format!("{}+", "a".repeat(43)),
        ] {
            assert!(!of(&bad), "{bad:?}");
        }
    }
}
