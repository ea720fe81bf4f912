//! Until its address is verified, anybody may have made an account with it. Whoever proves to read there has it to themselves: nothing that was
//! there before lets anybody else in, or back.

use super::link::Link;
use super::passwordless::Good;
use crate::account::Account;
use crate::change::Change;
use crate::grant::{self, RevokeAll};
use crate::host::Host;
use crate::record::Slot;
use crate::refusal::{Refusal, Stop};
use crate::session;

/// The account without a password, sessions and grants, in this order: who has no password begins no session. Second factors stay, since an
/// address that was mistyped is somebody else's: what the account's owner alone can show keeps them out.
pub(super) async fn clear(host: &Host, good: Good, slot: Slot<Link>) -> Result<Good, Stop> {
    let subject = good.account.value.id.clone();
    if good.account.value.password.is_some() {
        let bare = Account { password: None, ..good.account.value.clone() };
        let link = good.link.value.under_password_of(&bare);
        host.commit(Change::replace(&good.account, bare).and_replace(&good.link, link)).await?;
    }
    session::end_all(host, &subject).await?;
    grant::revoke_all(host, &RevokeAll { subject: subject.clone(), client_id: None }).await?;
    let (account, link) = host.load((Account::slot(host.config(), &subject), slot)).await?;
    let (account, link) = account.zip(link).ok_or(Refusal::LinkEnded)?;
    Ok(Good { account, link })
}
