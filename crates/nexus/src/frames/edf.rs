//! Finds the frames in an EDF file.
//!
//! An EDF file (ESRF data format, as Lima and FabIO write it) is a series of blocks. Each block consists
//! of a header of texts between braces and the bytes of one frame.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::FrameError;
use crate::tree::{ByteOrder, ElementType};

/// The number of bytes of a header that are read at a time.
const BLOCK: usize = 1 << 10;
/// The largest size of a header in bytes. A file without the end of a header is not an EDF file.
const LONGEST_HEADER: usize = 1 << 20;

/// An EDF file that is read from its start to its end.
pub(super) struct EdfFile {
    file: File,
    length: u64,
    /// The offset of the next header.
    next: u64,
    /// The index of the next frame.
    row: u64,
    /// The fields of a general block at the start of the file, which apply to all frames.
    general: Header,
}

/// One complete, uncompressed frame in an EDF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EdfFrame {
    /// The offset of the first byte.
    pub offset: u64,
    /// The number of bytes.
    pub size: u64,
    /// The type of a pixel.
    pub element: ElementType,
    /// The shape of the frame, with the slowest dimension first.
    pub shape: Vec<u64>,
}

/// The values of the fields of a header, by their names in upper case.
type Header = HashMap<String, String>;

impl EdfFile {
    pub fn open(path: &str) -> Result<EdfFile, FrameError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut mark = [0; 2];
        let read = file.read_at(&mut mark, 0)?;
        if read == 2 && mark == [0x1f, 0x8b] {
            return Err(FrameError::Compressed(
                "the file is compressed with gzip".to_owned(),
            ));
        }
        Ok(EdfFile {
            file,
            length,
            next: 0,
            row: 0,
            general: Header::new(),
        })
    }

    /// Skips to the frame of index `row`, which must not have been read before, and reads its header.
    pub fn frame(&mut self, row: u64) -> Result<EdfFrame, FrameError> {
        loop {
            let (header, offset) = self.header()?;
            if header.contains_key("EDF_DATAFORMATVERSION") {
                self.next = end_of(offset, number(&header, "EDF_BINARYSIZE")?.unwrap_or(0))?;
                self.general = header;
                continue;
            }
            let frame = self.parse(&header, offset)?;
            let size = match number(&header, "EDF_BINARYSIZE")? {
                None => number(&header, "SIZE")?,
                size => size,
            };
            let size = size.unwrap_or(frame.size);
            if size < frame.size {
                return Err(header_error("a frame larger than its room"));
            }
            if end_of(frame.offset, frame.size)? > self.length {
                return Err(FrameError::Short);
            }
            self.next = end_of(offset, size)?;
            self.row += 1;
            if self.row > row {
                return Ok(frame);
            }
        }
    }

    /// Returns the bytes of a frame.
    pub fn read(&self, frame: &EdfFrame) -> Result<Vec<u8>, FrameError> {
        let size = usize::try_from(frame.size).map_err(|_| FrameError::Short)?;
        let mut bytes = vec![0; size];
        self.file.read_exact_at(&mut bytes, frame.offset)?;
        Ok(bytes)
    }

    /// Returns the next header, and the offset of its data.
    fn header(&self) -> Result<(Header, u64), FrameError> {
        let mut text = Vec::new();
        loop {
            let before = text.len();
            text.resize(before + BLOCK, 0);
            let at = end_of(self.next, before as u64)?;
            let read = self.file.read_at(&mut text[before..], at);
            text.truncate(before + read?);
            let begin = text.iter().position(|byte| !byte.is_ascii_whitespace());
            match begin {
                Some(begin) if text[begin] != b'{' => {
                    return Err(header_error("a header does not begin with a brace"));
                }
                Some(begin) => {
                    // The end of the header may lie across two blocks.
                    let from = before.saturating_sub(2).max(begin);
                    if let Some((end, data)) = header_end(&text, from) {
                        let header = fields(&text[begin + 1..end]);
                        return Ok((header, end_of(self.next, data as u64)?));
                    }
                }
                None => {}
            }
            if text.len() == before {
                return Err(FrameError::Short);
            }
            if text.len() > LONGEST_HEADER {
                return Err(header_error("a header has no end"));
            }
        }
    }

    fn parse(&self, header: &Header, offset: u64) -> Result<EdfFrame, FrameError> {
        let field = |name: &str| header.get(name).or_else(|| self.general.get(name));
        if let Some(compression) = field("COMPRESSION")
            && !compression.to_ascii_uppercase().starts_with("NO")
        {
            return Err(FrameError::Compressed(compression.clone()));
        }
        if field("EDF_BINARYFILENAME").is_some() {
            return Err(header_error("the frame is in another file"));
        }
        let order = match field("BYTEORDER") {
            Some(order) if order.contains("High") => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        let element = field("DATATYPE").and_then(|name| element(name, order));
        let element = element.ok_or_else(|| header_error("a data type that is not known"))?;
        let mut shape = Vec::new();
        while let Some(length) = number(header, &format!("DIM_{}", shape.len() + 1))? {
            shape.push(length);
        }
        shape.reverse();
        let item = element.size().unwrap_or(0) as u64;
        let size = shape
            .iter()
            .try_fold(item, |size, length| size.checked_mul(*length))
            .ok_or_else(|| header_error("a block larger than any file"))?;
        Ok(EdfFrame {
            offset,
            size,
            element,
            shape,
        })
    }
}

/// Returns the index of the brace that ends a header, and the index after the end of its line.
fn header_end(text: &[u8], from: usize) -> Option<(usize, usize)> {
    (from..text.len()).find_map(|at| match &text[at..] {
        [b'}', b'\n', ..] => Some((at, at + 2)),
        [b'}', b'\r', b'\n', ..] => Some((at, at + 3)),
        _ => None,
    })
}

