//! Base32 (RFC 4648 section 6) without padding: how authenticator apps take a key that somebody types.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The text of some bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    spell(bytes, ALPHABET)
}

/// Five bits to a letter, the first ones first; what is missing of the last letter is zeros.
pub(super) fn spell(bytes: &[u8], alphabet: &[u8; 32]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in bytes {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(letter(alphabet, bits >> held));
        }
    }
    if held > 0 {
        text.push(letter(alphabet, bits << (5 - held)));
    }
    text
}

fn letter(alphabet: &[u8; 32], bits: u32) -> char {
    alphabet.get(bits as usize & 31).copied().map_or('A', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_section_10_holds_but_for_the_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
    }
}
