//! The nexus-writer command.
