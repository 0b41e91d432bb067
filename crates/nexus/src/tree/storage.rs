//! How the data of a stream are stored.

use std::str::FromStr;

/// The stream that fills a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The name of the stream.
    pub name: String,
    /// How the data are stored.
    pub storage: StreamStorage,
}

impl From<String> for Stream {
    /// Returns a stream whose storage the writer chooses.
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

/// How the storage of the dataset of a stream is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StreamStorage {
    /// The writer chooses chunks and filters, depending on the points and their rate.
    #[default]
    Automatic,
    /// The scan declares the storage before there are data. Extent, chunks and filters are those that
    /// blisswriter 2.0.0 derives from the declaration.
    Declared(DeclaredStorage),
}

/// The storage of the dataset of a stream as the scan declares it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclaredStorage {
    /// The shape of the scan, which precedes the dimensions of a point in the dataset. It has one length
    /// for a growing list of points (0 if the length is not known), several for a grid, which is created
    /// at full size and whose first dimension may grow, and none for a single value.
    pub scan: Vec<u64>,
    /// The options for chunks and filters.
    pub chunks: ChunkOptions,
}

/// The options for chunks and filters, with the names and defaults of the `chunk_options` of BLISS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkOptions {
    /// The largest size of a chunk in bytes.
    pub chunk_nbytes: u64,
    /// The number of parts into which a dimension is divided if the dataset is larger than a chunk.
    pub chunk_split: u64,
    /// The expected size of a dataset in bytes above which it is compressed.
    pub compression_limit_nbytes: u64,
    /// The filters of a compressed dataset.
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

/// The filters of a compressed dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompressionScheme {
    /// No filters.
    None,
    /// Deflate.
    Gzip,
    /// The shuffle filter, without compression.
    ByteShuffle,
    /// The shuffle filter, then deflate.
    #[default]
    GzipByteShuffle,
    /// The bitshuffle filter, without compression.
    BitShuffle,
    /// The bitshuffle filter with LZ4 compression.
    Lz4BitShuffle,
}

/// The error for a text that does not name a [`CompressionScheme`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown HDF5 compression '{0}'")]
pub struct UnknownCompression(pub String);

impl FromStr for CompressionScheme {
    type Err = UnknownCompression;

    /// Parses the names that BLISS uses for schemes, in upper or lower case.
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
