//! RSASSA-PKCS1-v1_5 and RSASSA-PSS with SHA-2 (RFC 8017 section 8), with arithmetic of its own.
//!
//! The `rsa` crate alone would make the engine two thirds larger; `docs/decisions` has the figures. What belongs to a private key is computed in
//! a time that depends on its length alone.

mod limbs;
mod montgomery;
mod prime;
mod pss;
mod roca;

use zeroize::Zeroizing;

use self::limbs::{Limbs, add, bits_vartime, equal, from_bytes, limbs_for, multiply, to_bytes};
use self::montgomery::Modulus;
use super::Algorithm;
use super::algorithm::{Family, Hash, Padding};
use super::jwk::{InvalidKey, Members, encode};

const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 4096;

/// The exponent of every key that is generated (RFC 7518 section 6.3.1.2 calls it AQAB).
const EXPONENT: u32 = 65537;

/// The head of a DigestInfo (RFC 8017 section 9.2, note 1).
#[rustfmt::skip]
const fn digest_info(hash: Hash) -> [u8; 19] {
    let (all, oid, digest) = match hash {
        Hash::Sha256 => (0x31, 0x01, 0x20),
        Hash::Sha384 => (0x41, 0x02, 0x30),
        Hash::Sha512 => (0x51, 0x03, 0x40),
    };
    [0x30, all, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, oid, 0x05, 0x00, 0x04, digest]
}

#[derive(Clone)]
pub(super) struct Public {
    modulus: Modulus,
    exponent: u64,
}

impl Public {
    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        let modulus = members.bytes("n")?;
        let exponent = members.bytes("e")?;
        // RFC 7518 section 6.3.1.1: the fewest octets.
        if modulus.first() == Some(&0) {
            return Err(InvalidKey::Member("n"));
        }
        Self::new(&modulus, small_exponent(&exponent).ok_or(InvalidKey::Member("e"))?)
    }

    fn new(modulus: &[u8], exponent: u64) -> Result<Self, InvalidKey> {
        let modulus = from_bytes(modulus, limbs_for(modulus.len() * 8)).ok_or(InvalidKey::Member("n"))?;
        if !(MIN_BITS..=MAX_BITS).contains(&bits_vartime(&modulus)) || roca::has_fingerprint(&modulus) {
            return Err(InvalidKey::Member("n"));
        }
        let modulus = Modulus::new(modulus).ok_or(InvalidKey::Member("n"))?;
        Ok(Self { modulus, exponent })
    }

    /// The required members of RFC 7638, in its order.
    pub(super) fn required_members(&self) -> String {
        let (n, e) = (base64url(self.modulus.value()), encode(shortest(&self.exponent.to_be_bytes())));
        format!(r#"{{"e":"{e}","kty":"RSA","n":"{}"}}"#, *n)
    }

    /// RFC 8017 section 8.2.2: by encoding what must be there and comparing all of it, never by looking into what is there. Of PSS
    /// (section 8.1.2) the salt is in it; everything else is compared too.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let length = self.length();
        let signature =
            if signature.len() == length { from_bytes(signature, self.modulus.value().len()) } else { None };
        let Some(signature) = signature.filter(|signature| self.modulus.is_above(signature)) else { return false };
        match algorithm.family() {
            Family::Rsa(Padding::Pss) => {
                let opened = Zeroizing::new(to_bytes(&self.opened(&signature)));
                pss::is_of(algorithm.hash(), message, &opened, bits_vartime(self.modulus.value()))
            }
            _ => self
                .encoded(algorithm.hash(), message)
                .is_some_and(|expected| bool::from(equal(&self.opened(&signature), &expected))),
        }
    }

    /// RSAVP1 (RFC 8017 section 5.2.2).
    fn opened(&self, signature: &Limbs) -> Limbs {
        self.modulus.leave(self.modulus.power_public(&self.modulus.enter(signature), self.exponent))
    }

    /// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), as a number.
    fn encoded(&self, hash: Hash, message: &[u8]) -> Option<Limbs> {
        let (info, digest) = (digest_info(hash), hash.digest(&[message]));
        let padding = self.length().checked_sub(3 + info.len() + digest.len())?;
        let encoded = [&[0, 1][..], &vec![0xff; padding], &[0], &info, &digest].concat();
        from_bytes(&encoded, self.modulus.value().len())
    }

    /// The length of the modulus, and of every signature, in bytes.
    fn length(&self) -> usize {
        bits_vartime(self.modulus.value()).div_ceil(8)
    }
}

/// A private key with two primes of half its length, for the Chinese remainder theorem.
pub(super) struct Private {
    public: Public,
    d: Limbs,
    p: Modulus,
    q: Modulus,
    dp: Limbs,
    dq: Limbs,
    qi: Limbs,
}

