//! Unicode's Normalization Form C (UAX #15), of Unicode 17, from a table of 10 kB that `tests` makes and compares with the whole of Unicode.

#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

/// Decompositions, then combining classes; see [`Tables::read`].
static TABLE: &[u8] = include_bytes!("table.bin");

/// A canonical decomposition stands for at most so many characters.
const LONGEST_DECOMPOSITION: usize = 4;

/// The text in Normalization Form C.
pub(super) fn nfc(text: &str) -> Zeroizing<String> {
    if text.is_ascii() { Zeroizing::new(text.to_owned()) } else { Tables::read(TABLE).nfc(text) }
}

/// What one character decomposes into, at once: a second one is 0 where there is none.
#[derive(Clone, Copy)]
struct Decomposition {
    from: u32,
    first: u32,
    second: u32,
    /// Whether the two are composed again.
    composes: bool,
}

/// So many characters from here on are of this class.
struct Class {
    from: u32,
    count: u32,
    class: u32,
}

struct Tables {
    /// By what is decomposed.
    decompositions: Vec<Decomposition>,
    /// By what is composed.
    compositions: Vec<Decomposition>,
    classes: Vec<Class>,
}

impl Tables {
    /// The table is numbers of 7 bits a byte, the lowest first. A decomposition is its distance from the one before with two bits for its
    /// kind, and what it decomposes into; a class its distance from the end of the one before, how many, and which.
    fn read(table: &[u8]) -> Self {
        let mut numbers = Numbers(table.iter());
        let (mut decompositions, mut classes) = (Vec::with_capacity(2100), Vec::with_capacity(500));
        let mut from = 0;
        for _ in 0..numbers.next() {
            let head = numbers.next();
            from += head >> 2;
            let first = numbers.next();
            let second = if head & 3 == SINGLE { 0 } else { numbers.next() };
            decompositions.push(Decomposition { from, first, second, composes: head & 3 == COMPOSES });
        }
        from = 0;
        for _ in 0..numbers.next() {
            from += numbers.next();
            let (count, class) = (numbers.next(), numbers.next());
            classes.push(Class { from, count, class });
            from += count;
        }
        let mut compositions: Vec<_> = decompositions.iter().filter(|entry| entry.composes).copied().collect();
        compositions.sort_unstable_by_key(|entry| (entry.first, entry.second));
        Self { decompositions, compositions, classes }
    }

    fn nfc(&self, text: &str) -> Zeroizing<String> {
        // No reallocation, which would leave a copy behind.
        let mut letters = Zeroizing::new(Vec::with_capacity(text.chars().count() * LONGEST_DECOMPOSITION));
        text.chars().for_each(|letter| self.decompose(letter, &mut letters));
        self.order(&mut letters);
        let length = self.compose(&mut letters);
        let mut composed = Zeroizing::new(String::with_capacity(length * 4));
        composed.extend(letters.iter().take(length));
        composed
    }

    fn decompose(&self, letter: char, into: &mut Vec<char>) {
        let code = u32::from(letter);
        if let Some(syllable) = hangul::decompose(code) {
            return into.extend(syllable);
        }
        let found = self.decompositions.binary_search_by_key(&code, |entry| entry.from);
        let Some(entry) = found.ok().and_then(|at| self.decompositions.get(at)) else { return into.push(letter) };
        if let Some(first) = char::from_u32(entry.first) {
            self.decompose(first, into);
        }
        into.extend(char::from_u32(entry.second).filter(|second| *second != '\0'));
    }

    /// The canonical ordering algorithm.
    fn order(&self, letters: &mut [char]) {
        for run in letters.chunk_by_mut(|_, next| self.class(*next) != 0) {
            run.sort_by_key(|letter| self.class(*letter));
        }
    }

