//! `check` and `tree` of files that refer to other files, to themselves, or to what is no file.

use std::path::Path;

use crate::fixture::{nexus_writer, run};

/// Creates files with h5py in a directory. `MAIN` is the file to look at.
const FILES: &str = "
import os, sys, h5py, numpy
os.chdir(sys.argv[1])
os.mkfifo('pipe.h5')
with h5py.File('frames.h5', 'w') as file:
    file['good'] = numpy.zeros((4, 6, 8), 'u2')
    file['more'] = numpy.zeros((9, 6, 8), 'u2')
    file['other order'] = numpy.zeros((4, 6, 8), '>u2')
    file['few'] = numpy.zeros((2, 6, 8), 'u2')
    file['small'] = numpy.zeros((4, 3, 4), 'u2')
    file['float'] = numpy.zeros((4, 6, 8), 'f4')
    file.create_group('group')
with h5py.File('main.h5', 'w') as file:
    def refer(name, source, dataset, **selection):
        layout = h5py.VirtualLayout((4, 6, 8), dtype='u2')
        layout[:] = h5py.VirtualSource(source, dataset, shape=(4, 6, 8))
        file.create_virtual_dataset(name, layout)
    for name in ('good', 'more', 'other order', 'few', 'small', 'float', 'group', 'missing'):
        refer(name, 'frames.h5', name)
    layout = h5py.VirtualLayout((2, 6, 8), dtype='u2')
    layout[:] = h5py.VirtualSource('frames.h5', 'good', shape=(4, 6, 8))[2:4]
    file.create_virtual_dataset('part', layout)
    refer('pipe', 'pipe.h5', 'data')
    refer('self', '.', 'self')
    refer('self by name', 'main.h5', '/self by name')
    file.create_dataset('raw pipe', shape=(4,), dtype='i4', external=[('pipe.h5', 0, 16)])
    file['link to pipe'] = h5py.ExternalLink('pipe.h5', '/data')
    group = file.create_group('circle')
    group['hard'] = group
    group['soft'] = h5py.SoftLink('/circle')
    file['first'] = h5py.SoftLink('/second')
    file['second'] = h5py.SoftLink('/first')
";

fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut python = testing::python();
    testing::output(python.args(["-c", FILES]).arg(folder.path()));
    folder
}

fn output(command: &str, file: &Path) -> String {
    let (_, text, errors) = run(nexus_writer([command]).arg(file));
    format!("{text}{errors}")
}

#[test]
fn sources_of_other_shapes_and_types_are_found() {
    let folder = files();
    let report = output("check", &folder.path().join("main.h5"));
    let problems: Vec<&str> = report
        .lines()
        .filter_map(|line| line.trim().strip_prefix("problem  "))
        .collect();
    let place = folder.path().canonicalize().unwrap();
    let pipe = place.join("pipe.h5");
    let pipe = pipe.display();
    let expected = [
        "/few: lacks a part of its data: few in frames.h5 has the shape [2, 6, 8], [4, 6, 8] is needed"
            .to_owned(),
        "/first: leads nowhere: there is no /second".to_owned(),
        "/float: lacks a part of its data: float in frames.h5 has the type float32, uint16 is declared"
            .to_owned(),
        "/group: lacks a part of its data: group in frames.h5 is no dataset".to_owned(),
        format!("/link to pipe: leads nowhere: {pipe} cannot be read: not a regular file"),
        format!(
            "/missing: lacks a part of its data: {} has no missing",
            place.join("frames.h5").display()
        ),
        format!("/pipe: lacks a part of its data: {pipe} cannot be read: not a regular file"),
        format!("/raw pipe: lacks a part of its data: {pipe} has 0 bytes only"),
        "/second: leads nowhere: there is no /first".to_owned(),
        "/self: lacks a part of its data: it is a part of itself".to_owned(),
        "/self by name: lacks a part of its data: it is a part of itself".to_owned(),
        "/small: lacks a part of its data: small in frames.h5 has the shape [4, 3, 4], [4, 6, 8] is needed"
            .to_owned(),
    ];
    assert_eq!(problems, expected, "{report}");
}

#[test]
fn circles_and_pipes_are_printed() {
    let folder = files();
    let tree = output("tree", &folder.path().join("main.h5"));
    for line in [
        "hard  → a group that contains this one",
        "soft  → /circle",
        "first  → /second  (dangling)",
        "pipe  uint16 [4, 6, 8]  in 1 datasets of other files",
        "raw pipe  int32 [4]  in 1 raw files",
    ] {
        assert!(tree.contains(line), "{line}: {tree}");
    }
}

#[test]
fn a_pipe_is_not_opened() {
    let folder = files();
    let pipe = folder.path().join("pipe.h5");
    for command in ["tree", "check"] {
        let text = output(command, &pipe);
        assert!(text.contains("not a regular file"), "{text}");
    }
}
