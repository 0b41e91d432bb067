//! Encodes whole chunks: the frame of a zlib stream, and what becomes of each plane.

use crate::EncodeError;
use crate::InstructionSet;
use crate::adler::Adler;
use crate::bit_writer::BitWriter;
use crate::choice::{Choice, SMALL_CHUNK, choose};
use crate::comparison::{ChunkSize, PossibleSavings};
use crate::libdeflate::Libdeflate;
use crate::literals::write_stored;
use crate::match_finder::Search;
use crate::plane_encoder::{Plane, PlaneEncoder};
use crate::probe::Impression;
use crate::section::{Planes, Section};
use crate::shuffle::{MAX_PLANES, all_planes, gather_planes, shuffle_with, varying_planes};
use crate::symbols::WINDOW;

/// The number of bytes from which on a plane is coded by this crate. A sample of fewer says little.
const MIN_PLANE: usize = 8 << 10;

/// The size of the largest chunk that is coded by this crate, as positions have 32 bits.
const LARGE_CHUNK: usize = 1 << 31;

/// The header of a zlib stream: deflate with a window of 32 KiB, at the fastest level.
const HEADER: [u8; 2] = [0x78, 0x01];

/// The length of the checksum.
const TRAILER: usize = 4;

/// Returns a length that is enough for the zlib stream of any chunk of `length` bytes.
///
/// # Examples
/// ```
/// assert!(shuffle_deflate::bound(1 << 20) < (1 << 20) + 9000);
/// ```
pub const fn bound(length: usize) -> usize {
    // No block is larger than a stored one, whose header has up to 6 bytes. There is at most one block for each
    // piece of 1 KiB, and a few more where a plane ends, and where a segment of 16 KiB or more is divided.
    let blocks =
        length / (1 << 10) + length / (4 << 10) + length / (u16::MAX as usize) + 4 * MAX_PLANES;
    length.saturating_add(6 * blocks + HEADER.len() + TRAILER)
}

/// Shuffles chunks and writes them as zlib streams.
///
/// An encoder has memory that it uses again for the next chunk. The result depends on nothing but the chunk
/// and the size of its elements: not on earlier chunks, nor on the processor.
///
/// # Memory
/// An encoder has 1.2 MB, most of it for libdeflate, and gets up to 2.5 MB more when chunks need it. It also keeps
/// room for the shuffled bytes of the largest chunk so far, and for the largest stream that was compared with another one.
pub struct Encoder {
    instructions: InstructionSet,
    planes: PlaneEncoder,
    libdeflate: Libdeflate,
    shuffled: Vec<u8>,
    /// The sections of the current chunk, and what the segments of its planes look like.
    sections: Vec<Section>,
    survey: Vec<Impression>,
    /// The search for irregular matches in the current chunk.
    irregular: Search,
    /// The size of the current chunk, and what libdeflate may save of its stream.
    chunk: ChunkSize,
    savings: PossibleSavings,
    /// The other one of two streams that are compared.
    other: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder::new()
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Encoder")
            .field("instructions", &self.instructions)
            .field("capacity", &self.shuffled.capacity())
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// Returns an encoder that uses the best instructions of this processor.
    pub fn new() -> Encoder {
        Encoder::with_instructions(InstructionSet::detect())
    }

    /// Returns an encoder that uses the instructions of a set. It makes the same streams as any other.
    pub fn with_instructions(instructions: InstructionSet) -> Encoder {
        Encoder {
            instructions,
            planes: PlaneEncoder::new(instructions),
            libdeflate: Libdeflate::new(),
            shuffled: Vec::new(),
            sections: Vec::new(),
            survey: Vec::new(),
            irregular: Search::Quick,
            chunk: ChunkSize::default(),
            savings: PossibleSavings::default(),
            other: Vec::new(),
        }
    }

