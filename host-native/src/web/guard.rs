//! A guard for routes of your own.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use super::{append_headers, rendered};
use crate::claviger::Claviger;
use crate::commands::{Principal, Requirement, Seen};
use crate::error::{Error, Problem};

impl Claviger {
    /// A [`Layer`] that lets a request through only with a token or a session that covers the scope, and puts its
    /// [`Principal`](crate::Principal) into the request's extensions. Anything else gets the right 400, 401 or 403, with a challenge.
    /// A DPoP proof is of the whole path, so the guard must see it whole: put it around routers that take a part away, not inside.
    pub fn require_scope(&self, scope: impl Into<String>) -> Guard {
        self.require(Requirement::default().scope(scope))
    }

    /// The same, and one of the scopes is enough.
    pub fn require_any_scope<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Guard {
        self.require(Requirement::default().any_scope(scopes))
    }

    /// The same, for several scopes, for the tokens of one resource, or with revoked tokens refused at once.
    #[must_use]
    pub fn require(&self, requirement: Requirement) -> Guard {
        Guard { auth: self.clone(), requirement }
    }
}

/// Guards routes: a [`Layer`].
#[derive(Debug, Clone)]
pub struct Guard {
    auth: Claviger,
    requirement: Requirement,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

/// A guarded service.
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that has been polled ready must serve the request; its clone waits for the next.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let Guard { auth, requirement } = self.guard.clone();
        let headers = request.headers().clone();
        let seen = Seen { method: request.method().to_string(), url: request.uri().to_string() };
        // Of an outer guard: the proof of the request is spent, its key is known.
        let proven = request.extensions().get::<Principal>().and_then(|principal| principal.jkt.clone());
        Box::pin(async move {
            let found = match &proven {
                Some(jkt) => auth.verify_with_key(&headers, jkt, &requirement).await,
                None => auth.ask_who(&headers, Some(&seen), &requirement).await,
            };
            match found {
                Ok(principal) => {
                    let renewed = principal.headers.clone();
                    request.extensions_mut().insert(principal);
                    let mut response = inner.call(request).await?;
                    // A session that goes on with its old cookie is worth more than an answer that was lost over it.
                    _ = append_headers(response.headers_mut(), &renewed);
                    Ok(response.map(Either::Left))
                }
                Err(error) => Ok(rendered(misused(error)).map(Either::Right)),
            }
        })
    }
}

/// A requirement that the engine cannot check is the application's fault, whoever asks.
fn misused(error: Error) -> Error {
    match error {
        Error::Refused(problem) if problem.code == "invalid_argument" => {
            Error::Fault(Problem { status: 500, help: "Correct the requirement of the guard.".into(), ..problem })
        }
        other => other,
    }
}
