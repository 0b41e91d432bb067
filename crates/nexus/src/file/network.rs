//! File systems that other hosts change as well.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::statfs;

/// Network file systems by the number that `statfs` returns (`linux/magic.h` and the sources of GPFS, Lustre, BeeGFS).
const NETWORK: [(u32, &str); 9] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x4750_4653, "GPFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x1983_0326, "BeeGFS"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x0102_1997, "9P"),
];

/// The network file systems that the log has named.
#[derive(Debug, Default)]
pub(super) struct NetworkFileSystems(RefCell<BTreeSet<u64>>);

impl NetworkFileSystems {
    /// Tells what cannot be promised for a file, if it is the first of a network file system.
    pub fn tell(&self, path: &Path) {
        // A file that has been deleted meanwhile is of no interest.
        let (Ok(file), Ok(system)) = (fs::metadata(path), statfs(path)) else {
            return;
        };
        let Some(name) = name_of(system.f_type) else {
            return;
        };
        if self.0.borrow_mut().insert(file.dev()) {
            let directory = path.parent().unwrap_or(path).display();
            tracing::info!(
                "{directory} is on a network file system ({name}): readers on other hosts may see a part of a change for \
                 a moment, and should open the file again then"
            );
        }
    }
}

/// Returns the name of a network file system by its number, whose type differs between processors.
fn name_of(number: impl TryInto<i64>) -> Option<&'static str> {
    // The number has 32 bits, and may have been extended by its sign.
    let number = number.try_into().ok()? as u32;
    let found = NETWORK.iter().find(|(known, _)| *known == number);
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(name_of(0x6969_i64), Some("NFS"));
        assert_eq!(name_of(0xff53_4d42_i64), Some("SMB"));
        assert_eq!(name_of(i64::from(0xff53_4d42_u32 as i32)), Some("SMB"));
        // ext4, tmpfs
        assert_eq!(name_of(0xef53_i64), None);
        assert_eq!(name_of(0x0102_1994_i64), None);
    }
}