    /// Shuffles a chunk with elements of `item` bytes, and writes it as one zlib stream to the start of `target`.
    /// Returns the length of the stream.
    ///
    /// Decompressed, the stream is what [`shuffle()`](crate::shuffle()) makes of the chunk. With an `item` of 0
    /// or 1 the bytes keep their order. The size of `target` limits the result: a caller that wants a chunk only
    /// if it gets smaller gives a target of one byte less than the chunk.
    ///
    /// # Errors
    /// [`EncodeError::TargetTooSmall`] if the stream does not fit, which never happens if `target` has
    /// [`bound()`] bytes. What is in `target` is undefined then. [`EncodeError::OutOfMemory`] if there is no
    /// memory for the shuffled chunk, or for another stream that it is compared with.
    pub fn encode(
        &mut self,
        chunk: &[u8],
        item: usize,
        target: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let item = item.max(1);
        let count = chunk.len() / item;
        let mut buffer = std::mem::take(&mut self.shuffled);
        let result = if item > MAX_PLANES || count < MIN_PLANE || chunk.len() > LARGE_CHUNK {
            self.encode_as_a_whole(chunk, item, &mut buffer, target)
        } else {
            self.encode_by_planes(chunk, item, &mut buffer, target)
        };
        self.shuffled = buffer;
        result
    }

    fn encode_as_a_whole(
        &mut self,
        chunk: &[u8],
        item: usize,
        buffer: &mut Vec<u8>,
        target: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if item == 1 {
            return self.libdeflate.compress(chunk, target);
        }
        let shuffled = reserved(buffer, chunk.len())?;
        shuffle_with(self.instructions, chunk, item, shuffled);
        self.libdeflate.compress(shuffled, target)
    }

    fn encode_by_planes(
        &mut self,
        chunk: &[u8],
        item: usize,
        buffer: &mut Vec<u8>,
        target: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let count = chunk.len() / item;
        self.chunk = ChunkSize {
            bytes: chunk.len(),
            planes: item,
            count,
        };
        let varying = varying_planes(self.instructions, chunk, item);
        // Libdeflate needs all planes. Nothing before a constant plane can be repeated after it if that plane is
        // longer than the window.
        let needs_all = chunk.len() <= SMALL_CHUNK || count < WINDOW;
        let gathered = if needs_all { all_planes(item) } else { varying };
        let planes = Planes {
            item,
            count,
            varying,
            gathered,
        };
        let (elements, tail) = chunk.split_at(count * item);
        let shuffled = if item == 1 {
            chunk
        } else {
            let shuffled = reserved(buffer, planes.length() + tail.len())?;
            gather_planes(self.instructions, elements, item, gathered, shuffled);
            shuffled[planes.length()..].copy_from_slice(tail);
            shuffled
        };
        planes.divide(&chunk[..item], shuffled, &mut self.sections);
        self.look(shuffled);
        match choose(&self.survey, chunk.len(), count) {
            Choice::Planes { irregular } => self.irregular = irregular,
            Choice::Libdeflate if needs_all => {
                return self.libdeflate.compress(shuffled, target);
            }
            Choice::Libdeflate => return self.encode_as_a_whole(chunk, item, buffer, target),
        }

        let length = match self.write_stream(shuffled, tail, target) {
            Err(EncodeError::TargetTooSmall)
                if self.chunk.may_be_compared(&self.survey, target.len()) =>
            {
                self.length_of_stream(shuffled, tail, chunk.len())?
            }
            written => written?,
        };
        if self.savings.are_large(length) {
            let mut other = std::mem::take(&mut self.other);
            let compressed = match reserved(&mut other, length - 1) {
                Ok(stream) if needs_all => self.libdeflate.compress(shuffled, stream),
                Ok(stream) => self.encode_as_a_whole(chunk, item, buffer, stream),
                Err(error) => Err(error),
            };
            let smaller = match compressed {
                Ok(smaller) => Some(copy_to_start(&other[..smaller], target)),
                Err(EncodeError::TargetTooSmall) => None,
                Err(error) => Some(Err(error)),
            };
            self.other = other;
            if let Some(result) = smaller {
                return result;
            }
        }
        if length <= target.len() {
            Ok(length)
        } else {
            Err(EncodeError::TargetTooSmall)
        }
    }

