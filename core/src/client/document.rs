//! Client id metadata documents (draft-ietf-oauth-client-id-metadata-document-03): a client id that is an https URL, at which the
//! client says who it is.
//!
//! What the document says is kept as the client's own row, so everything but finding a client treats it as any other. It is read
//! when an authorization begins and the row is missing or no longer fresh; codes and tokens go by the row, whatever the document
//! says by then. Before it is read the address is claimed for a minute, whatever comes of it: a document is fetched once in that
//! time however many ask, and a failure is remembered as one.
//!
//! ```text
//!   no row, or stale --> claimed --> fetched --> the row, fresh for 5 minutes to a day
//!                          |            |
//!                          |            +-----> refused: the same answer until the minute is over
//!                          +-- another's: the stale row serves, or "try again"
//! ```

use serde::{Deserialize, Serialize};

use super::metadata::{self, Members, Source};
use super::{Client, Origin};
use crate::ask::{Fetch, FetchLimits, Fetched};
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host as HostOf;
use crate::http::{Request, essence, from_byte_string};
use crate::key::json::parse_object;
use crate::record::{Record, Slot, Stored};
use crate::refusal::{Fault, Refusal, Stop};
use crate::throttle::Throttle;
use crate::time::{Millis, Seconds};
use crate::uri::{Host, Uri};
use crate::want::EvenIfOver;

/// The longest client id that is taken for an address: it travels inside codes and tokens.
const LONGEST_ID: usize = 512;
/// Section 6.6: 5 kB.
const LONGEST_DOCUMENT: u32 = 5120;
const PATIENCE_MILLIS: u32 = 5000;
/// How long an address is left alone after it was claimed.
const CLAIMED: Seconds = Seconds(60);
/// The bounds of what the document's own caching headers say.
const FRESH_AT_LEAST: Seconds = Seconds(300);
const FRESH_AT_MOST: Seconds = Seconds(86_400);
/// Where they say nothing.
const FRESH_USUALLY: Seconds = Seconds(3600);

const BEING_READ: Refusal = Refusal::TryAgain("The metadata document of the client is being read");

/// One reading of a document: a claim on its address, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    until: Millis,
    failed: Option<Failure>,
}

/// Why a document was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failure {
    Unreachable,
    Status,
    MediaType,
    TooLong,
    NotJson,
    OtherId,
    Secret,
    RedirectUris,
    Metadata,
}

impl Failure {
    const fn told(self) -> &'static str {
        match self {
            Self::Unreachable => "The metadata document of the client cannot be fetched",
            Self::Status => "The metadata document of the client is not answered with status 200",
            Self::MediaType => "The metadata document of the client is not application/json",
            Self::TooLong => "The metadata document of the client is over 5 kB",
            Self::NotJson => "The metadata document of the client is not a JSON object",
            Self::OtherId => "The client_id in the metadata document is not its address",
            Self::Secret => "The metadata document of the client holds a secret, or asks for one",
            Self::RedirectUris => "A redirect URI in the metadata document of the client may not be used",
            Self::Metadata => "The metadata document of the client holds what cannot be used",
        }
    }
}

impl Record for Attempt {
    const KIND: &'static str = "document";

    fn expires(&self) -> Option<Millis> {
        Some(self.until)
    }
}

impl Attempt {
    pub(crate) const ROOM: &'static str = "document";

    fn slot(config: &Config, id: &str) -> Slot<Self> {
        Slot::new(&config.tenant, Self::ROOM, id, "attempt")
    }
}

/// The client that an authorization begins with: as it was loaded, or what its metadata document says now. A client that the
/// operator made keeps its id, whatever it looks like.
///
/// No trip more for a client whose id is no address or whose document is fresh. To read one takes a load, a commit for the claim,
/// the fetch and a commit; one more for a client that was never seen, which counts against the address that asks.
pub(crate) async fn current(
    host: &HostOf,
    request: &Request,
    id: &str,
    loaded: Option<Stored<Client>>,
) -> Result<Option<Stored<Client>>, Stop> {
    let read_anew = match loaded.as_ref().map(|client| &client.value.origin) {
        Some(Origin::Document { fresh_until, .. }) => *fresh_until <= host.now(),
        Some(_) => false,
        None => true,
    };
    if !read_anew || !host.config().registration.documents || !is_document_address(id) {
        return Ok(loaded);
    }
    let last = host.load(EvenIfOver(Attempt::slot(host.config(), id))).await?;
    match last.as_ref().filter(|last| host.now() < last.value.until).map(|last| last.value.failed) {
        Some(Some(failure)) => return Err(Refusal::ClientDocument(failure.told()).into()),
        Some(None) if loaded.is_some() => return Ok(loaded),
        Some(None) => return Err(BEING_READ.into()),
        None => {}
    }
    if loaded.is_none() {
        Throttle::of_address(host, request, "document", host.config().registration.per_hour).admit(host).await?;
    }
    claim(host, id, last).await?;
    match fetch(host, id).await? {
        Ok(client) => keep(host, loaded, client).await.map(Some),
        Err(failure) => {
            refuse(host, id, failure).await?;
            Err(Refusal::ClientDocument(failure.told()).into())
        }
    }
}

