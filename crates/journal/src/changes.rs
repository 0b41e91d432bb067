//! What a commit changes, compared with what is in the file.

use std::borrow::Cow;

use crate::error::Result;
use crate::format::{Change, Commit};
use crate::overlay::{Content, Extent, Overlay};
use crate::root_copies::ShownRoot;
use crate::storage::Storage;

/// What is to be committed.
#[derive(Debug)]
pub(crate) struct Changes<'a> {
    pub overlay: &'a Overlay,
    /// The end of the file.
    pub end: u64,
    /// The end in the superblock.
    pub published: u64,
    pub kind: CommitKind,
}

/// Returns the end in the superblock, or one with room behind the file if that has none.
pub(crate) fn end_with_room(published: u64, end: u64, headroom: u64) -> u64 {
    match published > end {
        true => published,
        false => end.saturating_add(headroom),
    }
}

/// What is certain when a commit has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitKind {
    /// Readers see the changes, and they survive the end of this program.
    Visible,
    /// They survive a power failure as well, if the file was opened with [`Durability::Ordered`](crate::Durability::Ordered).
    Checkpoint,
    /// A checkpoint after which the file is probably closed: its superblock has no room behind the end, so that
    /// closing changes nothing, and needs no disk.
    FinalCheckpoint,
}

impl CommitKind {
    /// Returns `true` for both kinds of checkpoints.
    #[must_use]
    pub fn is_checkpoint(self) -> bool {
        self != CommitKind::Visible
    }
}

impl Changes<'_> {
    /// Returns the end that the superblock needs before these changes are made, so that there is room behind the file for
    /// copies of the root group, also if the changes leave none.
    pub fn end_with_room(&self, headroom: u64) -> u64 {
        end_with_room(self.published, self.end, headroom)
    }

    /// Returns `true` if nothing but the superblock changes.
    pub fn are_superblock_alone(&self) -> bool {
        let mut extents = self.overlay.iter();
        extents.all(|(_, extent)| extent.content == Content::Superblock)
    }

    /// Returns the commit with this number that changes what is before `end`, which is the end of the file before it.
    pub fn commit(
        &self,
        data: &Storage,
        root: Option<&ShownRoot>,
        number: u64,
        end: u64,
    ) -> Result<Commit> {
        let mut all = Vec::new();
        for (address, extent) in self.overlay.iter() {
            let bytes = shown(root, address, extent);
            add(
                data,
                &mut all,
                address,
                extent.content,
                before(end, address, &bytes),
            )?;
        }
        if let Some(root) = root
            && end > 0
            && !all
                .iter()
                .any(|change| contains(change, root.range().start))
        {
            let address = root.range().start as u64;
            add(
                data,
                &mut all,
                address,
                Content::Superblock,
                &root.first[root.range()],
            )?;
        }
        // What is new refers to nothing before it, and has higher addresses than what begins to refer to it. In the
        // superblock, the end of the file is before the root group, which may be a copy behind the old end.
        all.sort_by_key(|change| match change.content {
            Content::Superblock => (change.content, change.address),
            content => (content, u64::MAX - change.address),
        });
        Ok(Commit {
            number,
            end: self.end,
            published: self.published,
            changes: all,
        })
    }

    /// Writes what is behind `end`, which is the end of the file before, and has one of these contents.
    pub fn write_fresh(
        &self,
        data: &Storage,
        root: Option<&ShownRoot>,
        end: u64,
        is_included: impl Fn(Content) -> bool,
    ) -> Result<()> {
        let mut pending: Option<(u64, Vec<u8>)> = None;
        let extents = self.overlay.iter();
        for (address, extent) in extents.filter(|(_, extent)| is_included(extent.content)) {
            let bytes = shown(root, address, extent);
            let known = before(end, address, &bytes).len();
            let fresh = &bytes[known..];
            let address = address + known as u64;
            match &mut pending {
                _ if fresh.is_empty() => {}
                Some((begin, bytes)) if *begin + bytes.len() as u64 == address => {
                    bytes.extend(fresh);
                }
                pending => {
                    if let Some((begin, bytes)) = pending.replace((address, fresh.to_vec())) {
                        data.write(begin, &bytes)?;
                    }
                }
            }
        }
        match pending {
            Some((begin, bytes)) => data.write(begin, &bytes),
            None => Ok(()),
        }
    }
}

/// Returns the bytes of an extent as they are written: the superblock refers to the root group that readers are shown.
fn shown<'a>(root: Option<&ShownRoot>, address: u64, extent: &'a Extent) -> Cow<'a, [u8]> {
    let begin = usize::try_from(address).unwrap_or(usize::MAX);
    match root.and_then(|root| root.first.get(begin..)) {
        Some(first) if extent.content == Content::Superblock => {
            let mut bytes = extent.bytes.clone();
            for (byte, shown) in bytes.iter_mut().zip(first) {
                *byte = *shown;
            }
            Cow::Owned(bytes)
        }
        _ => Cow::Borrowed(&extent.bytes),
    }
}

/// Returns the bytes at this address that are before the end.
fn before(end: u64, address: u64, bytes: &[u8]) -> &[u8] {
    let length = end.saturating_sub(address).min(bytes.len() as u64);
    &bytes[..length as usize]
}

fn contains(change: &Change, at: usize) -> bool {
    (change.address..change.address + change.new.len() as u64).contains(&(at as u64))
}

/// Adds a change if these bytes are not in the file. Of a superblock, only what differs is changed.
fn add(
    data: &Storage,
    all: &mut Vec<Change>,
    address: u64,
    content: Content,
    new: &[u8],
) -> Result<()> {
    let mut old = vec![0; new.len()];
    data.read(address, &mut old)?;
    let differs = |(old, new): (&u8, &u8)| old != new;
    let pairs = || old.iter().zip(new);
    let (Some(first), Some(last)) = (pairs().position(differs), pairs().rposition(differs)) else {
        return Ok(());
    };
    let changed = match content {
        Content::Superblock => first..last + 1,
        _ => 0..new.len(),
    };
    all.push(Change {
        address: address + changed.start as u64,
        content,
        new: new[changed.clone()].to_vec(),
        old: old[changed].to_vec(),
    });
    Ok(())
}
