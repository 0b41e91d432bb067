//! The resources of the process, of which `resource_profiling` asks for a log line.

use std::fs;
use std::io;

use tracing::info;

use super::session_service::SessionService;

/// Logs how many subscribers there are, and the resources of the process.
pub fn log(service: &SessionService) {
    let device = service.name();
    let subscribers = service.records().running() + usize::from(service.run().is_some());
    info!(device, "subscribers: {subscribers}");
    match line() {
        Ok(line) => info!(device, "{line}"),
        Err(error) => info!(device, "the system does not report what is used: {error}"),
    }
}

/// Returns the resources of the process: `12 threads, 5 sockets, 20 fds, 31MB MEM`.
///
/// # Errors
/// Fails if the system does not report them.
fn line() -> io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let (mut files, mut sockets) = (0, 0);
    for file in fs::read_dir("/proc/self/fd")? {
        files += 1;
        // A file that was closed meanwhile has no target.
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
