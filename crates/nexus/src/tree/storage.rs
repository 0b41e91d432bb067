//! How the data of a stream are to be stored.

use std::str::FromStr;

/// A place for a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Name of the stream.
    pub name: String,
    /// How its data are stored.
    pub storage: StreamStorage,
}

impl From<String> for Stream {
    /// A stream stored in whatever way suits its data.
    fn from(name: String) -> Stream {
        Stream {
            name,
            storage: StreamStorage::Automatic,
        }
    }
}

impl From<&str> for Stream {
    fn from(name: &str) -> Stream {
        Stream::from(name.to_owned())
    }
}

/// How the storage of a stream's dataset is decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamStorage {
    /// The writer, by what comes and how fast.
    #[default]
    Automatic,
    /// The scan, before there are any data: extent, chunks and filters are what blisswriter 2.0.0
    /// makes of these figures.
    Declared(DeclaredStorage),
}

/// The layout of a stream's dataset as a scan declares it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclaredStorage {
    /// Extent of the scan in the dataset, before the dimensions of a point: one length for a growing
    /// list of points (0 if it is not known), several for a grid at full size whose first dimension
    /// may grow, none for one value.
    pub scan: Vec<u64>,
    /// What decides about chunks and filters.
    pub chunks: ChunkOptions,
}

/// What decides about chunks and filters, with the names and defaults of the `chunk_options` of
/// BLISS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkOptions {
    /// Bytes of a chunk, at most.
    pub chunk_nbytes: u64,
    /// Into how many parts a dimension is divided that does not fit.
    pub chunk_split: u64,
    /// Bytes of a dataset, as expected, above which it is compressed.
    pub compression_limit_nbytes: u64,
    /// How it is compressed then.
    pub scheme: CompressionScheme,
}

impl Default for ChunkOptions {
    fn default() -> ChunkOptions {
        ChunkOptions {
            chunk_nbytes: 1 << 20,
            chunk_split: 4,
            compression_limit_nbytes: 1 << 20,
            scheme: CompressionScheme::default(),
        }
    }
}

/// The filters of a dataset that is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompressionScheme {
    /// None.
    None,
    /// Deflate.
    Gzip,
    /// Shuffled bytes, not compressed.
    ByteShuffle,
    /// Shuffled bytes, then deflate.
    #[default]
    GzipByteShuffle,
    /// Shuffled bits, not compressed.
    BitShuffle,
    /// Shuffled bits with LZ4.
    Lz4BitShuffle,
}

/// A text that is no [`CompressionScheme`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown HDF5 compression '{0}'")]
pub struct UnknownCompression(pub String);

impl FromStr for CompressionScheme {
    type Err = UnknownCompression;

    /// Reads the names that BLISS has for schemes, in upper or lower case.
    fn from_str(text: &str) -> Result<CompressionScheme, UnknownCompression> {
        match text.to_lowercase().as_str() {
            "none" => Ok(CompressionScheme::None),
            "gzip" => Ok(CompressionScheme::Gzip),
            "byteshuffle" => Ok(CompressionScheme::ByteShuffle),
            "gzip-byteshuffle" => Ok(CompressionScheme::GzipByteShuffle),
            "bitshuffle" => Ok(CompressionScheme::BitShuffle),
            "lz4-bitshuffle" => Ok(CompressionScheme::Lz4BitShuffle),
            _ => Err(UnknownCompression(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_have_names() {
        assert_eq!(
            "Gzip-ByteShuffle".parse(),
            Ok(CompressionScheme::GzipByteShuffle)
        );
        assert_eq!(
            "LZ4-BITSHUFFLE".parse(),
            Ok(CompressionScheme::Lz4BitShuffle)
        );
        assert_eq!("none".parse(), Ok(CompressionScheme::None));
        let error = "".parse::<CompressionScheme>().unwrap_err();
        assert_eq!(error.to_string(), "unknown HDF5 compression ''");
        let error = "Blosc".parse::<CompressionScheme>().unwrap_err();
        assert_eq!(error.to_string(), "unknown HDF5 compression 'Blosc'");
    }
}
