//! Names of files that may be opened.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One file, or the files of a folder whose names differ by a number only: those of a detector, of which there may be
/// thousands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNames {
    /// The folder.
    pub folder: PathBuf,
    /// What the names begin with.
    pub prefix: String,
    /// The numbers that follow, if any do.
    pub numbers: Option<Numbers>,
    /// What the names end with.
    pub suffix: String,
}

/// The numbers in the names of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The first one.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// The fewest digits: smaller numbers have zeros in front.
    pub digits: usize,
}

impl FileNames {
    /// Returns the name of one file. Returns `None` if the path has no name, or one that is no text.
    pub fn of(file: &Path) -> Option<FileNames> {
        Some(FileNames {
            folder: file.parent()?.to_owned(),
            prefix: file.file_name()?.to_str()?.to_owned(),
            numbers: None,
            suffix: String::new(),
        })
    }

    /// Returns `true` if this is one of the names, without the folder.
    pub fn include(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.prefix.as_str());
        let Some(middle) = rest.and_then(|rest| rest.strip_suffix(self.suffix.as_str())) else {
            return false;
        };
        let Some(numbers) = &self.numbers else {
            return middle.is_empty();
        };
        if !middle.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let Ok(number) = middle.parse::<u64>() else {
            return false;
        };
        let digits = numbers.digits;
        (numbers.first..=numbers.last).contains(&number) && format!("{number:0digits$}") == middle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_itself_only() {
        let names = FileNames::of(Path::new("/data/scan.h5")).unwrap();
        assert_eq!(names.folder, Path::new("/data"));
        assert!(names.include("scan.h5"));
        for other in ["", "scan.h5.journal", "scan", "../scan.h5", "xscan.h5"] {
            assert!(!names.include(other), "{other}");
        }
        assert_eq!(FileNames::of(Path::new("/")), None);
        assert_eq!(FileNames::of(Path::new("/data/..")), None);
    }

    #[test]
    fn numbers_have_to_be_written_as_the_detector_does() {
        let names = FileNames {
            folder: "/data".into(),
            prefix: "basler_".to_owned(),
            numbers: Some(Numbers {
                first: 3,
                last: 12_000,
                digits: 4,
            }),
            suffix: ".h5".to_owned(),
        };
        for own in ["basler_0003.h5", "basler_0120.h5", "basler_12000.h5"] {
            assert!(names.include(own), "{own}");
        }
        for other in [
            "basler_0002.h5",
            "basler_3.h5",
            "basler_00003.h5",
            "basler_12001.h5",
            "basler_.h5",
            "basler_+003.h5",
            "basler_0003.h5.h5",
            "basler_99999999999999999999999.h5",
            "basler_0.h5",
        ] {
            assert!(!names.include(other), "{other}");
        }
    }
}
