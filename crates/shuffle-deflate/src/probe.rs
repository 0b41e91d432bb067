//! A cheap look at a part of a plane: are there frequencies or repetitions worth coding?

use crate::byte_counts::{ByteCounts, SAMPLED, log2};
use crate::instruction_set::{InstructionSet, compiled_for};
use crate::match_finder::common_length;
use crate::symbols::WINDOW;

/// What a sample says about a part of a plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Impression {
    /// The number of bytes of the part.
    pub length: usize,
    /// `true` if all bytes are about equally frequent.
    pub uniform: bool,
    /// The mean number of bits of a literal, which is at least 1.
    pub literal_bits: f32,
    /// The entropy of a byte in bits. Sparse blocks come close to it, even if it is less than 1.
    pub entropy: f32,
    /// The share of these that matches may save, roughly.
    pub match_gain: f32,
    /// The mean length of these matches, as far as they are followed, weighted by what they save.
    pub match_length: f32,
    /// The share of what matches save where the distance of the match before repeats something, too. It is large
    /// if the data have a period.
    pub steadiness: f32,
    /// The share of what matches save in runs of the same byte.
    pub run_share: f32,
    /// `true` if some matches repeat what is before this part, or may do so.
    pub reaches_back: bool,
}

/// How far below 8 bits the entropy may be for bytes to count as uniform, beyond what a sample of uniform bytes
/// has.
const UNIFORM_TOLERANCE: f32 = 0.05;

/// The number of bits of a hash value.
const HASH_BITS: u32 = 12;

/// Of so many positions, one is entered into the table.
const ENTER_EVERY: usize = 16;

/// The number of consecutive positions that are looked up at one place. One of them meets the positions in the
/// table, wherever the repetition is.
const LOOK_UPS: usize = ENTER_EVERY;

/// One place in so many bytes is looked at, at most, and so many places.
const PLACE_EVERY: usize = 1024;
const PLACES: usize = 128;

/// A match is followed no further than that.
const MAX_FORWARD: usize = 64;
const MAX_BACKWARD: usize = 16;

/// So many of its bytes are looked up to learn how many bits they have as literals.
const COSTED: usize = 16;

/// The unit of the costs of literals: whole numbers are added faster.
const COSTS_PER_BIT: f32 = 1024.0;

/// The number of bytes that must be repeated at the distance of the match before, or be equal in a run.
const STEADY: usize = 8;

/// The number of matches that must be found before a part for it to be searched.
const MIN_REACHING_BACK: u32 = 2;

/// The number of bytes after a place that must be there.
const MARGIN: usize = LOOK_UPS + 8;

/// Looks at parts of a plane, in their order.
pub(crate) struct Probe {
    instructions: InstructionSet,
    /// The last position of each hash value, plus 1.
    table: Box<[u32; 1 << HASH_BITS]>,
    /// The next position to be entered.
    next: usize,
}

impl Probe {
    pub fn new(instructions: InstructionSet) -> Probe {
        Probe {
            instructions,
            table: Box::new([0; 1 << HASH_BITS]),
            next: 0,
        }
    }

    /// Forgets all data. What follows is not compared with what was before.
    pub fn reset(&mut self) {
        if self.next > 0 {
            self.table.fill(0);
            self.next = 0;
        }
    }

    /// Looks at `data[start..]`. What is before may be repeated there.
    ///
    /// `data` is the same for all calls since the last [`Probe::reset`], except that it may become longer.
    pub fn look(&mut self, data: &[u8], start: usize) -> Impression {
        let sample = ByteCounts::of_sample(self.instructions, &data[start..]);
        let total = sample.total.max(1) as f32;
        let entropy = sample.entropy(self.instructions);
        let literal_bits = (sample.bits(entropy) / total).max(0.01);
        let costs = sample
            .counts
            .map(|count| (COSTS_PER_BIT * (log2(total) - log2(count.max(1) as f32))) as u16);
        let found = self.find_matches(data, start, &costs, literal_bits);
        self.next = found.next;
        Impression {
            length: data.len() - start,
            uniform: is_uniform(literal_bits, sample.total),
            literal_bits,
            entropy: entropy / total,
            match_gain: found.gain,
            match_length: found.length,
            steadiness: found.steadiness,
            run_share: found.run_share,
            reaches_back: found.reaching_back >= MIN_REACHING_BACK,
        }
    }

    /// Looks at a part of what was looked at before.
    pub fn look_again(&mut self, data: &[u8], start: usize) -> Impression {
        self.reset();
        self.look(data, start)
    }

    fn find_matches(
        &mut self,
        data: &[u8],
        start: usize,
        costs: &[u16; 256],
        literal_bits: f32,
    ) -> Found {
        let (table, next) = (
            &mut *self.table,
            self.next.max(start.saturating_sub(WINDOW)),
        );
        compiled_for!(
            self.instructions,
            search,
            (
                data: &[u8],
                start: usize,
                costs: &[u16; 256],
                literal_bits: f32,
                table: &mut [u32; 1 << HASH_BITS],
                next: usize,
            ) -> Found
        )
    }
}

/// Returns `true` if a sample of `total` bytes that needs `bits` for each may be of uniform bytes. Such a
/// sample has an entropy of about `8 - 255 / (2 ln 2 * total)` bits.
fn is_uniform(bits: f32, total: u32) -> bool {
    total >= SAMPLED as u32 && bits > 8.0 - 184.0 / total as f32 - UNIFORM_TOLERANCE
}

/// Returns about the number of bits of a match.
fn match_bits(distance: usize) -> f32 {
    if distance == 1 {
        7.0
    } else {
        10.0 + log2(distance as f32)
    }
}

