//! Where unread points are kept that Redis is about to drop.

use std::path::PathBuf;

use clap::Args as Group;
use writer::options::{SPOOL_MEGABYTES, SpoolOptions};

/// Where unread points are kept, and how many.
#[derive(Group, Clone)]
pub struct Spool {
    /// Directory for unread points that Redis is about to drop [default: spool in $STATE_DIRECTORY, else
    /// ~/.local/state/nexus-writer/spool]
    #[arg(long, env = "NEXUS_WRITER_SPOOL_DIRECTORY", value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Largest size in MB of that directory; 0 to lose the points instead
    #[arg(
        long,
        alias = "spool_size",
        env = "NEXUS_WRITER_SPOOL_SIZE_MB",
        default_value_t = SPOOL_MEGABYTES,
        value_name = "MB"
    )]
    spool_size: u64,
}

impl Spool {
    /// Returns the same for the writer.
    pub fn options(&self, megabyte: u64) -> SpoolOptions {
        SpoolOptions {
            path: self.spool.clone(),
            size: self.spool_size.saturating_mul(megabyte),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::MEGABYTE;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        spool: Spool,
    }

    #[test]
    fn a_spool_has_a_place_and_a_size() {
        let typed = |arguments: &[&str]| {
            let typed = std::iter::once(&"writer").chain(arguments);
            let spool = Typed::try_parse_from(typed).unwrap().spool;
            spool.options(MEGABYTE)
        };
        assert_eq!(typed(&[]), SpoolOptions::default());
        let expected = SpoolOptions {
            path: Some("/data/spool".into()),
            size: 5_000_000,
        };
        assert_eq!(typed(&["--spool=/data/spool", "--spool-size=5"]), expected);
        assert_eq!(typed(&["--spool=/data/spool", "--spool_size=5"]), expected);
        assert_eq!(typed(&["--spool-size=0"]), SpoolOptions::none());
    }
}
