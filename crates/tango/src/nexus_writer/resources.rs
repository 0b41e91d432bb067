//! What the process uses: `resource_profiling` asks for a line about it.

use std::fs;
use std::io;

use tracing::info;

use super::engine::Engine;

/// Logs how many subscribers there are, and what the process uses.
pub fn log(engine: &Engine) {
    let device = engine.name();
    let subscribers = engine.records().running() + usize::from(engine.run().is_some());
    info!(device, "subscribers: {subscribers}");
    match line() {
        Ok(line) => info!(device, "{line}"),
        Err(error) => info!(device, "the system does not tell what is used: {error}"),
    }
}

/// `12 threads, 5 sockets, 20 fds, 31MB MEM`
///
/// # Errors
/// If the system does not tell.
fn line() -> io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let (mut files, mut sockets) = (0, 0);
    for file in fs::read_dir("/proc/self/fd")? {
        files += 1;
        // One that was closed meanwhile has no target.
        let target = fs::read_link(file?.path()).unwrap_or_default();
        sockets += usize::from(target.to_string_lossy().starts_with("socket:"));
    }
    let threads = number(&status, "Threads:").unwrap_or_default();
    let megabytes = number(&status, "VmRSS:").unwrap_or_default() / 1024;
    Ok(format!(
        "{threads} threads, {sockets} sockets, {files} fds, {megabytes}MB MEM"
    ))
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_uses_something() {
        let line = line().unwrap();
        let figures: Vec<u64> = line
            .split(", ")
            .map(|part| {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().unwrap()
            })
            .collect();
        let [threads, _, files, megabytes] = figures[..] else {
            panic!("{line}");
        };
        assert!(threads > 0 && files > 2 && megabytes > 0, "{line}");
    }
}
