//! HTTP requests for the engine, to addresses that others name.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};

use super::{Answer, ServiceError};
use crate::web::{append_headers, byte_string, byte_strings, from_byte_string};

/// Makes requests for the engine. Write the method as `async fn`.
pub trait Fetch: Send + Sync + 'static {
    /// Answers the response, whatever its status. A redirect is an answer and must not be followed.
    ///
    /// # Errors
    /// Whatever the log should say. What the answer was wanted for is then denied.
    fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> impl Future<Output = Result<Response<Bytes>, ServiceError>> + Send;
}

/// What a [`Fetch`] must hold to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchLimits {
    /// The largest body. Read no further: a longer one is refused in any case.
    pub bytes: usize,
    /// The whole exchange's time. When it is up, the future is dropped.
    pub time: Duration,
    /// Connect to addresses of the public internet alone: resolve the name once, refuse every other address, and connect
    /// to the one that was checked.
    pub public_only: bool,
}

/// The ask, in the contract's words.
#[derive(Deserialize)]
pub(crate) struct FetchAsk {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    /// A byte string.
    body: Option<String>,
    limits: AskedLimits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AskedLimits {
    bytes: usize,
    millis: u64,
    public_only: bool,
}

impl FetchAsk {
    pub(crate) fn limits(&self) -> FetchLimits {
        let AskedLimits { bytes, millis, public_only } = self.limits;
        FetchLimits { bytes, time: Duration::from_millis(millis), public_only }
    }

    pub(crate) fn into_request(self) -> Result<Request<Bytes>, ServiceError> {
        let body = from_byte_string(&self.body.unwrap_or_default()).ok_or("the body is no byte string")?;
        let mut request = Request::builder().method(self.method.as_str()).uri(self.url).body(Bytes::from(body))?;
        append_headers(request.headers_mut(), &self.headers)?;
        Ok(request)
    }
}

/// The response, in the contract's words.
#[derive(Serialize)]
pub(crate) struct Fetched {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Refuses a response whose body is over the limit.
pub(crate) fn fetched(response: &Response<Bytes>, limits: FetchLimits) -> Result<Fetched, ServiceError> {
    if response.body().len() > limits.bytes {
        return Err(format!("the response is over {} bytes", limits.bytes).into());
    }
    let headers = byte_strings(response.headers()).into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(Fetched { status: response.status().as_u16(), headers: headers.collect(), body: byte_string(response.body()) })
}

/// [`Fetch`] as an object.
pub(crate) trait DynFetch: Send + Sync {
    fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Answer<'_, Response<Bytes>>;
}

impl<F: Fetch> DynFetch for F {
    fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Answer<'_, Response<Bytes>> {
        Box::pin(Fetch::fetch(self, request, limits))
    }
}