    /// The canonical composition algorithm, in place; gives how many there are then.
    fn compose(&self, letters: &mut [char]) -> usize {
        let (mut kept, mut starter, mut last_class) = (0, None, 0);
        for at in 0..letters.len() {
            let Some(&letter) = letters.get(at) else { break };
            let class = self.class(letter);
            let start = starter.and_then(|at| letters.get(at).copied()).zip(starter);
            // A mark is blocked by one of its class or a higher one, and by another starter.
            let free = start.is_some_and(|(_, at)| at + 1 == kept || (last_class != 0 && last_class < class));
            let composed = start.filter(|_| free).and_then(|(first, at)| Some((self.composed(first, letter)?, at)));
            if let Some((composed, at)) = composed {
                put(letters, at, composed);
                continue;
            }
            if class == 0 {
                starter = Some(kept);
            }
            last_class = class;
            put(letters, kept, letter);
            kept += 1;
        }
        kept
    }

    fn composed(&self, first: char, second: char) -> Option<char> {
        let pair = (u32::from(first), u32::from(second));
        if let Some(syllable) = hangul::compose(pair) {
            return Some(syllable);
        }
        let at = self.compositions.binary_search_by_key(&pair, |entry| (entry.first, entry.second)).ok()?;
        char::from_u32(self.compositions.get(at)?.from)
    }

    fn class(&self, letter: char) -> u32 {
        let code = u32::from(letter);
        let after = self.classes.partition_point(|range| range.from <= code);
        let range = after.checked_sub(1).and_then(|at| self.classes.get(at));
        range.filter(|range| code - range.from < range.count).map_or(0, |range| range.class)
    }
}

fn put(letters: &mut [char], at: usize, letter: char) {
    if let Some(place) = letters.get_mut(at) {
        *place = letter;
    }
}

/// Decomposes into one character, which is never composed again.
const SINGLE: u32 = 0;
/// Into two, which are composed again.
const COMPOSES: u32 = 1;
/// Into two, which are not (the composition exclusions of UAX #15).
#[cfg(test)]
const EXCLUDED: u32 = 2;

struct Numbers<'a>(std::slice::Iter<'a, u8>);

impl Numbers<'_> {
    fn next(&mut self) -> u32 {
        let mut number = 0;
        for (place, byte) in self.0.by_ref().take(5).enumerate() {
            number |= u32::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }
}

/// The Unicode Standard, section 3.12.
mod hangul {
    const SYLLABLES: u32 = 0xac00;
    const LEADS: u32 = 0x1100;
    const VOWELS: u32 = 0x1161;
    const TAILS: u32 = 0x11a7;
    const VOWEL_COUNT: u32 = 21;
    const TAIL_COUNT: u32 = 28;
    const COUNT: u32 = 19 * VOWEL_COUNT * TAIL_COUNT;

    pub(super) fn decompose(code: u32) -> Option<impl Iterator<Item = char>> {
        let index = code.checked_sub(SYLLABLES).filter(|index| *index < COUNT)?;
        let tail = index % TAIL_COUNT;
        let lead = LEADS + index / (VOWEL_COUNT * TAIL_COUNT);
        let vowel = VOWELS + index / TAIL_COUNT % VOWEL_COUNT;
        Some(
            [Some(lead), Some(vowel), (tail > 0).then_some(TAILS + tail)]
                .into_iter()
                .flatten()
                .filter_map(char::from_u32),
        )
    }

    pub(super) fn compose((first, second): (u32, u32)) -> Option<char> {
        let lead = first.checked_sub(LEADS).filter(|lead| *lead < 19);
        let vowel = second.checked_sub(VOWELS).filter(|vowel| *vowel < VOWEL_COUNT);
        if let (Some(lead), Some(vowel)) = (lead, vowel) {
            return char::from_u32(SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT);
        }
        let open = first.checked_sub(SYLLABLES).filter(|index| *index < COUNT && index % TAIL_COUNT == 0)?;
        let tail = second.checked_sub(TAILS).filter(|tail| (1..TAIL_COUNT).contains(tail))?;
        char::from_u32(SYLLABLES + open + tail)
    }
}
