//! Handles: codes, tokens and session ids that carry, sealed, what is needed to compute every key of a request from the
//! request's bytes. A forged or truncated handle costs no storage trip, and outsiders cannot link two handles of one grant.
//!
//! ```text
//! cvr_ <base64url of  nonce(24)  XChaCha20-Poly1305( owner | id | serial | secret | client )  tag(16) >
//! ```
//! The nonce is a PRF of the content (a synthetic IV), so the same handle is always the same text.

use crate::hash::{b64u, from_b64u};
use crate::seal::{Purpose, RootIndex, Roots};

/// What a handle is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    RefreshToken,
    AccessToken,
    /// The `jti` of a JWT access token: routes introspection and revocation, and is no credential.
    TokenId,
    Session,
    /// A pushed authorization request.
    RequestUri,
    DeviceCode,
    /// An initial access token of dynamic registration (RFC 7591 section 1.2).
    RegistrationToken,
    /// A browser that a person signed in with before. It is no credential.
    KnownBrowser,
    /// A link in a mail, one kind for each purpose.
    VerifyEmail,
    ChangeEmail,
    ResetPassword,
    SignInLink,
    /// Whose code from a mail a page waits for. It is no credential.
    SignInCode,
    /// A browser that begins sessions by itself.
    Remember,
    /// What gets a session's next tokens.
    SessionToken,
    /// Somebody who has not signed in.
    Visitor,
}

impl Kind {
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Code => "cvc_",
            Self::RefreshToken => "cvr_",
            Self::AccessToken => "cva_",
            Self::TokenId => "cvj_",
            Self::Session => "cvs_",
            // RFC 9126 section 2.2.
            Self::RequestUri => "urn:ietf:params:oauth:request_uri:",
            Self::DeviceCode => "cvd_",
            Self::RegistrationToken => "cvg_",
            Self::KnownBrowser => "cvk_",
            Self::VerifyEmail => "cvlv_",
            Self::ChangeEmail => "cvlc_",
            Self::ResetPassword => "cvlr_",
            Self::SignInLink => "cvls_",
            Self::SignInCode => "cvlw_",
            Self::Remember => "cvm_",
            Self::SessionToken => "cvf_",
            Self::Visitor => "cvn_",
        }
    }
}

/// Whose partition a record lives in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A person's: sessions, grants.
    Subject(String),
    /// A client's own: the tokens with which it acts for itself.
    Client(String),
    /// A device's, until a person has decided: named by the code that the person enters.
    Device(String),
}

impl Owner {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Subject(name) | Self::Client(name) | Self::Device(name) => name,
        }
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Self::Subject(id) => Some(id),
            Self::Client(_) | Self::Device(_) => None,
        }
    }
}

pub(crate) type Id = [u8; 16];
pub(crate) type Secret = [u8; 16];

/// What a handle carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) owner: Owner,
    pub(crate) id: Id,
    /// The generation of a refresh token, the serial of an access token.
    pub(crate) serial: u32,
    pub(crate) secret: Secret,
    /// The client it was issued to, where the kind needs its row and the owner is another; otherwise empty. Of a token that was
    /// exchanged, all that it went through.
    pub(crate) client: String,
}

/// An authentic handle, and the root secret that made it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) handle: Handle,
    pub(crate) root: RootIndex,
}

/// The longest handle text that is looked at.
const LONGEST: usize = 4096;
/// No client's id has a control character.
const BETWEEN: &str = "\n";

impl Handle {
    /// How many bytes the clients may be together, so that the handle is one that is looked at.
    pub(crate) const LONGEST_CLIENTS: usize = 2048;

    /// The client it was issued to; of a token that was exchanged, the one that the grant is of.
    pub(crate) fn client(&self) -> &str {
        self.clients().next().unwrap_or_default()
    }

