//! What Linux tells about this process.

use std::fs;
use std::io;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// What Linux tells about this process.
#[derive(Debug)]
pub struct ProcessFigures {
    /// Seconds of processor time.
    pub cpu_seconds: f64,
    /// Bytes in memory.
    pub resident_memory: u64,
    /// Bytes of address space.
    pub virtual_memory: u64,
    /// Open files and sockets.
    pub open_files: usize,
    /// Files and sockets that may be open.
    pub max_files: u64,
    /// Threads.
    pub threads: u64,
    /// When it was started, in seconds since 1970.
    pub start_time: f64,
}

impl ProcessFigures {
    /// Reads the figures.
    ///
    /// # Errors
    /// If `/proc` cannot be read, or is not as proc(5) describes it.
    pub fn read() -> io::Result<ProcessFigures> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        // The name of the program, in parentheses, may contain anything. What follows begins with field 3.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let field = |number: usize| {
            let field = fields.get(number - 3).and_then(|field| field.parse().ok());
            field.ok_or_else(|| unexpected("/proc/self/stat"))
        };
        let ticks = clock_ticks_per_second() as f64;
        let (user, system, start): (u64, u64, u64) = (field(14)?, field(15)?, field(22)?);
        Ok(ProcessFigures {
            cpu_seconds: (user + system) as f64 / ticks,
            threads: field(20)?,
            start_time: boot_time()? + start as f64 / ticks,
            virtual_memory: field(23)?,
            resident_memory: field(24)? * page_size() as u64,
            open_files: fs::read_dir("/proc/self/fd")?.count(),
            max_files: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        })
    }
}

/// Returns when the computer was started, in seconds since 1970.
fn boot_time() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let time = stat.lines().find_map(|line| line.strip_prefix("btime "));
    let time = time.and_then(|time| time.trim().parse().ok());
    time.ok_or_else(|| unexpected("/proc/stat"))
}

fn unexpected(file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unexpected {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_this_process() {
        let figures = ProcessFigures::read().unwrap();
        assert!(figures.threads >= 1 && figures.open_files >= 3);
        assert!(figures.max_files >= figures.open_files as u64);
        assert!(figures.virtual_memory > figures.resident_memory);
        assert!(figures.resident_memory > 1 << 20);
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(figures.start_time < now.as_secs_f64() + 1.0);
        assert!(figures.start_time > now.as_secs_f64() - 86_400.0);
        let files: Vec<_> = (0..10)
            .map(|_| fs::File::open("/proc/stat").unwrap())
            .collect();
        let more = ProcessFigures::read().unwrap();
        assert!(more.open_files >= files.len());
    }
}
