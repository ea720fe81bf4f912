//! A request's body, whole and within its limit.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

/// How long a client may take to send some kilobytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a body, and stops as soon as it is too long. A body that ends early is refused, not used.
pub(super) async fn read<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Bytes, StatusCode>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let announced = announced(headers)?;
    if announced.is_some_and(|length| length > limit) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let collected = timeout(PATIENCE, Limited::new(body, limit).collect()).await;
    let body = collected.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|error| status(&*error))?.to_bytes();
    match announced {
        Some(length) if length != body.len() => Err(StatusCode::BAD_REQUEST),
        _ => Ok(body),
    }
}

fn announced(headers: &HeaderMap) -> Result<Option<usize>, StatusCode> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.map(Some).ok_or(StatusCode::BAD_REQUEST)
}

fn status(error: &(dyn Error + Send + Sync + 'static)) -> StatusCode {
    if error.is::<LengthLimitError>() { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
}
