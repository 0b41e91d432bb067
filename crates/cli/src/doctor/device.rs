//! Whether the Tango device of the session is registered, runs, and can save scans.

#[cfg(feature = "tango")]
mod registered;

use super::finding::Finding;
use super::installation::Installation;
use super::scan_saving::{ScanSaving, ScanSavingError};

const DATABASE: &str = "Tango database";
const DEVICE: &str = "Tango device";

/// Looks for the device of the session. BLISS needs one unless it asks for a writer without device.
#[cfg(feature = "tango")]
pub async fn check(
    installation: &Installation,
    saving: &Result<ScanSaving, ScanSavingError>,
) -> Vec<Finding> {
    use super::data_writer::{MAPPING, NEXUS};
    let data_writer = saving.as_ref().ok();
    let data_writer = data_writer.and_then(|saving| saving.data_writer.as_deref());
    // Each of these classes is looked for.
    let classes: &'static [&'static str] = match data_writer {
        Some(NEXUS) => &["NexusWriter"],
        Some(MAPPING) => &["BlissWriter"],
        Some(_) => &[],
        None => &["NexusWriter", "BlissWriter"],
    };
    registered::check(installation, classes, data_writer.is_some()).await
}

/// Says that nothing is known of devices.
#[cfg(not(feature = "tango"))]
#[expect(clippy::unused_async, reason = "other builds wait for Tango")]
pub async fn check(
    _installation: &Installation,
    _saving: &Result<ScanSaving, ScanSavingError>,
) -> Vec<Finding> {
    let skip = |check| Finding::skipped(check, "this program was built without Tango");
    vec![skip(DATABASE), skip(DEVICE)]
}