/// Section 3: https, a host that is a name of the public internet, a path, no fragment, no user, no dot segments.
fn is_document_address(id: &str) -> bool {
    let Some(uri) = Uri::parse(id).filter(|uri| id.len() <= LONGEST_ID && uri.scheme == "https") else { return false };
    let public = matches!(uri.host, Some(Host::Name(name)) if name.contains('.') && !uri.is_loopback());
    public && uri.path.len() > 1 && uri.fragment.is_none()
}

async fn claim(host: &HostOf, id: &str, last: Option<Stored<Attempt>>) -> Result<(), Stop> {
    let attempt = Attempt { until: CLAIMED.after(host.now()), failed: None };
    host.commit(match last {
        Some(last) => Change::replace(&last, attempt),
        None => Change::create(Attempt::slot(host.config(), id), attempt),
    })
    .await
}

/// What the document says, if it is one.
async fn fetch(host: &HostOf, id: &str) -> Result<Result<Client, Failure>, Fault> {
    let ask = Fetch {
        method: "GET".to_owned(),
        url: id.to_owned(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: None,
        limits: FetchLimits { bytes: LONGEST_DOCUMENT, millis: PATIENCE_MILLIS, redirects: 0, public_only: true },
    };
    let (read, reason) = match host.fetch(ask).await {
        Ok(response) => (read(host, id, &response), String::new()),
        Err(Fault::HostFailed(why)) => (Err(Failure::Unreachable), why),
        Err(other) => return Err(other),
    };
    if let Err(failure) = &read {
        let reason = if reason.is_empty() { failure.told().to_owned() } else { reason };
        host.tell(Event::ClientDocumentRefused { client_id: id.to_owned(), reason });
    }
    Ok(read)
}

fn read(host: &HostOf, id: &str, response: &Fetched) -> Result<Client, Failure> {
    let header = |wanted: &str| {
        let mut values = response.headers.iter().filter(|(name, _)| name == wanted);
        values.next().map_or("", |(_, value)| value.as_str())
    };
    if response.status != 200 {
        return Err(Failure::Status);
    }
    if !is_json(header("content-type")) {
        return Err(Failure::MediaType);
    }
    let body = from_byte_string(&response.body).ok_or(Failure::NotJson)?;
    if body.len() > usize::try_from(LONGEST_DOCUMENT).unwrap_or(usize::MAX) {
        return Err(Failure::TooLong);
    }
    let members = parse_object(&body).map_err(|_| Failure::NotJson)?;
    let members = Members(&members);
    // Section 4: simple string comparison (RFC 3986 section 6.2.1).
    if members.text("client_id").ok().flatten() != Some(id) {
        return Err(Failure::OtherId);
    }
    // Section 4.1.
    if members.has("client_secret") || members.has("client_secret_expires_at") {
        return Err(Failure::Secret);
    }
    let fresh_until = freshness(header("cache-control")).after(host.now());
    let unused_until = Some(host.config().registration.unused_for.after(host.now()));
    let origin = Origin::Document { fresh_until, unused_until };
    metadata::read(host.config(), Source::Document, &members, (id.to_owned(), origin, host.now()))
        .map_err(|refusal| Failure::of(&refusal))
}

impl Failure {
    fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::InvalidRedirectUri(_) => Self::RedirectUris,
            Refusal::InvalidClientMetadata(metadata::NO_SHARED_SECRET) => Self::Secret,
            _ => Self::Metadata,
        }
    }
}

/// `application/json`, or a media type that is JSON too (section 4).
fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type).to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || subtype.ends_with("+json")
}

