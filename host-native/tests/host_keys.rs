//! Tokens signed by keys of the host, here `ring`'s: a library of their own verifies them, the engine does, and the host does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger::services::{ServiceError, Sign, SignRequest, Verify, VerifyRequest};
use claviger::stores::Memory;
use claviger::{Builder, Claviger, Requirement};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Value, json};
use support::{Browser, builder, get, redeem, seeded, send};

/// Made for these tests alone.
const RSA: &[u8] = include_bytes!("support/rsa2048.pk8");

/// A curve by its names in the JOSE registry, and as `ring` has it.
struct Curve {
    algorithm: &'static str,
    crv: &'static str,
    signing: &'static EcdsaSigningAlgorithm,
    verifying: &'static EcdsaVerificationAlgorithm,
}

static P256: Curve = Curve {
    algorithm: "ES256",
    crv: "P-256",
    signing: &ECDSA_P256_SHA256_FIXED_SIGNING,
    verifying: &ECDSA_P256_SHA256_FIXED,
};
static P384: Curve = Curve {
    algorithm: "ES384",
    crv: "P-384",
    signing: &ECDSA_P384_SHA384_FIXED_SIGNING,
    verifying: &ECDSA_P384_SHA384_FIXED,
};

/// A key of the host.
enum HostKey {
    Ec(&'static Curve, EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl HostKey {
    fn ec(curve: &'static Curve) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve.signing, &random).unwrap();
        Self::Ec(curve, EcdsaKeyPair::from_pkcs8(curve.signing, pkcs8.as_ref(), &random).unwrap())
    }

    /// Another key for the same algorithm.
    fn another(&self) -> Self {
        match self {
            Self::Ec(curve, _) => Self::ec(curve),
            Self::Rsa(_) => Self::rsa(),
        }
    }

    fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(RSA).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(curve, _) => curve.algorithm,
            Self::Rsa(_) => "RS256",
        }
    }

    fn public_jwk(&self) -> Value {
        let b64u = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec(curve, key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
                json!({ "kty": "EC", "crv": curve.crv, "x": b64u(x), "y": b64u(y) })
            }
            Self::Rsa(key) => {
                let rsa::PublicKeyComponents { n, e } = rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "n": b64u(&n), "e": b64u(&e) })
            }
        }
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(_, key) => Ok(key.sign(&random, message)?.as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

impl Sign for HostKey {
    async fn sign(&self, request: SignRequest) -> Result<Vec<u8>, ServiceError> {
        assert_eq!((&*request.kid, &*request.algorithm), ("kms-1", self.algorithm()));
        self.signature(&request.message).map_err(|_| "the key cannot sign".into())
    }
}

/// Checks signatures by `ring`, and counts them.
#[derive(Clone, Default)]
struct Ring(Arc<AtomicUsize>);

impl Verify for Ring {
    async fn verify(&self, request: VerifyRequest) -> Result<bool, ServiceError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let jwk = Value::Object(request.public_jwk);
        Ok(verifies(&jwk, &request.algorithm, &request.message, &request.signature))
    }
}

fn verifies(jwk: &Value, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    if let Some(curve) = [&P256, &P384].into_iter().find(|curve| curve.algorithm == algorithm) {
        let point = [&[4], &*member("x"), &*member("y")].concat();
        return UnparsedPublicKey::new(curve.verifying, point).verify(message, signature).is_ok();
    }
    let key = rsa::PublicKeyComponents { n: member("n"), e: member("e") };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
}

fn signing_with(builder: Builder, key: HostKey) -> Builder {
    builder.host_key("kms-1", key.algorithm(), key.public_jwk()).sign(key)
}

async fn access_token(auth: &Claviger) -> String {
    let code = Browser::new(auth).authorize().await;
    redeem(auth, &code).await.json()["access_token"].as_str().unwrap().to_owned()
}

/// The subject whom a token speaks for, or the code of its refusal.
async fn outcome(auth: &Claviger, token: &str) -> String {
    let verified = auth.tokens().verify(token, &Requirement::default()).await;
    verified.map_or_else(|error| error.code().to_owned(), |principal| principal.subject.unwrap())
}

/// The token with a bit of its signature flipped, and with another payload.
fn damaged(token: &str) -> [String; 2] {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[20] ^= 1;
    let (header, claims) = message.split_once('.').unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let claims = URL_SAFE_NO_PAD.encode(claims.replace("\"read\"", "\"write\""));
    [format!("{message}.{}", URL_SAFE_NO_PAD.encode(flipped)), format!("{header}.{claims}.{signature}")]
}

/// What the host signs is verified by a library of its own with the key that is published, by the engine, and by the host.
async fn goes_round(key: HostKey) {
    let (algorithm, counting) = (key.algorithm(), Ring::default());
    let (jwk, unused) = (key.public_jwk(), key.another());
    let by_engine = seeded(signing_with(builder(Memory::new()), key).build().unwrap()).await;
    let by_host =
        builder(Memory::new()).host_key("kms-1", algorithm, jwk.clone()).sign(unused).verify(counting.clone());
    let by_host = by_host.build().unwrap();

    let token = access_token(&by_engine).await;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let published = send(&by_engine, get("/jwks")).await.json()["keys"][0].clone();
    assert_eq!((&published["kid"], &published["alg"]), (&json!("kms-1"), &json!(algorithm)));
    assert!(verifies(&published, algorithm, message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));

    let subject = by_engine.accounts().find_by_login(support::LOGIN).await.unwrap().unwrap().id;
    assert_eq!((outcome(&by_engine, &token).await, outcome(&by_host, &token).await), (subject.clone(), subject));
    for token in damaged(&token) {
        assert_eq!(outcome(&by_engine, &token).await, "invalid_token");
        assert_eq!(outcome(&by_host, &token).await, "invalid_token");
    }
    assert_eq!(counting.0.load(Ordering::SeqCst), 3, "the host was asked");
}

#[tokio::test]
async fn rs256_tokens_of_a_host_key_verify_everywhere() {
    goes_round(HostKey::rsa()).await;
}

#[tokio::test]
async fn es256_tokens_of_a_host_key_verify_everywhere() {
    goes_round(HostKey::ec(&P256)).await;
}

#[tokio::test]
async fn es384_tokens_of_a_host_key_verify_everywhere() {
    goes_round(HostKey::ec(&P384)).await;
}

/// An HSM that is offline.
struct Offline;

impl Sign for Offline {
    async fn sign(&self, _: SignRequest) -> Result<Vec<u8>, ServiceError> {
        Err("the HSM is offline".into())
    }
}

#[tokio::test]
async fn without_a_signature_there_is_no_token_and_the_code_is_not_lost() {
    let store = Memory::new();
    let key = HostKey::ec(&P256);
    let offline = builder(store.clone()).host_key("kms-1", "ES256", key.public_jwk()).sign(Offline).build().unwrap();
    let offline = seeded(offline).await;
    let code = Browser::new(&offline).authorize().await;
    let failed = redeem(&offline, &code).await;
    assert!(failed.status.is_server_error(), "{} {}", failed.status, failed.body);
    assert!(!failed.body.contains("HSM"), "{}", failed.body);
    let online = signing_with(builder(store), key).build().unwrap();
    assert_eq!(redeem(&online, &code).await.status, 200);
}

#[test]
fn a_host_key_without_a_signer_is_a_mistake_in_the_configuration() {
    let built = builder(Memory::new()).host_key("kms-1", "ES256", HostKey::ec(&P256).public_jwk()).build();
    let error = built.unwrap_err();
    assert_eq!(error.code(), "configuration");
    assert!(error.to_string().contains("hostKeys"), "{error}");
}
