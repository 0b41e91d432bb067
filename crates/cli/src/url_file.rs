//! A file with the URL of Redis, for passwords that are neither in the environment nor in the configuration.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use redis_client::{RedisUrl, UrlError};

/// Largest number of bytes that are read.
const MAX_BYTES: u64 = 1 << 16;

/// The bits of permissions that let any user of the machine read, write or execute a file.
const OTHERS: u32 = 0o007;

/// Why a file tells no URL.
#[derive(Debug, thiserror::Error)]
pub enum UrlFileError {
    /// The file cannot be read.
    #[error("the file of the redis URL, {}, cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The password in the file is no secret.
    #[error("every user can read {}, the file of the redis URL: its mode should be 0600", path.display())]
    Public {
        /// The file.
        path: PathBuf,
    },
    /// There is something else in the file.
    #[error("the file of the redis URL, {}: {source}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: UrlError,
    },
}

/// Reads the URL in a file, which only its owner and group may read.
///
/// # Errors
/// If the file cannot be read, if others may read it, or if it has no URL.
pub fn read(path: &Path) -> Result<RedisUrl, UrlFileError> {
    let unreadable = |source| UrlFileError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(UrlFileError::Public {
            path: path.to_owned(),
        });
    }
    let mut text = String::new();
    let mut limited = file.take(MAX_BYTES);
    limited.read_to_string(&mut text).map_err(unreadable)?;
    text.trim().parse().map_err(|source| UrlFileError::Wrong {
        path: path.to_owned(),
        source,
    })
}
