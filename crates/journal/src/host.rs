//! What tells one run of one system from all others.

/// Returns the identifier of this run of the system. It is empty if the system does not tell it.
pub(crate) fn boot() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    boot.map_or_else(|_| String::new(), |boot| boot.trim().to_owned())
}

/// Returns the name of this host.
pub(crate) fn name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
