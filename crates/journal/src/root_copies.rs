//! Where the copies of the root group are, which readers use while a file is written.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::changes::Changes;
use crate::error::Result;
use crate::overlay::Overlay;
use crate::root::{self, Read};
use crate::storage::Storage;
use crate::superblock::{self, Superblock};

/// The least and the most bytes at the end of the room behind a file that are for copies. What else is written there waits
/// in memory for the next commit, so that they are no more than the copies need.
const LEAST_FOR_COPIES: u64 = 4 << 20;
const MOST_FOR_COPIES: u64 = 32 << 20;

/// The largest length of a copy.
pub(crate) const MOST_OF_COPY: usize = (MOST_FOR_COPIES / COPIES_WITH_ROOM) as usize;

/// How many copies have room there: the one to which the superblock refers, and that of the last checkpoint, leave room for
/// a third one, wherever they are.
const COPIES_WITH_ROOM: u64 = 8;

/// Copies begin at multiples of this number, so that two of them have no sector of a disk in common.
const ALIGNMENT: u64 = 512;

/// How long a reader may use a copy. Until then it is not replaced if there is another place.
const READER_TIME: Duration = Duration::from_secs(10);

/// Returns how many bytes are for copies if the present one has this length, so that one of twice the length has room. No
/// more than a quarter of `headroom`, the room behind the end of the file.
pub(crate) fn room_for(copy: usize, headroom: u64) -> u64 {
    let wanted = (copy as u64 * 2 * COPIES_WITH_ROOM).next_power_of_two();
    let room = wanted.clamp(LEAST_FOR_COPIES, MOST_FOR_COPIES);
    room.min(headroom / 4) / ALIGNMENT * ALIGNMENT
}

/// Returns how much room behind the end of a file is enough for copies, wherever the end is.
pub(crate) fn least_room(headroom: u64) -> u64 {
    headroom / 4 + ALIGNMENT
}

/// Returns the part of a file that is for copies if the end in its superblock is `published`, and they have that much room.
/// It may be empty.
pub(crate) fn places(published: u64, room: u64) -> Range<u64> {
    let end = published / ALIGNMENT * ALIGNMENT;
    end.saturating_sub(room)..end
}

/// Returns the largest length of a copy in this part of a file: less than [`MOST_OF_COPY`] if there is little room.
pub(crate) fn limit(places: &Range<u64>) -> usize {
    ((places.end - places.start) / COPIES_WITH_ROOM) as usize
}

/// A copy in the file.
#[derive(Debug)]
struct Copy {
    place: Range<u64>,
    /// When the superblock has got another address. `None` if the superblock refers to the copy.
    left: Option<Instant>,
    is_in_checkpoint: bool,
}

/// The copies of the root group in a file.
#[derive(Debug)]
pub(crate) struct RootCopies {
    /// Where the library has the header of the root group, once that is known.
    home: Option<u64>,
    headroom: u64,
    /// How many bytes are for copies.
    room: u64,
    copies: Vec<Copy>,
    /// The bytes of the copy to which the superblock refers. Empty if it refers to the home.
    shown: Vec<u8>,
    /// When readers were sent home.
    returned: Option<Instant>,
}

/// The root group as readers will find it.
#[derive(Debug, Clone)]
pub(crate) struct ShownRoot {
    superblock: Superblock,
    /// The first bytes of the file.
    pub first: [u8; superblock::LENGTH],
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Home,
    /// The copy that is there.
    Present,
    New(Range<u64>, Vec<u8>),
}

impl ShownRoot {
    /// Returns where in the first bytes the address of the root group is, with the checksum if there is one.
    pub fn range(&self) -> Range<usize> {
        self.superblock.root_range()
    }
}

impl RootCopies {
    /// `home` is where the superblock says that the root group is.
    pub fn new(data: &Storage, home: Option<u64>, headroom: u64) -> Result<RootCopies> {
        let read = |address: u64, bytes: &mut [u8]| data.read(address, bytes);
        let copy = match home {
            Some(home) if headroom > 0 => root::copy_of(&read, home, MOST_OF_COPY)?,
            _ => None,
        };
        let length = copy.map_or(0, |copy| copy.len());
        Ok(RootCopies {
            home,
            headroom,
            room: room_for(length, headroom),
            copies: Vec::new(),
            shown: Vec::new(),
            returned: None,
        })
    }

    /// Returns how many bytes are for copies.
    pub fn room(&self) -> u64 {
        self.room
    }

    /// Gives copies more room if the present one needs it.
    pub fn enlarge_room(&mut self) {
        self.room = self.room.max(room_for(self.shown.len(), self.headroom));
    }

    pub fn home(&self) -> Option<u64> {
        self.home
    }

    /// Returns `true` if the superblock refers to the home of the root group.
    pub fn is_home(&self) -> bool {
        self.shown.is_empty()
    }

