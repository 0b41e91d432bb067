//! Where Redis is installed.

use std::path::{Path, PathBuf};

use super::{PrivateRedisError, RedisModules};

const SERVER: &str = "NEXUS_WRITER_REDIS_SERVER";
const MODULES: &str = "NEXUS_WRITER_REDIS_MODULES";
/// JSON before search, which uses it.
const NEEDED: [&str; 2] = ["rejson.so", "redisearch.so"];

/// Where Redis Stack and Redis 8 put themselves, outside of `PATH`.
const PROGRAM_FOLDERS: [&str; 2] = ["/opt/redis-stack/bin", "/usr/local/bin"];
const MODULE_FOLDERS: [&str; 5] = [
    "/opt/redis-stack/lib",
    "/usr/lib/redis/modules",
    "/usr/local/lib/redis/modules",
    "/usr/lib64/redis/modules",
    "/usr/lib/x86_64-linux-gnu/redis",
];

pub(super) fn server() -> Result<PathBuf, PrivateRedisError> {
    if let Some(program) = std::env::var_os(SERVER) {
        let program = PathBuf::from(program);
        return if program.is_file() {
            Ok(std::path::absolute(&program).unwrap_or(program))
        } else {
            Err(PrivateRedisError::NoServer {
                looked_for: program.display().to_string(),
            })
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(PROGRAM_FOLDERS.map(PathBuf::from));
    first_file(folders, "redis-server").ok_or_else(|| PrivateRedisError::NoServer {
        looked_for: "redis-server in PATH".to_owned(),
    })
}

pub(super) fn modules(wanted: &RedisModules) -> Result<Vec<PathBuf>, PrivateRedisError> {
    if *wanted == RedisModules::None {
        return Ok(Vec::new());
    }
    let folders: Vec<PathBuf> = match std::env::var_os(MODULES) {
        Some(folder) => vec![folder.into()],
        None => MODULE_FOLDERS.map(PathBuf::from).into(),
    };
    let find = |module| {
        first_file(folders.iter(), module).ok_or_else(|| PrivateRedisError::NoModule {
            module,
            looked_in: folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    };
    NEEDED.into_iter().map(find).collect()
}

fn first_file(folders: impl IntoIterator<Item = impl AsRef<Path>>, name: &str) -> Option<PathBuf> {
    folders
        .into_iter()
        .map(|folder| folder.as_ref().join(name))
        .find(|file| file.is_file())
        // The server runs in a directory of its own.
        .map(|file| std::path::absolute(&file).unwrap_or(file))
}
