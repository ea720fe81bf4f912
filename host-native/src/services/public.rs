//! [`Fetch`] over TLS, for addresses that strangers name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

use super::public_address::is_public;
use super::{Answer, Fetch, FetchLimits, ServiceError};

/// How many addresses of a name are tried.
const MOST_TRIED: usize = 4;

/// Fetches what the engine asks for (client metadata documents, `jwks_uri`), over TLS with the certificate authorities of Mozilla.
///
/// A name is resolved once. If any of its addresses is not of the public internet, nothing is sent; otherwise the connection goes
/// to an address that was looked at, and to no other, so that the name cannot lead elsewhere meanwhile. No redirect is followed, no
/// proxy used, nothing decompressed, no cookie kept.
#[derive(Clone)]
pub struct PublicFetch {
    /// Why there is none is told when something is to be fetched.
    tls: Result<TlsConnector, Error>,
    rules: Arc<dyn Rules>,
}

/// What a name may lead to. Other than [`Internet`] only in tests.
pub(super) trait Rules: Send + Sync {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>>;
    fn is_public(&self, address: IpAddr) -> bool;
}

struct Internet;

impl Rules for Internet {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }

    fn is_public(&self, address: IpAddr) -> bool {
        is_public(address)
    }
}

impl std::fmt::Debug for PublicFetch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PublicFetch")
    }
}

impl Default for PublicFetch {
    fn default() -> Self {
        Self::new()
    }
}

impl PublicFetch {
    /// For the internet.
    #[must_use]
    pub fn new() -> Self {
        let authorities = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::under(Arc::new(Internet), authorities)
    }

    pub(super) fn under(rules: Arc<dyn Rules>, authorities: RootCertStore) -> Self {
        // Named, since a program with several providers has no default one.
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let tls = builder.with_safe_default_protocol_versions().map(|builder| {
            let config = builder.with_root_certificates(authorities).with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        });
        Self { tls, rules }
    }

    /// Where the name leads, if it leads to nothing but where it may.
    async fn addresses(&self, name: &str, port: u16, public_only: bool) -> Result<Vec<SocketAddr>, ServiceError> {
        let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let mut addresses = match literal {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => self.rules.resolve(name, port).await?,
        };
        if let Some(other) = addresses.iter().find(|address| public_only && !self.rules.is_public(address.ip())) {
            return Err(format!("{name} has the address {}, which is not of the public internet", other.ip()).into());
        }
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.truncate(MOST_TRIED);
        Ok(addresses)
    }

    async fn connect(&self, uri: &Uri, public_only: bool) -> Result<TlsStream<TcpStream>, ServiceError> {
        if uri.scheme_str() != Some("https") {
            return Err("only https is fetched".into());
        }
        let tls = self.tls.as_ref().map_err(Error::clone)?;
        let name = uri.host().ok_or("the address has no host")?;
        let addresses = self.addresses(name, uri.port_u16().unwrap_or(443), public_only).await?;
        let stream = TcpStream::connect(addresses.as_slice()).await?;
        let server = ServerName::try_from(name.trim_start_matches('[').trim_end_matches(']').to_owned())?;
        Ok(tls.connect(server, stream).await?)
    }
}

impl Fetch for PublicFetch {
    async fn fetch(&self, request: Request<Bytes>, limits: FetchLimits) -> Result<Response<Bytes>, ServiceError> {
        let stream = self.connect(request.uri(), limits.public_only).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Dropped with this future, and the connection with it.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(to_origin(request)?).await?;
        let (parts, body) = not_compressed(response)?.into_parts();
        let body = Limited::new(body, limits.bytes).collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

/// The request as it goes over the wire (RFC 9112 section 3.2.1).
fn to_origin(request: Request<Bytes>) -> Result<Request<Full<Bytes>>, ServiceError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().ok_or("the address has no host")?.as_str().to_owned();
    parts.headers.insert(HOST, HeaderValue::from_str(&authority)?);
    parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    parts.uri = target.parse()?;
    Ok(Request::from_parts(parts, Full::new(body)))
}

fn not_compressed(response: Response<Incoming>) -> Result<Response<Incoming>, ServiceError> {
    match response.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err("the response is compressed, which was not asked for".into()),
        _ => Ok(response),
    }
}

#[cfg(test)]
mod tests;
