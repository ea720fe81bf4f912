//! The mailbox between a flow and its host: a flow puts an ask in and awaits the answer, the engine carries both.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::ask::{
    Answer, Ask, Committed, Fetch, Fetched, Key, Page, Row, Scan, Sign, SubjectAsk, SubjectFound, Verify,
};
use crate::change::{Change, Trace};
use crate::client::FetchedKeys;
use crate::config::{Capability, Config};
use crate::device::Pace;
use crate::event::{Dated, Event};
use crate::hash::{b64u, from_b64u};
use crate::key::cache::KeyCache;
use crate::key::{Algorithm, PublicJwk};
use crate::mail::Mail;
use crate::random::Random;
use crate::record::{self, Record, Stored};
use crate::refusal::{Fault, Stop};
use crate::session::Seen;
use crate::time::Millis;
use crate::want::Want;

/// What all flows of an engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The issuer, where it is not the engine's first: its events name it.
    pub(crate) named: Option<String>,
    pub(crate) keys: KeyCache,
    pub(crate) client_keys: FetchedKeys,
    pub(crate) pace: Pace,
    pub(crate) seen: Seen,
}

#[derive(Debug, Default)]
enum Mailbox {
    #[default]
    Empty,
    Asking(Ask),
    Waiting,
    Answered(Answer),
}

/// A flow's view of the world: the configuration, the call's time and chance, and the way to ask.
#[derive(Clone)]
pub(crate) struct Host(Rc<Inner>);

struct Inner {
    shared: Rc<Shared>,
    now: Millis,
    random: Random,
    attempt: Cell<Option<[u8; 16]>>,
    passed_before: Cell<bool>,
    /// The marker that this flow created in a commit of its own.
    claimed: RefCell<Option<Key>>,
    mailbox: RefCell<Mailbox>,
    events: RefCell<Vec<Dated>>,
    mails: RefCell<Vec<Mail>>,
    /// How many of the events and of the mails are of commits that were acknowledged.
    acknowledged: Cell<(usize, usize)>,
}

impl Host {
    pub(crate) fn new(shared: Rc<Shared>, now: Millis, seed: [u8; 32]) -> Self {
        Self(Rc::new(Inner {
            shared,
            now,
            random: Random::new(seed),
            attempt: Cell::new(None),
            passed_before: Cell::new(false),
            claimed: RefCell::default(),
            mailbox: RefCell::default(),
            events: RefCell::default(),
            mails: RefCell::default(),
            acknowledged: Cell::default(),
        }))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.shared.config
    }

    pub(crate) fn keys(&self) -> &KeyCache {
        &self.0.shared.keys
    }

    pub(crate) fn client_keys(&self) -> &FetchedKeys {
        &self.0.shared.client_keys
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.0.shared.pace
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.0.shared.seen
    }

    /// Whether the host signs with keys of its own.
    pub(crate) fn signs(&self) -> bool {
        !self.config().signing.host_keys.is_empty()
    }

