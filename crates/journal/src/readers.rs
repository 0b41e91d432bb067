//! Waiting until programs that may be about to read something have read it.
//!
//! A program that opens a file reads the superblock once, and then what it refers to. Who has read an old superblock is not
//! known. But nobody has if the file was open nowhere else at any moment after the superblock was changed. The system
//! grants a lease for writing only then (`fcntl(2)`, "Leases"), so one is taken and given back at once.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::fstatfs;

/// How often is asked whether the file is open elsewhere.
const INTERVAL: Duration = Duration::from_millis(5);

/// File systems of which this system knows all programs that have a file open, by the number that `statfs` returns
/// (`linux/magic.h`): ext4, XFS, Btrfs, tmpfs, F2FS. Others may grant a lease although another host has the file open.
const LOCAL: [u32; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0xf2f5_2010];

/// `asm-generic/fcntl.h`; `libc` does not have it.
const F_SETSIG: libc::c_int = 10;

/// Waits until every program that has opened a file before has had this time, or has closed the file. If that cannot be
/// known, because the file system or the rights do not allow a lease, it waits for all of the time.
pub(crate) fn wait(file: &File, time: Duration) {
    let begin = Instant::now();
    if !is_local(file) {
        return thread::sleep(time);
    }
    loop {
        let rest = time.saturating_sub(begin.elapsed());
        if rest.is_zero() || is_open_nowhere_else(file) {
            return;
        }
        thread::sleep(rest.min(INTERVAL));
    }
}

fn is_local(file: &File) -> bool {
    // The number has 32 bits, and may have been extended by its sign. Its type differs between processors.
    let number = fstatfs(file).map(|system| system.f_type as u32);
    number.is_ok_and(|number| LOCAL.contains(&number))
}

/// Returns `true` if nobody else has the file open, also not this process by another descriptor. A program that opens the
/// file at this moment waits for some microseconds.
fn is_open_nowhere_else(file: &File) -> bool {
    let descriptor = file.as_raw_fd();
    // By default, the signal of a program that opens the file meanwhile would end this process. This one is ignored.
    // SAFETY: the descriptor is open as long as `file` is borrowed, and this call has a number as its argument.
    let is_set = unsafe { libc::fcntl(descriptor, F_SETSIG, libc::SIGURG) } == 0;
    // SAFETY: as above.
    let is_alone =
        is_set && unsafe { libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_WRLCK) } == 0;
    if is_alone {
        // SAFETY: as above.
        let given_back = unsafe { libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_UNLCK) };
        if given_back != 0 {
            tracing::warn!("a lease of a file stays until the file is closed");
        }
    }
    is_alone
}
