//! A password as it is compared: the profile OpaqueString (RFC 8265 section 4.2), so that it is the same from every keyboard.
//!
//! Spaces become U+0020, and the whole takes Normalization Form C. Case and width stay. The profile's base class also forbids what
//! Unicode has not assigned yet, and characters that are not to be seen; those are let through, since an emoji of next year harms nobody,
//! and since a table of all of Unicode would have to be in the engine.

use zeroize::Zeroizing;

use super::unicode::nfc;

/// Passwords are counted in characters; a longer one is refused before any work.
const LONGEST: usize = 512;

/// A password that can be compared.
pub(super) struct Prepared(Zeroizing<String>);

impl Prepared {
    /// `None` when it is empty, or longer than any password: then it is nobody's.
    pub(super) fn of(typed: &str) -> Option<Self> {
        if typed.is_empty() || typed.chars().count() > LONGEST {
            return None;
        }
        if typed.is_ascii() {
            return Some(Self(Zeroizing::new(typed.to_owned())));
        }
        let mut spaced = Zeroizing::new(String::with_capacity(typed.len()));
        spaced.extend(typed.chars().map(|letter| if is_space(letter) { ' ' } else { letter }));
        Some(Self(nfc(&spaced)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether it may become a password: long enough, and without what the profile forbids and keyboards do not have.
    pub(super) fn may_be_new(&self, shortest: usize) -> bool {
        let length = self.0.chars().count();
        (shortest..=LONGEST).contains(&length) && !self.0.contains(char::is_control)
    }
}

/// The characters of the category Zs beside U+0020.
fn is_space(letter: char) -> bool {
    matches!(letter, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(typed: &str) -> Option<String> {
        Prepared::of(typed).map(|password| (*password.0).clone())
    }

    #[test]
    fn pw_012_the_examples_of_rfc_8265_section_4_3() {
        for (typed, compared) in [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
            ("πßå", "πßå"),
            ("Jack of \u{2666}s", "Jack of \u{2666}s"),
            ("foo\u{1680}bar", "foo bar"),
        ] {
            assert_eq!(prepared(typed).as_deref(), Some(compared));
        }
        assert_eq!(prepared(""), None);
        assert!(!Prepared::of("my cat is a \u{9}by").unwrap().may_be_new(8));
    }

    #[test]
    fn pw_012_one_password_from_every_keyboard_and_no_folding() {
        assert_eq!(prepared("cafe\u{301} latte"), prepared("caf\u{e9} latte"));
        assert_eq!(prepared("a\u{3000}b"), prepared("a b"));
        assert_ne!(prepared("Ａ"), prepared("A"), "width is not mapped");
        assert_ne!(prepared("Ä"), prepared("ä"), "case is not folded");
        assert_ne!(prepared("a\u{200d}b"), prepared("ab"), "nothing is dropped");
    }

    #[test]
    fn a_password_is_bounded_before_any_work() {
        assert!(prepared(&"x".repeat(512)).is_some());
        assert!(prepared(&"x".repeat(513)).is_none());
        assert!(!Prepared::of("1234567").unwrap().may_be_new(8));
        assert!(Prepared::of("12345678").unwrap().may_be_new(8));
    }
}
