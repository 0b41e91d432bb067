//! Which scans to simulate.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use simulation::scans::{ImageSize, ScanKind};

/// Which scans to simulate.
#[derive(Args, Clone)]
#[command(next_help_heading = "Simulation options")]
pub struct SimulationArgs {
    /// Data model in which the scans are published: blissdata (BLISS 2) or node (BLISS 1.11)
    #[arg(long, value_enum, default_value = "blissdata")]
    pub model: SimulatedModel,
    /// Kind of scan
    #[arg(long, value_enum, default_value = "1d")]
    pub kind: ScanKindArg,
    /// Scans, one after the other
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub scans: u64,
    /// Points per scan
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub points: u64,
    /// Scalar counters beside the positioners and detectors of the kind
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub channels: usize,
    /// MCAs or cameras, for the kinds that have them
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub detectors: usize,
    /// Channels of a spectrum
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=65536))]
    pub mca_size: u64,
    /// Pixels of an image
    #[arg(long, default_value = "120x160", value_name = "HEIGHTxWIDTH")]
    pub image_size: ImageSize,
    /// Points per second; 0 for as fast as possible
    #[arg(long, default_value_t = 20.0, value_name = "HZ", value_parser = rate)]
    pub rate: f64,
    /// Points per message
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: u64,
    /// File that the scans ask to be saved in
    #[arg(long, default_value = "simulated.h5")]
    pub file: PathBuf,
    /// Session that the scans belong to
    #[arg(long, default_value = "demo", value_name = "NAME")]
    pub session: String,
    /// Number of the first scan; by default one more than the last scan of the file
    #[arg(long, value_name = "N")]
    pub first: Option<u64>,
    /// Seed of the noise: the same gives the same data
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
}

/// In which data model scans are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SimulatedModel {
    /// As BLISS 2 does
    Blissdata,
    /// As BLISS 1.11 does, in data base 1 unless the URL names another
    Node,
}

/// What is scanned, and with which detectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanKindArg {
    /// One motor, counters
    #[value(name = "1d")]
    Line,
    /// Two motors on a grid, counters
    Mesh,
    /// One motor, counters, MCA spectra
    Mca,
    /// One motor, counters, small images
    Image,
}

impl From<ScanKindArg> for ScanKind {
    fn from(kind: ScanKindArg) -> ScanKind {
        match kind {
            ScanKindArg::Line => ScanKind::Line,
            ScanKindArg::Mesh => ScanKind::Mesh,
            ScanKindArg::Mca => ScanKind::Mca,
            ScanKindArg::Image => ScanKind::Image,
        }
    }
}

/// A number of points per second.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1e9).contains(&rate) => Ok(rate),
        _ => Err("not a number from 0 to 1e9".to_owned()),
    }
}