    /// Returns the length that the stream of this crate has where there is room for it.
    fn length_of_stream(
        &mut self,
        shuffled: &[u8],
        tail: &[u8],
        size: usize,
    ) -> Result<usize, EncodeError> {
        let mut other = std::mem::take(&mut self.other);
        let written = reserved(&mut other, bound(size))
            .and_then(|stream| self.write_stream(shuffled, tail, stream));
        self.other = other;
        written
    }

    /// Writes the stream of this crate, and remembers what libdeflate may save of it.
    fn write_stream(
        &mut self,
        shuffled: &[u8],
        tail: &[u8],
        target: &mut [u8],
    ) -> Result<usize, EncodeError> {
        self.savings = PossibleSavings::new(self.chunk);
        let mut writer = BitWriter::new(target);
        writer.put_bytes(&HEADER);
        let checksum = self.write_sections(shuffled, tail, &mut writer)?;
        writer.align();
        writer.put_bytes(&checksum.to_be_bytes());
        writer.check()?;
        Ok(writer.position())
    }

    /// Looks at all planes.
    fn look(&mut self, shuffled: &[u8]) {
        self.survey.clear();
        let mut last_history = None;
        for section in &self.sections {
            if let Section::Plane { history, range } = *section {
                if last_history != Some(history) {
                    self.planes.reset();
                    last_history = Some(history);
                }
                let start = range.start - history;
                self.planes
                    .look(&shuffled[history..range.end], start, &mut self.survey);
            }
        }
    }

    /// Writes the blocks of all sections, and of the bytes after the last whole element. Returns the checksum.
    fn write_sections(
        &mut self,
        shuffled: &[u8],
        tail: &[u8],
        writer: &mut BitWriter,
    ) -> Result<u32, EncodeError> {
        let mut adler = Adler::new();
        let mut survey = self.survey.iter().copied();
        let mut last_history = None;
        for (index, section) in self.sections.iter().enumerate() {
            let is_last = index + 1 == self.sections.len() && tail.is_empty();
            match *section {
                Section::Constant { byte, length } => {
                    adler.update_repeated(byte, length as u64);
                    self.planes
                        .write_constant(byte, length as u64, is_last, writer)?;
                }
                Section::Copy { range } => {
                    adler.update(self.instructions, &shuffled[range.start..range.end]);
                    self.planes.write_copy(range.length(), is_last, writer)?;
                    self.savings.add_copy();
                }
                Section::Plane { history, range } => {
                    if last_history != Some(history) {
                        self.planes.reset();
                        last_history = Some(history);
                    }
                    adler.update(self.instructions, &shuffled[range.start..range.end]);
                    let plane = Plane {
                        data: &shuffled[history..range.end],
                        start: range.start - history,
                        is_last,
                        irregular: self.irregular,
                    };
                    let (first, start) = (self.survey.len() - survey.len(), writer.position());
                    self.planes.write_plane(plane, &mut survey, writer)?;
                    let seen = &self.survey[first..self.survey.len() - survey.len()];
                    let written = writer.position() - start;
                    self.savings.add_plane(seen, written);
                }
            }
        }
        if !tail.is_empty() {
            adler.update(self.instructions, tail);
            write_stored(tail, true, writer);
        }
        Ok(adler.value())
    }
}

/// Returns the first `length` bytes of a buffer, which grows if it is shorter.
fn reserved(buffer: &mut Vec<u8>, length: usize) -> Result<&mut [u8], EncodeError> {
    if buffer.len() < length {
        buffer.try_reserve_exact(length - buffer.len())?;
        buffer.resize(length, 0);
    }
    Ok(&mut buffer[..length])
}

/// Copies a stream to the start of `target`, and returns its length.
fn copy_to_start(stream: &[u8], target: &mut [u8]) -> Result<usize, EncodeError> {
    let place = target.get_mut(..stream.len());
    place
        .ok_or(EncodeError::TargetTooSmall)?
        .copy_from_slice(stream);
    Ok(stream.len())
}
