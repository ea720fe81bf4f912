//! Keys as PEM (RFC 7468): private ones as PKCS #8 (RFC 5958), public ones as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::NistP256;
use p384::NistP384;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::algorithm::Family;
use super::der::{BIT_STRING, NULL, OBJECT_ID, OCTET_STRING, OPTIONAL, PUBLIC_KEY, Reader, SEQUENCE, element, number};
use super::json::{Secrets, parse_object};
use super::jwk::{InvalidKey, Members, encode};
use super::{Algorithm, PrivateKey, PublicKey, ecdsa, eddsa};

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// RFC 7468 section 2.
const LINE: usize = 64;
/// A key of 4096 bits has less than four kilobytes.
const LONGEST: usize = 16 * 1024;

const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// The numbers of an RSA key in the order of RFC 8017 appendix A.1.2.
const RSA_MEMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

impl PrivateKey {
    /// Reads a PEM of PKCS #8 that is not encrypted. An RSA key is for `algorithm`, or for RS256.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything else, and for a key that is not for `algorithm`.
    pub fn from_pem(pem: &str, algorithm: Option<Algorithm>) -> Result<Self, InvalidKey> {
        let der = decode(pem, PRIVATE).ok_or(InvalidKey::NotPem)?;
        let mut jwk = private_jwk(&der).ok_or(InvalidKey::NotPem)?;
        if let Some(algorithm) = algorithm {
            jwk.0.insert("alg".into(), algorithm.name().into());
        }
        Self::from_members(Members(&jwk.0))
    }

    /// The PEM of PKCS #8: to be kept where nobody else reads. `None` for HMAC, which has no such form.
    #[must_use]
    pub fn to_pem(&self) -> Option<Zeroizing<String>> {
        let jwk = Secrets(parse_object(self.to_jwk().as_bytes()).ok()?);
        let members = Members(&jwk.0);
        let bytes = |name| members.bytes(name).ok();
        let (algorithm, key) = match self.algorithm().family() {
            Family::Ed25519 => (ed25519(), element(OCTET_STRING, &[&bytes("d")?])),
            Family::P256 => (ec(P256), ec_private(members)?),
            Family::P384 => (ec(P384), ec_private(members)?),
            Family::Rsa(_) => {
                let mut numbers = number(&[]);
                for name in RSA_MEMBERS {
                    numbers.extend_from_slice(&number(&bytes(name)?));
                }
                (rsa(), element(SEQUENCE, &[&numbers]))
            }
            Family::Hmac => return None,
        };
        let der = element(SEQUENCE, &[&number(&[]), &algorithm, &element(OCTET_STRING, &[&key])]);
        Some(encode_pem(PRIVATE, &der))
    }
}

impl PublicKey {
    /// The PEM of SubjectPublicKeyInfo. `None` for HMAC, which has no public form.
    #[must_use]
    pub fn to_pem(&self) -> Option<String> {
        let mut jwk = Map::new();
        for (name, value) in self.to_jwk()? {
            jwk.insert(name, Value::from(value));
        }
        let members = Members(&jwk);
        let (algorithm, key) = match self.algorithm().family() {
            Family::Ed25519 => (ed25519(), members.bytes("x").ok()?),
            Family::P256 => (ec(P256), point(members)?),
            Family::P384 => (ec(P384), point(members)?),
            Family::Rsa(_) => {
                let (n, e) = (members.bytes("n").ok()?, members.bytes("e").ok()?);
                (rsa(), element(SEQUENCE, &[&number(&n), &number(&e)]))
            }
            Family::Hmac => return None,
        };
        let der = element(SEQUENCE, &[&algorithm, &element(BIT_STRING, &[&[0], &key])]);
        Some(encode_pem(PUBLIC, &der).to_string())
    }
}

/// AlgorithmIdentifiers: RFC 8410 section 3, RFC 5480 section 2.1.1, RFC 8017 appendix A.1.
fn ed25519() -> Zeroizing<Vec<u8>> {
    element(SEQUENCE, &[&element(OBJECT_ID, &[ED25519])])
}

fn ec(curve: &[u8]) -> Zeroizing<Vec<u8>> {
    element(SEQUENCE, &[&element(OBJECT_ID, &[EC]), &element(OBJECT_ID, &[curve])])
}

fn rsa() -> Zeroizing<Vec<u8>> {
    element(SEQUENCE, &[&element(OBJECT_ID, &[RSA]), &element(NULL, &[])])
}

/// RFC 5915 section 3: the curve is the AlgorithmIdentifier's to name.
fn ec_private(members: Members<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let d = element(OCTET_STRING, &[&members.bytes("d").ok()?]);
    let point = element(OPTIONAL[1], &[&element(BIT_STRING, &[&[0], &point(members)?])]);
    Some(element(SEQUENCE, &[&number(&[1]), &d, &point]))
}

/// The point of a key on a curve, uncompressed (RFC 5480 section 2.2).
fn point(members: Members<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let (x, y) = (members.bytes("x").ok()?, members.bytes("y").ok()?);
    Some(Zeroizing::new([&[4][..], &x, &y].concat()))
}

/// The members of a private key (RFC 5958 section 2), as a JWK has them.
fn private_jwk(der: &[u8]) -> Option<Secrets> {
    let mut info = Reader(Reader::only(der, SEQUENCE)?);
    let version = info.number()?;
    let mut algorithm = Reader(info.take(SEQUENCE)?);
    let id = algorithm.take(OBJECT_ID)?;
    let key = info.take(OCTET_STRING)?;
    info.skip(&[OPTIONAL[0], PUBLIC_KEY]);
    info.end()?;
    let members = match (version, id) {
        ([] | [1], ED25519) => eddsa::Private::members_of(Reader::only(key, OCTET_STRING)?)?,
        ([] | [1], EC) => {
            let d = scalar(key)?;
            match algorithm.take(OBJECT_ID)? {
                P256 => ecdsa::Private::<NistP256>::members_of(d)?,
                P384 => ecdsa::Private::<NistP384>::members_of(d)?,
                _ => return None,
            }
        }
        ([], RSA) => {
            algorithm.skip(&[NULL]);
            rsa_members(key)?
        }
        _ => return None,
    };
    algorithm.end()?;
    Some(members)
}

/// RFC 5915 section 3. The public half that may stand beside it is computed, not believed.
fn scalar(key: &[u8]) -> Option<&[u8]> {
    let mut inside = Reader(Reader::only(key, SEQUENCE)?);
    let d = if inside.number()? == [1] { inside.take(OCTET_STRING)? } else { return None };
    inside.skip(&OPTIONAL);
    inside.end()?;
    Some(d)
}

/// RFC 8017 appendix A.1.2: two primes, version 0.
fn rsa_members(key: &[u8]) -> Option<Secrets> {
    let mut numbers = Reader(Reader::only(key, SEQUENCE)?);
    if !numbers.number()?.is_empty() {
        return None;
    }
    let mut members = Secrets(Map::new());
    members.0.insert("kty".into(), "RSA".into());
    for name in RSA_MEMBERS {
        members.0.insert(name.into(), encode(numbers.number()?).into());
    }
    numbers.end()?;
    Some(members)
}

fn decode(pem: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = pem.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let text = text.strip_suffix(&format!("-----END {label}-----")).filter(|text| text.len() <= LONGEST)?;
    let digits: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    STANDARD.decode(digits.as_str()).ok().map(Zeroizing::new)
}

fn encode_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(digits.len() * 2 + 64));
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            pem.push('\n');
        }
        pem.push(digit);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    pem
}
