//! The members of a group, and whether they are alive.

use std::fs;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use redis_client::Command;

/// Seconds for which a heartbeat counts: longer than Redis may be away or refuse it.
const LEASE: u64 = 60;

/// Seconds for which it is known that a member ended in order. Its scans are claimed before, if there are
/// other members.
const MARK_LIFE: u64 = 24 * 3600;

/// One writer of a group.
///
/// Its name holds the host, the boot of the host, the process and its start, so that another member
/// on the same host sees at once that it is dead. On other hosts its heartbeat has to run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    name: String,
}

impl GroupMember {
    /// Creates a member that lives in this process.
    pub fn new() -> GroupMember {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = GroupMember::process().name;
        GroupMember {
            name: format!("{process}/{number}"),
        }
    }

    /// Returns the name of this process, for what all its members share.
    pub fn process() -> GroupMember {
        let start = process_start(process::id()).unwrap_or_default();
        GroupMember {
            name: format!("{}/{}/{start}", process_space(), process::id()),
        }
    }

    /// Returns host and number of the process, for messages.
    pub fn describe(&self) -> String {
        let mut parts = self.name.split('/');
        let host = parts.next().unwrap_or_default();
        match parts.nth(2) {
            Some(pid) => format!("process {pid} on {host}"),
            None => self.name.clone(),
        }
    }

    /// The member of this name.
    pub fn named(name: &str) -> GroupMember {
        GroupMember {
            name: name.to_owned(),
        }
    }

    /// Its name, unique for all time.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the command that renews the heartbeat.
    pub fn heartbeat(&self, group: &str) -> Command {
        let command = Command::new("SET").arg(self.key(group)).arg(1);
        command.arg("EX").arg(LEASE)
    }

    /// Returns the commands that end the membership: the mark that the member ended in order, then the end of
    /// its heartbeat.
    pub fn leave(&self, group: &str) -> [Command; 2] {
        let mark = Command::new("SET").arg(self.mark_key(group)).arg(1);
        [
            mark.arg("EX").arg(MARK_LIFE),
            Command::new("DEL").arg(self.key(group)),
        ]
    }

    /// Returns the command that asks whether there is a heartbeat.
    pub fn has_heartbeat(&self, group: &str) -> Command {
        Command::new("EXISTS").arg(self.key(group))
    }

    /// Returns the command that asks whether the member ended in order.
    pub fn has_left(&self, group: &str) -> Command {
        Command::new("EXISTS").arg(self.mark_key(group))
    }

    /// Whether it is seen from here that its process has ended.
    pub fn has_ended(&self) -> bool {
        let Some(process) = self.name.strip_prefix(&format!("{}/", process_space())) else {
            return false;
        };
        let mut parts = process.split('/');
        let (pid, start) = (parts.next(), parts.next());
        match (pid.and_then(|pid| pid.parse().ok()), start) {
            // An unknown start is that of a process that could not tell it.
            (Some(pid), Some(start)) => process_start(pid).as_deref() != Some(start),
            _ => false,
        }
    }

    /// Returns `true` if its process is on this host.
    pub fn is_on_this_host(&self) -> bool {
        self.name.split('/').next() == Some(host_name().as_str())
    }

    fn key(&self, group: &str) -> String {
        format!("{group}:{}", self.name)
    }

    fn mark_key(&self, group: &str) -> String {
        format!("{group}:left:{}", self.name)
    }
}

/// Returns the name of this host.
pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Host, its boot and the space of process numbers: what makes numbers of processes comparable.
fn process_space() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let boot = read("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{}/{}/{}", host_name(), boot.trim(), space.display())
}

/// When a process started, in ticks since the boot; none if there is no such process.
fn process_start(pid: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything: 20 fields follow up to the start.
    let fields = status.rsplit_once(')')?.1;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    // A zombie does nothing any more.
    (state != "Z").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let ourselves = GroupMember::new();
        assert!(!ourselves.has_ended());
        assert_ne!(ourselves, GroupMember::new());
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let start = process_start(child.id()).unwrap();
        let other = GroupMember::named(&format!("{}/{}/{start}/0", process_space(), child.id()));
        assert!(!other.has_ended());
        let same_number =
            GroupMember::named(&format!("{}/{}/0{start}/0", process_space(), child.id()));
        assert!(same_number.has_ended());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.has_ended());
        // From here nothing is seen of other hosts.
        assert!(!GroupMember::named("elsewhere/boot/pid:[1]/1/1/0").has_ended());
    }
}
