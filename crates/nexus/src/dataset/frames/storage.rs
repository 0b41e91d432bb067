//! How an HDF5 file represents the frames that a detector saves in its own files.

/// The options for frames in files of detectors, with the names and defaults of blisswriter 2.0.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameOptions {
    /// `allow_external_hdf5`: refer to frames in HDF5 files.
    pub hdf5: bool,
    /// `allow_external_nonhdf5`: refer to frames in other files, as far as HDF5 can.
    pub non_hdf5: bool,
    /// `copy_non_external`: copy the frames that are not referred to, as far as their format is
    /// known.
    pub copy: bool,
}

impl FrameOptions {
    /// The defaults: the dataset refers to frames in HDF5 files, and lists the names of other files.
    pub const REFERRED: FrameOptions = FrameOptions {
        hdf5: true,
        non_hdf5: false,
        copy: false,
    };
}

impl Default for FrameOptions {
    fn default() -> FrameOptions {
        FrameOptions::REFERRED
    }
}

/// How a dataset represents the frames of a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameStorage {
    /// The dataset refers to the files of the detector.
    Reference(FrameReference),
    /// The dataset has copies of the frames. They are the points of a [`StreamDataset`](crate::dataset::StreamDataset).
    Copy,
}

/// How a dataset refers to the frames in the files of a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameReference {
    /// A virtual dataset over the frames in HDF5 files.
    Virtual,
    /// A dataset whose bytes lie in EDF files.
    External,
    /// A list of texts: the file name, two colons, and the index of the frame in the file.
    Names,
}

/// Returns the storage for frames in files of this format, as blisswriter 2.0.0 chooses it. Returns
/// `None` if the detector saves no files.
pub fn choose_frame_storage(format: Option<&str>, options: FrameOptions) -> Option<FrameStorage> {
    let format = format?.to_ascii_lowercase();
    Some(match format.as_str() {
        "hdf5" if options.hdf5 => FrameStorage::Reference(FrameReference::Virtual),
        "edf" if options.non_hdf5 => FrameStorage::Reference(FrameReference::External),
        "hdf5" | "edf" if options.copy => FrameStorage::Copy,
        _ => FrameStorage::Reference(FrameReference::Names),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIRTUAL: FrameStorage = FrameStorage::Reference(FrameReference::Virtual);
    const EXTERNAL: FrameStorage = FrameStorage::Reference(FrameReference::External);
    const NAMES: FrameStorage = FrameStorage::Reference(FrameReference::Names);

    #[test]
    fn formats_and_options() {
        let default = FrameOptions::default();
        let [copy, raw, none] = [
            FrameOptions {
                copy: true,
                ..default
            },
            FrameOptions {
                non_hdf5: true,
                ..default
            },
            FrameOptions {
                hdf5: false,
                ..default
            },
        ];
        let copy_all = FrameOptions { copy: true, ..none };
        for (format, options, form) in [
            ("hdf5", default, VIRTUAL),
            ("hdf5", copy, VIRTUAL),
            ("hdf5", none, NAMES),
            ("hdf5", copy_all, FrameStorage::Copy),
            ("edf", default, NAMES),
            ("edf", raw, EXTERNAL),
            ("edf", copy, FrameStorage::Copy),
            ("cbf", raw, NAMES),
            ("cbf", copy_all, NAMES),
        ] {
            assert_eq!(
                choose_frame_storage(Some(format), options),
                Some(form),
                "{format}"
            );
        }
        assert_eq!(choose_frame_storage(None, copy_all), None);
    }
}
