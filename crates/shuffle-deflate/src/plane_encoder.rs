//! Encodes one plane after the other: divides it into blocks, and chooses how each is coded.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_encoder::{BlockEncoder, ExpectedMatches};
use crate::choice::is_regular;
use crate::instruction_set::InstructionSet;
use crate::literals::write_stored;
use crate::match_finder::Search;
use crate::piece::{MAX_PIECE, Piece, piece_length};
use crate::probe::{Impression, Probe};
use crate::section::{Range, SEGMENT};

/// The share of the bits of literals that matches have to save for a segment to be searched at once. If the
/// bytes are uniform, nothing else can save anything.
const MATCH_GAIN: f32 = 0.3;
const MATCH_GAIN_OF_UNIFORM: f32 = 0.05;

/// If literals need so few bits, a sparse block may be as small as one with matches.
const SPARSE_LITERAL_BITS: f32 = 1.3;

/// If literals need so few bits, and matches are not regular, parts of the segment may be sparse and others not.
const MIXED_LITERAL_BITS: f32 = 2.5;

/// The share from which on it is tried whether matches save something.
pub(crate) const TRIED_GAIN: f32 = 0.02;

/// The size of the largest block by frequencies, in bytes. It limits the memory for what is found in a block.
const MAX_COUNTED_BLOCK: usize = 512 << 10;

/// One in so many segments decides about the length of the pieces.
const PIECE_LENGTH_EVERY: usize = 8;

/// Data of which a plane is the end.
#[derive(Clone, Copy)]
pub(crate) struct Plane<'a> {
    /// What was encoded since the last reset, and the plane.
    pub data: &'a [u8],
    /// The start of the plane.
    pub start: usize,
    /// `true` if nothing follows.
    pub is_last: bool,
    /// The search for irregular matches.
    pub irregular: Search,
}

/// Encodes planes. The result depends only on the data since the last [`PlaneEncoder::reset`].
pub(crate) struct PlaneEncoder {
    instructions: InstructionSet,
    blocks: BlockEncoder,
    probe: Probe,
}

/// Bytes that will be one block and are not written yet.
struct OpenBlock {
    start: usize,
    content: Content,
}

/// How an open block is coded.
enum Content {
    Stored,
    Matches(Search),
    /// By frequencies of bytes. Matches are tried if they are expected to save something.
    Frequencies {
        piece: Box<Piece>,
        match_gain: Option<f32>,
    },
}

/// How a segment should be coded.
enum Verdict {
    Store,
    Match,
    /// The gain is what matches are expected to save.
    Count {
        match_gain: Option<f32>,
    },
}

/// The state within a plane.
struct Progress<'a, 't> {
    plane: Plane<'a>,
    writer: &'a mut BitWriter<'t>,
    open: Option<OpenBlock>,
    piece_length: usize,
    /// The number of segments that were counted.
    counted: usize,
}

impl Progress<'_, '_> {
    /// Adds a piece that ends at `end` to the open block, unless a block of its own is better. Returns `false`
    /// then.
    fn joins(
        &mut self,
        instructions: InstructionSet,
        next: &Piece,
        end: usize,
        match_gain: Option<f32>,
    ) -> bool {
        let Some(OpenBlock { start, content }) = &mut self.open else {
            return false;
        };
        match content {
            Content::Frequencies {
                piece,
                match_gain: open,
            } => {
                let joins = open.is_some() == match_gain.is_some()
                    && end - *start <= MAX_COUNTED_BLOCK
                    && piece.join(instructions, next);
                if joins && match_gain > *open {
                    *open = match_gain;
                }
                joins
            }
            Content::Stored | Content::Matches(_) => false,
        }
    }
}

impl PlaneEncoder {
    pub fn new(instructions: InstructionSet) -> PlaneEncoder {
        PlaneEncoder {
            instructions,
            blocks: BlockEncoder::new(instructions),
            probe: Probe::new(instructions),
        }
    }

    /// Forgets all data, so that no match refers to them.
    pub fn reset(&mut self) {
        self.blocks.reset();
        self.probe.reset();
    }

    /// Looks at all segments of a plane, and appends what they look like to `survey`.
    pub fn look(&mut self, data: &[u8], start: usize, survey: &mut Vec<Impression>) {
        let plane = Range {
            start,
            end: data.len(),
        };
        survey.extend(
            plane
                .segments()
                .map(|segment| self.probe.look(&data[..segment.end], segment.start)),
        );
    }

    /// Writes `length` times the same byte.
    pub fn write_constant(
        &mut self,
        byte: u8,
        length: u64,
        is_last: bool,
        writer: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        self.blocks.write_constant(byte, length, is_last, writer);
        writer.check()
    }

    /// Writes the last `length` bytes once more.
    pub fn write_copy(
        &mut self,
        length: usize,
        is_last: bool,
        writer: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        self.blocks.write_copy(length as u32, is_last, writer);
        writer.check()
    }

