//! As much of DER (X.690) as keys are written in: definite lengths in their shortest form, and nothing left over.

use zeroize::Zeroizing;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]` and `[1]`, constructed.
pub(super) const OPTIONAL: [u8; 2] = [0xa0, 0xa1];

/// `[1]` in place of the tag of a bit string (RFC 5958 section 2).
pub(super) const PUBLIC_KEY: u8 = 0x81;

/// What is left of a text of elements.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the one element that this is.
    pub(super) fn only(text: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let mut reader = Self(text);
        let content = reader.take(tag)?;
        reader.end()?;
        Some(content)
    }

    /// Passes by the elements of these tags that are there, in this order.
    pub(super) fn skip(&mut self, tags: &[u8]) {
        for tag in tags {
            let _ = self.take(*tag);
        }
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        if *first != tag {
            return None;
        }
        self.0 = rest;
        Some(content)
    }

    /// A natural number, without leading zeros.
    pub(super) fn number(&mut self) -> Option<&'a [u8]> {
        match self.take(INTEGER)? {
            [0, rest @ ..] if rest.first().is_none_or(|byte| byte & 0x80 != 0) => Some(rest),
            [first, ..] if *first == 0 || first & 0x80 != 0 => None,
            [] => None,
            number => Some(number),
        }
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [length, rest @ ..] if length & 0x80 == 0 => Some((usize::from(*length), rest)),
        [0x81, length, rest @ ..] if length & 0x80 != 0 => Some((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] if *high != 0 => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}

/// An element of these parts. No key is longer than 65535 bytes.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = Zeroizing::new(Vec::with_capacity(length + 4));
    out.push(tag);
    match (high, low) {
        (0, 0..=0x7f) => out.push(low),
        (0, _) => out.extend_from_slice(&[0x81, low]),
        _ => out.extend_from_slice(&[0x82, high, low]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A natural number, given without leading zeros.
pub(super) fn number(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let sign: &[u8] = if bytes.first().is_none_or(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    element(INTEGER, &[sign, bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written_and_in_no_other_way() {
        for value in [&[][..], &[1], &[0x7f], &[0x80], &[0xff; 128], &[0x55; 300]] {
            let written = number(value);
            let mut reader = Reader(&written);
            assert_eq!(reader.number(), Some(value));
            assert!(reader.end().is_some());
        }
        // A sign, a zero too many, no number at all, a length in a longer form than needed, one that is not there.
        for bad in [
            &[2, 1, 0x80][..],
            &[2, 2, 0, 1],
            &[2, 0],
            &[2, 0x81, 1, 1],
            &[2, 0x82, 0, 1, 1],
            &[2, 0x80, 0, 0],
            &[2, 2, 1],
        ] {
            assert_eq!(Reader(bad).number(), None, "{bad:?}");
        }
    }
}
