//! The table is what the crate `unicode-normalization` knows, and what is made with it is what that crate makes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose, decompose_canonical};

use super::*;

fn letters() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

fn whole_decomposition(letter: char) -> Vec<char> {
    let mut whole = Vec::new();
    decompose_canonical(letter, |part| whole.push(part));
    whole
}

fn number(mut number: u32, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn made() -> Vec<u8> {
    let hangul = '\u{ac00}'..='\u{d7a3}';
    let decomposed: BTreeMap<char, Vec<char>> = letters()
        .filter(|letter| !hangul.contains(letter))
        .map(|letter| (letter, whole_decomposition(letter)))
        .filter(|(letter, whole)| whole != &[*letter])
        .collect();
    let mut by_whole: BTreeMap<&[char], char> = BTreeMap::new();
    for (letter, whole) in &decomposed {
        by_whole.entry(whole).or_insert(*letter);
    }
    let mut out = Vec::new();
    number(decomposed.len() as u32, &mut out);
    let mut before = 0;
    for (&letter, whole) in &decomposed {
        let distance = u32::from(letter) - std::mem::replace(&mut before, u32::from(letter));
        match whole.as_slice() {
            [only] => {
                number(distance << 2 | SINGLE, &mut out);
                number(u32::from(*only), &mut out);
            }
            [firsts @ .., second] => {
                let first = match firsts {
                    [first] => *first,
                    // The composed one where there is one, else the one that decomposes into them.
                    _ => firsts
                        .iter()
                        .copied()
                        .nfc()
                        .next()
                        .filter(|_| firsts.iter().copied().nfc().count() == 1)
                        .unwrap_or_else(|| by_whole[firsts]),
                };
                let kind = if compose(first, *second) == Some(letter) { COMPOSES } else { EXCLUDED };
                number(distance << 2 | kind, &mut out);
                number(u32::from(first), &mut out);
                number(u32::from(*second), &mut out);
            }
            [] => unreachable!("nothing decomposes into nothing"),
        }
    }
    let mut ranges: Vec<(u32, u32, u32)> = Vec::new();
    for letter in letters() {
        let class = u32::from(canonical_combining_class(letter));
        let code = u32::from(letter);
        match ranges.last_mut() {
            Some((from, count, of)) if class != 0 && *of == class && *from + *count == code => *count += 1,
            _ if class != 0 => ranges.push((code, 1, class)),
            _ => {}
        }
    }
    number(ranges.len() as u32, &mut out);
    let mut end = 0;
    for (from, count, class) in ranges {
        [from - end, count, class].into_iter().for_each(|part| number(part, &mut out));
        end = from + count;
    }
    out
}

/// With `CLAVIGER_WRITE_TABLE` in the environment it is written anew.
#[test]
fn the_table_is_that_of_the_crate() {
    if std::env::var_os("CLAVIGER_WRITE_TABLE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/password/unicode/table.bin"), made()).unwrap();
    } else {
        assert_eq!(TABLE, made());
    }
}

#[test]
fn pw_012_every_character_and_its_decomposition_have_the_same_form_as_the_crate_gives_them() {
    let tables = Tables::read(TABLE);
    for letter in letters() {
        let decomposed: Vec<char> = letter.nfd().collect();
        let backwards = decomposed.iter().rev().collect();
        for text in [letter.to_string(), decomposed.iter().collect(), backwards, format!("e{letter}\u{301}")] {
            assert!(*tables.nfc(&text) == text.nfc().collect::<String>(), "{letter:?} in {text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn pw_012_any_text_has_the_form_that_the_crate_gives_it(text in "([\\u{300}-\\u{36f}\\u{1100}-\\u{11ff}\\u{ac00}-\\u{ac40}]|[aeiouAEıßÅ\\u{915}\\u{93c}\\u{5e9}\\u{5bc}\\u{5c1}]|.){0,40}") {
        let form = nfc(&text);
        prop_assert_eq!(&*form, &text.nfc().collect::<String>());
        prop_assert_eq!(&*nfc(&form), &*form);
    }
}