    /// The call's instant, in milliseconds.
    pub(crate) fn now(&self) -> Millis {
        self.0.now
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn tenant(&self) -> &str {
        &self.config().tenant
    }

    /// Tells what happened. It leaves the engine only with the flow's end, and what was told before a commit only if that commit
    /// was acknowledged.
    pub(crate) fn tell(&self, event: Event) {
        self.0.events.borrow_mut().push(Dated { event, at: self.now(), issuer: self.0.shared.named.clone() });
    }

    /// Sends a mail with the next commit: say it before. It leaves the engine with the flow's end, and only if that commit was acknowledged.
    /// Nothing is done where the host sends no mail.
    pub(crate) fn send(&self, mail: Mail) {
        if self.config().offers(Capability::Mail) {
            let mail = Mail { issuer: self.0.shared.named.clone(), ..mail.in_words(self.config(), self.now()) };
            self.0.mails.borrow_mut().push(mail);
        }
    }

    /// Sends a mail with the flow's result, whose commits are all acknowledged: say it last, where nothing can fail or be decided anew.
    pub(crate) fn send_with_result(&self, mail: Mail) {
        self.send(mail);
        self.acknowledge();
    }

    fn acknowledge(&self) {
        self.0.acknowledged.set((self.0.events.borrow().len(), self.0.mails.borrow().len()));
    }

    /// What was told or to be sent since the last acknowledged commit did not happen.
    pub(crate) fn untell(&self) {
        let (events, mails) = self.0.acknowledged.get();
        self.0.events.borrow_mut().truncate(events);
        self.0.mails.borrow_mut().truncate(mails);
    }

    /// How many such events this flow told.
    pub(crate) fn count_told(&self, is_such: &dyn Fn(&Event) -> bool) -> usize {
        self.0.events.borrow().iter().filter(|dated| is_such(&dated.event)).count()
    }

    /// Notes that this flow came past what comes once in it, for when it decides anew: what was presented is good, an attempt is counted, a
    /// password is set.
    pub(crate) fn note_passed(&self) {
        self.0.passed_before.set(true);
    }

    /// Whether an earlier decision of this flow came so far. What was good and is spent now has lost a race and met no thief.
    pub(crate) fn passed_before(&self) -> bool {
        self.0.passed_before.get()
    }

    pub(crate) fn note_claimed(&self, marker: Key) {
        *self.0.claimed.borrow_mut() = Some(marker);
    }

    pub(crate) fn has_claimed(&self, marker: &Key) -> bool {
        self.0.claimed.borrow().as_ref() == Some(marker)
    }

    pub(crate) fn take_events(&self) -> Vec<Dated> {
        self.0.events.take()
    }

    /// The mails of acknowledged commits.
    pub(crate) fn take_mails(&self) -> Vec<Mail> {
        let mut mails = self.0.mails.take();
        mails.truncate(self.0.acknowledged.get().1);
        mails
    }

    pub(crate) fn take_ask(&self) -> Option<Ask> {
        let mut mailbox = self.0.mailbox.borrow_mut();
        match std::mem::take(&mut *mailbox) {
            Mailbox::Asking(ask) => {
                *mailbox = Mailbox::Waiting;
                Some(ask)
            }
            other => {
                *mailbox = other;
                None
            }
        }
    }

    pub(crate) fn put_answer(&self, answer: Answer) {
        *self.0.mailbox.borrow_mut() = Mailbox::Answered(answer);
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        *self.0.mailbox.borrow_mut() = Mailbox::Asking(ask);
        poll_fn(|_| {
            let mut mailbox = self.0.mailbox.borrow_mut();
            match std::mem::take(&mut *mailbox) {
                Mailbox::Answered(answer) => Poll::Ready(answer),
                other => {
                    *mailbox = other;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Reads all the records of one decision in one trip.
    pub(crate) async fn load<W: Want>(&self, want: W) -> Result<W::Got, Stop> {
        let mut keys = Vec::new();
        want.keys(&mut keys);
        let mut rows = self.rows(keys).await?.into_iter();
        Ok(want.take(self, &mut rows)?)
    }

    async fn rows(&self, keys: Vec<Key>) -> Result<Vec<Option<Row>>, Fault> {
        let wanted = keys.len();
        if wanted == 0 {
            return Ok(Vec::new());
        }
        match self.ask(Ask::Load { keys }).await {
            Answer::Rows(rows) if rows.len() == wanted => Ok(rows),
            Answer::Failed(why) => Err(Fault::StoreFailed(why)),
            _ => Err(Fault::BadAnswer("a load is answered with one row or null for each key")),
        }
    }

    /// Writes, or stops the flow: `Stale` when another was faster. An unknown outcome is settled by reading back.
    pub(crate) async fn commit(&self, change: Change) -> Result<(), Stop> {
        let attempt = self.attempt();
        let trace = change.trace();
        let batch = change.into_batch(self.tenant(), &attempt)?;
        let mut in_doubt = false;
        for _ in 0..3 {
            let outcome = match self.ask(Ask::Commit(batch.clone())).await {
                Answer::Commit(outcome) => outcome,
                Answer::Failed(why) => return Err(Fault::StoreFailed(why).into()),
                _ => return Err(Fault::BadAnswer("a commit is answered with committed, stale or unknown").into()),
            };
            // After an unknown outcome, stale may mean that this very batch is what the others lost to.
            let to_be_read = outcome == Committed::Unknown || (outcome == Committed::Stale && in_doubt);
            if outcome == Committed::Committed || (to_be_read && self.applied(trace.as_ref(), &attempt).await?) {
                self.acknowledge();
                return Ok(());
            }
            if outcome == Committed::Stale {
                return Err(Stop::Stale);
            }
            in_doubt = true;
        }
        Err(Fault::StoreFailed("whether a commit was applied cannot be found out".into()).into())
    }

    /// A write is known by its attempt. A removal leaves nothing to know it by: a row that is gone is what it was for.
    async fn applied(&self, trace: Option<&Trace>, attempt: &str) -> Result<bool, Fault> {
        let Some(Trace::Written(key) | Trace::Removed(key)) = trace else { return Ok(false) };
        let row = self.rows(vec![key.clone()]).await?.into_iter().flatten().next();
        Ok(match trace {
            Some(Trace::Written(_)) => row.is_some_and(|row| record::is_of(&row, attempt)),
            _ => row.is_none(),
        })
    }

    /// One id for all commits of a flow, so that a late one is recognised as the flow's own.
    fn attempt(&self) -> String {
        let id = self.0.attempt.get().unwrap_or_else(|| self.random().bytes("attempt"));
        self.0.attempt.set(Some(id));
        b64u(id)
    }

    pub(crate) async fn scan<T: Record>(&self, scan: Scan) -> Result<(Vec<Stored<T>>, Option<Key>), Stop> {
        let page = self.page(scan).await?;
        let mut records = Vec::new();
        for row in page.rows {
            let found =
                record::read(self.tenant(), self.now(), row.key, Row { version: row.version, value: row.value })?;
            records.extend(found);
        }
        Ok((records, page.next))
    }

    /// All records whose keys start so, page by page.
    pub(crate) async fn scan_all<T: Record>(&self, prefix: String) -> Result<Vec<Stored<T>>, Stop> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (records, next) = self.scan::<T>(Scan { prefix: prefix.clone(), after, limit: 100 }).await?;
            found.extend(records);
            match next {
                Some(key) => after = Some(key),
                None => return Ok(found),
            }
        }
    }

    pub(crate) async fn page(&self, scan: Scan) -> Result<Page, Fault> {
        match self.ask(Ask::Scan(scan)).await {
            Answer::Page(page) => Ok(page),
            Answer::Failed(why) => Err(Fault::StoreFailed(why)),
            _ => Err(Fault::BadAnswer("a scan is answered with a page")),
        }
    }
}

/// The optional capabilities; a flow asks only for those that the host offers.
impl Host {
    pub(crate) async fn subject(&self, ask: SubjectAsk) -> Result<Option<SubjectFound>, Fault> {
        match self.ask(Ask::Subject(ask)).await {
            Answer::Subject(found) => Ok(found),
            Answer::Failed(why) => Err(Fault::HostFailed(why)),
            _ => Err(Fault::BadAnswer("a subject ask is answered with subject")),
        }
    }

    /// An HTTP request that the host makes. Whatever keeps it from being answered is [`Fault::HostFailed`].
    pub(crate) async fn fetch(&self, fetch: Fetch) -> Result<Fetched, Fault> {
        match self.ask(Ask::Fetch(fetch)).await {
            Answer::Response(response) => Ok(response),
            Answer::Failed(why) => Err(Fault::HostFailed(why)),
            _ => Err(Fault::BadAnswer("a fetch is answered with response")),
        }
    }

    /// A signature (JOSE form) by a key that only the host has.
    pub(crate) async fn sign(&self, key: &str, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let ask = Sign { key: key.to_owned(), algorithm: algorithm.to_string(), message: b64u(message) };
        match self.ask(Ask::Sign(ask)).await {
            Answer::Signature(text) => from_b64u(&text).ok_or(Fault::BadAnswer("a signature is base64url")),
            Answer::Failed(why) => Err(Fault::HostFailed(why)),
            _ => Err(Fault::BadAnswer("a sign is answered with signature")),
        }
    }

    pub(crate) async fn verify(
        &self,
        jwk: PublicJwk,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Fault> {
        let ask = Verify { jwk, algorithm: algorithm.to_string(), message: b64u(message), signature: b64u(signature) };
        match self.ask(Ask::Verify(ask)).await {
            Answer::Verified(verified) => Ok(verified),
            Answer::Failed(why) => Err(Fault::HostFailed(why)),
            _ => Err(Fault::BadAnswer("a verify is answered with verified")),
        }
    }
}
