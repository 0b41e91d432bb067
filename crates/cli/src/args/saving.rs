//! What a user can choose about the saving of scans.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use writer::filesystem::DiskSpace;
use writer::layout::LayoutChoice;
use writer::options::{DataWriterFilter, PARK_AFTER, RETRY_TIME, SaveOptions, SpoolOptions};
use writer::source::ModelChoice;

use super::{Files, Memory, Model, Spool};
use crate::commands::Writing;

/// The megabyte of `blisswriter run` 3.0.0.
pub const MEGABYTE: u64 = 1_000_000;
pub use writer::filesystem::MEBIBYTE;

/// What the profiler of `blisswriter` 2.0.0 is called by.
const PROFILES: [&str; 10] = [
    "OFF", "CPU30", "CPU50", "CPU100", "WALL30", "WALL50", "WALL100", "MEM30", "MEM50", "MEM100",
];

/// How scans are saved: what a Tango device can have of its own.
#[derive(Group, Clone)]
#[command(next_help_heading = "Saving options")]
pub struct ScanSaving {
    /// Layout of the file; auto: the one that the scan asks for
    #[arg(
        long,
        env = "NEXUS_WRITER_SAVING_LAYOUT",
        default_value = "auto",
        value_parser = layouts()
    )]
    layout: LayoutChoice,
    /// Datasets of grid scans have the shape of the grid, instead of one row of points
    #[arg(long, env = "NEXUS_WRITER_SAVING_KEEPSHAPE")]
    keepshape: bool,
    /// Positioners of one device share a group
    #[arg(
        long,
        alias = "multivalue_positioners",
        env = "NEXUS_WRITER_SAVING_MULTIVALUE_POSITIONERS"
    )]
    multivalue_positioners: bool,
    /// Refer to images in files other than HDF5 by a dataset of raw data
    #[arg(
        long,
        alias = "enable_external_nonhdf5",
        env = "NEXUS_WRITER_SAVING_ENABLE_EXTERNAL_NONHDF5"
    )]
    enable_external_nonhdf5: bool,
    /// Do not refer to images in HDF5 files by a virtual dataset
    #[arg(
        long,
        alias = "disable_external_hdf5",
        env = "NEXUS_WRITER_SAVING_DISABLE_EXTERNAL_HDF5"
    )]
    disable_external_hdf5: bool,
    /// Copy images that are not referred to, instead of listing their files
    #[arg(
        long,
        alias = "copy_non_external",
        env = "NEXUS_WRITER_SAVING_COPY_NON_EXTERNAL"
    )]
    copy_non_external: bool,
    /// Ignore what BLISS publishes for the layout (devices, instrument, master files)
    #[arg(long, env = "NEXUS_WRITER_SAVING_NOCONFIG")]
    noconfig: bool,
    /// Disk space in MB without which no scan is started; 0 for no limit
    #[arg(
        long,
        alias = "required_disk_space",
        env = "NEXUS_WRITER_SAVING_REQUIRED_DISK_SPACE_MB",
        default_value_t = 200,
        value_name = "MB",
        allow_negative_numbers = true
    )]
    required_disk_space: i64,
    /// Disk space in MB below which a scan gets a warning; 0 for no limit
    #[arg(
        long,
        alias = "recommended_disk_space",
        env = "NEXUS_WRITER_SAVING_RECOMMENDED_DISK_SPACE_MB",
        default_value_t = 1000,
        value_name = "MB",
        allow_negative_numbers = true
    )]
    recommended_disk_space: i64,
    /// Seconds for which a scan is tried again that a locked file, a full disk or the like keeps from
    /// being saved
    #[arg(
        long,
        alias = "retry_time",
        env = "NEXUS_WRITER_SAVING_RETRY_TIME_S",
        default_value_t = RETRY_TIME.as_secs(),
        value_name = "SECONDS"
    )]
    retry_time: u64,
    /// Seconds without news after which the files of a running scan are closed until there are news
    #[arg(
        long,
        alias = "park_after",
        env = "NEXUS_WRITER_SAVING_PARK_AFTER_S",
        default_value_t = PARK_AFTER.as_secs(),
        value_name = "SECONDS"
    )]
    park_after: u64,
}

/// How scans are saved.
#[derive(Group, Clone)]
#[command(next_help_heading = "Saving options")]
pub struct Saving {
    #[command(flatten)]
    scans: ScanSaving,
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    spool: Spool,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    memory: Memory,
    /// Accepted because the Python writer has it; no effect
    #[arg(
        long,
        alias = "resource_profiling",
        default_value = "OFF",
        value_name = "NAME",
        ignore_case = true,
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(PROFILES)
    )]
    resource_profiling: String,
}