impl Private {
    /// A key of 2048 bits.
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, InvalidKey> {
        prime::generate(MIN_BITS, EXPONENT, fill)
    }

    pub(super) fn from_jwk(members: Members<'_>) -> Result<Self, InvalidKey> {
        if members.0.contains_key("oth") {
            return Err(InvalidKey::Unsupported);
        }
        let public = Public::from_jwk(members)?;
        let whole = public.modulus.value().len();
        let read = |name, length| from_bytes(&members.bytes(name)?, length).ok_or(InvalidKey::Member(name));
        let prime = |name| {
            let value = read(name, whole / 2)?;
            let right_length = bits_vartime(&value) * 2 == bits_vartime(public.modulus.value());
            Modulus::new(value).filter(|_| right_length).ok_or(InvalidKey::Member(name))
        };
        let (p, q) = (prime("p")?, prime("q")?);
        let (dp, dq, qi) = (read("dp", whole / 2)?, read("dq", whole / 2)?, read("qi", whole / 2)?);
        let d = read("d", whole)?;
        let belongs = bool::from(equal(&multiply(p.value(), q.value()), public.modulus.value()));
        if belongs && p.is_above(&qi) { Ok(Self { public, d, p, q, dp, dq, qi }) } else { Err(InvalidKey::Mismatch) }
    }

    /// The secret members of the JWK, to stand after the public ones.
    pub(super) fn secret_members(&self) -> Zeroizing<String> {
        let members = [
            ("d", self.d.as_slice()),
            ("p", self.p.value()),
            ("q", self.q.value()),
            ("dp", &self.dp),
            ("dq", &self.dq),
            ("qi", &self.qi),
        ];
        let mut text = Zeroizing::new(String::with_capacity(self.d.len() * 64));
        for (name, number) in members {
            for part in [r#",""#, name, r#"":""#, &base64url(number), r#"""#] {
                text.push_str(part);
            }
        }
        text
    }

    pub(super) fn public(&self) -> Public {
        self.public.clone()
    }

    /// `None` when the signature does not open again: given away, it would give away the key (Boneh, DeMillo and Lipton).
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let encoded = match algorithm.family() {
            Family::Rsa(Padding::Pss) => self.encoded_by_pss(algorithm.hash(), message)?,
            _ => self.public.encoded(algorithm.hash(), message)?,
        };
        let signature = self.power(&encoded);
        if !bool::from(equal(&self.public.opened(&signature), &encoded)) {
            return None;
        }
        let bytes = to_bytes(&signature);
        bytes.get(bytes.len().checked_sub(self.public.length())?..).map(<[u8]>::to_vec)
    }

    /// The salt is a PRF of the key and the message: a signature is a function of both, as with the other algorithms.
    fn encoded_by_pss(&self, hash: Hash, message: &[u8]) -> Option<Limbs> {
        let d = Zeroizing::new(to_bytes(&self.d));
        let keyed = crate::hash::Keyed::of_any_length(&d);
        let digest = hash.digest(&[message]);
        let mut salt = [keyed.hmac(&[b"pss salt 1", &digest]), keyed.hmac(&[b"pss salt 2", &digest])].concat();
        salt.truncate(hash.length());
        let encoded = pss::encode(hash, message, &salt, bits_vartime(self.public.modulus.value()))?;
        from_bytes(&encoded, self.public.modulus.value().len())
    }

    /// RSASP1 with the second form of a key (RFC 8017 section 5.2.1).
    fn power(&self, message: &Limbs) -> Limbs {
        let mut first = self.p.power(&self.p.enter(message), &self.dp);
        let second = self.q.leave(self.q.power(&self.q.enter(message), &self.dq));
        self.p.subtract(&mut first, &self.p.enter(&second));
        // One factor in Montgomery's form and one not: the product is not.
        self.p.multiply(&mut first, &self.qi);
        let mut whole = multiply(&first, self.q.value());
        add(&mut whole, &second);
        whole
    }
}

/// RFC 8017 section 3.1: odd, at least 3. More than 64 bits is nobody's key (NIST SP 800-89 section 5.3.3) and only costs time.
fn small_exponent(bytes: &[u8]) -> Option<u64> {
    let exponent =
        bytes.iter().try_fold(0_u64, |exponent, byte| Some(exponent.checked_mul(256)? | u64::from(*byte)))?;
    (bytes.first() != Some(&0) && exponent >= 3 && exponent % 2 == 1).then_some(exponent)
}

/// Base64urlUInt (RFC 7518 section 2): the fewest octets.
fn base64url(number: &[limbs::Limb]) -> Zeroizing<String> {
    Zeroizing::new(encode(shortest(&to_bytes(number))))
}

fn shortest(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
