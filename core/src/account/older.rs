//! Accounts that were made under an older root secret: their ids do not follow from their logins by the one of today.

use super::id_by;
use crate::ask::{Key, Row};
use crate::config::Config;
use crate::host::Host;
use crate::refusal::Fault;
use crate::seal::RootIndex;
use crate::want::Want;

/// What is loaded under the ids that older root secrets give for a login, beside the one of today: all in one trip, whoever there is, so that
/// no name tells by a trip more that its account is an old one.
pub(crate) struct Older<W>(Vec<(String, W)>);

impl<W> Older<W> {
    /// `None`: there is no login to go by.
    pub(crate) fn of(config: &Config, login: Option<&str>, want: impl Fn(&str) -> W) -> Self {
        let roots = || config.roots.indexes().filter(|root| *root != RootIndex::CURRENT);
        let ids = login.into_iter().flat_map(|login| roots().map(move |root| id_by(config, root, login)));
        Self(ids.map(|id| (id.clone(), want(&id))).collect())
    }

    /// What was found under this id, if it is one of them.
    pub(crate) fn under(self, id: &str) -> Option<W> {
        self.0.into_iter().find(|(own, _)| own == id).map(|(_, found)| found)
    }
}

impl<W: Want> Want for Older<W> {
    type Got = Older<W::Got>;

    fn keys(&self, keys: &mut Vec<Key>) {
        self.0.iter().for_each(|(_, want)| want.keys(keys));
    }

    fn take(self, host: &Host, rows: &mut impl Iterator<Item = Option<Row>>) -> Result<Self::Got, Fault> {
        let found = self.0.into_iter().map(|(id, want)| Ok((id, want.take(host, rows)?)));
        Ok(Older(found.collect::<Result<_, Fault>>()?))
    }
}
