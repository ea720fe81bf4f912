//! Mails: what a person is told at their own address. The host sends them; a mail leaves the engine in the result of the call, and
//! only with the acknowledged commit of what it is about. It may hold a link or a code, so it is never an event.

use serde::Serialize;

use crate::account::Account;
use crate::config::Config;
use crate::host::Host;
use crate::time::Millis;

/// A mail for the host to send once it has answered. The engine's own words are in `subject_line` and `text`; a host may write others
/// from the rest.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Mail {
    /// What it is about.
    pub kind: Kind,
    /// The one address it goes to, as it is stored.
    pub to: String,
    /// Whose address it is.
    pub subject: String,
    /// What its owner is called; only where the address is known to be theirs, since anybody may sign up with another's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language its owner reads (OpenID Connect Core section 5.1, `locale`), if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A secret: what is to be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A secret: what is to be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Milliseconds since 1970, until when the link and the code are good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// Of which issuer; absent for the engine's first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The subject, in plain English: one line.
    pub subject_line: String,
    /// The whole mail, in plain English and plain text.
    pub text: String,
}

impl std::fmt::Debug for Mail {
    /// Without the address and the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a mail is about. The names are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A link that shows that the address is the person's.
    VerifyEmail,
    /// A link, to a new address, that puts it in the place of the old one.
    ChangeEmail,
    /// To the old address: another took its place.
    EmailChanged,
    /// A link to choose a new password.
    ResetPassword,
    /// A link that signs in, in the browser that asked for it; with a code, where both are offered.
    SignInLink,
    /// A code that signs in, in the browser that asked for it.
    SignInCode,
    /// Somebody signed up with the address of an account that is there; the link leads to where its password is reset.
    AlreadyRegistered,
    /// The password is another one now.
    PasswordChanged,
    /// Somebody signed in from a browser that was not seen before.
    NewSignIn,
    /// There is one more thing that a sign-in may be asked for beside the password.
    FactorAdded,
    /// There is one less.
    FactorRemoved,
    /// The recovery codes are other ones now.
    RecoveryCodesRegenerated,
}

/// Where mail for a person goes.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    subject: String,
    address: String,
    name: Option<String>,
    locale: Option<String>,
}

impl Recipient {
    /// The account's owner at the address that is stored; `None`: it has none.
    pub(crate) fn of(account: &Account) -> Option<Self> {
        let name = account.name.clone().filter(|_| account.is_address_verified());
        account.address().map(|address| Self { name, ..Self::at(account, address) })
    }

