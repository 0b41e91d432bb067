//! The data that are encoded: generated, or from files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::KINDS;

/// The largest number of chunks of one set that are encoded.
const MAX_CHUNKS: usize = 8;

/// The number of chunks of generated data.
const GENERATED_CHUNKS: u64 = 3;

/// Chunks with elements of `item` bytes.
pub struct DataSet {
    pub name: String,
    pub item: usize,
    pub chunks: Vec<Vec<u8>>,
}

pub struct Options {
    bytes: usize,
    pub rounds: usize,
    kind: String,
    file: Option<PathBuf>,
    item: usize,
    npy: Option<PathBuf>,
    pub markdown: bool,
}

impl Options {
    pub fn from_arguments() -> Result<Options, String> {
        let mut options = Options {
            bytes: 1 << 20,
            rounds: 15,
            kind: String::new(),
            file: None,
            item: 1,
            npy: None,
            markdown: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            if name == "--markdown" {
                options.markdown = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{name} needs a value"))?;
            let number = || match value.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("{name} needs a positive number, not {value}")),
            };
            match name.as_str() {
                "--bytes" => options.bytes = number()?,
                "--rounds" => options.rounds = number()?,
                "--item" => options.item = number()?,
                "--kind" => options.kind = value,
                "--file" => options.file = Some(value.into()),
                "--npy" => options.npy = Some(value.into()),
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok(options)
    }

    pub fn data_sets(&self) -> Result<Vec<DataSet>, String> {
        if let Some(path) = &self.file {
            return Ok(vec![self.cut(path, self.item, &read(path)?)]);
        }
        if let Some(folder) = &self.npy {
            return self.arrays(folder);
        }
        let kinds = KINDS.iter().filter(|kind| kind.name.contains(&self.kind));
        Ok(kinds
            .map(|kind| DataSet {
                name: kind.name.to_owned(),
                item: kind.item,
                chunks: (0..GENERATED_CHUNKS)
                    .map(|seed| kind.chunk(self.bytes, seed))
                    .collect(),
            })
            .collect())
    }

    fn arrays(&self, folder: &Path) -> Result<Vec<DataSet>, String> {
        let failed = |error| format!("{}: {error}", folder.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "npy"));
        paths.sort();
        let set = |path: &PathBuf| {
            let file = read(path)?;
            let (item, elements) = parse_npy(&file)
                .ok_or_else(|| format!("{}: no array of numbers", path.display()))?;
            Ok(self.cut(path, item, elements))
        };
        paths.iter().map(set).collect()
    }

    /// Cuts elements into chunks. If there are many, chunks are taken from everywhere in the file.
    fn cut(&self, path: &Path, item: usize, elements: &[u8]) -> DataSet {
        let bytes = (self.bytes / item).max(1) * item;
        let chunks: Vec<_> = elements.chunks(bytes).collect();
        let step = chunks.len().div_ceil(MAX_CHUNKS).max(1);
        let stem = path.file_stem().unwrap_or_default();
        DataSet {
            name: stem.to_string_lossy().into_owned(),
            item,
            chunks: chunks
                .iter()
                .step_by(step)
                .map(|chunk| chunk.to_vec())
                .collect(),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Returns the size of the elements of a .npy file, and these.
fn parse_npy(file: &[u8]) -> Option<(usize, &[u8])> {
    let rest = file.strip_prefix(b"\x93NUMPY")?;
    let (start, length) = match rest {
        [1, _, low, high, ..] => (4, usize::from(u16::from_le_bytes([*low, *high]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return None,
    };
    let header = std::str::from_utf8(rest.get(start..start + length)?).ok()?;
    // Such as {'descr': '<f8', 'fortran_order': False, 'shape': (3,), }.
    let descr = header.split("'descr': '").nth(1)?.split('\'').next()?;
    let item = descr
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()?;
    Some((item, &rest[start + length..]))
}
