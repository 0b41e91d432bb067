//! The real peers of the tests: a private Redis and Python programs.