    /// The same, and after it whose hands it went through by exchange.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &str> {
        match &self.owner {
            Owner::Subject(_) | Owner::Device(_) => self.client.split(BETWEEN),
            Owner::Client(id) => id.split(BETWEEN),
        }
    }

    /// What stands in a handle for these clients.
    pub(crate) fn clients_text(clients: &[&str]) -> String {
        clients.join(BETWEEN)
    }

    pub(crate) fn seal(&self, roots: &Roots, tenant: &str, kind: Kind) -> String {
        let content = self.encode();
        let context = context(tenant, kind);
        let nonce = roots.prf::<24>(RootIndex::CURRENT, Purpose::HandleNonce, &[&context, &[0], &content]);
        let mut text = kind.prefix().to_owned();
        text.push_str(&b64u(roots.seal(Purpose::Handle, &context, nonce, &content)));
        text
    }

    pub(crate) fn open(roots: &Roots, tenant: &str, kind: Kind, text: &str) -> Option<Opened> {
        if text.len() > LONGEST {
            return None;
        }
        let sealed = from_b64u(text.strip_prefix(kind.prefix())?)?;
        let (root, content) = roots.open(Purpose::Handle, &context(tenant, kind), &sealed)?;
        Some(Opened { handle: Self::decode(&content)?, root })
    }

    fn encode(&self) -> Vec<u8> {
        let (tag, owner) = match &self.owner {
            Owner::Subject(name) => (0, name),
            Owner::Client(name) => (1, name),
            Owner::Device(name) => (2, name),
        };
        let mut out = vec![tag];
        out.extend_from_slice(&u16::try_from(owner.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(owner.as_bytes());
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.serial.to_be_bytes());
        out.extend_from_slice(&self.secret);
        out.extend_from_slice(self.client.as_bytes());
        out
    }

    fn decode(content: &[u8]) -> Option<Self> {
        let (&tag, rest) = content.split_first()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (owner, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (serial, rest) = rest.split_first_chunk::<4>()?;
        let (secret, client) = rest.split_first_chunk::<16>()?;
        let owner = String::from_utf8(owner.to_vec()).ok()?;
        Some(Self {
            owner: match tag {
                0 => Owner::Subject(owner),
                1 => Owner::Client(owner),
                2 => Owner::Device(owner),
                _ => return None,
            },
            id: *id,
            serial: u32::from_be_bytes(*serial),
            secret: *secret,
            client: String::from_utf8(client.to_vec()).ok()?,
        })
    }
}

fn context(tenant: &str, kind: Kind) -> Vec<u8> {
    [kind.prefix().as_bytes(), tenant.as_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "a test may panic")]
mod tests {
    use super::*;

    fn handle() -> Handle {
        Handle { owner: Owner::Subject("ada".into()), id: [1; 16], serial: 7, secret: [2; 16], client: "web".into() }
    }

    fn roots() -> Roots {
        Roots::new("thirty-two characters of a root secret", [])
    }

    #[test]
    fn a_handle_opens_as_what_it_was_and_as_nothing_else() {
        let text = handle().seal(&roots(), "main", Kind::RefreshToken);
        let opened = Handle::open(&roots(), "main", Kind::RefreshToken, &text).unwrap();
        assert_eq!(opened.handle, handle());
        assert!(Handle::open(&roots(), "other", Kind::RefreshToken, &text).is_none());
        let as_code = text.replacen("cvr_", "cvc_", 1);
        assert!(Handle::open(&roots(), "main", Kind::Code, &as_code).is_none());
    }

    #[test]
    fn az_047_a_million_codes_are_distinct_and_alike_in_no_half() {
        let roots = roots();
        let mut halves = std::collections::HashSet::new();
        for n in 0..1_000_000_u64 {
            let random = crate::random::Random::new(crate::hash::sha256(&n.to_be_bytes()));
            let code = Handle { id: random.bytes("interaction id"), secret: random.bytes("secret"), ..handle() };
            let text = code.seal(&roots, "main", Kind::Code);
            let code = text.trim_start_matches("cvc_").as_bytes();
            halves.insert(*code.first_chunk::<32>().unwrap());
            halves.insert(*code.last_chunk::<32>().unwrap());
        }
        assert_eq!(halves.len(), 2_000_000);
    }

    #[test]
    fn tk_055_a_persons_handle_and_a_clients_own_are_never_the_same() {
        let own = Handle { owner: Owner::Client("ada".into()), client: String::new(), ..handle() };
        let text = own.seal(&roots(), "main", Kind::AccessToken);
        let opened = Handle::open(&roots(), "main", Kind::AccessToken, &text).unwrap().handle;
        assert_eq!((opened.client(), opened.owner.subject()), ("ada", None));
        assert_eq!((handle().client(), handle().owner.subject()), ("web", Some("ada")));
        assert_ne!(text, Handle { client: String::new(), ..handle() }.seal(&roots(), "main", Kind::AccessToken));
    }

    #[test]
    fn tk_051_a_truncated_extended_or_bent_handle_is_none() {
        let text = handle().seal(&roots(), "main", Kind::Code);
        for cut in 0..text.len() {
            assert!(Handle::open(&roots(), "main", Kind::Code, &text[..cut]).is_none());
        }
        for (at, _) in text.char_indices() {
            let mut bent = text.clone();
            let other = if &bent[at..=at] == "A" { "B" } else { "A" };
            bent.replace_range(at..=at, other);
            assert!(Handle::open(&roots(), "main", Kind::Code, &bent).is_none(), "{at}");
        }
        assert!(Handle::open(&roots(), "main", Kind::Code, &format!("{text}A")).is_none());
        assert!(Handle::open(&roots(), "main", Kind::Code, &"A".repeat(10_000)).is_none());
    }

    #[test]
    fn two_handles_of_one_grant_share_no_text() {
        let one = handle().seal(&roots(), "main", Kind::RefreshToken);
        let two = Handle { serial: 8, ..handle() }.seal(&roots(), "main", Kind::RefreshToken);
        let shared = one.bytes().zip(two.bytes()).skip(4).take_while(|(a, b)| a == b).count();
        assert!(shared < 8);
    }
}
