//! The parts of a shuffled chunk in their order, and the segments that a plane is looked at by.

use crate::shuffle::MAX_PLANES;
use crate::symbols::WINDOW;

/// The smallest plane that is compared with the one before, in bytes.
const MIN_COPY: usize = 16;

/// A range of bytes of some data: what is before it can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub start: usize,
    pub end: usize,
}

impl Range {
    pub fn length(self) -> usize {
        self.end - self.start
    }
}

/// A part of a shuffled chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// One or more planes that all have the same byte.
    Constant { byte: u8, length: usize },
    /// A plane that is equal to the one before, as the bytes of a sign are.
    Copy { range: Range },
    /// A plane of different bytes, and the start of what can be repeated in it, in the shuffled bytes.
    Plane { history: usize, range: Range },
}

/// Which planes of a chunk are in the shuffled bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planes {
    /// The size of an element, at most [`MAX_PLANES`].
    pub item: usize,
    /// The number of elements.
    pub count: usize,
    /// The set of planes that are not constant.
    pub varying: u32,
    /// The set of planes that are in the shuffled bytes: all, or those that are not constant.
    pub gathered: u32,
}

impl Planes {
    /// Returns the number of shuffled bytes.
    pub fn length(self) -> usize {
        self.count * self.gathered.count_ones() as usize
    }

    /// Fills in the sections of a chunk that starts with the element `first`.
    pub fn divide(self, first: &[u8], shuffled: &[u8], sections: &mut Vec<Section>) {
        sections.clear();
        let is_constant = |place: usize| self.varying >> place & 1 == 0;
        let (mut history, mut at, mut place) = (0, 0, 0);
        while place < self.item.min(MAX_PLANES) {
            let byte = first[place];
            let start = place;
            place += 1;
            if is_constant(start) {
                // Neighbours with the same byte are one section.
                while place < self.item && is_constant(place) && first[place] == byte {
                    place += 1;
                }
                let length = (place - start) * self.count;
                sections.push(Section::Constant { byte, length });
                if self.gathered >> start & 1 == 1 {
                    at += length;
                } else {
                    // What was before is further away than the shuffled bytes say.
                    history = at;
                }
                continue;
            }
            let range = Range {
                start: at,
                end: at + self.count,
            };
            sections.push(if is_copy(&shuffled[history..range.end], self.count) {
                Section::Copy { range }
            } else {
                Section::Plane { history, range }
            });
            at = range.end;
        }
    }
}

/// Returns `true` if the last `length` bytes are equal to those before, and may be copied from there.
fn is_copy(data: &[u8], length: usize) -> bool {
    let start = data.len() - length;
    (MIN_COPY..=WINDOW.min(start)).contains(&length) && data[start..] == data[start - length..start]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_follow_the_planes() {
        let (a, b): (Vec<u8>, Vec<u8>) = ((0..100).collect(), (100..200).collect());
        let plane = |start| Section::Plane {
            history: 0,
            range: Range {
                start,
                end: start + 100,
            },
        };
        let constant = |byte, length| Section::Constant { byte, length };
        let mut sections = Vec::new();
        let mut planes = Planes {
            item: 6,
            count: 100,
            varying: 0b10_0011,
            gathered: 0b11_1111,
        };
        let all = [&a[..], &a, &[7; 200], &[9; 100], &b].concat();
        planes.divide(&[0, 0, 7, 7, 9, 100], &all, &mut sections);
        let copy = Section::Copy {
            range: Range {
                start: 100,
                end: 200,
            },
        };
        assert_eq!(
            sections,
            [
                plane(0),
                copy,
                constant(7, 200),
                constant(9, 100),
                plane(500)
            ]
        );

        planes.gathered = planes.varying;
        let some = [&a[..], &a, &b].concat();
        planes.divide(&[0, 0, 7, 7, 9, 100], &some, &mut sections);
        let range = Range {
            start: 200,
            end: 300,
        };
        let last = Section::Plane {
            history: 200,
            range,
        };
        assert_eq!(
            sections,
            [plane(0), copy, constant(7, 200), constant(9, 100), last]
        );
    }
}