    /// Writes a plane that is not empty, of which `survey` has the impressions of its segments.
    pub fn write_plane(
        &mut self,
        plane: Plane,
        survey: &mut impl Iterator<Item = Impression>,
        writer: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        let mut progress = Progress {
            plane,
            writer,
            open: None,
            piece_length: MAX_PIECE,
            counted: 0,
        };
        let range = Range {
            start: plane.start,
            end: plane.data.len(),
        };
        for (segment, seen) in range.segments().zip(survey) {
            match self.judge(&mut progress, segment, seen) {
                Verdict::Store => self.store(&mut progress, segment)?,
                Verdict::Match => self.find_matches(&mut progress, segment, seen)?,
                Verdict::Count { match_gain } => self.count(&mut progress, segment, match_gain)?,
            }
        }
        self.close(&mut progress, range.end)
    }

    /// Decides how a segment is coded.
    fn judge(&mut self, progress: &mut Progress, segment: Range, seen: Impression) -> Verdict {
        let needed = if seen.uniform {
            MATCH_GAIN_OF_UNIFORM
        } else {
            MATCH_GAIN
        };
        let is_sparse = seen.literal_bits < SPARSE_LITERAL_BITS
            || seen.literal_bits < MIXED_LITERAL_BITS && !is_regular(&seen);
        if seen.match_gain > needed && !is_sparse {
            return Verdict::Match;
        }
        if seen.uniform {
            return Verdict::Store;
        }
        if progress.counted.is_multiple_of(PIECE_LENGTH_EVERY) {
            let data = &progress.plane.data[segment.start..segment.end];
            progress.piece_length = piece_length(self.instructions, data);
        }
        progress.counted += 1;
        // Smaller pieces save what short matches would.
        let try_matches =
            seen.match_gain > TRIED_GAIN && (progress.piece_length == MAX_PIECE || is_sparse);
        Verdict::Count {
            match_gain: try_matches.then_some(seen.match_gain),
        }
    }

    fn store(&mut self, progress: &mut Progress, segment: Range) -> Result<(), EncodeError> {
        if !matches!(
            &progress.open,
            Some(OpenBlock {
                content: Content::Stored,
                ..
            })
        ) {
            self.close(progress, segment.start)?;
            progress.open = Some(OpenBlock {
                start: segment.start,
                content: Content::Stored,
            });
        }
        Ok(())
    }

    fn find_matches(
        &mut self,
        progress: &mut Progress,
        segment: Range,
        seen: Impression,
    ) -> Result<(), EncodeError> {
        let data = progress.plane.data;
        let search = match &progress.open {
            // After runs there may be anything.
            Some(OpenBlock {
                content: Content::Matches(search @ (Search::Quick | Search::Thorough)),
                ..
            }) => *search,
            _ => {
                self.close(progress, segment.start)?;
                let search =
                    self.blocks
                        .begin_matches(data, segment, seen, progress.plane.irregular)?;
                let content = Content::Matches(search);
                progress.open = Some(OpenBlock {
                    start: segment.start,
                    content,
                });
                search
            }
        };
        let is_full = self.blocks.extend_matches(data, segment.end, search)?;
        if is_full && segment.end < data.len() {
            self.close(progress, segment.end)?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        progress: &mut Progress,
        segment: Range,
        match_gain: Option<f32>,
    ) -> Result<(), EncodeError> {
        let mut at = segment.start;
        while at < segment.end {
            let left = segment.end - at;
            let length = if left < progress.piece_length * 3 / 2 {
                left
            } else {
                progress.piece_length
            };
            let next = Piece::new(self.instructions, &progress.plane.data[at..at + length]);
            if !progress.joins(self.instructions, &next, at + length, match_gain) {
                self.close(progress, at)?;
                let content = Content::Frequencies {
                    piece: Box::new(next),
                    match_gain,
                };
                progress.open = Some(OpenBlock { start: at, content });
            }
            at += length;
        }
        Ok(())
    }

    /// Writes the open block, if there is one, which ends at `end`.
    fn close(&mut self, progress: &mut Progress, end: usize) -> Result<(), EncodeError> {
        let Some(block) = progress.open.take() else {
            return Ok(());
        };
        let data = progress.plane.data;
        let range = Range {
            start: block.start,
            end,
        };
        let is_last = progress.plane.is_last && end == data.len();
        let writer = &mut *progress.writer;
        match block.content {
            Content::Stored => write_stored(&data[range.start..range.end], is_last, writer),
            Content::Matches(_) => self.blocks.write_matches(data, range, is_last, writer),
            Content::Frequencies { piece, match_gain } => {
                let match_gain = match_gain.or_else(|| self.gain_of_part(progress.plane, range));
                let matches = match_gain.map(|gain| ExpectedMatches {
                    gain,
                    search: progress.plane.irregular,
                });
                self.blocks
                    .write_frequencies(data, range, &piece, matches, is_last, writer)?;
            }
        }
        writer.check()
    }

    /// Returns what matches may save in a part of a segment, of which the sample of the segment said little. Returns
    /// `None` if they save nothing.
    fn gain_of_part(&mut self, plane: Plane, range: Range) -> Option<f32> {
        let segment = SEGMENT.min(plane.data.len() - plane.start);
        if !(MAX_PIECE / 4..segment).contains(&range.length()) {
            return None;
        }
        let seen = self.probe.look_again(&plane.data[..range.end], range.start);
        Some(seen.match_gain).filter(|&gain| gain > TRIED_GAIN)
    }
}
