//! Saves BLISS scans: subscribers, scan and session writers, layouts.
