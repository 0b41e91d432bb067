//! Compiles the shim and finds cppTango.

#![allow(
    clippy::expect_used,
    reason = "how a build says that something is missing"
)]

use std::path::Path;
use std::{env, fs, process};

fn main() {
    println!("cargo:rerun-if-changed=shim");
    let tango = find(pkg_config::Config::new().atleast_version("9.3"), "tango");
    println!("cargo:rustc-env=TANGO_VERSION={}", tango.version);
    // Later releases contain this library.
    let is_old = tango.version.starts_with("9.3");
    let mut includes = tango.include_paths;
    if is_old {
        includes.extend(find(&mut pkg_config::Config::new(), "log4tango").include_paths);
    }

    let mut shim = cc::Build::new();
    shim.cpp(true).warnings(true).extra_warnings(true);
    shim.std(if is_old { "c++14" } else { "c++17" });
    for path in includes {
        // It is a system directory already; adding it would break the headers of C++ itself.
        if path != Path::new("/usr/include") {
            // The compiler reports no warnings in system headers.
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

fn find(search: &mut pkg_config::Config, library: &str) -> pkg_config::Library {
    search.probe(library).unwrap_or_else(|error| {
        eprintln!(
            "crate `tango` needs cppTango 9.3 or later with its headers (Debian: libtango-dev), and \
             pkg-config does not find `{library}`: {error}"
        );
        process::exit(1);
    })
}
