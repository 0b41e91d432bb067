//! Numbers for new scans.

use std::path::Path;

use nexus::h5::{File, Result as FileResult};
use simulation::scans::{ModelStore, SimulationError};
use tracing::warn;

/// A number that no scan of a session has in `file`, neither a saved one nor one that is still to be saved.
pub async fn free_number(
    store: &ModelStore,
    session: &str,
    file: &str,
) -> Result<u64, SimulationError> {
    let published = store.last_number(session, file).await?;
    Ok(last_saved(Path::new(file)).max(published).saturating_add(1))
}

fn last_saved(file: &Path) -> u64 {
    if !file.exists() {
        return 0;
    }
    match entries(file) {
        Ok(names) => names
            .iter()
            .filter_map(|name| number(name))
            .max()
            .unwrap_or(0),
        Err(error) => {
            warn!("cannot see which scans are in {}: {error}", file.display());
            0
        }
    }
}

fn entries(file: &Path) -> FileResult<Vec<String>> {
    File::open_read(file)?.root()?.names()
}

/// The number of the scan that an entry, e.g. `12.1`, belongs to.
fn number(entry: &str) -> Option<u64> {
    entry.split_once('.')?.0.parse().ok()
}
