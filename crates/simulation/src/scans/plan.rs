//! What to simulate.

use std::fmt;
use std::str::FromStr;

use super::motor::{Motor, grid};

/// What is scanned, and with which detectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanKind {
    /// One motor, counters.
    Line,
    /// Two motors on a grid, counters.
    Mesh,
    /// One motor, counters, MCA spectra.
    Mca,
    /// One motor, counters, small images.
    Image,
}

/// Height and width of an image, as `HEIGHTxWIDTH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// Rows of pixels.
    pub height: u64,
    /// Pixels of a row.
    pub width: u64,
}

/// One scan to simulate.
#[derive(Debug, Clone)]
pub struct ScanPlan {
    /// What is scanned.
    pub kind: ScanKind,
    /// Number of the scan in its file.
    pub number: u64,
    /// Points of each channel.
    pub points: u64,
    /// Scalar counters.
    pub counters: usize,
    /// MCAs or cameras, if the kind has them.
    pub detectors: usize,
    /// Channels of a spectrum.
    pub mca_size: u64,
    /// Pixels of an image.
    pub image_size: ImageSize,
    /// Points per second; 0 for as fast as possible.
    pub rate: f64,
    /// Points of one message.
    pub batch: u64,
    /// Absolute path of the file that the scan asks to be saved in.
    pub file: String,
    /// Session that the scan belongs to.
    pub session: String,
    /// Other seeds give other noise.
    pub seed: u64,
}

impl ScanPlan {
    /// The motors that move, the fastest first.
    pub(super) fn motors(&self) -> Vec<Motor> {
        match self.kind {
            ScanKind::Mesh => {
                let (fast, slow) = grid(self.points);
                vec![
                    Motor::new("samy", "mm", (-1.0, 1.0), fast, 1),
                    Motor::new("samz", "mm", (0.0, 3.0), slow, fast),
                ]
            }
            ScanKind::Image => vec![Motor::new("omega", "deg", (0.0, 180.0), self.points, 1)],
            ScanKind::Line | ScanKind::Mca => {
                vec![Motor::new("samy", "mm", (-1.0, 1.0), self.points, 1)]
            }
        }
    }

    /// Seconds from one point to the next: BLISS's count time.
    pub fn count_time(&self) -> f64 {
        if self.rate > 0.0 {
            1.0 / self.rate
        } else {
            0.001
        }
    }

    /// The BLISS command that makes such scans.
    pub fn command(&self) -> &'static str {
        match self.kind {
            ScanKind::Mesh => "amesh",
            _ => "ascan",
        }
    }

    /// The command line that the user of BLISS would have typed.
    pub fn title(&self) -> String {
        let mut title = self.command().to_owned();
        for motor in self.motors() {
            let intervals = motor.points.saturating_sub(1);
            title += &format!(" {} {} {} {intervals}", motor.name, motor.start, motor.stop);
        }
        // Microseconds are all that a timer can do.
        let count_time = (self.count_time() * 1e6).round() / 1e6;
        format!("{title} {count_time}")
    }

    /// Name of the scan's entry in the file.
    pub fn entry(&self) -> String {
        format!("{}.1", self.number)
    }

    /// Entry, command and detectors in a few words.
    pub fn name(&self) -> String {
        let detectors = match self.kind {
            ScanKind::Line | ScanKind::Mesh => "",
            ScanKind::Mca => ", spectra",
            ScanKind::Image => ", images",
        };
        format!("{} {}{detectors}", self.entry(), self.command())
    }

    /// Bytes of the largest message.
    pub fn message_size(&self) -> u64 {
        let point = match self.kind {
            ScanKind::Line | ScanKind::Mesh => 8,
            ScanKind::Mca => 4u64.saturating_mul(self.mca_size),
            ScanKind::Image => {
                let ImageSize { height, width } = self.image_size;
                height.saturating_mul(width).saturating_mul(2)
            }
        };
        point.saturating_mul(self.batch.min(self.points))
    }
}

impl FromStr for ImageSize {
    type Err = String;

    fn from_str(text: &str) -> Result<ImageSize, String> {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=16384).contains(side));
        let sides = text.split_once('x');
        match sides.map(|(height, width)| (side(height), side(width))) {
            Some((Some(height), Some(width))) => Ok(ImageSize { height, width }),
            _ => Err("not a size like 120x160 (height x width)".to_owned()),
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_sizes_are_read_as_they_are_written() {
        let size = ImageSize {
            height: 120,
            width: 160,
        };
        assert_eq!(size.to_string().parse(), Ok(size));
        for wrong in ["", "120", "x", "0x1", "1x-1", "120X160", "1x16385", "1x2x3"] {
            assert!(wrong.parse::<ImageSize>().is_err(), "{wrong}");
        }
    }
}
