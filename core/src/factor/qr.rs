//! QR codes (ISO/IEC 18004) of text: byte mode, error correction level M, up to version 20. A picture of a key, for a camera.

/// The code as a picture: dark squares on a light ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Qr {
    size: usize,
    dark: Vec<bool>,
    /// What is the same in every code of this size, and no mask changes.
    fixed: Vec<bool>,
}

const LARGEST: usize = 20;
/// Level M, by version: codewords for correction in a block, and blocks (table 9).
const CORRECTION: [usize; LARGEST] = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS: [usize; LARGEST] = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];

/// The size of a code, and how it is divided.
#[derive(Clone, Copy)]
struct Version {
    number: usize,
    correction: usize,
    blocks: usize,
}

impl Qr {
    /// `None` when the text is too long: 666 bytes fit.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut versions = (1..).zip(CORRECTION.iter().zip(BLOCKS));
        let version = versions
            .by_ref()
            .map(|(number, (&correction, blocks))| Version { number, correction, blocks })
            .find(|version| version.fits(text.len()))?;
        let mut plain = Self::empty(version);
        plain.draw(&version.codewords(text.as_bytes()));
        (0..8).map(|mask| plain.masked(mask)).min_by_key(Self::penalty)
    }

    /// The width and height of the picture, with the quiet zone of four around the code.
    pub(crate) const fn side(&self) -> usize {
        self.size + 8
    }

    /// The dark squares, as the data of an SVG path: a stroke for each run in a row.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.size {
            let mut x = 0;
            while x < self.size {
                let length = (x..self.size).take_while(|&x| self.at(x, y)).count();
                if length > 0 {
                    path.push_str(&format!("M{} {}h{length}v1h-{length}z", x + 4, y + 4));
                }
                x += length.max(1);
            }
        }
        path
    }

    fn at(&self, x: usize, y: usize) -> bool {
        self.dark.get(y * self.size + x).copied().unwrap_or_default()
    }

    fn is_fixed(&self, x: usize, y: usize) -> bool {
        self.fixed.get(y * self.size + x).copied().unwrap_or(true)
    }

    fn set(&mut self, x: usize, y: usize, dark: bool) {
        if let Some(square) = self.dark.get_mut(y * self.size + x) {
            *square = dark;
        }
    }

    fn fix(&mut self, x: usize, y: usize, dark: bool) {
        self.set(x, y, dark);
        if let Some(square) = self.fixed.get_mut(y * self.size + x) {
            *square = true;
        }
    }

    /// What every code of a version has (section 6.3); the format is drawn with the mask.
    fn empty(version: Version) -> Self {
        let size = version.number * 4 + 17;
        let mut code = Self { size, dark: vec![false; size * size], fixed: vec![false; size * size] };
        for at in 0..size {
            code.fix(6, at, at % 2 == 0);
            code.fix(at, 6, at % 2 == 0);
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
            code.rings(x, y, 4, |ring| ring != 2 && ring != 4);
        }
        let places = version.alignments(size);
        let last = size - 7;
        for &x in &places {
            for &y in &places {
                if ![(6, 6), (6, last), (last, 6)].contains(&(x, y)) {
                    code.rings(x, y, 2, |ring| ring != 1);
                }
            }
        }
        code.draw_format(0);
        code.draw_version(version.number);
        code
    }

    /// Squares around a middle.
    fn rings(&mut self, x: usize, y: usize, radius: usize, is_dark: fn(usize) -> bool) {
        for row in y.saturating_sub(radius)..=(y + radius).min(self.size - 1) {
            for column in x.saturating_sub(radius)..=(x + radius).min(self.size - 1) {
                self.fix(column, row, is_dark(x.abs_diff(column).max(y.abs_diff(row))));
            }
        }
    }

    /// Level and mask, twice (section 7.9). Level M is 00.
    fn draw_format(&mut self, mask: u32) {
        let bits = (mask << 10 | remainder(mask, 10, 0x537)) ^ 0x5412;
        let bit = |at: usize| bits >> at & 1 == 1;
        for at in 0..6 {
            self.fix(8, at, bit(at));
            self.fix(5 - at, 8, bit(at + 9));
        }
        self.fix(8, 7, bit(6));
        self.fix(8, 8, bit(7));
        self.fix(7, 8, bit(8));
        for at in 0..8 {
            self.fix(self.size - 1 - at, 8, bit(at));
        }
        for at in 8..15 {
            self.fix(8, self.size - 15 + at, bit(at));
        }
        self.fix(8, self.size - 8, true);
    }

    /// Section 7.10.
    fn draw_version(&mut self, number: usize) {
        if number < 7 {
            return;
        }
        let number = u32::try_from(number).unwrap_or_default();
        let bits = number << 12 | remainder(number, 12, 0x1f25);
        for at in 0..18 {
            let (far, near) = (self.size - 11 + at % 3, at / 3);
            self.fix(far, near, bits >> at & 1 == 1);
            self.fix(near, far, bits >> at & 1 == 1);
        }
    }

    /// The codewords, two columns at a time from the right, up and down (section 7.7.3).
    fn draw(&mut self, codewords: &[u8]) {
        let mut bits = codewords.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        let columns = (0..self.size).rev().filter(|column| *column != 6).collect::<Vec<_>>();
        for (turn, pair) in columns.chunks(2).enumerate() {
            for row in 0..self.size {
                let y = if turn % 2 == 0 { self.size - 1 - row } else { row };
                for &x in pair {
                    if !self.is_fixed(x, y) {
                        self.set(x, y, bits.next().unwrap_or_default());
                    }
                }
            }
        }
    }

    /// Section 7.8.2.
    fn masked(&self, mask: u32) -> Self {
        let mut code = self.clone();
        for y in 0..self.size {
            for x in 0..self.size {
                let turned = match mask {
                    0 => (x + y) % 2 == 0,
                    1 => y % 2 == 0,
                    2 => x % 3 == 0,
                    3 => (x + y) % 3 == 0,
                    4 => (x / 3 + y / 2) % 2 == 0,
                    5 => x * y % 2 + x * y % 3 == 0,
                    6 => (x * y % 2 + x * y % 3) % 2 == 0,
                    _ => ((x + y) % 2 + x * y % 3) % 2 == 0,
                };
                if !self.is_fixed(x, y) {
                    code.set(x, y, self.at(x, y) ^ turned);
                }
            }
        }
        code.draw_format(mask);
        code
    }

    /// How hard it is to read (section 7.8.3).
    fn penalty(&self) -> usize {
        let lines = (0..self.size).map(|y| self.line_penalty(|x| self.at(x, y)) + self.line_penalty(|x| self.at(y, x)));
        let squares = (1..self.size).flat_map(|y| (1..self.size).map(move |x| (x, y)));
        let alike = |(x, y): &(usize, usize)| {
            let dark = self.at(*x, *y);
            [(x - 1, *y), (*x, y - 1), (x - 1, y - 1)].iter().all(|(x, y)| self.at(*x, *y) == dark)
        };
        let dark = self.dark.iter().filter(|dark| **dark).count();
        let balance = (dark * 20).abs_diff(self.dark.len() * 10) / self.dark.len();
        lines.sum::<usize>() + squares.filter(alike).count() * 3 + balance * 10
    }

    /// Five and more alike in a row, and what looks like a finder pattern.
    fn line_penalty(&self, at: impl Fn(usize) -> bool) -> usize {
        let (mut run, mut window, mut penalty) = (0_usize, 0_u32, 0);
        for place in 0..self.size {
            let is_like_last = place > 0 && at(place) == at(place - 1);
            run = if is_like_last { run + 1 } else { 1 };
            penalty += match run {
                5 => 3,
                6.. => 1,
                _ => 0,
            };
            window = (window << 1 | u32::from(at(place))) & 0x7ff;
            if place >= 10 && (window == 0b101_1101_0000 || window == 0b000_0101_1101) {
                penalty += 40;
            }
        }
        penalty
    }
}

