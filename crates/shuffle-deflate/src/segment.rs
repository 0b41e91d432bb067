//! Divides planes into segments, each of which is judged by one sample.
//!
//! A segment is shorter where bytes that hardly change meet others: the sample of both together would say that nothing is
//! worth a search, or the search would take the others for as cheap as what hardly changes.

use crate::section::Range;

/// The number of bytes that are judged by one sample.
pub(crate) const SEGMENT: usize = 128 << 10;

/// The number of places in a segment that are looked at, at most, and the number of bytes for each of them, at least.
const PLACES: usize = 64;
const MIN_CELL: usize = 512;

/// If fewer places could be looked at, the segment is not divided.
const MIN_PLACES: usize = 32;

/// At a place, so many bytes are compared with those before them, and hardly change if this number is equal.
const COMPARED: usize = 8;
const CALM: u32 = 5;

/// The number of places that may differ from both their neighbours, and of parts. Otherwise both kinds of bytes are
/// everywhere, and the segment is not divided.
const MAX_EXCEPTIONS: u32 = 1;
const MAX_PARTS: usize = 5;

/// A part of a plane that is judged by one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub range: Range,
    /// `true` if it was divided from the segment before, and may repeat it at once.
    pub is_divided: bool,
}

/// Returns the segments of a range of `data`.
pub(crate) fn segments(data: &[u8], range: Range) -> impl Iterator<Item = Segment> {
    whole_segments(range).flat_map(|whole| {
        let mut start = whole.start;
        let ends = divide(&data[whole.start..whole.end]).into_iter();
        ends.map_while(move |end| {
            let end = whole.start + end?;
            let range = Range { start, end };
            start = end;
            Some(Segment {
                range,
                is_divided: range.start > whole.start,
            })
        })
    })
}

fn whole_segments(range: Range) -> impl Iterator<Item = Range> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let left = range.end - start;
        // The last segment may be longer, so that none is short.
        let length = if left < SEGMENT * 3 / 2 {
            left
        } else {
            SEGMENT
        };
        let segment = Range {
            start,
            end: start + length,
        };
        start = segment.end;
        (length > 0).then_some(segment)
    })
}

/// Returns the ends of the parts of a segment.
fn divide(segment: &[u8]) -> [Option<usize>; MAX_PARTS] {
    let mut ends = [None; MAX_PARTS];
    ends[0] = Some(segment.len());
    let places = (segment.len() / MIN_CELL).min(PLACES);
    if places < MIN_PLACES {
        return ends;
    }
    let cell = segment.len() / places;
    let mut at = [0; PLACES];
    let mut changing = 0u64;
    let mut random = 1u32;
    for (index, at) in at[..places].iter_mut().enumerate() {
        // Anywhere in the cell: places at regular distances might be in time with the data.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *at = index * cell + (((random >> 16) as usize * (cell - COMPARED - 1)) >> 16);
        let calm = equal_neighbours(&segment[*at..]) >= CALM;
        changing |= u64::from(!calm) << index;
    }
    // A place that differs from both its neighbours becomes like them. At the ends, a place is its own neighbour.
    let last = places - 1;
    let before = (changing << 1) | (changing & 1);
    let after = (changing >> 1) | (changing & (1 << last));
    let smooth = (before & changing) | (changing & after) | (before & after);
    let exceptions = (smooth ^ changing).count_ones();
    // A bit is set where a place differs from the next one. Before the first place nothing is worth a part.
    let mut borders = (smooth ^ (smooth >> 1)) & ((1 << last) - 1);
    borders &= !(1 & !smooth);
    if exceptions > MAX_EXCEPTIONS || borders.count_ones() as usize >= MAX_PARTS {
        return ends;
    }
    for end in &mut ends {
        if borders == 0 {
            *end = Some(segment.len());
            break;
        }
        let index = borders.trailing_zeros() as usize;
        borders &= borders - 1;
        // What is between the two places belongs to the part that changes.
        let ends_after = (smooth >> index) & 1 == 1;
        *end = Some(at[index + usize::from(ends_after)]);
    }
    ends
}

/// Returns how many of the first bytes are equal to the next one.
fn equal_neighbours(data: &[u8]) -> u32 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let (Some(bytes), Some(next)) = (
        data.first_chunk(),
        data.get(1..).and_then(|next| next.first_chunk()),
    ) else {
        return 0;
    };
    let differences = u64::from_le_bytes(*bytes) ^ u64::from_le_bytes(*next);
    // The highest bit of each byte is set where any bit of it is: the sum does not leave the byte.
    let nonzero = ((differences & LOW_BITS).wrapping_add(LOW_BITS) | differences) & !LOW_BITS;
    COMPARED as u32 - nonzero.count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(data: &[u8], start: usize) -> Vec<Range> {
        let end = data.len();
        segments(data, Range { start, end })
            .map(|segment| segment.range)
            .collect()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..length).map(|_| random.u8(..)).collect()
    }

    #[test]
    fn segments_cover_a_range_and_none_is_short() {
        for length in [
            1,
            SEGMENT,
            SEGMENT * 3 / 2 - 1,
            SEGMENT * 3 / 2,
            10 * SEGMENT + 1,
        ] {
            let ranges = ranges(&vec![0; 7 + length], 7);
            assert_eq!(ranges[0].start, 7);
            assert_eq!(ranges.last().map(|last| last.end), Some(7 + length));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(
                ranges
                    .iter()
                    .all(|range| range.length() >= length.min(SEGMENT / 2))
            );
        }
        assert!(ranges(&[0; 3], 3).is_empty());
    }

    #[test]
    fn what_hardly_changes_is_a_segment_of_its_own() {
        let calm = vec![5; 50_000];
        for data in [
            [noise(10_000), calm.clone()].concat(),
            [calm.clone(), noise(10_000)].concat(),
            [calm.clone(), noise(10_000), calm].concat(),
        ] {
            let segments: Vec<Segment> = segments(
                &data,
                Range {
                    start: 0,
                    end: data.len(),
                },
            )
            .collect();
            assert!(segments.len() > 1);
            assert!(!segments[0].is_divided && segments[1..].iter().all(|part| part.is_divided));
            let changing = segments
                .iter()
                .map(|segment| segment.range)
                .find(|range| data[range.start..range.end].iter().any(|&byte| byte != 5));
            // It has all that changes, and little more.
            assert!(changing.is_some_and(|range| (10_000..14_000).contains(&range.length())));
        }
    }

    #[test]
    fn a_mixture_is_not_divided() {
        assert_eq!(ranges(&noise(SEGMENT), 0).len(), 1);
        let mut data = noise(SEGMENT);
        for part in data.chunks_mut(1000).step_by(2) {
            part.fill(0);
        }
        assert_eq!(ranges(&data, 0).len(), 1);
    }
}