/// Section 5.2: as the response says (RFC 9111 section 5.2.2), within bounds.
fn freshness(cache_control: &str) -> Seconds {
    let directives = || cache_control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    if directives().any(|directive| directive == "no-store" || directive.starts_with("no-cache")) {
        return FRESH_AT_LEAST;
    }
    let said = directives().find_map(|directive| directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    Seconds(said.unwrap_or(FRESH_USUALLY.0).clamp(FRESH_AT_LEAST.0, FRESH_AT_MOST.0))
}

/// Writes the row that the document makes. Whatever another wrote meanwhile, the document is not fetched again.
async fn keep(host: &HostOf, mut known: Option<Stored<Client>>, said: Client) -> Result<Stored<Client>, Stop> {
    let slot = Client::slot(host.config(), &said.id);
    host.tell(Event::ClientDocumentRead { client_id: said.id.clone() });
    for _ in 0..3 {
        let (change, client) = match known {
            Some(known) => {
                let Some(client) = renewed(&known.value, &said) else { return Ok(known) };
                (Change::replace(&known, client.clone()), client)
            }
            None => (Change::create(slot.clone(), said.clone()), said.clone()),
        };
        match host.commit(change).await {
            // Only the store knows the row's version: whoever writes it again must read it first.
            Ok(()) => return Ok(Stored { key: slot.key, version: String::new(), value: client }),
            Err(Stop::Stale) => known = host.load(EvenIfOver(slot.clone())).await?,
            Err(other) => return Err(other),
        }
    }
    Err(Stop::Stale)
}

/// What the document says, with what the operator and the people decided about the client. `None`: the operator has made a
/// client of this id.
fn renewed(known: &Client, said: &Client) -> Option<Client> {
    let Origin::Document { unused_until: until, .. } = known.origin else { return None };
    let Origin::Document { fresh_until, unused_until } = said.origin else { return None };
    Some(Client {
        origin: Origin::Document { fresh_until, unused_until: until.and(unused_until) },
        ..said.clone().decided_as(known)
    })
}

/// Remembers the failure for what is left of the claim.
async fn refuse(host: &HostOf, id: &str, failure: Failure) -> Result<(), Stop> {
    let slot = Attempt::slot(host.config(), id);
    for _ in 0..3 {
        let Some(claim) = host.load(slot.clone()).await? else { return Ok(()) };
        let failed = Attempt { failed: Some(failure), ..claim.value.clone() };
        match host.commit(Change::replace(&claim, failed)).await {
            Err(Stop::Stale) => {}
            other => return other,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dc_026_a_document_is_at_an_https_address_with_a_name_and_a_path() {
        for good in
            ["https://app.example.com/client.json", "https://app.example.com:8443/a/b", "https://a.example/c?v=1"]
        {
            assert!(is_document_address(good), "{good}");
        }
        for bad in [
            "http://app.example.com/client.json",
            "https://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/c#x",
            "https://u@app.example.com/c",
            "https://u:p@app.example.com/c",
            "https://app.example.com/a/../c",
            "https://app.example.com/./c",
            "https://app.example.com/%2e%2e/c",
            "https://127.0.0.1/c",
            "https://[::1]/c",
            "https://2130706433/c",
            "https://localhost/c",
            "https://intranet/c",
            "https://x.localhost/c",
            "https://App.example.com/c",
            "https://app.example.com:443/c",
            "ftp://app.example.com/c",
            "app",
            "",
        ] {
            assert!(!is_document_address(bad), "{bad}");
        }
        assert!(!is_document_address(&format!("https://app.example.com/{}", "x".repeat(512))));
    }

    #[test]
    fn a_document_is_fresh_as_long_as_it_says_within_bounds() {
        for (cache_control, seconds) in [
            ("", 3600),
            ("max-age=600", 600),
            ("public, Max-Age=600", 600),
            ("max-age=\"600\"", 600),
            ("max-age=0", 300),
            ("max-age=99999999", 86_400),
            ("max-age=-1", 3600),
            ("no-store, max-age=600", 300),
            ("no-cache=\"x\"", 300),
        ] {
            assert_eq!(freshness(cache_control), Seconds(seconds), "{cache_control}");
        }
    }

    #[test]
    fn json_is_json_whatever_its_profile() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/client-id+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/html", "text/json", "application/jsonp", "application/javascript", "json"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
