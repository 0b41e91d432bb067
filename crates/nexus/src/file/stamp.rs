//! What a writer notes about itself at the root of a file.

use chrono::Local;

use crate::h5;
use crate::tree::Value;

/// `HDF5_Version` and `file_time` if they are absent, `file_update_time` always.
pub(super) fn stamp(root: &h5::Group) -> h5::Result<()> {
    // ISO 8601 with offset, as `datetime.isoformat` of Python writes it.
    let now = Local::now().format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
    if !root.has_attribute("HDF5_Version")? {
        root.set_attribute("HDF5_Version", &Value::text(h5::version()?))?;
    }
    if !root.has_attribute("file_time")? {
        root.set_attribute("file_time", &Value::text(now.as_str()))?;
    }
    root.set_attribute("file_update_time", &Value::text(now))
}
