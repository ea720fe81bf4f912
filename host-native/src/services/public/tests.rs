//! Against a server of this machine that answers as `app.example.com`; the test's rules call 127.0.0.1 public.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

const AUTHORITY: &[u8] = include_bytes!("../../../../tests/vectors/tls/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../tests/vectors/tls/server.pem");
const KEY: &[u8] = include_bytes!("../../../../tests/vectors/tls/server.key.pem");

const LIMITS: FetchLimits = FetchLimits { bytes: 5120, time: Duration::from_secs(5), public_only: true };

/// Leads every name to these addresses, and to others the second time it is asked.
struct Rebinding {
    first: Vec<Ipv4Addr>,
    then: Ipv4Addr,
    asked: AtomicUsize,
}

impl Rules for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> Answer<'a, Vec<SocketAddr>> {
        let addresses = match self.asked.fetch_add(1, Ordering::SeqCst) {
            0 => self.first.clone(),
            _ => vec![self.then],
        };
        Box::pin(async move { Ok(addresses.into_iter().map(|address| (address, port).into()).collect()) })
    }

    fn is_public(&self, address: IpAddr) -> bool {
        address == Ipv4Addr::LOCALHOST || is_public(address)
    }
}

fn leading_to(first: &[Ipv4Addr]) -> (PublicFetch, Arc<Rebinding>) {
    let then = Ipv4Addr::new(127, 0, 0, 2);
    let rules = Arc::new(Rebinding { first: first.to_vec(), then, asked: AtomicUsize::new(0) });
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
    (PublicFetch::under(rules.clone(), authorities), rules)
}

/// A server that gives each connection this answer, its first bytes at once and then one in a while.
async fn server(answer: String) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            seen.fetch_add(1, Ordering::SeqCst);
            let (at_once, drip) = answer.split_once("<drip>").unwrap_or((&answer, ""));
            let _ = stream.write_all(at_once.as_bytes()).await;
            for byte in drip.bytes() {
                tokio::time::sleep(Duration::from_millis(200)).await;
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            let _ = stream.shutdown().await;
        }
    });
    (port, requests)
}

async fn fetch(fetch: &PublicFetch, url: String) -> Result<Response<Bytes>, ServiceError> {
    fetch.fetch(Request::get(url).body(Bytes::new()).unwrap(), LIMITS).await
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn dc_029_the_connection_goes_to_the_address_that_was_looked_at() {
    let (port, requests) = server(ok("{}")).await;
    let (service, rules) = leading_to(&[Ipv4Addr::LOCALHOST]);
    let response = fetch(&service, format!("https://app.example.com:{port}/x?y=1")).await.unwrap();
    assert_eq!((response.status(), &response.body()[..]), (StatusCode::OK, b"{}".as_slice()));
    assert_eq!((rules.asked.load(Ordering::SeqCst), requests.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn dc_027_a_name_with_any_address_that_is_not_public_is_not_fetched() {
    let (port, requests) = server(ok("{}")).await;
    for addresses in [
        vec![Ipv4Addr::new(127, 0, 0, 2)],
        vec![Ipv4Addr::new(10, 0, 0, 1)],
        vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(192, 168, 0, 1)],
        vec![Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::LOCALHOST],
    ] {
        let (service, _) = leading_to(&addresses);
        let error = fetch(&service, format!("https://app.example.com:{port}/")).await.unwrap_err();
        assert!(error.to_string().contains("not of the public internet"), "{addresses:?} {error}");
    }
    for literal in ["10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[fd00::1]"] {
        let error = fetch(&leading_to(&[]).0, format!("https://{literal}:{port}/")).await.unwrap_err();
        assert!(error.to_string().contains("not of the public internet"), "{literal} {error}");
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_is_somebody_else_is_told_nothing() {
    let (port, requests) = server(ok("{}")).await;
    let (service, _) = leading_to(&[Ipv4Addr::LOCALHOST]);
    assert!(fetch(&service, format!("https://other.example.com:{port}/")).await.is_err());
    assert!(fetch(&service, format!("http://app.example.com:{port}/")).await.is_err());
    let of_the_internet = PublicFetch { rules: leading_to(&[Ipv4Addr::LOCALHOST]).1, ..PublicFetch::new() };
    assert!(fetch(&of_the_internet, format!("https://app.example.com:{port}/")).await.is_err());
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn dc_028_a_redirect_is_an_answer() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n";
    let (port, requests) = server(answer.to_owned()).await;
    let (service, rules) = leading_to(&[Ipv4Addr::LOCALHOST]);
    let response = fetch(&service, format!("https://app.example.com:{port}/")).await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!((rules.asked.load(Ordering::SeqCst), requests.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn dc_030_a_long_or_compressed_answer_is_refused() {
    let chunked = |bytes: usize| {
        let body = "x".repeat(bytes);
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{bytes:x}\r\n{body}\r\n0\r\n\r\n")
    };
    let compressed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}".to_owned();
    for answer in [ok(&"x".repeat(5121)), chunked(5121), chunked(10_000_000), compressed] {
        let (port, _) = server(answer).await;
        let (service, _) = leading_to(&[Ipv4Addr::LOCALHOST]);
        assert!(fetch(&service, format!("https://app.example.com:{port}/")).await.is_err());
    }
    let (port, _) = server(ok(&"x".repeat(5120))).await;
    let (service, _) = leading_to(&[Ipv4Addr::LOCALHOST]);
    assert_eq!(fetch(&service, format!("https://app.example.com:{port}/")).await.unwrap().body().len(), 5120);
}

#[tokio::test]
async fn dc_030_an_answer_that_drips_ends_with_its_time() {
    let drip = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<drip>{}", "x".repeat(1000));
    let (port, _) = server(drip).await;
    let (service, _) = leading_to(&[Ipv4Addr::LOCALHOST]);
    let fetching = fetch(&service, format!("https://app.example.com:{port}/"));
    assert!(tokio::time::timeout(Duration::from_millis(700), fetching).await.is_err(), "the host drops it");
}
