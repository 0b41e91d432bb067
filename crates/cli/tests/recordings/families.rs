//! Recordings that are tested together because they have the same subject.

use std::collections::BTreeSet;
use std::path::Path;

use testing::{Recording, Replay};

/// Recordings of which the same description is compared, saved with the same options.
pub struct Family {
    pub recordings: &'static [&'static str],
    pub golden: &'static str,
}

macro_rules! families {
    ($(($test:ident, $golden:literal, [$($name:ident),* $(,)?])),* $(,)?) => {
        pub const FAMILIES: &[Family] = &[$(Family {
            recordings: &[$(stringify!($name)),*],
            golden: $golden,
        }),*];

        mod saved {
            $(#[test] fn $test() {
                crate::save::save(&[$(stringify!($name)),*], $golden);
            })*
        }

        mod followed {
            $(#[test] fn $test() {
                crate::follow::follow(&[$(stringify!($name)),*], $golden);
            })*
        }
    };
}

families!(
    (
        motors,
        "golden",
        [
            ascan, dscan, pointscan, lookupscan, soft_axis, calc_motor, alias
        ]
    ),
    (
        meshes,
        "golden",
        [amesh, amesh_aborted, amesh_spectra, anmesh]
    ),
    (counts, "golden", [loopscan, timescan, sct, sct_spectrum]),
    (
        counters,
        "golden",
        [
            sampling_modes,
            integrating,
            conversion_units,
            odd_names,
            same_names
        ]
    ),
    (
        spectra,
        "golden",
        [spectra, spectra_big, variable_length, variable_rows]
    ),
    (types, "golden", [types, types_bool, types_complex]),
    (
        storage,
        "golden",
        [
            chunk_nbytes,
            chunk_split,
            compression_byteshuffle,
            compression_lz4_bitshuffle,
            compression_none,
        ]
    ),
    (speed, "golden", [fast, blocks, unequal_channels]),
    (
        endings,
        "golden",
        [
            aborted_ascan,
            failure,
            no_data,
            not_prepared,
            empty_scans,
            save_false,
            duplicate_scan,
        ]
    ),
    (
        files,
        "golden",
        [
            several_scans,
            parallel,
            separate_scan_files,
            esrf_policy_simple,
            metadata_simple
        ]
    ),
    (sequences, "golden", [group, group_files]),
    (
        detectors,
        "golden",
        [
            lima2,
            lima_aborted,
            lima_acquisitions,
            lima_edf,
            lima_hdf5,
            lima_mesh,
            lima_notsaved,
            lima_regions,
            lima_single,
            separate_lima,
        ]
    ),
    (
        spectral_detectors,
        "golden",
        [mca_steps, mosca_steps, mythen_steps]
    ),
    (
        triggered,
        "golden",
        [
            lima_triggered,
            lines_triggered,
            mosca_triggered,
            triggered_aborted
        ]
    ),
    (
        filtered,
        "golden",
        [autofilter, autofilter_detectors, autofilter_first]
    ),
    (
        tango,
        "golden",
        [amesh_nexus, ascan_nexus, loopscan_nexus, spectra_nexus]
    ),
    (
        keepshape,
        "golden_keepshape",
        [amesh, amesh_spectra, anmesh, lima_mesh, lines_triggered]
    ),
    (
        multivalue_positioners,
        "golden_multivalue_positioners",
        [amesh, loopscan, mosca_triggered]
    ),
    (noconfig, "golden_noconfig", [ascan, sampling_modes]),
    (
        disable_external_hdf5,
        "golden_disable_external_hdf5",
        [lima2, lima_hdf5]
    ),
    (
        enable_external_nonhdf5,
        "golden_enable_external_nonhdf5",
        [lima_edf]
    ),
    (copy_hdf5, "golden_copy", [lima_hdf5]),
    (copy_edf, "golden_copy", [lima_edf]),
);

#[test]
fn no_recording_is_forgotten() {
    let mut recorded = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testing/recordings/bliss2");
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            for file in entry.path().read_dir().unwrap().map(Result::unwrap) {
                if let Some(golden) = file.file_name().to_str().unwrap().strip_suffix(".json.gz") {
                    recorded.insert((entry.file_name().into_string().unwrap(), golden.to_owned()));
                }
            }
        }
    }
    let pairs = |name: &str, golden: &str| (name.to_owned(), golden.to_owned());
    let indexed: BTreeSet<_> = Recording::all()
        .iter()
        .flat_map(|one| one.golden.keys().map(|golden| pairs(&one.name, golden)))
        .collect();
    let tested: BTreeSet<_> = FAMILIES
        .iter()
        .flat_map(|family| {
            family
                .recordings
                .iter()
                .map(|name| pairs(name, family.golden))
        })
        .collect();
    assert_eq!(indexed, recorded);
    assert_eq!(tested, recorded);
}

/// Panics with the differences, if there are any.
pub fn assert_equal(replay: &Replay, golden: &str, log: &str) {
    let differences = replay.differences(golden);
    let list: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{golden}:\n{}\n{log}", list.join("\n"));
}

/// Returns the flags of the writer, which must be the same for all of these recordings, and the name of the
/// writer that the scans ask for.
pub fn options(names: &[&str], golden: &str) -> (Vec<String>, String) {
    let recordings: Vec<_> = names.iter().map(|name| Recording::named(name)).collect();
    let mut options = recordings
        .iter()
        .map(|one| (one.golden[golden].clone(), one.data_writer.clone()));
    let first = options.next().unwrap();
    assert!(
        options.all(|other| other == first),
        "{names:?} have other options"
    );
    first
}
