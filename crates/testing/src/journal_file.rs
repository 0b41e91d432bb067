//! Journals of HDF5 files.

/// Returns a journal as if the system had been started again since.
pub fn in_another_boot(mut journal: Vec<u8>) -> Vec<u8> {
    for slot in [0, 2048] {
        let Some(header) = journal.get_mut(slot..slot + 144) else {
            continue;
        };
        if header.starts_with(b"H5JRNL02") {
            let is_whole = header[140..] == crc32fast::hash(&header[..140]).to_le_bytes();
            header[40..76].copy_from_slice(b"00000000-0000-0000-0000-000000000000");
            let checksum = crc32fast::hash(&header[..140]).to_le_bytes();
            if is_whole {
                header[140..].copy_from_slice(&checksum);
            }
        }
    }
    journal
}
