//! A process that has used up its descriptors. The limit is that of the process, so no other test is here.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::os::fd::AsRawFd;

use nexus::file::FilePool;
use observation::{Classified, ErrorOrigin, with_causes};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn too_many_open_files_are_reported_as_that() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let pool = FilePool::default();
    pool.open(&at("old.h5")).unwrap().close().unwrap();
    File::create(at("empty.h5")).unwrap();

    let usual = getrlimit(Resource::Nofile);
    // Descriptors are numbered from the lowest that is free.
    let free = File::open(directory.path()).unwrap().as_raw_fd();
    let used_up = Rlimit {
        current: Some(u64::try_from(free).unwrap()),
        ..usual
    };
    let names = ["new.h5", "empty.h5", "old.h5"];
    setrlimit(Resource::Nofile, used_up).unwrap();
    let refused = names.map(|name| pool.open(&at(name)).map(drop));
    setrlimit(Resource::Nofile, usual).unwrap();

    for (name, refused) in names.iter().zip(refused) {
        let error = refused.unwrap_err();
        let expected = format!(
            "cannot open '{}': Too many open files (os error 24)",
            at(name).display()
        );
        assert_eq!(with_causes(&error), expected);
        assert_eq!(error.origin(), ErrorOrigin::Environment);
    }
    // Nothing stays broken.
    for name in names {
        pool.open(&at(name)).unwrap().close().unwrap();
    }
}
