//! How the server of a store is.

/// What a server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerState {
    /// Whether somebody has prepared the server for scans. Nothing may be written to it before.
    pub is_initialised: bool,
    /// Memory that the server uses, in bytes.
    pub used_memory: u64,
    /// Memory that the server may use, in bytes, or `None` if there is no limit.
    pub max_memory: Option<u64>,
    /// Whether the server drops data when the limit is reached. Otherwise it refuses to take more.
    pub evicts: bool,
}
