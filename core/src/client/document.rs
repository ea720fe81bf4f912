//! Client id metadata documents (draft-ietf-oauth-client-id-metadata-document-03): a client id that is an https URL, at which the
//! client says who it is.
//!
//! What the document says is kept as the client's own row, so everything but finding a client treats it as any other. It is read
//! when an authorization begins, or a client proves itself by a key, and the row is missing or no longer fresh; codes and tokens go by
//! the row, whatever the document says by then. Before it is read the address is claimed for some seconds, so that however many
//! ask it is fetched once in that time; what came of it is kept only if it is good (section 6.6: no error, no invalid document).
//!
//! ```text
//!   no row, or stale --> claimed --> fetched --> the row, fresh for 5 minutes to a day
//!                          |            |
//!                          +------------+-----> another's, or refused: a row that went stale within a day serves,
//!                                               else "try again", until the claim is over
//! ```

use serde::{Deserialize, Serialize};

use super::metadata::{self, Members, Source};
use super::{Client, Origin};
use crate::ask::{Fetch, FetchLimits, Fetched};
use crate::change::Change;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host as HostOf;
use crate::http::{Freshness, essence, from_byte_string};
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
/// How long an address is left alone after it was claimed, whatever came of it: longer than a fetch may take, and no longer than
/// people wait when whoever claimed it went away.
const CLAIMED: Seconds = Seconds(8);
/// Section 5.2: the document's own caching headers count, within bounds.
const FRESHNESS: Freshness = Freshness { least: Seconds(300), most: Seconds(86_400), usual: Seconds(3600) };
/// How long what a document said still serves where it cannot be read anew.
const STALE_AT_MOST: Seconds = Seconds(86_400);

const BEING_READ: Refusal = Refusal::TryAgain("The metadata document of the client is being read, or could not be");

/// One reading of a document: a claim on its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    until: Millis,
}

/// Why a document was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
/// No trip more for a client whose id is no address or whose document is fresh. To read one takes a load, a commit that counts the
/// address that asks, one for the claim, the fetch and a commit.
pub(crate) async fn current(
    host: &HostOf,
    remote: Option<&str>,
    id: &str,
    loaded: Option<Stored<Client>>,
) -> Result<Option<Stored<Client>>, Stop> {
    let stale_since = match loaded.as_ref().map(|client| &client.value.origin) {
        Some(Origin::Document { fresh_until, .. }) => Some(*fresh_until),
        Some(_) => return Ok(loaded),
        None => None,
    };
    let is_fresh = stale_since.is_some_and(|since| host.now() < since);
    if is_fresh || !host.config().registration.documents || !is_document_address(id) {
        return Ok(loaded);
    }
    match read_anew(host, remote, id, loaded.clone()).await {
        Err(Stop::Refused(_)) if stale_since.is_some_and(|since| host.now() < STALE_AT_MOST.after(since)) => Ok(loaded),
        other => other.map(Some),
    }
}

/// What the document says now, or why it is not known.
async fn read_anew(
    host: &HostOf,
    remote: Option<&str>,
    id: &str,
    known: Option<Stored<Client>>,
) -> Result<Stored<Client>, Stop> {
    let last = host.load(EvenIfOver(Attempt::slot(host.config(), id))).await?;
    if last.as_ref().is_some_and(|last| host.now() < last.value.until) {
        return Err(BEING_READ.into());
    }
    Throttle::of_address(host, remote, "document", host.config().registration.per_hour).admit(host).await?;
    claim(host, id, last).await?;
    match fetch(host, id).await? {
        Ok(client) => keep(host, known, client).await,
        Err(failure) => Err(Refusal::ClientDocument(failure.told()).into()),
    }
}

/// Section 3: https, a host that is a name of the public internet, a path, no fragment, no user, no dot segments.
fn is_document_address(id: &str) -> bool {
    let Some(uri) = Uri::parse(id).filter(|uri| id.len() <= LONGEST_ID && uri.scheme == "https") else { return false };
    let public = matches!(uri.host, Some(Host::Name(name)) if name.contains('.') && !uri.is_loopback());
    public && uri.path.len() > 1 && uri.fragment.is_none()
}

async fn claim(host: &HostOf, id: &str, last: Option<Stored<Attempt>>) -> Result<(), Stop> {
    let attempt = Attempt { until: CLAIMED.after(host.now()) };
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
    let fresh_until = FRESHNESS.said_in(&response.headers).after(host.now());
    let unused_until = Some(host.config().registration.unused_for.after(host.now()));
    let origin = Origin::Document { fresh_until, unused_until };
    let client = metadata::read(host.config(), Source::Document, &members, (id.to_owned(), origin, host.now()))
        .map_err(|refusal| Failure::of(&refusal))?;
    if is_in_its_own_sector(&client) { Ok(client) } else { Err(Failure::Metadata) }
}

/// Whoever speaks for the host of the document speaks for the sector of that name, and for no other: the list of another's is not
/// fetched for it.
fn is_in_its_own_sector(client: &Client) -> bool {
    fn host(address: &str) -> Option<Host<'_>> {
        Uri::parse(address).and_then(|uri| uri.host)
    }
    client.openid.sector_identifier_uri.as_deref().is_none_or(|sector| host(sector) == host(&client.id))
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
    fn json_is_json_whatever_its_profile() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/client-id+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/html", "text/json", "application/jsonp", "application/javascript", "json"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
