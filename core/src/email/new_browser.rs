//! What a person is told of a sign-in that may not be theirs.

use crate::account::Account;
use crate::host::Host;
use crate::mail::{Kind, Mail, Recipient};
use crate::refusal::Stop;
use crate::sign_in::Full;
use crate::time::Seconds;

/// On the day on which an account is made, every browser is new.
const FIRST_DAY: Seconds = Seconds(86_400);

/// Tells somebody by mail, with the commit that begins the session, that they signed in with a browser that they had not used before: one trip
/// more, where the host sends mail. Nobody is told who came by their mailbox just now.
pub(crate) async fn tell_of_new_browser(host: &Host, full: &Full, is_known: bool) -> Result<(), Stop> {
    let by_mail = full.methods().iter().any(|method| method == "email");
    if is_known || by_mail || !host.config().mails_to_accounts() {
        return Ok(());
    }
    let account = host.load(Account::slot(host.config(), full.subject())).await?;
    let is_old = |account: &Account| FIRST_DAY.after(account.created_at) <= host.now();
    if let Some(to) = account.filter(|account| is_old(&account.value)).and_then(|account| Recipient::of(&account.value))
    {
        host.send(Mail::new(Kind::NewSignIn, to));
    }
    Ok(())
}