/// Returns the offset of the end of a part of a file that begins at `offset`.
fn end_of(offset: u64, size: u64) -> Result<u64, FrameError> {
    offset
        .checked_add(size)
        .filter(|end| i64::try_from(*end).is_ok())
        .ok_or_else(|| header_error("a block larger than any file"))
}

fn header_error(problem: &str) -> FrameError {
    FrameError::Header(problem.to_owned())
}

fn fields(text: &[u8]) -> Header {
    let blank = |c: char| c.is_whitespace() || c == '\0';
    String::from_utf8_lossy(text)
        .split(';')
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let name = name.trim_matches(blank).to_uppercase();
            (name, value.trim_matches(blank).to_owned())
        })
        .collect()
}

fn number(header: &Header, name: &str) -> Result<Option<u64>, FrameError> {
    let parse = |text: &String| text.parse().map_err(|_| header_error("no number"));
    header.get(name).map(parse).transpose()
}

fn element(name: &str, order: ByteOrder) -> Option<ElementType> {
    Some(match name {
        "SignedByte" | "Signed8" => ElementType::Int(1, ByteOrder::Little),
        "UnsignedByte" | "Unsigned8" => ElementType::Uint(1, ByteOrder::Little),
        "SignedShort" | "Signed16" => ElementType::Int(2, order),
        "UnsignedShort" | "Unsigned16" | "UnsignedShortInteger" => ElementType::Uint(2, order),
        // A long integer has 4 bytes on all machines.
        "SignedInteger" | "Signed32" | "SignedLong" => ElementType::Int(4, order),
        "UnsignedInteger" | "Unsigned32" | "UnsignedLong" => ElementType::Uint(4, order),
        "Signed64" => ElementType::Int(8, order),
        "Unsigned64" => ElementType::Uint(8, order),
        "FloatValue" | "FLOATVALUE" | "FLOAT" | "Float" | "FloatIEEE32" | "Float32" => {
            ElementType::Float(4, order)
        }
        "Double" | "DoubleValue" | "FloatIEEE64" | "DoubleIEEE64" => ElementType::Float(8, order),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn open(file: &tempfile::NamedTempFile) -> EdfFile {
        EdfFile::open(file.path().to_str().unwrap()).unwrap()
    }

    fn header(text: &str) -> Vec<u8> {
        format!("{{\n{text}\n}}\n").into_bytes()
    }

    #[test]
    fn headers_of_any_length_are_skipped() {
        let mut bytes = Vec::new();
        // The end of one of these headers lies across two blocks.
        for (row, padding) in [0, BLOCK - 55, 3 * BLOCK].into_iter().enumerate() {
            let fields = "dim_1 = 2;Dim_2 =3 ; DataType=UnsignedByte;Size = 8;x = ";
            let text = format!("{fields}{};", "x".repeat(padding));
            bytes.extend(header(&text));
            bytes.extend([row as u8; 8]);
        }
        let file = file(&bytes);
        for row in 0..3 {
            let mut edf = open(&file);
            let frame = edf.frame(row).unwrap();
            assert_eq!((frame.size, &frame.shape[..]), (6, &[3, 2][..]));
            assert_eq!(edf.read(&frame).unwrap(), [row as u8; 6]);
        }
        let mut edf = open(&file);
        assert_eq!(edf.frame(2).unwrap().offset as usize, bytes.len() - 8);
        assert!(matches!(edf.frame(3), Err(FrameError::Short)));
    }

    #[test]
    fn fields_of_a_general_block_apply_to_all_frames() {
        let mut bytes =
            header("EDF_DataFormatVersion = 2.40; EDF_BinarySize = 3; ByteOrder = HighByteFirst;");
        bytes.extend([0; 3]);
        bytes.extend(b"\r\n{ DataType = SignedInteger; Dim_1 = 1 ;}\r\n\x00\x00\x00\x07");
        let file = file(&bytes);
        let mut edf = open(&file);
        let frame = edf.frame(0).unwrap();
        assert_eq!(frame.element, ElementType::Int(4, ByteOrder::Big));
        assert_eq!(edf.read(&frame).unwrap(), [0, 0, 0, 7]);
    }

    #[test]
    fn unfinished_files_are_short_and_others_wrong() {
        let whole = header("DataType = Float; Dim_1 = 2; Dim_2 = 1;");
        let cut = [&whole[..], &[0; 7]].concat();
        let long = [b"{".to_vec(), vec![b' '; LONGEST_HEADER + 1]].concat();
        let compressed = header("Compression = GZIP; DataType = Float; Dim_1 = 2;");
        let unknown = header("DataType = FloatIEEE128; Dim_1 = 2;");
        let small = header("DataType = Float; Dim_1 = 2; Size = 4;");
        for (bytes, is_temporary, text) in [
            (&b""[..], true, "ends before"),
            (b"\n\n", true, "ends before"),
            (&whole[..10], true, "ends before"),
            (&cut, true, "ends before"),
            (b"II*\0", false, "brace"),
            (&long, false, "no end"),
            (&compressed, false, "compressed (GZIP)"),
            (&unknown, false, "data type"),
            (&small, false, "larger than its room"),
            (b"{\nDataType = Float; Dim_1 = x;}\n", false, "no number"),
        ] {
            let error = open(&file(bytes)).frame(0).unwrap_err();
            assert_eq!(error.is_temporary(), is_temporary, "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        let missing = EdfFile::open("/nowhere/a.edf").err().unwrap();
        assert!(missing.is_temporary());
        let gzip = EdfFile::open(file(&[0x1f, 0x8b, 8]).path().to_str().unwrap());
        assert!(matches!(gzip.err(), Some(FrameError::Compressed(_))));
    }
}
