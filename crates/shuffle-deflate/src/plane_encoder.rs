//! Encodes one plane after the other: divides it into blocks, and chooses how each is coded.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_encoder::BlockEncoder;
use crate::instruction_set::InstructionSet;
use crate::literals::write_stored;
use crate::match_finder::Search;
use crate::piece::{MAX_PIECE, Piece};
use crate::probe::{Impression, Probe};
use crate::section::Range;
use crate::segment::{Segment, segments};

mod verdict;

pub(crate) use verdict::TRIED_GAIN;
use verdict::{MATCH_GAIN, Matches, Tried, Verdict};

/// The size of the largest block by frequencies, in bytes. It limits the memory for what is found in a block.
const MAX_COUNTED_BLOCK: usize = 512 << 10;

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
    /// By frequencies of bytes. Matches are searched for if that is worth its time.
    Frequencies {
        piece: Box<Piece>,
        matches: Matches,
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
    /// The last trial.
    tried: Option<Tried>,
}

impl Progress<'_, '_> {
    /// Adds a piece that ends at `end` to the open block, unless a block of its own is better. Returns `false`
    /// then.
    fn joins(
        &mut self,
        instructions: InstructionSet,
        next: &Piece,
        end: usize,
        matches: Matches,
    ) -> bool {
        let Some(OpenBlock { start, content }) = &mut self.open else {
            return false;
        };
        match content {
            Content::Frequencies {
                piece,
                matches: open,
            } => {
                *open == matches
                    && end - *start <= MAX_COUNTED_BLOCK
                    && piece.join(instructions, next)
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
        for Segment { range, is_divided } in segments(data, plane) {
            let mut seen = self.probe.look(&data[..range.end], range.start);
            seen.reaches_back |= is_divided;
            survey.push(seen);
        }
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
            tried: None,
        };
        let end = plane.data.len();
        let mut start = plane.start;
        while start < end
            && let Some(seen) = survey.next()
        {
            let segment = Range {
                start,
                end: start + seen.length,
            };
            start = segment.end;
            match self.judge(&mut progress, segment, seen)? {
                Verdict::Store => self.store(&mut progress, segment)?,
                Verdict::Match => self.find_matches(&mut progress, segment, seen)?,
                Verdict::Count(matches) => self.count(&mut progress, segment, matches)?,
            }
        }
        self.close(&mut progress, end)
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
        matches: Matches,
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
            if !progress.joins(self.instructions, &next, at + length, matches) {
                self.close(progress, at)?;
                let content = Content::Frequencies {
                    piece: Box::new(next),
                    matches,
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
            Content::Frequencies { piece, matches } => {
                let search = match matches {
                    Matches::Useful(search) => Some(search),
                    Matches::Useless if range.length() > MAX_PIECE => None,
                    Matches::Useless => self.search_for_part(progress.plane, range, MATCH_GAIN),
                    Matches::Unseen => self.search_for_part(progress.plane, range, TRIED_GAIN),
                };
                self.blocks
                    .write_frequencies(data, range, &piece, search, is_last, writer)?;
            }
        }
        writer.check()
    }
}
