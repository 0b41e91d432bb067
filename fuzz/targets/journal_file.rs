//! Journals of HDF5 files, as killed programs, power failures and full disks may leave them.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use journal::{Options, Recovery, recover};
use libfuzzer_sys::fuzz_target;

/// What is done with the journal before it is read. Right checksums are not found by chance.
const WITH_CHECKSUMS: u8 = 1;
const OF_THIS_BOOT: u8 = 2;

const SLOTS: [usize; 2] = [0, 2048];
const COMMITS: usize = 4096;

/// The input is a byte of flags, the length of the file as two bytes, the file, and its journal.
fn parts(input: &[u8]) -> Option<(u8, &[u8], Vec<u8>)> {
    let (flags, rest) = input.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (data, journal) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((*flags, data, journal.to_vec()))
}

fn set_checksums(journal: &mut [u8]) {
    for slot in SLOTS {
        if let Some(header) = journal.get_mut(slot..slot + 144) {
            let checksum = crc32fast::hash(&header[..140]);
            header[140..].copy_from_slice(&checksum.to_le_bytes());
        }
    }
    let mut rest = journal.get_mut(COMMITS..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_first_chunk_mut::<56>() {
        let mut length = [0; 8];
        length.copy_from_slice(&head[32..40]);
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        let Some((changes, behind)) = behind.split_at_mut_checked(length) else {
            break;
        };
        let checksum = crc32fast::hash(changes);
        head[44..48].copy_from_slice(&checksum.to_le_bytes());
        let checksum = crc32fast::hash(&head[..48]);
        head[48..52].copy_from_slice(&checksum.to_le_bytes());
        rest = behind;
    }
}

fn set_boot(journal: &mut [u8]) {
    let Ok(boot) = fs::read("/proc/sys/kernel/random/boot_id") else {
        return;
    };
    for slot in SLOTS {
        if let (Some(place), Some(boot)) = (journal.get_mut(slot + 40..slot + 76), boot.get(..36)) {
            place.copy_from_slice(boot);
        }
    }
}

/// The file that is recovered, in memory where the system has such a folder.
struct Place {
    path: PathBuf,
}

impl Place {
    fn new() -> Place {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => memory.to_owned(),
            false => std::env::temp_dir(),
        };
        let path = folder.join(format!("fuzz-{}.h5", std::process::id()));
        Place { path }
    }

    fn journal(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".journal");
        path.into()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // There may be none.
        fs::remove_file(&self.path).ok();
        fs::remove_file(self.journal()).ok();
    }
}

thread_local! {
    static PLACE: RefCell<Place> = RefCell::new(Place::new());
}

fuzz_target!(|input: &[u8]| {
    let Some((flags, data, mut journal)) = parts(input) else {
        return;
    };
    if flags & OF_THIS_BOOT != 0 {
        set_boot(&mut journal);
    }
    if flags & WITH_CHECKSUMS != 0 {
        set_checksums(&mut journal);
    }
    PLACE.with_borrow(|place| {
        fs::write(&place.path, data).expect("memory");
        fs::write(place.journal(), &journal).expect("memory");
        // Ends and addresses may be such that the system refuses.
        let Ok(recovery) = recover(&place.path, &Options::default()) else {
            return;
        };
        assert!(!place.journal().exists());
        if matches!(recovery, Recovery::InOrder | Recovery::Foreign) {
            assert!(fs::read(&place.path).expect("memory") == data);
            return;
        }
        // Again, as after a recovery that was killed before it removed the journal. It has the same content to write, so
        // that the system does not refuse.
        fs::write(place.journal(), &journal).expect("memory");
        assert!(recover(&place.path, &Options::default()).is_ok());
    });
});
