//! The side of a device that Tango knows.

/// A device in the server: its name, its properties, and the events that it sends. Clones are the
/// same device.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(crate) id: u64,
    pub(crate) name: String,
}

impl Handle {
    /// Name of the device: `domain/family/member`.
    pub fn name(&self) -> &str {
        &self.name
    }
}
