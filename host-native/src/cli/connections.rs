//! The connections of `claviger serve`: each on a task of its own, and none kept for somebody who does not speak.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use claviger::web::Remote;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;

/// How long a client may take to send the head of a request, counted from the connection or from the request before.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many bytes of a request are kept before its head is whole.
const LARGEST_HEAD: usize = 64 * 1024;

/// How long to wait after a connection that could not be taken: there may be no file descriptor for it.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until told to stop, and gives back those that are still open.
pub(super) async fn accept(app: &Router, listener: TcpListener, stop: impl Future<Output = ()>) -> GracefulShutdown {
    let open = GracefulShutdown::new();
    let take = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => answer(app, stream, Remote(peer.ip()), &open),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = take => {}
        () = stop => {}
    }
    open
}

fn answer(app: &Router, stream: TcpStream, peer: Remote, open: &GracefulShutdown) {
    let app = app.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // How a connection ends is its client's business.
    tokio::spawn(open.watch(connection));
}
