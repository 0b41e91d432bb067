//! What the library has changed and the file does not have yet.

use std::collections::BTreeMap;

/// What a part of a file is. The order is that in which a commit changes the file, so that a reader who looks in
/// between finds nothing that refers to what is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    GlobalHeap,
    Raw,
    LocalHeap,
    Tree,
    ObjectHeader,
    Superblock,
}

impl Content {
    const ALL: [Content; 6] = [
        Content::GlobalHeap,
        Content::Raw,
        Content::LocalHeap,
        Content::Tree,
        Content::ObjectHeader,
        Content::Superblock,
    ];

    /// Returns the number that stands for this content in a journal.
    pub fn number(self) -> u32 {
        self as u32
    }

    /// Returns the content with this number, if there is one.
    pub fn of_number(number: u32) -> Option<Content> {
        Content::ALL.get(number as usize).copied()
    }
}

/// Consecutive changed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extent {
    pub content: Content,
    pub bytes: Vec<u8>,
}

/// The changed parts of a file by their addresses. They do not overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlay {
    extents: BTreeMap<u64, Extent>,
}

impl Overlay {
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// Returns the extents by ascending addresses.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Extent)> {
        self.extents
            .iter()
            .map(|(address, extent)| (*address, extent))
    }

    /// Returns the extent that begins at this address.
    pub fn at(&self, address: u64) -> Option<&Extent> {
        self.extents.get(&address)
    }

    /// Replaces what is at this address.
    pub fn put(&mut self, address: u64, content: Content, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.extents.get_mut(&address) {
            // The library writes the same objects again and again.
            Some(extent) if extent.bytes.len() == bytes.len() => {
                extent.bytes.copy_from_slice(bytes);
                extent.content = content;
            }
            _ => {
                self.remove(address, address + bytes.len() as u64);
                let bytes = bytes.to_vec();
                self.extents.insert(address, Extent { content, bytes });
            }
        }
    }

    /// Removes the bytes from `begin` to `end`.
    pub fn remove(&mut self, begin: u64, end: u64) {
        let mut hit: Vec<u64> = self.extents.range(begin..end).map(|(at, _)| *at).collect();
        hit.extend(self.first_that_reaches(begin));
        for at in hit {
            let Some(mut extent) = self.extents.remove(&at) else {
                continue;
            };
            if at + extent.bytes.len() as u64 > end {
                let bytes = extent.bytes[(end - at) as usize..].to_vec();
                let content = extent.content;
                self.extents.insert(end, Extent { content, bytes });
            }
            if at < begin {
                extent.bytes.truncate((begin - at) as usize);
                self.extents.insert(at, extent);
            }
        }
    }

    /// Returns the bytes at this address if one extent has all of them.
    pub fn whole(&self, address: u64, length: usize) -> Option<&[u8]> {
        let (at, extent) = self.extents.range(..=address).next_back()?;
        let begin = usize::try_from(address - at).ok()?;
        extent.bytes.get(begin..begin.checked_add(length)?)
    }

    /// Puts the changed bytes into `bytes`, which are what is at this address otherwise.
    pub fn patch(&self, address: u64, bytes: &mut [u8]) {
        let end = address + bytes.len() as u64;
        let begin = self.first_that_reaches(address).unwrap_or(address);
        for (at, extent) in self.extents.range(begin..end) {
            let from = address.max(*at);
            let to = end.min(at + extent.bytes.len() as u64);
            bytes[(from - address) as usize..(to - address) as usize]
                .copy_from_slice(&extent.bytes[(from - at) as usize..(to - at) as usize]);
        }
    }

    /// Puts what has changed later on top of this.
    pub fn merge(&mut self, later: Overlay) {
        for (address, extent) in later.extents {
            self.put(address, extent.content, &extent.bytes);
        }
    }

    /// Returns the address of the extent that begins before `address` and reaches beyond it.
    fn first_that_reaches(&self, address: u64) -> Option<u64> {
        let (at, extent) = self.extents.range(..address).next_back()?;
        (at + extent.bytes.len() as u64 > address).then_some(*at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Overlay};

    #[test]
    fn the_last_change_of_each_byte_is_read() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..200 {
            let mut overlay = Overlay::default();
            let mut file = [0u8; 256];
            let mut changed = [false; 256];
            for step in 1..40u8 {
                let begin = random.usize(..256);
                let end = random.usize(begin..=256);
                if random.u8(..4) == 0 {
                    overlay.remove(begin as u64, end as u64);
                    file[begin..end].fill(0);
                    changed[begin..end].fill(false);
                } else {
                    overlay.put(begin as u64, Content::Raw, &vec![step; end - begin]);
                    file[begin..end].fill(step);
                    changed[begin..end].fill(true);
                }
                let from = random.usize(..256);
                let to = random.usize(from..=256);
                let mut read = vec![0; to - from];
                overlay.patch(from as u64, &mut read);
                assert_eq!(read, file[from..to]);
                if let Some(whole) = overlay.whole(from as u64, to - from) {
                    assert_eq!(whole, &file[from..to]);
                    assert!(changed[from..to].iter().all(|changed| *changed));
                }
            }
            let length: usize = overlay.iter().map(|(_, extent)| extent.bytes.len()).sum();
            assert_eq!(length, changed.iter().filter(|changed| **changed).count());
        }
    }
}