/// The matches of a part of a plane.
struct Found {
    /// The share of the bits of literals that they save.
    gain: f32,
    length: f32,
    steadiness: f32,
    run_share: f32,
    /// The number of matches that repeat what is before the part.
    reaching_back: u32,
    /// The next position to be entered.
    next: usize,
}

/// Looks for matches at places in `data[start..]`.
///
/// The gain is the larger one of that of all places and that of the last third of them, which have more behind
/// them that may be repeated.
#[inline(always)]
fn search(
    data: &[u8],
    start: usize,
    costs: &[u16; 256],
    literal_bits: f32,
    table: &mut [u32; 1 << HASH_BITS],
    next: usize,
) -> Found {
    let length = data.len() - start;
    let step = (length / PLACES).clamp(2 * LOOK_UPS, PLACE_EVERY);
    let mut saved = [0.0; 3];
    let mut covered = [0.001; 3];
    let mut lengths = 0.0;
    let (mut steady, mut runs) = (0.0, 0.0);
    let mut last_distance = 1;
    let mut reaching_back = 0;
    let mut random = 1u32;
    let mut next = next;
    let mut first = start;
    while first + step + MARGIN <= data.len() {
        // Anywhere in the step: places at regular distances might be in time with the data.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let place = first + (((random >> 16) as usize * (step - LOOK_UPS)) >> 16);
        while next <= place {
            table[hash(load(data, next))] = (next as u32).wrapping_add(1);
            next = next.wrapping_add(ENTER_EVERY);
        }
        let third = (3 * (first - start) / length).min(2);
        let best = best_match(data, place, costs, table);
        saved[third] += best.gain;
        lengths += best.gain * best.length;
        if best.gain > 0.0 {
            reaching_back += u32::from(best.earlier < start);
            if repeats_at(data, best.at, last_distance) {
                steady += best.gain;
            }
            if repeats_at(data, best.at, 1) {
                runs += best.gain;
            }
            last_distance = best.at.wrapping_sub(best.earlier);
        }
        covered[third] += best.length.max(LOOK_UPS as f32) * literal_bits;
        first += step;
    }
    let total = saved.iter().sum::<f32>();
    let mean = total / covered.iter().sum::<f32>();
    Found {
        gain: mean.max(saved[2] / covered[2]),
        length: lengths / total.max(1.0),
        steadiness: steady / total.max(1.0),
        run_share: runs / total.max(1.0),
        reaching_back,
        next,
    }
}

/// A match, and the bits that it saves, more if such a match is rarely found.
struct BestMatch {
    gain: f32,
    length: f32,
    at: usize,
    /// The position that it repeats.
    earlier: usize,
}

/// Returns `true` if the bytes at `at` are those `distance` before.
#[inline(always)]
fn repeats_at(data: &[u8], at: usize, distance: usize) -> bool {
    let earlier = at.checked_sub(distance);
    earlier.is_some_and(|earlier| data[at..][..STEADY] == data[earlier..][..STEADY])
}

/// Returns the match at or shortly after `place` that saves most.
#[inline(always)]
fn best_match(
    data: &[u8],
    place: usize,
    costs: &[u16; 256],
    table: &[u32; 1 << HASH_BITS],
) -> BestMatch {
    let mut best = BestMatch {
        gain: 0.0,
        length: 0.0,
        at: 0,
        earlier: 0,
    };
    for offset in 1..=LOOK_UPS {
        let at = place.wrapping_add(offset);
        let word = load(data, at);
        // What is not in the table becomes the largest number.
        let earlier = (table[hash(word)] as usize).wrapping_sub(1);
        if earlier >= at || at.wrapping_sub(earlier) > WINDOW || load(data, earlier) != word {
            continue;
        }
        let known = &data[..data.len().min(at + MAX_FORWARD)];
        let forward = common_length(known, earlier, at);
        let backward = common_before(data, earlier, at);
        let length = (forward + backward) as f32;
        let literals = &data[at - backward..at + forward];
        let costed = &literals[..literals.len().min(COSTED)];
        let bits = costed.iter().fold(0u32, |sum, &byte| {
            sum.wrapping_add(u32::from(costs[usize::from(byte)]))
        });
        let literals = bits as f32 / COSTS_PER_BIT * length / costed.len() as f32;
        // Only some positions are in the table, so that a short match is found more rarely than it occurs.
        let chance = (length - 3.0).min(ENTER_EVERY as f32) / ENTER_EVERY as f32;
        let gain = (literals - match_bits(at - earlier)) / chance;
        if gain > best.gain {
            best = BestMatch {
                gain,
                length,
                at,
                earlier,
            };
        }
        if forward > MAX_FORWARD / 2 {
            break;
        }
    }
    best
}

/// Returns how many bytes before `earlier` and before `at` agree, at most [`MAX_BACKWARD`].
#[inline(always)]
fn common_before(data: &[u8], earlier: usize, at: usize) -> usize {
    let before = |end: usize| data[..end].last_chunk::<MAX_BACKWARD>();
    if let (Some(here), Some(there)) = (before(at), before(earlier)) {
        let difference = u128::from_le_bytes(*here) ^ u128::from_le_bytes(*there);
        return (difference.leading_zeros() / 8) as usize;
    }
    let here = data[..at].iter().rev().take(MAX_BACKWARD);
    let there = data[..earlier].iter().rev();
    here.zip(there).take_while(|(a, b)| a == b).count()
}

/// Returns the 4 bytes at `at`.
#[inline(always)]
fn load(data: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&data[at..][..4]);
    u32::from_le_bytes(bytes)
}

#[inline(always)]
fn hash(word: u32) -> usize {
    (word.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}
