//! Finds planes that are nearly equal to the plane before.

use crate::section::Section;

/// The share of the planes which has to be like that, so that a chunk is left to libdeflate: it repeats what both have in
/// common, and does not divide between planes.
const NEAR_COPIES: f32 = 0.3;

/// Returns `true` if a plane differs from the one before in much fewer places than in its neighbouring bytes, and that
/// holds for many of the planes. `count` is the length of a plane.
pub(crate) fn are_many(sections: &[Section], shuffled: &[u8], count: usize) -> bool {
    let (mut planes, mut near_copies) = (0, 0);
    for section in sections {
        let Section::Plane { history, range } = *section else {
            continue;
        };
        planes += 1;
        let plane = &shuffled[range.start..range.end];
        let Some(before) = range.start.checked_sub(count).filter(|at| *at >= history) else {
            continue;
        };
        let changes = differences(plane, &shuffled[before..range.start]);
        let steps = differences(&plane[1..], plane);
        near_copies += usize::from(2 * changes < steps);
    }
    near_copies as f32 > NEAR_COPIES * planes as f32
}

/// Returns the number of places at which bytes differ.
fn differences(left: &[u8], right: &[u8]) -> usize {
    // Sums of bytes that are short enough for one byte are what the compiler makes fast.
    let parts = left.chunks(255).zip(right.chunks(255));
    let differing = parts.map(|(left, right)| {
        let both = left.iter().zip(right);
        both.fold(0u8, |sum, (left, right)| sum + u8::from(left != right))
    });
    differing.map(usize::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::Range;

    #[test]
    fn planes_with_few_changes_are_near_copies() {
        let first: Vec<u8> = (0..1000).map(|at| (at / 3) as u8).collect();
        let mut second = first.clone();
        second[500] = 3;
        let other: Vec<u8> = (0..1000).map(|at| (at / 7) as u8).collect();
        let plane = |index: usize| Section::Plane {
            history: 0,
            range: Range {
                start: 1000 * index,
                end: 1000 * (index + 1),
            },
        };
        let are_many = |planes: [&Vec<u8>; 3]| {
            let shuffled = planes.map(|plane| &plane[..]).concat();
            are_many(&[plane(0), plane(1), plane(2)], &shuffled, 1000)
        };
        assert!(are_many([&first, &second, &other]));
        assert!(are_many([&other, &first, &second]));
        assert!(!are_many([&first, &other, &second]));
        assert_eq!(differences(&first, &second), 1);
    }
}
