//! A dataset that grows point by point.

mod continued;
mod deal;

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::place::Place;
use super::store::Store;
use super::{Error, Mode, Outbox, Policy};
use crate::chunk::{Scheme, Slab, live_chunk, point_size, sealed_chunk};
use crate::h5;

/// Bytes below which a dataset that has ended is contiguous, without filters, as in the files of
/// blisswriter.
const CONTIGUOUS: u64 = 1 << 20;

/// How long readers may wait for the points of a chunk that is not full.
const SOON: Duration = Duration::from_millis(500);

/// How many times longer the last chunk is left as it is than it took to show it.
const REST: u32 = 10;

/// A dataset of points one after the other.
///
/// Where the scan declares chunks and filters, the dataset exists from the first point on. Else
/// nothing exists in the file until it is known how to store the points: a full chunk has come, or
/// it is time to show something, or the stream has ended.
pub(super) struct Growing {
    place: Place,
    policy: Policy,
    outbox: Outbox,
    /// Points that came or were skipped.
    points: u64,
    /// Largest shape of a point up to now.
    element: Vec<u64>,
    /// Time of the first point.
    since: Option<Instant>,
    /// What an earlier writer has left, until something takes its place; all of it is in the slab.
    old: Option<h5::Dataset>,
    store: Option<Rc<Store>>,
    /// Points that wait for the rest of their chunks.
    slab: Slab,
    /// Points of the present chunk that are stored already and not in the slab.
    before: u64,
    /// Points of the slab that readers can see.
    exposed: u64,
    /// When the last chunk was filled, or the first one begun.
    filled: Option<Instant>,
    /// When the last chunk may be shown again, for the time that it takes.
    rests_until: Option<Instant>,
    /// Bytes of the last slab.
    usual: usize,
    failed: Option<Error>,
}

impl Growing {
    pub fn new(place: Place, policy: Policy, outbox: Outbox) -> Growing {
        let element = place.shape.iter().map(|length| length.unwrap_or(0));
        Growing {
            element: element.collect(),
            place,
            policy,
            outbox,
            points: 0,
            since: None,
            old: None,
            store: None,
            slab: Slab::new(),
            before: 0,
            exposed: 0,
            filled: None,
            rests_until: None,
            usual: 0,
            failed: None,
        }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn points(&self) -> u64 {
        self.points
    }

    pub fn visible(&self) -> u64 {
        match &self.store {
            Some(store) => store.extent.borrow()[0],
            None => self.exposed,
        }
    }

    pub fn exists(&self) -> bool {
        self.store.is_some() || self.old.is_some()
    }

    /// Whether another dataset will take the place of the one that is there.
    pub fn is_old(&self) -> bool {
        self.old.is_some()
    }

    pub async fn settle(&self) {
        self.outbox.settle().await;
    }

    pub async fn drain(&self) {
        if let Some(store) = self.store.clone() {
            self.outbox.drain_one(&store).await;
        }
    }

    pub fn expose(&mut self) -> Result<(), Error> {
        self.outbox.advance();
        self.check()?;
        if self.policy.mode == Mode::Backlog {
            return Ok(());
        }
        if self.store.is_none() && self.place.declared().is_none() {
            let elapsed = self.since.map(|since| since.elapsed()).unwrap_or_default();
            let (item, target) = (self.place.item(), self.policy.chunk);
            let points = self.points - self.exposed;
            match live_chunk(&self.element, item, target, points, elapsed) {
                Some((chunk, filtered)) if points > 0 => {
                    let scheme = if filtered {
                        Scheme::GzipByteShuffle
                    } else {
                        Scheme::None
                    };
                    self.create(chunk, scheme)?;
                }
                _ => return Ok(()),
            }
        }
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        // A chunk that will be compressed is better not shown before it is full, if that is soon.
        let soon = store.filtered() && self.filled.is_some_and(|filled| filled.elapsed() < SOON);
        // Rows are only shown behind rows that are stored.
        if soon || store.pending.get() > 0 {
            return Ok(());
        }
        if self.slab.rows() == self.exposed {
            return Ok(());
        }
        if self.before > 0 || (store.direct && self.is_undivided(&store)) {
            self.post_part(&store);
        } else {
            self.show(&store);
        }
        self.check()
    }

    /// Whether a chunk has whole points, so that some of them are one piece of it.
    fn is_undivided(&self, store: &Store) -> bool {
        let chunk = &store.recipe.shape.element;
        self.element
            .iter()
            .zip(chunk)
            .all(|(length, chunk)| length <= chunk)
    }

    /// Stores the last chunk as it is. It stays in memory too.
    fn show(&mut self, store: &Store) {
        let start = Instant::now();
        if self.rests_until.is_some_and(|until| start < until) {
            return;
        }
        let (slab, element) = (&self.slab, &self.element);
        let first = self.points - slab.rows();
        self.outbox
            .with_tools(|tools| store.raw(first, slab, element, &mut tools.scratch));
        self.exposed = slab.rows();
        // Chunks that were declared may be far larger than what has come of them.
        if self.place.declared().is_some() {
            self.rests_until = start.checked_add(start.elapsed() * REST);
        }
    }

    pub async fn close(mut self) -> Result<u64, Error> {
        self.check()?;
        // Nothing more has come.
        if self.points == 0 || (self.old.is_some() && self.points == self.exposed) {
            return Ok(self.points);
        }
        if self.store.is_none() {
            let point = point_size(&self.element, self.place.item());
            let chunk = sealed_chunk(&self.element, self.place.item(), self.policy.chunk);
            match chunk {
                Some(chunk) if point.saturating_mul(self.points) >= CONTIGUOUS => {
                    self.create(chunk, Scheme::GzipByteShuffle)?;
                }
                _ => {
                    self.make_way()?;
                    self.place
                        .create_contiguous(&self.slab, self.points, &self.element)?;
                    return Ok(self.points);
                }
            }
        }
        let Some(store) = self.store.clone() else {
            return Ok(self.points);
        };
        // What readers saw of the last chunk was not compressed, nor what was stored of it before.
        let stored = self.before > 0 && self.place.declared().is_some();
        let unfinished = store.filtered() && (stored || !self.slab.is_empty());
        if self.slab.rows() > self.exposed || unfinished {
            self.post_slab(&store);
        }
        self.outbox.drain_one(&store).await;
        store.check()?;
        Ok(self.points)
    }

    pub fn check(&self) -> Result<(), Error> {
        match (&self.failed, &self.store) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(store)) => store.check(),
            (None, None) => Ok(()),
        }
    }
}