    /// The same person at another address, which may not be theirs.
    pub(crate) fn at(account: &Account, address: &str) -> Self {
        let locale = account.claims.get("locale").and_then(|locale| locale.as_str()).map(str::to_owned);
        Self { subject: account.id.clone(), address: address.to_owned(), name: None, locale }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Mail {
    /// A mail without a link or a code.
    pub(crate) fn new(kind: Kind, to: Recipient) -> Self {
        let Recipient { subject, address, name, locale } = to;
        Self {
            kind,
            to: address,
            subject,
            name,
            locale,
            link: None,
            code: None,
            expires_at: None,
            issuer: None,
            subject_line: String::new(),
            text: String::new(),
        }
    }

    /// The same in words. No name that somebody chose stands in them: the form to sign up would send anybody's advertisements.
    pub(crate) fn in_words(self, config: &Config, now: Millis) -> Self {
        let Words { subject, before, after } = words(self.kind);
        let name = &config.name;
        let minutes = self.expires_at.map(|end| end.saturating_sub(now).div_ceil(60_000));
        let good_for = minutes.map(|minutes| match minutes {
            120.. => format!("It is good for {} hours, and once.", minutes / 60),
            _ => format!("It is good for {minutes} minutes, and once."),
        });
        let paragraphs = [
            Some("Hello,".to_owned()),
            Some(before.to_owned()),
            self.link.clone(),
            self.code.as_ref().map(|code| format!("Code: {code}")),
            good_for,
            Some(after.to_owned()),
            Some(format!("{name}\n{}", config.issuer.text)),
        ];
        let text = paragraphs.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
        Self { subject_line: format!("{subject} – {name}"), text, ..self }
    }
}

/// Tells a person that their password is another one now. To be said before the commit that makes it so.
pub(crate) fn password_changed(host: &Host, account: &Account) {
    if let Some(to) = Recipient::of(account) {
        host.send(Mail::new(Kind::PasswordChanged, to));
    }
}

struct Words {
    subject: &'static str,
    before: &'static str,
    after: &'static str,
}

#[rustfmt::skip]
const fn words(kind: Kind) -> Words {
    const NOT_YOU: &str = "If you did not ask for this, do nothing: nothing will happen.";
    const SECRET: &str = "If you did not ask for this, do nothing. Give it to nobody, whoever asks you for it.";
    const NOT_YOURS: &str = "If this was not you, reset your password at once.";
    let (subject, before, after) = match kind {
        Kind::VerifyEmail => ("Confirm your address", "open this link to confirm that this is your address:", "If you did not sign up, do nothing: somebody may have mistyped their own address."),
        Kind::ChangeEmail => ("Confirm your new address", "open this link to use this address for your account from now on:", NOT_YOU),
        Kind::EmailChanged => ("Your address was changed", "another address is used for your account from now on. Nothing more is sent to this one.", "If this was not you, write to the people who run this service at once."),
        Kind::ResetPassword => ("Choose a new password", "open this link to choose a new password:", NOT_YOU),
        Kind::SignInLink => ("Sign in", "open this link in the browser in which you asked for it, to sign in:", SECRET),
        Kind::SignInCode => ("Your code", "type this code where you asked for it, to sign in:", SECRET),
        Kind::AlreadyRegistered => ("You have an account already", "somebody signed up with your address, for which there is an account already. If it was you, just sign in; here you can choose a new password:", "If it was not you, do nothing: nothing was changed."),
        Kind::PasswordChanged => ("Your password was changed", "your account has another password now.", NOT_YOURS),
        Kind::FactorAdded => ("A second factor was added", "from now on, signing in to your account may also ask for a code that was not asked for before.", NOT_YOURS),
        Kind::FactorRemoved => ("A second factor was removed", "an authenticator app, or codes by mail, are no longer used to sign in to your account.", NOT_YOURS),
        Kind::RecoveryCodesRegenerated => ("New recovery codes", "new recovery codes were made for your account. Those that you had before let nobody in any more.", NOT_YOURS),
        Kind::NewSignIn => ("A new sign-in", "somebody signed in to your account from a browser that was not seen before.", NOT_YOURS),
    };
    Words { subject, before, after }
}

/// Whether this is one address that mail can go to, and nothing more (RFC 5321 section 4.1.2, its plain forms): no list, no comment, no quotes,
/// no line break.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |letter: char| !letter.is_whitespace() && !letter.is_control() && !"()<>[]:;@\\,\"".contains(letter);
    let dotted = |part: &str| part.split('.').all(|atom| !atom.is_empty() && atom.chars().all(plain));
    let label = |label: &str| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    // RFC 5321 section 4.5.3.1.
    text.len() <= 254 && local.len() <= 64 && dotted(local) && dotted(domain) && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rt_009_an_address_is_one_and_nothing_more() {
        for good in
            ["ada@example.com", "a.b+c@sub.example.com", "ada@localhost", "ädä@exämple.com", "o'neil@example.com"]
        {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c.com",
            "ada@example.com,eve@example.com",
            "ada@example.com eve",
            "ada@example.com\r\nCc: eve@example.com",
            "ada@example.com\n",
            "<ada@example.com>",
            "\"a b\"@example.com",
            "ada@exa_mple.com",
            "ada@-example.com",
            "ada@example..com",
            ".ada@example.com",
            "ada;eve@example.com",
            "ada@[127.0.0.1]",
            "ada@example.com%0aCc:eve",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
        assert!(!is_address(&format!("{}@example.com", "a".repeat(65))));
        assert!(!is_address(&format!("ada@{}com", "example.".repeat(40))));
    }

    #[test]
    fn debug_shows_neither_address_nor_secret() {
        let to = Recipient { subject: "s".into(), address: "ada@example.com".into(), name: None, locale: None };
        let link = Some("https://example.com/reset?token=t".to_owned());
        let mail = Mail { link, code: Some("1234".to_owned()), ..Mail::new(Kind::ResetPassword, to) };
        assert_eq!(format!("{mail:?}"), "Mail { kind: ResetPassword, .. }");
    }
}
