//! Every endpoint and page of the engine, as one service.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use super::{append_headers, body, byte_string, byte_strings, rendered};
use crate::claviger::Claviger;
use crate::engine::EngineError;
use crate::error::{Error, Problem};
use crate::host::Outcome;

impl Claviger {
    /// Every endpoint and page: `/authorize`, `/token`, `/sign-in`, `/.well-known/...` and the rest, as a
    /// [`tower_service::Service`], such as axum takes for its `fallback_service`. It answers every path.
    ///
    /// Dropping a response's future, as servers do when the client goes away, ends its work.
    #[must_use]
    pub fn service(&self) -> Service {
        Service { auth: self.clone() }
    }
}

/// The peer's address, as a request's extension, for throttling and the log. Behind a proxy, set it from the header
/// that your proxy writes. With the feature `axum`, axum's `ConnectInfo` is understood too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote(pub IpAddr);

/// Every endpoint and page of the engine.
#[derive(Debug, Clone)]
pub struct Service {
    auth: Claviger,
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let auth = self.auth.clone();
        Box::pin(async move { Ok(respond(&auth, request).await.unwrap_or_else(for_all_origins)) })
    }
}

#[derive(Serialize)]
struct HttpRequest<'a> {
    method: &'a str,
    url: String,
    headers: Vec<(&'a str, String)>,
    body: Option<String>,
    remote: Option<IpAddr>,
}

#[derive(Deserialize)]
struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

async fn respond<B>(auth: &Claviger, request: Request<B>) -> Result<Response<Full<Bytes>>, Error>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let inner = auth.inner();
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body, inner.issuers.body_limit).await.map_err(unread)?;
    let remote = remote(&head.extensions);
    if remote.is_none() {
        inner.tell_of_remote();
    }
    let origin = inner.issuers.origin_of(&head.uri, &head.headers);
    let request = HttpRequest {
        method: head.method.as_str(),
        url: format!("{origin}{}", head.uri.path_and_query().map_or("/", |path| path.as_str())),
        headers: byte_strings(&head.headers),
        body: (!body.is_empty()).then(|| byte_string(&body)),
        remote,
    };
    let Outcome { ok, fault } = inner.host.run(auth.named(), "http", &request).await?;
    if let Some(problem) = fault {
        tracing::error!(code = problem.code, error = problem.message, help = problem.help, "a request failed");
    }
    let response = serde_json::from_str(ok.get()).map_err(|error| contract(error.to_string()))?;
    into_http(response)
}

fn into_http(response: HttpResponse) -> Result<Response<Full<Bytes>>, Error> {
    let mut http = Response::new(Full::from(response.body));
    *http.status_mut() = StatusCode::from_u16(response.status).map_err(|error| contract(error.to_string()))?;
    append_headers(http.headers_mut(), &response.headers).map_err(contract)?;
    Ok(http)
}

/// What the engine could not render itself. Scripts of every origin may read it, as they may what the engine answers: there is no
/// secret in it.
fn for_all_origins(error: Error) -> Response<Full<Bytes>> {
    let mut response = rendered(error);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn unread(status: StatusCode) -> Error {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "The request's body is too long",
        StatusCode::REQUEST_TIMEOUT => "The request's body took too long",
        _ => "The request's body is not what its headers announced",
    };
    let help = "Send the whole body, within `limits.body`.";
    Error::Refused(Problem::new("invalid_request", status.as_u16(), message, help))
}

fn remote(extensions: &http::Extensions) -> Option<IpAddr> {
    if let Some(Remote(address)) = extensions.get() {
        return Some(*address);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) =
        extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
    {
        return Some(address.ip());
    }
    None
}

fn contract(what: String) -> Error {
    EngineError::Contract(what).into()
}
