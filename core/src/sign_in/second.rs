//! The second factor: a code, after the first one was right.

use super::door::Place;
use super::pending::Pending;
use super::{Attempts, SignedIn, Visitor, begin};
use crate::account::{self, slot_of};
use crate::authorize::{brand, form_action, page_response};
use crate::change::Change;
use crate::client::Client;
use crate::email::{self, Link};
use crate::event::Event;
use crate::factor::{self, Factors, Keeper, Kind, Proof};
use crate::handle::Owner;
use crate::host::Host;
use crate::http::Response;
use crate::page::{CodeProblem, Means, SecondFactor};
use crate::record::{Slot, Stored};
use crate::refusal::{Refusal, Stop};
use crate::session::Former;
use crate::sign_in::attempts::Counted;

/// Where the code is posted to.
pub(crate) const SECOND: &str = "/sign-in/second";

/// Somebody between the factors, with all that the second one needs.
pub(super) struct Halfway {
    pending: Pending,
    slot: Slot<Factors>,
    factors: Stored<Factors>,
    /// The code that was mailed, if one was.
    mailed: Option<Stored<Link>>,
    attempts: Attempts,
    counted: Counted,
    former: Former,
}

impl Halfway {
    /// One load. Whose factors or password are others in the meantime, or who may not act any more, begins anew.
    pub(super) async fn load(
        host: &Host,
        visitor: &Visitor<'_>,
        pending: Pending,
        client: Option<Slot<Client>>,
    ) -> Result<(Self, Option<Stored<Client>>), Stop> {
        let subject = pending.subject();
        let attempts = visitor.attempts(host, subject);
        let account = slot_of(host, &Owner::Subject(subject.to_owned()));
        let slot = Factors::slot(host.config(), subject);
        let mailed = email::second_factor_slot(host.config(), subject);
        let (client, account, (factors, mailed), counted, former) =
            host.load((client, account, (slot.clone(), mailed), &attempts, visitor.old(host))).await?;
        let factors = factors.filter(|factors| factors.value.wants_second()).ok_or(Refusal::InteractionEnded)?;
        if pending.is_outdated(account.as_ref().map(|account| &account.value)) {
            return Err(Refusal::InteractionEnded.into());
        }
        account::active(host, account, subject).await?.ok_or(Refusal::InteractionEnded)?;
        Ok((Self { pending, slot, factors, mailed, attempts, counted, former }, client))
    }

    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.factors.value.kinds_after(self.pending.methods())
    }

    /// Sends a code to the person's address, if that is a factor of theirs: a load and a commit.
    pub(super) async fn send_code(&self, host: &Host, visitor: &Visitor<'_>) -> Result<(), Stop> {
        match visitor.browser() {
            Some(browser) if self.kinds().contains(&Kind::EmailCode) => {
                email::send_second_factor(host, self.pending.subject(), browser).await
            }
            _ => Ok(()),
        }
    }

    /// One commit, in which the code is spent, the attempt held to its counter and the session begun. `by` says which kind of code it is,
    /// where its shape does not.
    pub(super) async fn prove(
        self,
        host: &Host,
        visitor: &Visitor<'_>,
        typed: &str,
        by: Option<Kind>,
    ) -> Result<SignedIn, Stop> {
        let subject = self.pending.subject().to_owned();
        self.attempts.check(host, self.counted, Some(&subject))?;
        let mailed_will_do = self.kinds().contains(&Kind::EmailCode);
        let Self { pending, slot, factors, mailed, attempts, former, .. } = self;
        let spent = match by {
            Some(Kind::EmailCode) => mailed
                .filter(|_| mailed_will_do)
                .filter(|link| email::is_second_factor(host, &link.value, &subject, typed, visitor.browser()))
                .map(|link| Spent::Mailed { link, factors }),
            _ => spend(host, &factors.value, &subject, typed)?.map(|(kind, left)| Spent::Own {
                kind,
                factors,
                slot,
                left,
            }),
        };
        let Some(spent) = spent else {
            host.tell(Event::SignInFailed { subject: Some(subject) });
            attempts.failed(host).await?;
            return Err(Refusal::WrongCode.into());
        };
        let remember = visitor.remember || pending.remembers();
        let full = pending.full(methods(spent.kind()), host.now());
        host.tell(Event::FactorUsed { subject, kind: spent.kind() });
        begin(host, visitor, (former, remember), &full, |change| spent.add_to(attempts.passed(change))).await
    }
}

/// What proved it.
enum Spent {
    /// A code of the person's own, and the row without it.
    Own { kind: Kind, factors: Stored<Factors>, slot: Slot<Factors>, left: Factors },
    /// The code that was sent to them, as long as that is a factor of theirs.
    Mailed { link: Stored<Link>, factors: Stored<Factors> },
}

impl Spent {
    const fn kind(&self) -> Kind {
        match self {
            Self::Own { kind, .. } => *kind,
            Self::Mailed { .. } => Kind::EmailCode,
        }
    }

    /// The same change, by which it is good no more.
    fn add_to(self, change: Change) -> Change {
        match self {
            Self::Own { factors, slot, left, .. } => factor::put(change, Some(&factors), slot, left),
            Self::Mailed { link, factors } => {
                change.and_remove(link.key, link.version).and_require(factors.key, factors.version)
            }
        }
    }
}

/// What was used, and the row without it; `None`: the code is wrong.
fn spend(host: &Host, factors: &Factors, subject: &str, typed: &str) -> Result<Option<(Kind, Factors)>, Stop> {
    let Some(proof) = Proof::read(typed) else { return Ok(None) };
    match factors.clone().check(&Keeper::of(host.config(), subject), &proof, host.now()) {
        Ok(spent) => Ok(Some((proof.kind(), spent))),
        Err(Stop::Refused(Refusal::WrongCode)) => Ok(None),
        Err(stop) => Err(stop),
    }
}

/// RFC 8176 section 2. A recovery code is no code of a device.
const fn methods(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Totp | Kind::EmailCode => &["otp", "mfa"],
        Kind::RecoveryCode => &["mfa"],
    }
}

/// The page that asks for a code.
pub(super) fn asking(
    host: &Host,
    place: &Place,
    pending: &str,
    kinds: &[Kind],
    by: Means,
    problem: Option<CodeProblem>,
) -> Response {
    let html = SecondFactor {
        brand: brand(host.config()),
        client_name: place.client_name.as_deref(),
        action: &form_action(host, SECOND),
        pending,
        by,
        others: kinds.iter().map(|kind| means(*kind)).filter(|other| *other != by).collect(),
        problem,
    }
    .render();
    let status = match problem {
        None | Some(CodeProblem::Missing) => 200,
        Some(CodeProblem::Wrong) => 401,
        Some(CodeProblem::TooManyAttempts) => 429,
    };
    page_response(host.config(), status, html, &[&place.form_source])
}

pub(super) const fn means(kind: Kind) -> Means {
    match kind {
        Kind::Totp => Means::App,
        Kind::EmailCode => Means::Mail,
        Kind::RecoveryCode => Means::RecoveryCode,
    }
}
