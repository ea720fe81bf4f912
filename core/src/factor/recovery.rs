//! Recovery codes: for the day on which the telephone is gone. Ten at a time, each good once, shown once.

use zeroize::Zeroizing;

use super::base32::spell;
use super::keeper::Keeper;
use crate::random::Random;

/// How many there are.
pub(super) const COUNT: usize = 10;
/// Letters of a code: 50 bits, which nobody guesses while guesses are counted.
const LENGTH: usize = 10;
/// Crockford's: no letter that looks like another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code as it is compared: without hyphens and spaces, in lower case.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code(Zeroizing<String>);

impl Code {
    /// What somebody typed, if it can be one. Letters that are none of the alphabet's stand for those that they look like.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let text: String = typed
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .map(|letter| match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let fits = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        fits.then(|| Self(Zeroizing::new(text)))
    }

    fn draw(random: &Random) -> Self {
        // Seven bytes spell twelve letters, the last of which holds a bit alone.
        let mut text = spell(&random.bytes::<7>("recovery code"), ALPHABET);
        text.truncate(LENGTH);
        Self(Zeroizing::new(text))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As a person sees it: `k3v9q-0d7xm`.
    fn shown(&self) -> String {
        let (left, right) = self.0.split_at_checked(LENGTH / 2).unwrap_or_default();
        format!("{left}-{right}")
    }
}

/// New codes: to show, and their digests to keep.
pub(super) fn draw(keeper: &Keeper, random: &Random) -> (Vec<String>, Vec<String>) {
    (0..COUNT).map(|_| Code::draw(random)).map(|code| (code.shown(), keeper.digest(&code))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(typed: &str) -> Option<String> {
        Code::read(typed).map(|code| code.shown())
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for typed in ["k3v9q-0d7xm", "K3V9Q-0D7XM", "k3v9q0d7xm", " k3v9q - od7xm ", "k3v9q\u{a0}0d7xm"] {
            assert_eq!(shown(typed).as_deref(), Some("k3v9q-0d7xm"), "{typed}");
        }
        assert_eq!(shown("iiiii-lLlLl").as_deref(), Some("11111-11111"));
        for bad in ["", "123456", "12345678", "k3v9q-0d7x", "k3v9q-0d7xmm", "k3v9q-0d7xu", "k3v9q-0d7xü", "k3v9q_0d7xm"]
        {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn drawn_codes_are_read_again_and_differ() {
        let random = Random::new([7; 32]);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let code = Code::draw(&random);
            assert_eq!(shown(&code.shown()), Some(code.shown()));
            assert!(seen.insert(code.shown()));
        }
        for at in 0..LENGTH + 1 {
            let letters: std::collections::HashSet<_> = seen.iter().map(|code| code.as_bytes()[at]).collect();
            assert_eq!(letters.len(), if at == LENGTH / 2 { 1 } else { 32 }, "all letters at {at}");
        }
    }
}
