//! How many codes may be entered (RFC 8628 section 5.1). A try is counted before it is answered.

use crate::account;
use crate::change::Change;
use crate::host::Host;
use crate::refusal::{Refusal, Stop};
use crate::throttle::{ADDRESSES, Throttle, network};

/// How many codes one person may enter while a code lives, wrong or right: with 20^8 codes, one is guessed with a probability below
/// 2^-32.
const MOST_OF_A_PERSON: u64 = 5;
/// How many wrong ones may come from one address while a code lives: several people may share it.
const MOST_OF_AN_ADDRESS: u64 = 20;

/// The tries of one person, or from one address, in any stretch of time as long as a code lives.
#[derive(Clone, Debug)]
pub(super) struct Tries([Throttle; 2]);

impl Tries {
    pub(super) fn of_person(host: &Host, subject: &str) -> Self {
        Self::new(host, account::ROOM, subject, MOST_OF_A_PERSON)
    }

    pub(super) fn of_address(host: &Host, address: &str) -> Self {
        Self::new(host, ADDRESSES, &network(address), MOST_OF_AN_ADDRESS)
    }

    fn new(host: &Host, room: &str, owner: &str, most: u64) -> Self {
        Self(Throttle::sliding(host, room, owner, "user-code", most, host.config().lifetimes.device_code))
    }

    /// What to load to see how many there were.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Throttle> {
        self.0.iter()
    }

    /// Refuses when there were as many as there may be. The later counter has the longer wait.
    pub(super) fn check(&self, host: &Host, counts: &[u64]) -> Result<(), Refusal> {
        self.0.iter().zip(counts).rev().try_for_each(|(throttle, count)| throttle.check(host, *count))
    }

    /// One more, unless there were as many as there may be.
    pub(super) async fn count(&self, host: &Host) -> Result<(), Stop> {
        let counted = self.0.iter().fold(Change::default(), Change::and_count);
        match host.commit(counted).await {
            Err(Stop::Stale) => {
                let counts = host.load(self.wanted().collect::<Vec<_>>()).await?;
                self.check(host, &counts)?;
                Err(Stop::Stale)
            }
            other => other,
        }
    }
}
