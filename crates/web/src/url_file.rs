//! A file that says where the service listens, for programs that did not choose the port.

use std::env;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tracing::warn;

/// The file `http.url` in the runtime directory that systemd has made for the process. It is removed when this is
/// dropped.
pub struct UrlFile(PathBuf);

impl UrlFile {
    /// Writes the file, if there is a runtime directory.
    pub fn write(address: SocketAddr) -> Option<UrlFile> {
        let directories = env::var_os("RUNTIME_DIRECTORY")?;
        // There may be several, separated by colons.
        let directory = env::split_paths(&directories).next()?;
        let file = directory.join("http.url");
        match replace(&file, &format!("http://{address}/\n")) {
            Ok(()) => Some(UrlFile(file)),
            Err(error) => {
                warn!("cannot write {}: {error}", file.display());
                None
            }
        }
    }
}

/// Readers find the old content or the new one, never a part.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}

impl Drop for UrlFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            warn!("cannot remove {}: {error}", self.0.display());
        }
    }
}
