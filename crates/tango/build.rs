//! Compiles the shim and finds cppTango.

#![allow(
    clippy::expect_used,
    reason = "how a build says that something is missing"
)]

use std::path::Path;
use std::{env, fs, process};

fn main() {
    println!("cargo:rerun-if-changed=shim");
    let tango = match pkg_config::Config::new()
        .atleast_version("9.3")
        .probe("tango")
    {
        Ok(tango) => tango,
        Err(error) => {
            eprintln!(
                "crate `tango` needs cppTango 9.3 or later with its headers (Debian: libtango-dev), \
                 and pkg-config does not find it: {error}"
            );
            process::exit(1);
        }
    };
    // A part of the library in later releases.
    let is_old = tango.version.starts_with("9.3");
    let mut includes = tango.include_paths;
    if is_old {
        let log =
            pkg_config::probe_library("log4tango").expect("log4tango comes with cppTango 9.3");
        includes.extend(log.include_paths);
    }

    let mut shim = cc::Build::new();
    shim.cpp(true).warnings(true).extra_warnings(true);
    shim.std(if is_old { "c++14" } else { "c++17" });
    for path in includes {
        // As a system directory that it is already, it would break the headers of C++ itself.
        if path != Path::new("/usr/include") {
            // Headers of a system give no warnings.
            shim.flag("-isystem").flag(path);
        }
    }
    let folder = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("shim");
    let mut sources: Vec<_> = fs::read_dir(folder)
        .expect("a folder of this crate")
        .map(|entry| entry.expect("a file of this crate").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    sources.sort();
    shim.files(sources).compile("nexus_writer_tango");
}
