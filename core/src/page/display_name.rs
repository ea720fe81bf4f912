/// The most characters of a name that a page shows.
const LONGEST: usize = 64;

/// A name that somebody else chose, fit to be shown beside one's own words: on one line, at most 64 characters, and without the
/// characters that turn, hide or break the text around them. May be empty. It is not escaped: templates do that.
#[must_use]
pub fn display_name(name: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in name.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut word = word.chars().filter(|c| !is_deceptive(*c)).peekable();
        if word.peek().is_none() {
            continue;
        }
        let space = (length > 0).then_some(' ');
        for character in space.into_iter().chain(word) {
            if length == LONGEST {
                shown.pop();
                shown.push('…');
                return shown;
            }
            shown.push(character);
            length += 1;
        }
    }
    shown
}

/// Bidirectional controls (Unicode TR9 section 2), and what is invisible in every script. The zero-width joiners stay: Persian, the
/// Indic scripts and emoji are written with them.
fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        | '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFC}' | '\u{E0000}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_name_stays_as_it_is() {
        for name in ["Photo Printer", "Ångström & Søn", "写真プリンター", "عکس‌ها", "👩‍🔬 Lab", "<b>"]
        {
            assert_eq!(display_name(name), name);
        }
    }

    #[test]
    fn az_088_bidi_controls_are_stripped() {
        let controls = [
            '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
        ]
        .into_iter()
        .chain(['\u{200E}', '\u{200F}', '\u{061C}']);
        for control in controls {
            assert_eq!(display_name(&format!("Bank{control}gro.live")), "Bankgro.live", "{control:?}");
        }
    }

    #[test]
    fn az_088_control_and_invisible_characters_are_stripped() {
        assert_eq!(display_name("Ba\u{200B}n\u{FEFF}k\u{00AD}"), "Bank");
        assert_eq!(display_name("Bank\u{E0041}\u{E007F}"), "Bank");
        assert_eq!(display_name("\0Bank\u{7}\u{1b}[1m\u{85}x"), "Bank [1m x");
    }

    #[test]
    fn az_088_ten_kilobytes_are_cut_to_one_line() {
        let shown = display_name(&"W".repeat(10 * 1024));
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.ends_with("W…"));
        assert_eq!(display_name(&"ab ".repeat(4096)).chars().count(), LONGEST);
    }

    #[test]
    fn a_name_of_just_the_greatest_length_is_not_cut() {
        let name = "é".repeat(LONGEST);
        assert_eq!(display_name(&name), name);
    }

    #[test]
    fn white_space_is_single_and_inside() {
        assert_eq!(display_name("  Photo \n\n\t Printer\u{2028}Pro\u{3000}"), "Photo Printer Pro");
        assert_eq!(display_name("a \u{200B} b"), "a b");
        assert_eq!(display_name(" \u{200F}\n "), "");
    }
}
