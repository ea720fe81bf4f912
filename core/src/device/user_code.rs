//! User codes (RFC 8628 section 6.1): eight letters that people can read aloud and type on any keyboard.

use crate::random::Random;

/// Consonants that are not taken for one another; without vowels, no words.
const LETTERS: [u8; 20] = *b"BCDFGHJKLMNPQRSTVWXZ";
/// 20^8 = 2^34.6: five tries find one with a probability below 2^-32 (section 5.1).
const LENGTH: usize = 8;

/// A user code in its normal form: eight letters in upper case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserCode(String);

impl UserCode {
    /// Each letter as likely as any other: what does not divide evenly is drawn again.
    pub(super) fn draw(random: &Random) -> Self {
        let mut code = String::new();
        while code.len() < LENGTH {
            let drawn = random.bytes::<32>("user code");
            let even = drawn.iter().filter(|&&byte| byte < 240).map(|byte| usize::from(*byte) % LETTERS.len());
            let letters = even.filter_map(|place| LETTERS.get(place)).map(|letter| char::from(*letter));
            code.extend(letters.take(LENGTH - code.len()));
        }
        Self(code)
    }

    /// What a person typed: in any case, with or without the dash and spaces, in half or full width. `None` when it cannot be one,
    /// so that a slip of the finger costs no try.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let mut code = String::new();
        for letter in typed.chars().filter(|letter| !separates(*letter)) {
            let letter = narrow(letter).to_ascii_uppercase();
            if code.len() >= LENGTH || !u8::try_from(letter).is_ok_and(|byte| LETTERS.contains(&byte)) {
                return None;
            }
            code.push(letter);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As people see it: `WDJB-MJHT`.
    pub(crate) fn shown(&self) -> String {
        let (left, right) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{left}-{right}")
    }
}

/// Hyphens and dashes (general category Pd, as far as keyboards have them), full stops and white space.
fn separates(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' | '\u{30FC}')
}

/// The half-width form of a full-width one (Unicode block FF00).
fn narrow(letter: char) -> char {
    match u32::from(letter) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(letter),
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dv_009_every_way_of_writing_a_code_is_the_same_code() {
        for typed in [
            "WDJB-MJHT",
            "wdjbmjht",
            " wdjb mjht ",
            "WDJB\u{2013}MJHT",
            "w.d_j-b m\u{a0}j\u{3000}h\tt",
            "\u{ff37}\u{ff24}\u{ff2a}\u{ff22}\u{ff0d}\u{ff4d}\u{ff4a}\u{ff48}\u{ff54}",
        ] {
            assert_eq!(UserCode::read(typed).map(|code| code.shown()).as_deref(), Some("WDJB-MJHT"), "{typed:?}");
        }
    }

    #[test]
    fn dv_009_what_cannot_be_a_code_is_none() {
        // Among them a Cyrillic and a dotless look-alike, and the Kelvin sign, whose lower case is a plain k.
        for typed in
            ["", "WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "WDJ0-MJHT", "WDJВ-MJHT", "WDJB-MJH\u{212a}", "WDJB/MJHT"]
        {
            assert_eq!(UserCode::read(typed), None, "{typed:?}");
        }
        assert_eq!(UserCode::read(&"W".repeat(100_000)), None);
    }

    #[test]
    fn dv_009_the_letters_are_no_vowels_and_not_ambiguous() {
        assert!(LETTERS.iter().all(|letter| letter.is_ascii_uppercase() && !b"AEIOUY".contains(letter)));
        assert!(LETTERS.is_sorted() && LETTERS.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_drawn_code_is_its_own_normal_form_and_every_letter_comes_up() {
        let random = Random::new([9; 32]);
        let mut seen = String::new();
        for _ in 0..200 {
            let code = UserCode::draw(&random);
            assert_eq!(UserCode::read(&code.shown()).as_ref(), Some(&code));
            seen.push_str(code.as_str());
        }
        assert!(LETTERS.iter().all(|letter| seen.contains(char::from(*letter))));
    }
}
