//! The crate `oauth2`, as Rust applications use it, against the service.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use std::future::Future;

use claviger::commands::{AccessTokenFormat, NewClient};
use claviger::stores::Memory;
use claviger::{Claviger, Requirement};
use http_body_util::Full;
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError,
    RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use serde_json::json;
use support::{Browser, CLIENT, ISSUER, LOGIN, PASSWORD, REDIRECT_URI, builder, parameter, seeded, send, server};

const API: &str = "https://api.example.com";

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

fn client(id: &str, secret: Option<&str>) -> Client {
    let at = |path: &str| format!("{ISSUER}{path}");
    let client = BasicClient::new(ClientId::new(id.into()))
        .set_auth_uri(AuthUrl::new(at("/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("/token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("/revoke")).unwrap())
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.into()).unwrap());
    match secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.into())),
        None => client.set_auth_type(AuthType::RequestBody),
    }
}

/// Carries the crate's requests to the service of this process.
fn carrier(auth: &Claviger) -> impl Fn(HttpRequest) -> Carried + '_ + use<'_> {
    |request| {
        let auth = auth.clone();
        Box::pin(async move {
            let answer = send(&auth, request.map(Full::from)).await;
            let mut response = HttpResponse::new(answer.body.into_bytes());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

type Carried = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, std::convert::Infallible>> + Send>>;

/// A confidential client that may act for itself, with a resource of its own to serve.
async fn confidential(auth: &Claviger) -> Client {
    let new = NewClient {
        name: "Service".into(),
        redirect_uris: vec![REDIRECT_URI.into()],
        grant_types: Some(["authorization_code", "refresh_token", "client_credentials"].map(Into::into).to_vec()),
        access_token: AccessTokenFormat::Opaque,
        resources: vec![API.into()],
        ..NewClient::default()
    };
    let created = auth.clients().create(&new).await.unwrap();
    client(&created.client.id, created.secret.as_deref())
}

async fn scene() -> Claviger {
    seeded(builder(Memory::new()).set("resources", json!({ API: {} })).build().unwrap()).await
}

/// Through the pages with this client's own request, and back.
async fn code_grant(auth: &Claviger, client: &Client, resource: Option<&str>) -> BasicTokenResponse {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = client.authorize_url(CsrfToken::new_random).add_scope(Scope::new("read".into()));
    let mut request = request.set_pkce_challenge(challenge).add_extra_param("prompt", "consent");
    if let Some(resource) = resource {
        request = request.add_extra_param("resource", resource);
    }
    let (url, state) = request.url();
    let mut browser = Browser::new(auth);
    let page = browser.go(url.as_str()).await;
    let page = browser.fill_in(&page, &[("login", LOGIN), ("password", PASSWORD)]).await;
    let back = browser.fill_in(&page, &[("scope", "read"), ("decision", "allow")]).await;
    assert_eq!(parameter(back.location(), "state").as_deref(), Some(state.secret().as_str()));
    let code = AuthorizationCode::new(parameter(back.location(), "code").unwrap());
    client.exchange_code(code).set_pkce_verifier(verifier).request_async(&carrier(auth)).await.unwrap()
}

fn refused_with<T: std::fmt::Debug>(
    result: Result<T, oauth2::basic::BasicRequestTokenError<std::convert::Infallible>>,
) -> BasicErrorResponseType {
    match result.unwrap_err() {
        RequestTokenError::ServerResponse(told) => told.error().clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_public_client_redeems_refreshes_and_revokes() {
    let auth = server(Memory::new()).await;
    let app = client(CLIENT, None);
    let tokens = code_grant(&auth, &app, None).await;
    assert_eq!(tokens.scopes().unwrap(), &[Scope::new("read".into())]);
    let verified = auth.tokens().verify(tokens.access_token().secret(), &Requirement::default()).await.unwrap();
    assert_eq!(verified.client_id.as_deref(), Some(CLIENT));

    let refresh = tokens.refresh_token().unwrap();
    let rotated = app.exchange_refresh_token(refresh).request_async(&carrier(&auth)).await.unwrap();
    let newest = rotated.refresh_token().unwrap().clone();
    assert_ne!(newest.secret(), refresh.secret());
    app.revoke_token(newest.clone().into()).unwrap().request_async(&carrier(&auth)).await.unwrap();
    let dead = app.exchange_refresh_token(&newest).request_async(&carrier(&auth)).await;
    assert_eq!(refused_with(dead), BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn a_confidential_client_acts_for_itself_and_introspects() {
    let auth = scene().await;
    let service = confidential(&auth).await;
    let ask = service.exchange_client_credentials().add_scope(Scope::new("write".into()));
    let tokens = ask.add_extra_param("resource", API).request_async(&carrier(&auth)).await.unwrap();
    assert!(tokens.refresh_token().is_none());
    let about = |token: AccessToken| {
        let (service, auth) = (service.clone(), auth.clone());
        async move { service.introspect(&token).request_async(&carrier(&auth)).await.unwrap() }
    };
    let told = about(tokens.access_token().clone()).await;
    assert!(told.active());
    assert_eq!(told.aud().unwrap(), &[API]);
    assert_eq!(told.sub(), Some(service.client_id().as_str()));
    service.revoke_token(tokens.access_token().clone().into()).unwrap().request_async(&carrier(&auth)).await.unwrap();
    assert!(!about(tokens.access_token().clone()).await.active());

    // As the server of its resource it may ask about another client's token for it, and about no other token.
    let app = client(CLIENT, None);
    let for_api = code_grant(&auth, &app, Some(API)).await;
    assert_eq!(about(for_api.access_token().clone()).await.client_id().map(|id| id.as_str()), Some(CLIENT));
    let for_nobody = code_grant(&auth, &app, None).await;
    assert!(!about(for_nobody.access_token().clone()).await.active());
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_crates_words() {
    let auth = scene().await;
    let service = confidential(&auth).await;
    let wrong = client(service.client_id(), Some("not the secret"));
    let refused = wrong.exchange_client_credentials().request_async(&carrier(&auth)).await;
    assert_eq!(refused_with(refused), BasicErrorResponseType::InvalidClient);
    let unknown = service.exchange_client_credentials().add_scope(Scope::new("unknown".into()));
    assert_eq!(refused_with(unknown.request_async(&carrier(&auth)).await), BasicErrorResponseType::InvalidScope);
    let public = client(CLIENT, None).exchange_client_credentials().request_async(&carrier(&auth)).await;
    assert_eq!(refused_with(public), BasicErrorResponseType::UnauthorizedClient);
    let forged = RefreshToken::new("cvr_forged".into());
    let forged = client(CLIENT, None).exchange_refresh_token(&forged).request_async(&carrier(&auth)).await;
    assert_eq!(refused_with(forged), BasicErrorResponseType::InvalidGrant);
}
