//! Devices: what type they are, and what that makes of the names of their channels.
