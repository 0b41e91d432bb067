//! The comparison of files finds differences.

use testing::differences_after;

/// Changes of a file, and what the comparison must find then.
const CHANGES: &[(&str, &[(&str, &str)])] = &[
    ("pass", &[]),
    ("del h5['1.1/title']", &[("MISSING", "/1.1/title")]),
    (
        "del h5['1.1/writer/data']",
        &[("MISSING", "/1.1/writer/data")],
    ),
    ("h5['1.1/more'] = 1", &[("EXTRA", "/1.1/more")]),
    (
        "h5['1.1/instrument/diode/signal'][3] += 1e-9",
        &[("VALUE", "/1.1/instrument/diode/signal")],
    ),
    (
        "h5['1.1/instrument/diode/signal'].resize((10,))",
        &[("SHAPE", "/1.1/instrument/diode/signal")],
    ),
    (
        "h5['1.1/instrument/roby'].attrs['NX_class'] = 'NXdetector'",
        &[("ATTR", "/1.1/instrument/roby@NX_class")],
    ),
    ("h5.attrs['more'] = ''", &[("ATTR", "/@more")]),
    ("del h5.attrs['creator']", &[("ATTR", "/@creator")]),
    (
        "del h5['1.1/measurement/roby']; h5['1.1/measurement/roby'] = h5py.SoftLink('../x')",
        &[("LINK", "/1.1/measurement/roby")],
    ),
    (
        "del h5['1.1/end_time']; h5['1.1/end_time'] = 'now'",
        &[("VALUE", "/1.1/end_time")],
    ),
    (
        "del h5['1.1/writer/data']; h5['1.1/writer/data'] = '{'",
        &[("VALUE", "/1.1/writer/data")],
    ),
    (
        "d = h5['1.1/instrument/roby/value']; a = d[()].astype('f4'); at = dict(d.attrs); \
         del h5['1.1/instrument/roby/value']; \
         h5.create_dataset('1.1/instrument/roby/value', data=a, chunks=(2,), maxshape=(99,), \
         compression='gzip').attrs.update(at)",
        &[
            ("VALUE", "/1.1/instrument/roby/value"),
            ("DTYPE", "/1.1/instrument/roby/value"),
            ("SHAPE", "/1.1/instrument/roby/value"),
            ("FILTER", "/1.1/instrument/roby/value"),
            ("CHUNK", "/1.1/instrument/roby/value"),
        ],
    ),
];

#[test]
fn every_change_of_a_file_is_found() {
    let changes: Vec<_> = CHANGES.iter().map(|(change, _)| *change).collect();
    for ((change, expected), found) in CHANGES.iter().zip(differences_after("ascan", &changes)) {
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.kind.as_str(), one.path.split_once("::").unwrap().1))
            .collect();
        assert_eq!(found, *expected, "{change}");
    }
}
