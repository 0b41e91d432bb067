//! The attributes with which a writer stamps the root group of a file.

use std::path::Path;

use chrono::Local;

use crate::h5;
use crate::tree::Value;

/// Writes the stamp of blisswriter 2.0.0, in its order, if the root has no class.
pub(super) fn stamp_nexus(
    root: &h5::Group,
    path: &Path,
    more: &[(String, Value)],
) -> h5::Result<()> {
    if root.has_attribute("NX_class")? {
        return Ok(());
    }
    let own = [
        ("NX_class", "NXroot".to_owned()),
        ("file_time", current_time()),
        ("file_name", path.display().to_string()),
        ("HDF5_Version", h5::version()?),
        // Readers may expect the attribute, but the file was not written by h5py.
        ("h5py_version", "none".to_owned()),
    ];
    for (name, text) in own {
        root.set_attribute(name, &Value::text(text))?;
    }
    for (name, value) in more {
        root.set_attribute(name, value)?;
    }
    Ok(())
}

/// Writes `HDF5_Version` and `file_time` if they are missing, and always writes `file_update_time`.
pub(super) fn stamp(root: &h5::Group) -> h5::Result<()> {
    let now = current_time();
    if !root.has_attribute("HDF5_Version")? {
        root.set_attribute("HDF5_Version", &Value::text(h5::version()?))?;
    }
    if !root.has_attribute("file_time")? {
        root.set_attribute("file_time", &Value::text(now.as_str()))?;
    }
    root.set_attribute("file_update_time", &Value::text(now))
}

/// Returns the current time in ISO 8601 format with an offset, as `datetime.isoformat` of Python does.
pub fn current_time() -> String {
    Local::now().format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}
