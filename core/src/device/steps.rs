//! What a person does about a code, behind both doors: the built-in pages and the typed commands.

use super::state::{Approval, State, Viewer};
use super::tries::Tries;
use super::user_code::UserCode;
use super::{Device, Errand};
use crate::change::Change;
use crate::event::Event;
use crate::grant::Context;
use crate::host::Host;
use crate::oidc;
use crate::record::Stored;
use crate::refusal::{Refusal, Stop};
use crate::scope;
use crate::session::{Presented, SignedIn};
use crate::token::check_namesakes;

/// Where a request came from, as far as a decision depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit<'a> {
    pub(super) session_cookie: Option<&'a str>,
    /// The peer's address, when the host knows it.
    pub(super) remote: Option<&'a str>,
}

/// A code that this person may decide on.
pub(super) struct Situation {
    pub(super) user_code: UserCode,
    pub(super) device: Stored<Device>,
    pub(super) signed_in: SignedIn,
    /// Of the person's account, where the engine keeps it.
    account_version: Option<String>,
}

/// Whether the person must sign in before the code is looked at.
pub(super) enum Looked {
    SignInFirst,
    Found(Box<Situation>),
}

impl Situation {
    /// A person looks at a code: it is counted as a try, and claimed for this session. A code of one's own costs nothing to look
    /// at again. Whether a code exists is told only once the try is counted.
    pub(super) async fn look(host: &Host, user_code: UserCode, visit: Visit<'_>) -> Result<Looked, Stop> {
        let of_address = visit.remote.map(|address| Tries::of_address(host, address));
        let (found, signed_in, counts) = load(host, &user_code, visit, of_address.as_ref()).await?;
        let Some((signed_in, account_version)) = signed_in else { return Ok(Looked::SignInFirst) };
        let viewer = viewer(&signed_in);
        let situation = |device| Situation { user_code, device, signed_in, account_version };
        let found = match found {
            Some(device) if device.value.state.is_claimed_by(&viewer) => {
                return Ok(Looked::Found(Box::new(situation(device))));
            }
            other => other,
        };
        if let Some(tries) = &of_address {
            tries.check(host, &counts)?;
        }
        // A decision that lost its race has counted already.
        if !host.passed_before() {
            Tries::of_person(host, &viewer.subject).count(host).await?;
            host.note_passed();
        }
        let claimed = found.and_then(|device| Some((device.value.state.clone().view(viewer).ok()?, device)));
        let Some((state, device)) = claimed else {
            if let Some(tries) = of_address {
                tries.count(host).await?;
            }
            return Err(Refusal::UnknownUserCode.into());
        };
        let value = Device { state, ..device.value.clone() };
        host.commit(Change::replace(&device, value.clone())).await?;
        Ok(Looked::Found(Box::new(situation(Stored { value, ..device }))))
    }

    /// The person who claimed it decides.
    pub(super) async fn claimed(host: &Host, user_code: UserCode, visit: Visit<'_>) -> Result<Self, Stop> {
        let (device, signed_in, _) = load(host, &user_code, visit, None).await?;
        let device = device.ok_or(Refusal::InteractionEnded)?;
        let (signed_in, account_version) = signed_in.ok_or(Refusal::Forbidden("Sign in first"))?;
        Ok(Self { user_code, device, signed_in, account_version })
    }

    /// These scopes, or all that were asked for: the next poll gets the tokens.
    pub(super) async fn approve(
        self,
        host: &Host,
        scopes: Option<&[String]>,
        context: Option<Context>,
    ) -> Result<(), Stop> {
        check_namesakes(&self.signed_in.subject.id, &self.device.value.client_id)?;
        let asked = &self.device.value.scopes;
        let chosen = scopes.unwrap_or(asked);
        if !scope::covers(asked, chosen) {
            return Err(Refusal::InvalidRequest("Only what was asked for can be granted").into());
        }
        let scopes: Vec<String> =
            asked.iter().filter(|name| chosen.contains(name) || *name == oidc::OPENID).cloned().collect();
        let scope = scopes.join(" ");
        let approval = Approval {
            by: viewer(&self.signed_in),
            auth_time: self.signed_in.session.auth_time,
            scopes,
            context,
            account_version: self.account_version.clone(),
        };
        let state = self.device.value.state.clone().approve(approval)?;
        self.turn(host, state).await?;
        let (subject, client_id) = self.told();
        host.tell(Event::ConsentGranted { subject, client_id, scope });
        Ok(())
    }

    /// The next poll is told that the person said no.
    pub(super) async fn deny(self, host: &Host) -> Result<(), Stop> {
        let state = self.device.value.state.clone().deny(&viewer(&self.signed_in))?;
        self.turn(host, state).await?;
        let (subject, client_id) = self.told();
        host.tell(Event::ConsentDenied { subject, client_id });
        Ok(())
    }

    /// Somebody else will decide, and signs in after this. Once it is done, it is done.
    pub(super) async fn release(host: &Host, user_code: UserCode, visit: Visit<'_>) -> Result<(), Stop> {
        let (device, signed_in, _) = load(host, &user_code, visit, None).await?;
        let (Some(device), Some((signed_in, _))) = (device, signed_in) else { return Ok(()) };
        match device.value.state.clone().release(&viewer(&signed_in)) {
            Ok(state) => host.commit(Change::replace(&device, Device { state, ..device.value.clone() })).await,
            Err(_) => Ok(()),
        }
    }

    async fn turn(&self, host: &Host, state: State) -> Result<(), Stop> {
        host.commit(Change::replace(&self.device, Device { state, ..self.device.value.clone() })).await
    }

    fn told(&self) -> (String, String) {
        (self.signed_in.subject.id.clone(), self.device.value.client_id.clone())
    }
}

impl Errand {
    /// The handle for a code that a person typed; `None` when it cannot be one.
    pub(super) fn of_typed(host: &Host, typed: &str, browser: &str) -> Option<String> {
        UserCode::read(typed).map(|user_code| Self::begin(host, Some(&user_code), browser))
    }
}

type Loaded = (Option<Stored<Device>>, Option<(SignedIn, Option<String>)>, Vec<u64>);

/// One load for the code, whoever is signed in, and the tries from this address.
async fn load(host: &Host, user_code: &UserCode, visit: Visit<'_>, of_address: Option<&Tries>) -> Result<Loaded, Stop> {
    let (_, slot) = Device::slot(host.config(), user_code);
    let presented = Presented::read(host.config(), visit.session_cookie);
    let slots = Presented::slots(presented.as_ref(), host);
    let tries: Vec<_> = of_address.into_iter().flat_map(Tries::wanted).collect();
    let (device, session, counts) = host.load((slot, slots, tries)).await?;
    let account_version = session.account().map(|account| account.version.clone());
    let signed_in = Presented::check(presented.as_ref(), host, session).await?;
    Ok((device, signed_in.map(|signed_in| (signed_in, account_version)), counts))
}

fn viewer(signed_in: &SignedIn) -> Viewer {
    Viewer { subject: signed_in.subject.id.clone(), session_id: signed_in.session.id.clone() }
}
