//! How a dataset goes on that an earlier writer has begun.

use std::time::Instant;

use super::Growing;
use crate::chunk::ChunkShape;
use crate::dataset::Error;
use crate::dataset::found::Found;
use crate::dataset::store::Store;
use crate::h5::Hole;

impl Growing {
    /// Goes on with what is there: the next point is the one behind the last row.
    ///
    /// The last chunk, if it is not full, is what it was when its rows were shown: without filters
    /// in the file, and in memory too unless its rows go right into the file. A dataset in one piece
    /// is read, and stays until there is more to store.
    pub fn resume(&mut self) -> Result<(), Error> {
        let Some(found) = self.place.find()? else {
            return Ok(());
        };
        let Found { extent, chunks } = found;
        let Some((&points, element)) = extent.split_first() else {
            return Ok(());
        };
        for (largest, length) in self.element.iter_mut().zip(element) {
            *largest = (*largest).max(*length);
        }
        self.points = points;
        self.since = Some(Instant::now());
        let Some((chunk, scheme)) = chunks else {
            return self.read_all(points);
        };
        let Some((&length, chunk)) = chunk.split_first() else {
            return Ok(());
        };
        let element = chunk.to_vec();
        let rest = points % length;
        let direct = self.place.is_direct(scheme);
        if !direct && rest > 0 {
            self.read(points - rest, rest)?;
        }
        let shape = ChunkShape { length, element };
        let dataset = self.place.open(direct.then_some(0))?;
        let recipe = self.place.recipe(shape, scheme);
        let store = Store::new(&self.place, dataset, recipe, extent);
        self.filled = Some(Instant::now());
        if direct {
            self.before = rest;
        } else if rest > 0 {
            let (slab, element) = (&self.slab, &self.element);
            self.outbox
                .with_tools(|tools| store.unfold(points - rest, slab, element, tools));
            self.exposed = rest;
        }
        self.store = Some(store.clone());
        if self.slab.bytes().len() as u64 > self.largest_slab() {
            self.post_part(&store);
        }
        self.check()
    }

    fn read_all(&mut self, points: u64) -> Result<(), Error> {
        self.read(0, points)?;
        self.exposed = points;
        self.old = Some(self.place.open(None)?);
        Ok(())
    }

    /// Reads rows into the slab. Those that never came are what they are in the file.
    fn read(&mut self, first: u64, rows: u64) -> Result<(), Error> {
        let mut start = vec![0; self.element.len() + 1];
        start[0] = first;
        let count: Vec<u64> = std::iter::once(&rows)
            .chain(&self.element)
            .copied()
            .collect();
        // Closed at once: the library must not keep chunks that are stored past it from now on.
        let read = self.place.open(None)?.read_block(&start, &count);
        let bytes = read.map_err(|source| self.place.failure("read the last points", source))?;
        if rows > 0 {
            self.slab.push(rows, &self.element, &bytes, bytes.len());
        }
        Ok(())
    }

    /// Takes a dataset away that another one is going to replace. Its place in the file stays out of
    /// use for a while: until the next flush it is the right one.
    pub(super) fn make_way(&mut self) -> Result<(), Error> {
        let Some(old) = self.old.take() else {
            return Ok(());
        };
        let size = self.slab.bytes().len() as u64;
        self.place.unlink()?;
        self.outbox
            .with_tools(|tools| tools.quarantine.keep(Hole::of(old), size));
        self.exposed = 0;
        Ok(())
    }
}