impl Version {
    /// How many codewords there are (table 1).
    const fn capacity(self) -> usize {
        let number = self.number;
        let mut squares = (16 * number + 128) * number + 64;
        if number >= 2 {
            let alignments = number / 7 + 2;
            squares -= (25 * alignments - 10) * alignments - 55;
            if number >= 7 {
                squares -= 36;
            }
        }
        squares / 8
    }

    const fn data(self) -> usize {
        self.capacity() - self.correction * self.blocks
    }

    /// Bytes that say how many there are.
    const fn count_bytes(self) -> usize {
        if self.number < 10 { 1 } else { 2 }
    }

    const fn fits(self, length: usize) -> bool {
        // Half a byte of mode, and half a byte at the end.
        length + self.count_bytes() < self.data()
    }

    /// Annex E.
    fn alignments(self, size: usize) -> Vec<usize> {
        if self.number == 1 {
            return Vec::new();
        }
        let count = self.number / 7 + 2;
        let step = (self.number * 8 + count * 3 + 5) / (count * 4 - 4) * 2;
        std::iter::once(6).chain((0..count - 1).map(|at| size - 7 - at * step)).collect()
    }

    /// The bytes with their correction, interleaved (sections 7.4 to 7.6).
    fn codewords(self, bytes: &[u8]) -> Vec<u8> {
        let count = u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
        let count = count.get(2 - self.count_bytes()..).unwrap_or_default();
        // Everything is half a byte late, after the mode: 0100.
        let mut data = Vec::with_capacity(self.capacity());
        let mut held = 0x4_u8;
        for &byte in count.iter().chain(bytes).chain(&[0]) {
            data.push(held << 4 | byte >> 4);
            held = byte & 0xf;
        }
        let padding = [0xec, 0x11].into_iter().cycle();
        let missing = self.data().saturating_sub(data.len());
        data.extend(padding.take(missing));
        self.interleaved(&data)
    }

