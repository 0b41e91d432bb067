//! What viewers of running scans may cost.

use clap::Args as Group;
use clap::builder::RangedU64ValueParser;
use web::LiveOptions;

/// The most megabytes for data of scans.
const MAX_MEGABYTES: u64 = 4096;

/// What viewers of running scans may cost.
#[derive(Group, Clone)]
pub struct Live {
    /// Memory in MB for the data of scans that viewers can ask for; 0 to keep no data
    #[arg(
        long,
        env = "NEXUS_WRITER_LIVE_MEMORY_MB",
        default_value_t = LiveOptions::MEGABYTES,
        value_parser = RangedU64ValueParser::<u64>::new().range(..=MAX_MEGABYTES),
        value_name = "MB"
    )]
    live_memory: u64,
    /// Viewers that receive at the same time what changes; the others have to ask
    #[arg(
        long,
        env = "NEXUS_WRITER_LIVE_VIEWERS",
        default_value_t = LiveOptions::VIEWERS,
        value_parser = RangedU64ValueParser::<usize>::new().range(..=LiveOptions::MAX_VIEWERS as u64),
        value_name = "NUMBER"
    )]
    live_viewers: usize,
}

impl Live {
    /// Returns the same for the service.
    pub fn options(&self) -> LiveOptions {
        LiveOptions {
            memory: usize::try_from(self.live_memory << 20).unwrap_or(usize::MAX),
            viewers: self.live_viewers,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        live: Live,
    }

    #[test]
    fn limits_are_those_that_are_typed() {
        let typed = |arguments: &[&str]| {
            let typed = std::iter::once(&"writer").chain(arguments);
            let typed = Typed::try_parse_from(typed).map(|typed| typed.live.options());
            typed.map_err(|error| error.to_string())
        };
        assert_eq!(typed(&[]), Ok(LiveOptions::default()));
        let expected = LiveOptions {
            memory: 1 << 20,
            viewers: 0,
        };
        assert_eq!(
            typed(&["--live-memory=1", "--live-viewers=0"]),
            Ok(expected)
        );
        for wrong in [
            "--live-memory=4097",
            "--live-memory=-1",
            "--live-viewers=49",
        ] {
            let refused = typed(&[wrong]).unwrap_err();
            assert!(refused.contains("invalid value"), "{refused}");
        }
    }
}
