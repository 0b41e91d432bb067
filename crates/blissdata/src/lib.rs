//! BLISS scans in Redis: follow them, read their streams, publish them.
