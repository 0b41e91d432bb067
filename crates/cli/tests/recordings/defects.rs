//! Validators reject files with defects.

use std::collections::BTreeSet;

use testing::problems_after;

/// Changes of a good file, and the validators that must reject it then.
const DEFECTS: &[(&str, &[&str])] = &[
    ("pass", &[]),
    ("h5.attrs['default'] = '9.9'", &["punx", "silx", "walk"]),
    (
        "h5['1.1'].attrs['default'] = 'x'",
        &["punx", "silx", "walk"],
    ),
    ("del h5['1.1'].attrs['default']", &["silx", "walk"]),
    (
        "del h5['1.1/plotselect'].attrs['signal']",
        &["punx", "nxcheck", "silx", "walk"],
    ),
    (
        "h5['1.1/plotselect'].attrs['signal'] = 'x'",
        &["punx", "silx", "walk"],
    ),
    (
        "del h5['1.1/plotselect/roby']; h5['1.1/plotselect/roby'] = [1.0, 2.0, 3.0]",
        &["nxcheck", "silx", "walk"],
    ),
    (
        "h5['1.1/plotselect'].attrs['auxiliary_signals'] = ['x']",
        &["silx", "walk"],
    ),
    ("h5['1.1/x'] = h5py.SoftLink('/1.1/y')", &["punx", "walk"]),
    (
        "h5['2.1'] = h5py.ExternalLink('x.h5', '/1.1')",
        &["punx", "walk"],
    ),
    (
        "h5['1.1/instrument'].attrs['NX_class'] = 'NXtool'",
        &["punx", "nxcheck"],
    ),
    (
        "del h5['1.1/instrument/diode'].attrs['NX_class']",
        &["nxcheck", "walk"],
    ),
    ("del h5['1.1'].attrs['NX_class']", &["punx", "walk"]),
    (
        "h5['1.1/instrument/roby/value'].attrs['units'] = 1",
        &["walk"],
    ),
    ("del h5['1.1/end_time']", &["walk"]),
    ("del h5['1.1/writer/status']", &["walk"]),
    (
        "del h5['1.1/end_time']; h5['1.1/end_time'] = 'now'",
        &["walk"],
    ),
    (
        "del h5['1.1/start_time']; h5['1.1/start_time'] = '2026-11-23T01:24:03'",
        &["walk"],
    ),
    (
        "del h5['1.1/title']; h5['1.1/title'] = ['a', 'b']",
        &["walk"],
    ),
    (
        "del h5['1.1/title']; h5['1.1/title'] = numpy.bytes_('a')",
        &["walk"],
    ),
    (
        r"del h5['1.1/title']; h5.create_dataset('1.1/title', data=b'\xe9', dtype=h5py.string_dtype())",
        &["walk"],
    ),
    (
        "h5['1.1/instrument/name'].attrs['short_name'] = numpy.bytes_('a')",
        &["walk"],
    ),
    (
        "h5.create_dataset('1.1/instrument/e', (2,), 'f8', external=[('x.edf', 0, 16)])",
        &["walk"],
    ),
];

/// Changes of a file that refers to images.
const LOST_FRAMES: &[(&str, &[&str])] = &[
    ("pass", &[]),
    (
        "import os; os.remove(os.path.dirname(h5.filename) + '/scan0001/mockcam_0001.h5')",
        &["walk"],
    ),
    (
        "import os; h5py.File(os.path.dirname(h5.filename) + '/scan0001/mockcam_0001.h5', 'w').close()",
        &["walk"],
    ),
];

#[test]
fn defects_are_refused() {
    assert_refused("ascan", DEFECTS);
}

#[test]
fn lost_frames_are_refused() {
    assert_refused("lima_hdf5", LOST_FRAMES);
}

fn assert_refused(recording: &str, defects: &[(&str, &[&str])]) {
    let changes: Vec<_> = defects.iter().map(|(change, _)| *change).collect();
    for ((change, expected), found) in defects.iter().zip(problems_after(recording, &changes)) {
        let checks: BTreeSet<_> = found.iter().map(|one| one.check.as_str()).collect();
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        assert_eq!(checks, expected, "{change}: {found:?}");
    }
}
