//! `claviger serve`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use claviger::web::Remote;
use claviger::{Builder, Claviger, Event};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::arguments::{Common, Serve};
use super::failure::Failure;
use super::output::Output;
use super::settings::Settings;
use super::{connections, demo, mail};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// How long requests that have begun may take to end once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

pub(super) async fn run(common: &Common, arguments: Serve, output: Output) -> Result<(), Failure> {
    let mut settings = Settings::read(common)?;
    let listen = arguments.listen.or(settings.listen).unwrap_or(LISTEN);
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        let help = "Stop what listens there, or say another address with --listen.";
        Failure::new("failed", format!("cannot listen on {listen}: {error}"), help)
    })?;
    let address = listener.local_addr().map_err(Failure::of("no address"))?;

    let prepared = arguments.demo.then(|| demo::prepare(&mut settings, address)).transpose()?;
    let command = arguments.mail_command.or_else(|| settings.mail_command.take());
    let auth = settings.build(|builder| mailing(builder.on_event(log_event), command, arguments.demo))?;
    if let Some(prepared) = prepared {
        demo::seed(&auth, &prepared, output).await?;
    }
    tracing::info!(%address, issuer = auth.issuer(), "serving");
    serve(auth, listener).await;
    Ok(())
}

/// Without a command no mail is sent, and nothing that needs one is offered; a demo logs it.
fn mailing(builder: Builder, command: Option<String>, is_demo: bool) -> Builder {
    match command {
        Some(command) => builder.on_mail(move |mail| mail::send(command.clone(), mail)),
        None if is_demo => builder.on_mail(async |mail| {
            tracing::info!(to = mail.to, text = mail.text, "mail");
            Ok(())
        }),
        None => builder,
    }
}

async fn serve(auth: Claviger, listener: TcpListener) {
    let app = Router::new().fallback_service(auth.service()).layer(from_fn(log_request));
    let open = connections::accept(&app, listener, told_to_stop()).await;
    tracing::info!("stopping; requests that have begun may end");
    let ended = async {
        open.shutdown().await;
        auth.settled().await;
    };
    if timeout(DRAIN, ended).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    tracing::info!("stopped");
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        () = terminate => {}
        () = interrupted() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    interrupted().await;
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "an interrupt cannot be heard");
        std::future::pending::<()>().await;
    }
}

/// Each member by its name, as the log of the npm package has it; a log knows its names beforehand, so what is new comes as one text.
fn log_event(event: &Event) {
    const KNOWN: [&str; 9] = ["subject", "clientId", "sessionId", "grantId", "scope", "reason", "id", "kid", "code"];
    let text = |name| event.details.get(name).and_then(Value::as_str);
    let more: Map<_, _> = event.details.clone().into_iter().filter(|(name, _)| !KNOWN.contains(&&**name)).collect();
    let more = (!more.is_empty()).then(|| Value::Object(more).to_string());
    tracing::info!(
        event = event.name,
        at = event.at,
        issuer = event.issuer,
        subject = text("subject"),
        clientId = text("clientId"),
        sessionId = text("sessionId"),
        grantId = text("grantId"),
        scope = text("scope"),
        reason = text("reason"),
        id = text("id"),
        kid = text("kid"),
        code = text("code"),
        more,
        "event"
    );
}

/// The path without its query, which may hold codes and states.
async fn log_request(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let remote = request.extensions().get::<Remote>().map(|remote| remote.0.to_string());
    let begun = Instant::now();
    let response = next.run(request).await;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, path, status = response.status().as_u16(), millis, remote, "request");
    response
}
