//! The issuers of an engine: one, or several that share its store and its flows. Each has its own configuration, secret, keys and
//! tenant, so nothing of one is good for another.

use std::rc::Rc;

use crate::call::Command;
use crate::client::FetchedKeys;
use crate::config::Config;
use crate::device::Pace;
use crate::host::Shared;
use crate::http::{Request, is_endpoint};
use crate::key::cache::KeyCache;
use crate::refusal::Fault;
use crate::session::Seen;

/// At least one issuer.
#[derive(Debug)]
pub(crate) struct Issuers {
    first: Rc<Shared>,
    others: Vec<Rc<Shared>>,
}

impl Issuers {
    pub(crate) fn open(config: &[u8]) -> Result<Self, Fault> {
        let (first, others) = Config::read(config)?;
        let named = |other: Config| share(Some(other.issuer.text.clone()), other);
        Ok(Self { first: share(None, first), others: others.into_iter().map(named).collect() })
    }

    /// The one that speaks for the engine where no issuer is meant.
    pub(crate) fn first(&self) -> &Config {
        &self.first.config
    }

    /// Whose a command is: the named one's; a request's by its address; otherwise the first's.
    pub(crate) fn of(&self, named: Option<&str>, command: &Command) -> Result<Rc<Shared>, Fault> {
        let found = match (named, command) {
            (Some(named), _) => Some(
                self.all()
                    .find(|shared| shared.config.issuer.text == named)
                    .ok_or_else(|| Fault::BadCall("there is no issuer of this name".into()))?,
            ),
            (None, Command::Http(request)) if !self.others.is_empty() => self.of_request(request),
            _ => None,
        };
        Ok(Rc::clone(found.unwrap_or(&self.first)))
    }

    /// By origin and path; an address of none of them is the first one's. Where all have one origin it is the configuration that knows it: a proxy may have rewritten the request's.
    fn of_request(&self, request: &Request) -> Option<&Rc<Shared>> {
        let one_origin = self.others.iter().all(|other| other.config.issuer.origin == self.first.config.issuer.origin);
        let here = |shared: &&Rc<Shared>| one_origin || request.is_to(&shared.config.issuer.origin);
        self.all().filter(here).find(|shared| is_endpoint(&shared.config, request)).or_else(|| self.all().find(here))
    }

    fn all(&self) -> impl Iterator<Item = &Rc<Shared>> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

fn share(named: Option<String>, config: Config) -> Rc<Shared> {
    Rc::new(Shared {
        config,
        named,
        keys: KeyCache::default(),
        client_keys: FetchedKeys::default(),
        pace: Pace::default(),
        seen: Seen::default(),
    })
}