/// What only a service has.
#[derive(Group, Clone)]
pub struct Service {
    /// Take scans that ask for this writer, and those that ask for none but publish their layout;
    /// `any` takes all
    #[arg(
        long,
        alias = "data_writer",
        env = "NEXUS_WRITER_SAVING_DATA_WRITER",
        default_value = "external",
        value_name = "NAME"
    )]
    pub data_writer: DataWriterFilter,
    /// File to make once scans are taken, and to remove at the end
    #[arg(
        long,
        alias = "start_semaphore_file",
        env = "NEXUS_WRITER_SAVING_START_SEMAPHORE_FILE",
        value_name = "FILE"
    )]
    pub start_semaphore_file: Option<PathBuf>,
}

fn layouts() -> impl TypedValueParser<Value = LayoutChoice> {
    PossibleValuesParser::new(LayoutChoice::names()).try_map(|name| name.parse())
}

impl ScanSaving {
    /// Returns the same for the writer.
    pub fn options(&self, megabyte: u64) -> SaveOptions {
        // As the Python writer has it, no limit is below zero.
        let bytes = |size: i64| u64::try_from(size).unwrap_or(0).saturating_mul(megabyte);
        SaveOptions {
            space: DiskSpace {
                required: bytes(self.required_disk_space),
                recommended: bytes(self.recommended_disk_space),
            },
            layout: self.layout,
            flat: !self.keepshape,
            multivalue_positioners: self.multivalue_positioners,
            allow_external_nonhdf5: self.enable_external_nonhdf5,
            allow_external_hdf5: !self.disable_external_hdf5,
            copy_non_external: self.copy_non_external,
            configurable: !self.noconfig,
            retry_time: Duration::from_secs(self.retry_time),
            park_after: Duration::from_secs(self.park_after),
        }
    }
}

impl Saving {
    /// Returns which data model Redis is taken to hold.
    pub fn model(&self) -> ModelChoice {
        self.model.choice()
    }

    /// Returns how the files of all scans are written.
    pub fn writing(&self) -> Writing {
        Writing {
            files: self.files.settings(),
            memory: self.memory.budget(),
        }
    }

    /// The same for the writer. Tells what has no effect.
    pub fn options(&self, megabyte: u64) -> SaveOptions {
        if !self.resource_profiling.eq_ignore_ascii_case("off") {
            tracing::warn!("--resource-profiling has no effect: a profiler attaches from outside");
        }
        self.scans.options(megabyte)
    }

    /// Returns where unread points are kept that Redis is about to drop.
    pub fn spool_options(&self, megabyte: u64) -> SpoolOptions {
        self.spool.options(megabyte)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        saving: Saving,
    }

    fn options(arguments: &[&str]) -> SaveOptions {
        let typed = std::iter::once(&"writer").chain(arguments);
        Typed::try_parse_from(typed)
            .unwrap()
            .saving
            .options(MEBIBYTE)
    }

    #[test]
    fn nothing_typed_is_the_usual() {
        let usual = SaveOptions {
            space: DiskSpace {
                required: 200 << 20,
                recommended: 1000 << 20,
            },
            ..SaveOptions::default()
        };
        assert_eq!(options(&[]), usual);
    }

    #[test]
    fn every_option_has_its_effect_in_both_spellings() {
        let dashed = [
            "--keepshape",
            "--multivalue-positioners",
            "--enable-external-nonhdf5",
            "--disable-external-hdf5",
            "--copy-non-external",
            "--noconfig",
            "--required-disk-space=0",
            "--recommended-disk-space=-1",
            "--layout=classic",
            "--retry-time=5",
            "--park-after=7",
            "--resource-profiling=cpu50",
        ];
        let underscored = dashed.map(|option| {
            let (name, value) = option.split_at(option.find('=').unwrap_or(option.len()));
            format!("--{}{value}", name[2..].replace('-', "_"))
        });
        let expected = SaveOptions {
            space: DiskSpace {
                required: 0,
                recommended: 0,
            },
            layout: "classic".parse().unwrap(),
            flat: false,
            multivalue_positioners: true,
            allow_external_nonhdf5: true,
            allow_external_hdf5: false,
            copy_non_external: true,
            configurable: false,
            retry_time: Duration::from_secs(5),
            park_after: Duration::from_secs(7),
        };
        assert_eq!(options(&dashed), expected);
        assert_eq!(
            options(&underscored.each_ref().map(String::as_str)),
            expected
        );
    }
}
