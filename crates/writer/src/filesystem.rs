//! Checks whether a scan may write into a file.
//!
//! The rules and limits are those of `blisswriter` 3.0.0: an absolute path, a directory that exists or can be
//! created, permission to write, and free space on the disk.

mod probe;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use hub::BlockingInGreenlet;
use observation::{Classified, ErrorKind, ErrorOrigin};
use rustix::fs::{Access, access, statvfs};

use probe::FsProbe;

/// The megabyte in which `blisswriter` 2.0.0 counts disk space.
pub const MEBIBYTE: u64 = 1 << 20;

/// How much free space a disk must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes that are necessary to start a scan.
    pub required: u64,
    /// Bytes below which users are warned.
    pub recommended: u64,
}

impl Default for DiskSpace {
    /// The limits of `blisswriter` 3.0.0: 200 MB and 1 GB.
    fn default() -> DiskSpace {
        DiskSpace {
            required: 200_000_000,
            recommended: 1_000_000_000,
        }
    }
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A relative path depends on where the writer was started.
    #[error("scan path must be absolute, but it is not: {0}")]
    Relative(PathBuf),
    /// A parent is not a directory.
    #[error("not a directory: {0}")]
    NotADirectory(PathBuf),
    /// The path exists but is not a regular file.
    #[error("not a regular file: {0}")]
    NotAFile(PathBuf),
    /// We have no permission to write into the directory or the file.
    #[error("writer has no write permission: {0}")]
    NoPermission(PathBuf),
    /// The disk has less free space than required.
    #[error("not enough space to safely start a scan: {} free for {path}, {} required", size(*free), size(*required))]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// Bytes that we may still write.
        free: u64,
        /// Bytes required.
        required: u64,
    },
    /// Another error of the system.
    #[error("cannot prepare {path}")]
    System {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

impl Classified for PathError {
    fn kind(&self) -> ErrorKind {
        match self {
            PathError::NoSpace { .. } => ErrorKind::DiskFull,
            PathError::System { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
                _ => ErrorKind::Permission,
            },
            PathError::Relative(_)
            | PathError::NotADirectory(_)
            | PathError::NotAFile(_)
            | PathError::NoPermission(_) => ErrorKind::Permission,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            PathError::Relative(_) => ErrorOrigin::User,
            PathError::NotADirectory(_)
            | PathError::NotAFile(_)
            | PathError::NoPermission(_)
            | PathError::NoSpace { .. }
            | PathError::System { .. } => ErrorOrigin::Environment,
        }
    }
}

/// Creates the directories of `path`, and checks that a file may be written there: there are permission and
/// at least `required` bytes of free space. Returns the bytes of free space.
///
/// # Errors
/// If the file cannot be written.
pub fn prepare_path(path: &Path, required: u64) -> Result<u64, PathError> {
    if !path.is_absolute() {
        return Err(PathError::Relative(path.to_owned()));
    }
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).map_err(|source| classify(path, directory, source))?;
    let checked = match fs::metadata(path) {
        Ok(file) if !file.is_file() => return Err(PathError::NotAFile(path.to_owned())),
        Ok(_) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => directory,
        Err(source) => return Err(classify(path, directory, source)),
    };
    access(checked, Access::WRITE_OK).map_err(|error| classify(path, directory, error.into()))?;
    let free = free_space(directory).map_err(|source| PathError::System {
        path: path.to_owned(),
        source,
    })?;
    has_room(path, free, required)
}

fn has_room(path: &Path, free: u64, required: u64) -> Result<u64, PathError> {
    if free < required {
        return Err(PathError::NoSpace {
            path: path.to_owned(),
            free,
            required,
        });
    }
    Ok(free)
}

/// Returns the bytes that an ordinary user may still write in `directory`.
///
/// # Errors
/// If the directory does not exist, or the file system does not answer the query.
pub fn free_space(directory: &Path) -> io::Result<u64> {
    let space = statvfs(directory)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Calls [`prepare_path`]. Returns `None` if the file system does not answer soon.
pub async fn prepare_path_soon(path: &Path, required: u64) -> Option<Result<u64, Arc<PathError>>> {
    let prepared = PREPARED.probe(path).await?;
    Some(prepared.and_then(|free| has_room(path, free, required).map_err(Arc::new)))
}

/// Returns the bytes that an ordinary user may still write in the directory of `path`, which need not exist,
/// or `None` if the file system does not answer soon. Callers treat one that hangs as having free space.
pub async fn free_space_soon(path: &Path) -> Option<u64> {
    FREE_SPACE.probe(path).await.flatten()
}

/// The room on a mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountSpace {
    /// Where it is mounted.
    pub mount_point: PathBuf,
    /// Bytes that an ordinary user may still write.
    pub free: u64,
}

/// Returns the room on the file system of a path, which need not exist, or `None` if the file system does not answer soon.
pub async fn mount_space_soon(path: &Path) -> Option<MountSpace> {
    MOUNT_SPACE.probe(path).await.flatten()
}

/// [`free_space_soon`] for plain threads.
///
/// # Errors
/// In a greenlet.
pub fn free_space_soon_blocking(path: &Path) -> Result<Option<u64>, BlockingInGreenlet> {
    Ok(FREE_SPACE.probe_blocking(path)?.flatten())
}