    /// Returns `true` if the superblock has to change before these changes are made, for readers who know the present one,
    /// in which the end is `published`: the file grows into the places of copies, or readers are at the home.
    pub fn must_move(&self, data: &Storage, published: u64, changes: &Changes<'_>) -> Result<bool> {
        if !self.is_home() {
            return Ok(self.places(published).start < changes.end);
        }
        if changes.are_superblock_alone() {
            return Ok(false);
        }
        let places = self.places(changes.end_with_room(self.headroom));
        let Some(home) = self.home.filter(|_| places.start >= changes.end) else {
            return Ok(false);
        };
        let read = |address: u64, bytes: &mut [u8]| data.read(address, bytes);
        Ok(root::copy_of(&read, home, limit(&places))?.is_some())
    }

    /// Makes a copy of the root group as it is with these changes, and writes it. Returns `None` if the file has no superblock
    /// that can be changed. Readers get no copy if there cannot be one, or if there is no room behind the end.
    pub fn show(
        &mut self,
        data: &Storage,
        overlay: &Overlay,
        published: u64,
        end: u64,
    ) -> Result<Option<ShownRoot>> {
        let read = |address: u64, bytes: &mut [u8]| {
            data.read(address, bytes)?;
            overlay.patch(address, bytes);
            Ok(())
        };
        let mut first = [0; superblock::LENGTH];
        read(0, &mut first)?;
        let Some(superblock) = Superblock::of(&first) else {
            return Ok(None);
        };
        let home = *self.home.get_or_insert_with(|| superblock.root(&first));
        let place = self.place(&read, home, published, end)?;
        let root = match &place {
            Place::Home => home,
            Place::Present => self.address().unwrap_or(home),
            Place::New(place, copy) => {
                data.write(place.start, copy)?;
                place.start
            }
        };
        superblock.set_root(&mut first, root);
        Ok(Some(ShownRoot {
            superblock,
            first,
            place,
        }))
    }

    fn place(&self, read: &Read<'_>, home: u64, published: u64, end: u64) -> Result<Place> {
        let places = self.places(published);
        if places.start < end {
            return Ok(Place::Home);
        }
        let Some(copy) = root::copy_of(read, home, limit(&places))? else {
            return Ok(Place::Home);
        };
        let is_present = self.address().is_some_and(|at| places.contains(&at));
        if is_present && copy == self.shown {
            return Ok(Place::Present);
        }
        let length = (copy.len() as u64).next_multiple_of(ALIGNMENT);
        Ok(match self.free_place(&places, length) {
            Some(begin) => Place::New(begin..begin + length, copy),
            None => Place::Home,
        })
    }

    /// Notes what the superblock refers to now.
    pub fn shown(&mut self, root: ShownRoot) {
        let now = Instant::now();
        if matches!(root.place, Place::Present) {
            return;
        }
        let was_away = !self.shown.is_empty();
        for copy in &mut self.copies {
            copy.left.get_or_insert(now);
        }
        self.copies.retain(Copy::is_in_use);
        match root.place {
            Place::New(place, bytes) => {
                self.copies.push(Copy {
                    place,
                    left: None,
                    is_in_checkpoint: false,
                });
                self.shown = bytes;
            }
            _ => {
                self.shown.clear();
                if was_away {
                    self.returned = Some(now);
                }
            }
        }
    }

    /// Notes that a power failure brings back what the superblock refers to now.
    pub fn set_checkpoint(&mut self) {
        for copy in &mut self.copies {
            copy.is_in_checkpoint = copy.left.is_none();
        }
    }

    /// Returns how long readers who were sent home may need until they do not look at a copy any more.
    pub fn rest(&self, opening_time: Duration) -> Duration {
        let since = self.returned.map(|returned| returned.elapsed());
        since.map_or(Duration::ZERO, |since| opening_time.saturating_sub(since))
    }

    fn places(&self, published: u64) -> Range<u64> {
        places(published, self.room)
    }

    /// Returns the address of the copy to which the superblock refers.
    fn address(&self) -> Option<u64> {
        let shown = self.copies.iter().find(|copy| copy.left.is_none());
        shown.map(|copy| copy.place.start)
    }

    /// Returns the first place that no reader uses. If there is none, the first one that is not needed.
    fn free_place(&self, places: &Range<u64>, length: u64) -> Option<u64> {
        let is_needed = |copy: &&Copy| copy.left.is_none() || copy.is_in_checkpoint;
        let all = self.gap(places, length, |copy| copy.is_in_use());
        all.or_else(|| self.gap(places, length, |copy| is_needed(&copy)))
    }

    fn gap(
        &self,
        places: &Range<u64>,
        length: u64,
        is_taken: impl Fn(&Copy) -> bool,
    ) -> Option<u64> {
        let taken = self.copies.iter().filter(|copy| is_taken(copy));
        let mut taken: Vec<&Range<u64>> = taken.map(|copy| &copy.place).collect();
        taken.sort_unstable_by_key(|place| place.start);
        let mut begin = places.start;
        for place in taken {
            if begin + length <= place.start {
                break;
            }
            begin = begin.max(place.end);
        }
        (begin + length <= places.end).then_some(begin)
    }
}

impl Copy {
    fn is_in_use(&self) -> bool {
        self.is_in_checkpoint || self.left.is_none_or(|left| left.elapsed() < READER_TIME)
    }
}
