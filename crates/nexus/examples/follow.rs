//! Prints how far a channel is while its scan is saved, and its mean at the end.
//!
//!     cargo run --package nexus --example follow -- FILE ENTRY CHANNEL

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;
use std::thread;
use std::time::Duration;

use nexus::h5::File;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, entry, channel] = arguments.as_slice() else {
        return Err("usage: follow FILE ENTRY CHANNEL".into());
    };
    follow(Path::new(name), entry, channel, &mut stdout())
}

/// Looks into the file twice per second until the scan has ended.
pub fn follow(
    file: &Path,
    entry: &str,
    channel: &str,
    output: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let channel = format!("{entry}/measurement/{channel}");
    let end_time = format!("{entry}/end_time");
    loop {
        // The scan may not have begun yet.
        if file.exists() {
            // A file that stays open does not show what comes later, so it is opened each time.
            let open = File::open_read(file)?;
            let root = open.root()?;
            let ended = root.kind(&end_time)?.is_some();
            if root.kind(&channel)?.is_some() {
                let points = root.open_dataset(&channel)?.read_numbers()?;
                writeln!(output, "{} points", points.len())?;
                if ended {
                    let sum: f64 = points.iter().sum();
                    writeln!(output, "the mean is {}", sum / points.len() as f64)?;
                }
            }
            if ended {
                return Ok(());
            }
        }
        thread::sleep(Duration::from_millis(500));
    }
}