/// Returns `true` if the file can be written or created, and `None` if the file system does not answer soon.
pub async fn writable_soon(path: &Path) -> Option<bool> {
    WRITABLE.probe(path).await
}

/// [`writable_soon`] for plain threads.
///
/// # Errors
/// In a greenlet.
pub fn writable_soon_blocking(path: &Path) -> Result<Option<bool>, BlockingInGreenlet> {
    WRITABLE.probe_blocking(path)
}

/// Returns the text that clients of `blisswriter` 2.0.0 expect when there is less free space than a limit.
pub fn too_little_space(limit: u64) -> String {
    format!(
        "Free disk space below {:.0} MB",
        limit as f64 / MEBIBYTE as f64
    )
}

static PREPARED: LazyLock<FsProbe<Result<u64, Arc<PathError>>>> =
    LazyLock::new(|| FsProbe::new("directory", |path| prepare_path(path, 0).map_err(Arc::new)));

static FREE_SPACE: LazyLock<FsProbe<Option<u64>>> = LazyLock::new(|| {
    FsProbe::new("disk space", |path| {
        let (there, is_directory) = nearest_existing(path).ok()?;
        let directory = if is_directory { there } else { there.parent()? };
        free_space(directory).ok()
    })
});

static MOUNT_SPACE: LazyLock<FsProbe<Option<MountSpace>>> = LazyLock::new(|| {
    FsProbe::new("disk space", |path| {
        let (there, _) = nearest_existing(path).ok()?;
        let there = fs::canonicalize(there).ok()?;
        let device = fs::metadata(&there).ok()?.dev();
        let is_same = |path: &&Path| fs::metadata(path).is_ok_and(|found| found.dev() == device);
        let mount_point = there.ancestors().take_while(is_same).last()?;
        Some(MountSpace {
            mount_point: mount_point.to_owned(),
            free: free_space(mount_point).ok()?,
        })
    })
});

static WRITABLE: LazyLock<FsProbe<bool>> = LazyLock::new(|| {
    FsProbe::new("permission", |path| {
        let Ok((there, is_directory)) = nearest_existing(path) else {
            return false;
        };
        let is_file = there == path;
        let needed = match is_directory {
            true => Access::WRITE_OK | Access::EXEC_OK,
            false => Access::WRITE_OK,
        };
        is_file != is_directory && access(there, needed).is_ok()
    })
});

/// Returns the path itself or its nearest parent that exists, and whether that is a directory.
fn nearest_existing(path: &Path) -> io::Result<(&Path, bool)> {
    let missing = |error: &io::Error| {
        let kind = error.kind();
        kind == io::ErrorKind::NotFound || kind == io::ErrorKind::NotADirectory
    };
    let mut problem = io::Error::from(io::ErrorKind::NotFound);
    for there in path.ancestors() {
        match fs::metadata(there) {
            Ok(found) => return Ok((there, found.is_dir())),
            Err(error) if missing(&error) => problem = error,
            Err(error) => return Err(error),
        }
    }
    Err(problem)
}

fn classify(path: &Path, directory: &Path, source: io::Error) -> PathError {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            PathError::NoPermission(path.to_owned())
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            PathError::NotADirectory(directory.to_owned())
        }
        _ => PathError::System {
            path: path.to_owned(),
            source,
        },
    }
}

/// Formats a size with a decimal unit, such as `1.50 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.995 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.2} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        let shown = [0, 999, 1000, 1_500_000, 999_999_999, u64::MAX].map(size);
        assert_eq!(
            shown,
            ["0 B", "999 B", "1.00 kB", "1.50 MB", "1.00 GB", "18.45 EB"]
        );
    }

    #[test]
    fn bad_paths_are_distinguished() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        let problem = |path: &Path, required| prepare_path(path, required).unwrap_err();
        assert!(matches!(
            problem(Path::new("a.h5"), 0),
            PathError::Relative(_)
        ));
        assert!(matches!(
            problem(&file.join("a.h5"), 0),
            PathError::NotADirectory(_)
        ));
        assert!(matches!(problem(folder.path(), 0), PathError::NotAFile(_)));
        let deep = folder.path().join("a/b/c.h5");
        assert!(matches!(
            problem(&deep, u64::MAX),
            PathError::NoSpace { .. }
        ));
        assert!(prepare_path(&deep, 1).unwrap() > 1);
        assert!(matches!(
            problem(Path::new("/proc/a/b.h5"), 0),
            PathError::System { .. }
        ));
    }

    #[test]
    fn checks_in_greenlets_have_the_same_results() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c.h5");
        hub::Hub::new().unwrap().run(async {
            let refused = prepare_path_soon(Path::new("a.h5"), 0).await.unwrap();
            assert!(matches!(*refused.unwrap_err(), PathError::Relative(_)));
            let full = prepare_path_soon(&deep, u64::MAX).await.unwrap();
            assert!(matches!(*full.unwrap_err(), PathError::NoSpace { .. }));
            assert!(prepare_path_soon(&deep, 1).await.unwrap().unwrap() > 1);
            assert!(deep.parent().unwrap().is_dir());
        });
    }
}
