//! The generated music library: the same seed and size give the same library.

/// SplitMix64: small, fast, good enough for names and dates.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end` (0 when `end` is 0).
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from 0 to 1, small ones much more often: a few artists are heard by everybody.
    fn skewed(&mut self, end: u64) -> u64 {
        let unit = self.below(1 << 20);
        (((unit * unit) >> 20) * end) >> 20
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.below(words.len() as u64) as usize;
        words.get(at).copied().unwrap_or_default()
    }
}

const ADJECTIVES: [&str; 24] = [
    "Broken",
    "Silent",
    "Golden",
    "Distant",
    "Electric",
    "Hollow",
    "Crimson",
    "Northern",
    "Paper",
    "Restless",
    "Velvet",
    "Wandering",
    "Burning",
    "Frozen",
    "Gentle",
    "Hidden",
    "Iron",
    "Lonely",
    "Midnight",
    "Open",
    "Quiet",
    "Rising",
    "Second",
    "Wild",
];
const NOUNS: [&str; 24] = [
    "Walls",
    "Rivers",
    "Stones",
    "Harbour",
    "Meadow",
    "Engines",
    "Lanterns",
    "Shepherds",
    "Mountains",
    "Mirrors",
    "Foxes",
    "Orchards",
    "Bridges",
    "Clouds",
    "Echoes",
    "Fields",
    "Gardens",
    "Islands",
    "Letters",
    "Signals",
    "Summers",
    "Towers",
    "Windows",
    "Winters",
];
const VERBS: [&str; 12] = [
    "Leaving",
    "Building",
    "Counting",
    "Crossing",
    "Dreaming of",
    "Following",
    "Forgetting",
    "Losing",
    "Meeting",
    "Painting",
    "Waiting for",
    "Walking to",
];

/// How many rows each table gets.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Bands and singers.
    pub artists: u64,
    /// About three an artist.
    pub albums: u64,
    /// About twelve an album.
    pub tracks: u64,
    /// Five a track, but not evenly.
    pub plays: u64,
}

impl Sizes {
    /// Of a library with this many tracks.
    pub fn new(tracks: u32) -> Self {
        let tracks = u64::from(tracks);
        let albums = tracks.div_ceil(12);
        Sizes { artists: albums.div_ceil(3), albums, tracks, plays: tracks * 5 }
    }
}

/// The name of an artist.
pub fn artist(random: &mut Random, id: u64) -> String {
    let name = format!("{} {}", random.pick(&ADJECTIVES), random.pick(&NOUNS));
    match random.below(3) {
        0 => format!("The {name}"),
        1 => name,
        _ => format!("{name} {}", id % 100),
    }
}

/// Title, artist and year of an album.
pub fn album(random: &mut Random, sizes: &Sizes, id: u64) -> (String, u64, i64) {
    let title = format!("{} {}", random.pick(&VERBS), random.pick(&NOUNS));
    (title, (id - 1) * sizes.artists / sizes.albums + 1, 1965 + random.below(60) as i64)
}

/// Title, album, length in seconds and price in cents of a track.
pub fn track(random: &mut Random, sizes: &Sizes, id: u64) -> (String, u64, i64, i64) {
    let title = match random.below(2) {
        0 => format!("{} the {} {}", random.pick(&VERBS), random.pick(&ADJECTIVES), random.pick(&NOUNS)),
        _ => format!("{} {}", random.pick(&ADJECTIVES), random.pick(&NOUNS)),
    };
    let album = (id - 1) * sizes.albums / sizes.tracks + 1;
    let seconds = 120 + random.below(180) + random.below(180);
    (title, album, seconds as i64, 79 + 20 * random.below(4) as i64)
}

/// Track, listener and time of a play, some moment of the year 2025.
pub fn play(random: &mut Random, sizes: &Sizes) -> (u64, i64, String) {
    let track = random.skewed(sizes.tracks) + 1;
    let listener = random.below(1000) as i64 + 1;
    let (month, day) = (random.below(12) + 1, random.below(28) + 1);
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    (track, listener, format!("2025-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_within_their_tables() {
        for tracks in [1, 2, 11, 13, 1000] {
            let sizes = Sizes::new(tracks);
            let mut random = Random::new(3);
            for id in 1..=sizes.albums {
                assert!((1..=sizes.artists).contains(&album(&mut random, &sizes, id).1));
            }
            for id in 1..=sizes.tracks {
                assert!((1..=sizes.albums).contains(&track(&mut random, &sizes, id).1));
            }
            for _ in 0..1000 {
                assert!((1..=sizes.tracks).contains(&play(&mut random, &sizes).0));
            }
        }
    }
}
