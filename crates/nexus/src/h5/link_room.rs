//! Room for links in the header of a group that gets thousands of them, such as the root of a file with many scans.
//!
//! The library enlarges a full header by a part for one link. To find room for the next link, it looks at all links for
//! each of the parts, so that a link took 45 ms behind 3,000 others. Here the header gets parts for many links: a long link
//! is made, for which the library adds a part, and removed again. The part remains, because the library has moved another
//! link into it, from whose place it refers to the part.

use hdf5_metno_sys::h5o::{H5O_hdr_info_t, H5Oget_native_info};

use super::error::Result;
use super::group::Group;
use super::library::call;

/// The number of links for which a part has room.
const LINKS_OF_PART: usize = 512;
/// The room for a link: most have short names, and no texts as their targets.
const BYTES_OF_LINK: usize = 36;
/// The name of the long link, which no flush ever shows.
const NAME: &str = "nexus-writer room for links";

/// What the library says about an object: `H5O_native_info_t`, whose fields the bindings do not show.
#[repr(C)]
#[derive(Default)]
struct NativeInfo {
    header: H5O_hdr_info_t,
    sizes_of_indices: [u64; 4],
}

/// `H5O_NATIVE_INFO_HDR`: only the header is asked for.
const HEADER: u32 = 0x0008;

impl Group {
    /// Creates a group as [`create_group_for`](Group::create_group_for) does. If this group keeps its links in its header,
    /// and the header had no room for another one, it gets room for many.
    ///
    /// # Errors
    /// If the name exists, and if the library fails.
    pub fn create_group_among_many(&self, name: &str, texts: &[&str]) -> Result<Group> {
        let parts = self.parts_of_header()?;
        let group = self.create_group_for(name, texts)?;
        if self.parts_of_header()? > parts
            && let Err(error) = self.make_room()
        {
            tracing::debug!(%error, "the next links take longer to make");
        }
        Ok(group)
    }

    fn make_room(&self) -> Result<()> {
        self.create_soft_link(NAME, &"-".repeat(LINKS_OF_PART * BYTES_OF_LINK))?;
        self.unlink(NAME)
    }

    /// Returns the number of parts of the header of this group.
    fn parts_of_header(&self) -> Result<u32> {
        let mut info = NativeInfo::default();
        let into = (&raw mut info).cast();
        call!(H5Oget_native_info(self.id(), into, HEADER))?;
        Ok(info.header.nchunks)
    }
}

#[cfg(test)]
mod tests {
    use crate::h5::File;

    #[test]
    fn thousands_of_links_have_few_parts() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(&folder.path().join("a.h5")).unwrap();
        let root = file.root().unwrap();
        let names: Vec<_> = (1..=2500).map(|number| format!("{number}.1")).collect();
        for name in &names {
            root.create_group_among_many(name, &[]).unwrap();
        }
        let parts = root.parts_of_header().unwrap();
        assert!(parts < 15, "{parts} parts");
        assert_eq!(root.names().unwrap(), names);
    }
}
