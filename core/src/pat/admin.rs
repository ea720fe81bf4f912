//! The administration of tokens over HTTP, for whoever has an administrator's: as that token, or as the JWT that it was exchanged for.

use serde::Serialize;

use super::commands::{List, Load, New, Update};
use super::http::{Body, Query, Record, invalid};
use super::{change, commands, is_id};
use crate::call::ById;
use crate::config::Config;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::password::Typed;
use crate::refusal::{Refusal, Stop};
use crate::token;

const TOKENS: &str = "/tokens";

#[derive(Serialize)]
struct Records {
    records: Vec<Record>,
    /// What to ask for `afterTokenId`, when there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    record: Record,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    found: Vec<Record>,
    not_found: Vec<String>,
}

/// Whether a path under the issuer's is of this API.
pub(crate) fn is_at(config: &Config, path: &str) -> bool {
    rest_of(config, path).is_some()
}

/// What follows `/tokens`: nothing, or a slash and more.
fn rest_of<'p>(config: &Config, path: &'p str) -> Option<&'p str> {
    let base = config.pats.as_ref()?.admin.as_ref()?;
    path.strip_prefix(base.as_str())?.strip_prefix(TOKENS).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Carries out one request. Who is no administrator learns nothing but that, not even whether the request was well formed.
pub(crate) async fn admin_endpoint(host: &Host, request: &Request) -> Result<Response, Stop> {
    token::administrator(host, request.bearer()?).await?;
    match answer(host, request).await {
        Err(Stop::Refused(refusal @ (Refusal::InvalidArgument(_) | Refusal::Mistyped(_)))) => Ok(invalid(&refusal)),
        other => other,
    }
}

async fn answer(host: &Host, request: &Request) -> Result<Response, Stop> {
    let path = request.path().strip_prefix(host.config().issuer.path.as_str());
    let rest = path.and_then(|path| rest_of(host.config(), path)).ok_or(Refusal::NoSuchEndpoint)?;
    let mut segments = rest.split('/').skip(1);
    let place = (segments.next(), segments.next());
    if segments.next().is_some() {
        return Err(Refusal::NoSuchEndpoint.into());
    }
    match (place, request.method.as_str()) {
        ((None, _), "GET") => list(host, request).await,
        ((None, _), "POST") => issue(host, request).await,
        ((None, _), _) => Err(Refusal::MethodNotAllowed("GET, POST").into()),
        ((Some("batch"), None), "POST") => batch(host, request).await,
        ((Some("batch"), None), _) => Err(Refusal::MethodNotAllowed("POST").into()),
        ((Some(id), None), method) if is_id(id) => one(host, request, id, method).await,
        ((Some(id), Some("revoke")), "PUT") if is_id(id) => revoke(host, request, id).await,
        ((Some(id), Some("restore")), "PUT") if is_id(id) => restore(host, request, id).await,
        ((Some(id), Some("revoke" | "restore")), _) if is_id(id) => Err(Refusal::MethodNotAllowed("PUT").into()),
        _ => Err(super::NO_SUCH_TOKEN.into()),
    }
}

async fn one(host: &Host, request: &Request, id: &str, method: &str) -> Result<Response, Stop> {
    let by_id = ById { id: id.to_owned() };
    match method {
        "GET" => {
            let found = commands::find_one(host, &by_id).await?.ok_or(super::NO_SUCH_TOKEN)?;
            Ok(Response::json(200, &Shown { token: None, record: found.into() }))
        }
        "PUT" => register(host, request, id).await,
        "PATCH" => update(host, request, id).await,
        "DELETE" => {
            commands::delete(host, &by_id).await?;
            Ok(done())
        }
        _ => Err(Refusal::MethodNotAllowed("GET, PUT, PATCH, DELETE").into()),
    }
}

fn done() -> Response {
    Response::empty(204).with("cache-control", "no-store")
}

async fn list(host: &Host, request: &Request) -> Result<Response, Stop> {
    const KNOWN: [&str; 7] =
        ["afterTokenId", "limit", "includeRevoked", "includeExpired", "includeSecretPhc", "hasRole", "owner"];
    let query = Query::read(request, &KNOWN)?;
    let ask = List {
        after: query.text("afterTokenId")?,
        limit: query.number("limit")?,
        owner: query.text("owner")?,
        has_role: query.text("hasRole")?,
        include_revoked: query.flag("includeRevoked")?,
        include_expired: query.flag("includeExpired")?,
        include_hash: query.flag("includeSecretPhc")?,
    };
    let page = commands::list(host, &ask).await?;
    let records = page.items.into_iter().map(Record::from).collect();
    Ok(Response::json(200, &Records { records, next: page.next }))
}

async fn issue(host: &Host, request: &Request) -> Result<Response, Stop> {
    let body = Body::read(request, &["tokenId", "owner", "isAdmin", "roles", "expiresAt"])?;
    let issued = commands::issue(host, &new(&body, body.text("tokenId")?)?).await?;
    Ok(Response::json(201, &Shown { token: Some(issued.token), record: issued.pat.into() }))
}

async fn register(host: &Host, request: &Request, id: &str) -> Result<Response, Stop> {
    let body = Body::read(request, &["secretPhc", "owner", "isAdmin", "roles", "expiresAt"])?;
    let new = New { hash: Some(Typed::new(body.needed("secretPhc")?)), ..new(&body, Some(id.to_owned()))? };
    let record = commands::register(host, &new).await?.into();
    Ok(Response::json(200, &Shown { token: None, record }))
}

fn new(body: &Body, id: Option<String>) -> Result<New, Refusal> {
    Ok(New {
        owner: body.needed("owner")?,
        admin: body.flag("isAdmin")?.unwrap_or_default(),
        roles: body.texts("roles")?.unwrap_or_default(),
        expires_at: body.instant("expiresAt")?.flatten(),
        id,
        hash: None,
    })
}

async fn update(host: &Host, request: &Request, id: &str) -> Result<Response, Stop> {
    let body = Body::read(request, &["secretPhc", "owner", "isAdmin", "roles", "expiresAt"])?;
    let [roles, add_roles, remove_roles] = body.roles()?;
    let ask = Update {
        id: id.to_owned(),
        owner: body.text("owner")?,
        admin: body.flag("isAdmin")?,
        roles,
        add_roles,
        remove_roles,
        expires_at: body.instant("expiresAt")?,
        hash: body.text("secretPhc")?.map(Typed::new),
    };
    change::update(host, &ask).await?;
    Ok(done())
}

async fn revoke(host: &Host, request: &Request, id: &str) -> Result<Response, Stop> {
    let body = Body::read(request, &["expiresAt"])?;
    let ask = Update { id: id.to_owned(), expires_at: body.instant("expiresAt")?, ..Update::default() };
    change::revoke(host, &ask).await?;
    Ok(done())
}

async fn restore(host: &Host, request: &Request, id: &str) -> Result<Response, Stop> {
    Body::read(request, &[])?;
    change::restore(host, &ById { id: id.to_owned() }).await?;
    Ok(done())
}

async fn batch(host: &Host, request: &Request) -> Result<Response, Stop> {
    let body = Body::read(request, &["tokenIds", "includeSecretPhc"])?;
    let ids = body.texts("tokenIds")?.unwrap_or_default();
    let ask = Load { ids, include_hash: body.flag("includeSecretPhc")?.unwrap_or_default() };
    let loaded = commands::load(host, &ask).await?;
    let found = loaded.found.into_iter().map(Record::from).collect();
    Ok(Response::json(200, &Batch { found, not_found: loaded.not_found }))
}
