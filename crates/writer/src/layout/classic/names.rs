//! Names: short ones for channels, and what may stand in a file.