    fn interleaved(self, data: &[u8]) -> Vec<u8> {
        let divisor = divisor(self.correction);
        let short = data.len() / self.blocks;
        let long_blocks = data.len() % self.blocks;
        let mut rest = data;
        let mut blocks = Vec::new();
        for number in 0..self.blocks {
            let length = short + usize::from(number >= self.blocks - long_blocks);
            let (block, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            blocks.push((block, corrected(block, &divisor)));
            rest = after;
        }
        let data = (0..=short).flat_map(|at| blocks.iter().filter_map(move |(block, _)| block.get(at).copied()));
        let correction =
            (0..self.correction).flat_map(|at| blocks.iter().filter_map(move |(_, bytes)| bytes.get(at).copied()));
        data.chain(correction).collect()
    }
}

/// The remainder of a division of polynomials over GF(2).
fn remainder(value: u32, degree: u32, divisor: u32) -> u32 {
    (0..degree).fold(value, |rest, _| (rest << 1) ^ ((rest >> (degree - 1)) * divisor))
}

/// The product in GF(2^8) modulo 0x11d.
fn product(left: u8, right: u8) -> u8 {
    (0..8).rev().fold(0_u8, |product, bit| {
        let doubled = (product << 1) ^ ((product >> 7) * 0x1d);
        doubled ^ ((right >> bit & 1) * left)
    })
}

/// The generator polynomial of a degree, without its first coefficient, which is 1.
fn divisor(degree: usize) -> Vec<u8> {
    let mut divisor = vec![0; degree];
    if let Some(last) = divisor.last_mut() {
        *last = 1;
    }
    let mut root = 1;
    for _ in 0..degree {
        let following: Vec<u8> = divisor.iter().skip(1).copied().chain([0]).collect();
        for (coefficient, next) in divisor.iter_mut().zip(following) {
            *coefficient = product(*coefficient, root) ^ next;
        }
        root = product(root, 2);
    }
    divisor
}

/// The correction of a block (Reed and Solomon).
fn corrected(block: &[u8], divisor: &[u8]) -> Vec<u8> {
    let mut rest = vec![0; divisor.len()];
    for byte in block {
        let factor = byte ^ rest.first().copied().unwrap_or_default();
        rest.rotate_left(1);
        if let Some(last) = rest.last_mut() {
            *last = 0;
        }
        for (coefficient, by) in rest.iter_mut().zip(divisor) {
            *coefficient ^= product(*by, factor);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(code: &Qr) -> Vec<String> {
        (0..code.size).map(|y| (0..code.size).map(|x| if code.at(x, y) { '#' } else { '.' }).collect()).collect()
    }

    #[test]
    fn codes_are_those_of_another_encoder() {
        // Python's qrcode 8.2, byte mode, level M, with the mask that is chosen here.
        let hello = [
            "#######.##.#..#######",
            "#.....#..##.#.#.....#",
            "#.###.#..####.#.###.#",
            "#.###.#.#..#..#.###.#",
            "#.###.#.#...#.#.###.#",
            "#.....#.#.##..#.....#",
            "#######.#.#.#.#######",
            "........#####........",
            "#...#.######.#####..#",
            "...###..#.###..#.####",
            "#.##..#.#.##..###..#.",
            "###..#...#...##.#....",
            "..#.###..#..###...##.",
            "........###.###..#.##",
            "#######.##..##...#.#.",
            "#.....#....##..#...#.",
            "#.###.#.#..#..###.#.#",
            "#.###.#....##....#.##",
            "#.###.#..###..####...",
            "#.....#..#...##......",
            "#######.#...#####.#.#",
        ];
        assert_eq!(rows(&Qr::of("HELLO").unwrap()), hello);
        let key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let uri = format!("otpauth://totp/Example:ada?secret={key}&issuer=Example&algorithm=SHA1&digits=6&period=30");
        for (text, digest) in [
            (uri, "yIP2fsItJUFZwNcMLb1l0_-HDGR6vKOPJXGZXy8VBmA"),
            ("abc123".repeat(40), "38nsmDsxN8Zso4YHuUNpX3phyg6lcLqY1A39Dyqy450"),
            ("xyz9".repeat(160), "loT20Bgv0iaFkzQtpjCoGQFxam_wC8wWtxJzztf-zmk"),
        ] {
            let rows = rows(&Qr::of(&text).unwrap()).concat();
            assert_eq!(crate::hash::b64u(crate::hash::sha256(rows.as_bytes())), digest);
        }
    }

    #[test]
    fn the_picture_has_its_quiet_zone_and_every_dark_square_once() {
        let code = Qr::of("HELLO").unwrap();
        let path = code.path();
        assert!(code.side() == 29 && path.starts_with("M4 4h7v1h-7zM12 4"), "{path}");
        let drawn: usize = path
            .split('h')
            .skip(1)
            .step_by(2)
            .map(|run| run.split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(drawn, code.dark.iter().filter(|dark| **dark).count());
    }

    #[test]
    fn a_text_is_as_large_a_code_as_it_needs() {
        for (length, size) in [(0, 21), (14, 21), (15, 25), (180, 53), (181, 57), (666, 97)] {
            assert_eq!(Qr::of(&"x".repeat(length)).map(|code| code.size), Some(size), "{length}");
        }
        assert_eq!(Qr::of(&"x".repeat(667)), None);
    }
}
