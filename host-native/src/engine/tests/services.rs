//! The optional asks, carried out by services that say what they were asked.

use std::future::pending;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::*;
use crate::services::{Fetch, FetchLimits, ServiceError, Sign, SignRequest, Verify, VerifyRequest};

struct Upright;

impl Sign for Upright {
    async fn sign(&self, request: SignRequest) -> Result<Vec<u8>, ServiceError> {
        assert_eq!((&*request.kid, &*request.algorithm), ("kms-1", "ES256"));
        Ok([b"signed ", &*request.message].concat())
    }
}

impl Verify for Upright {
    async fn verify(&self, request: VerifyRequest) -> Result<bool, ServiceError> {
        assert_eq!((&request.public_jwk["kty"], &*request.algorithm), (&json!("EC"), "ES256"));
        Ok(request.message == b"message" && request.signature == b"sig")
    }
}

impl Fetch for Upright {
    async fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        assert_eq!((request.method().as_str(), request.uri().host()), ("POST", Some("client.example")));
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(**request.body(), [b'a', 0xff]);
        assert_eq!((limits.bytes, limits.time, limits.public_only), (5, Duration::from_millis(60), true));
        Ok(Response::builder().status(302).header("location", "/").body(Bytes::from_static(b"12\xff45"))?)
    }
}

/// Answers a fetch with more than was allowed; fails otherwise.
struct Crooked;

impl Sign for Crooked {
    async fn sign(&self, _: SignRequest) -> Result<Vec<u8>, ServiceError> {
        Err("the HSM is offline".into())
    }
}

impl Verify for Crooked {
    async fn verify(&self, _: VerifyRequest) -> Result<bool, ServiceError> {
        Err("no such curve".into())
    }
}

impl Fetch for Crooked {
    async fn fetch(&self, _: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        Ok(Response::new(Bytes::from_static(b"123456")))
    }
}

impl Sign for Silent {
    async fn sign(&self, _: SignRequest) -> Result<Vec<u8>, ServiceError> {
        pending().await
    }
}

impl Verify for Silent {
    async fn verify(&self, _: VerifyRequest) -> Result<bool, ServiceError> {
        pending().await
    }
}

impl Fetch for Silent {
    async fn fetch(&self, _: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        pending().await
    }
}

fn offering<S: Sign + Verify + Fetch>(services: fn() -> S) -> Claviger {
    let builder = Claviger::builder("https://auth.example.com")
        .secret("a stand-in reads no configuration")
        .store(Memory::new())
        .instances(1)
        .run_module(stand_in());
    let builder = builder.sign(services()).verify(services()).fetch(services());
    builder.store_deadline(Duration::from_millis(100)).build().unwrap()
}

async fn answers(auth: &Claviger) -> [Value; 3] {
    let mut answers = [Value::Null, Value::Null, Value::Null];
    for (answer, command) in answers.iter_mut().zip(["i", "y", "f"]) {
        *answer = run(auth, command).await.unwrap()["answer"].take();
    }
    answers
}

#[tokio::test]
async fn signatures_verifications_and_fetches_are_asked_of_the_host() {
    let response = json!({ "status": 302, "headers": [["location", "/"]], "body": "12\u{ff}45" });
    assert_eq!(
        answers(&offering(|| Upright)).await,
        [json!({ "signature": "c2lnbmVkIG1lc3NhZ2U" }), json!({ "verified": true }), json!({ "response": response })]
    );
}

#[tokio::test]
async fn services_that_fail_or_give_too_much_have_failed() {
    assert_eq!(
        answers(&offering(|| Crooked)).await,
        ["the HSM is offline", "no such curve", "the response is over 5 bytes"].map(|why| json!({ "failed": why }))
    );
}

#[tokio::test]
async fn services_that_are_silent_have_failed() {
    for answer in answers(&offering(|| Silent)).await {
        assert_eq!(answer, json!({ "failed": "deadline has elapsed" }));
    }
}

#[tokio::test]
async fn services_that_were_not_given_have_failed() {
    for answer in answers(&host_with(Memory::new())).await {
        assert!(answer["failed"].as_str().is_some_and(|why| why.starts_with("this host")), "{answer}");
    }
}
