//! The worker threads that compress chunks.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use hub::{Budget, Event, Queue, Reservation};
use observation::Observation;

use super::{BufferPool, ChunkFormat, ChunkSource, Encoded, Encoder};

/// The bytes that slabs may reserve at a time, per worker: one slab that the worker encodes, one that
/// waits for it, and two whose chunks are not stored yet.
const BUDGET: usize = 4 << 20;

/// How many times the budget the idle buffers for slabs may have. A slab of the chunks of images in the classic layout is
/// larger than the budget of two workers.
const IDLE_SLABS: usize = 2;

/// The worker threads that encode the chunks of slabs, for all datasets of all files.
///
/// A caller reserves the size of a slab from `budget` before it passes the slab to the pool, and
/// releases it when the chunks are stored. This bounds the memory. Dropping the pool waits until its
/// threads have finished all jobs.
#[derive(Debug)]
pub struct EncoderPool {
    jobs: Queue<EncodingJob>,
    budget: Budget,
    /// For encoded chunks.
    buffers: BufferPool,
    /// For slabs: among many small buffers there would be no room for a large one.
    slab_buffers: BufferPool,
    observation: Arc<Observation>,
    workers: Vec<JoinHandle<()>>,
}

/// One chunk to encode.
struct EncodingJob {
    points: Arc<dyn ChunkSource>,
    format: Arc<ChunkFormat>,
    corner: Vec<u64>,
    report: JobGuard,
}

/// The chunks of one slab that the workers encode.
#[derive(Debug, Clone)]
pub(crate) struct EncodingBatch {
    progress: Arc<Mutex<BatchProgress>>,
}

#[derive(Debug, Default)]
struct BatchProgress {
    unfinished: usize,
    encoded: Vec<Encoded>,
    failed: bool,
}

/// A worker failed to encode a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk could not be compressed")]
pub struct EncodeError;

impl EncoderPool {
    /// Starts as many threads as the machine has processors, with a budget of at most `most` bytes. They report the
    /// chunks that they encode to `observation`.
    ///
    /// The budget is what slabs may reserve. Their chunks, encoded, may take as much again until they are stored.
    ///
    /// # Errors
    /// If the operating system cannot start a thread.
    pub fn start(most: usize, observation: Arc<Observation>) -> io::Result<EncoderPool> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let budget = (workers * BUDGET).min(most);
        EncoderPool::with_workers(workers, budget, observation)
    }

    /// Starts `workers` threads with a budget of `budget` bytes.
    ///
    /// # Errors
    /// If the operating system cannot start a thread.
    pub fn with_workers(
        workers: usize,
        budget: usize,
        observation: Arc<Observation>,
    ) -> io::Result<EncoderPool> {
        observation.chunks.limit.set(budget as f64);
        let mut pool = EncoderPool {
            jobs: Queue::sharing(Budget::unlimited()),
            budget: Budget::new(budget),
            buffers: BufferPool::new(budget / 2),
            slab_buffers: BufferPool::new(IDLE_SLABS * budget),
            observation,
            workers: Vec::with_capacity(workers),
        };
        for number in 0..workers.max(1) {
            let (jobs, buffers) = (pool.jobs.clone(), pool.buffers.clone());
            let observation = pool.observation.clone();
            let worker = thread::Builder::new()
                .name(format!("chunk-{number}"))
                .spawn(move || run_worker(&jobs, &buffers, &observation))?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Returns the budget from which callers reserve the bytes of slabs.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Returns the observation to which the threads report.
    pub(crate) fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Reserves the bytes of a slab, if the budget has as many left.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let reservation = self.budget.try_reserve(bytes);
        self.report_budget();
        reservation
    }

    /// Returns the bytes of a slab to the budget.
    pub(crate) fn release(&self, reservation: Reservation) {
        drop(reservation);
        self.report_budget();
    }

    fn report_budget(&self) {
        if let (Some(limit), Some(available)) = (self.budget.limit(), self.budget.available()) {
            self.observation.chunks.used.set((limit - available) as f64);
        }
    }

    /// Returns the pool of buffers for slabs.
    pub(crate) fn slab_buffers(&self) -> &BufferPool {
        &self.slab_buffers
    }

    /// Queues the chunks of these points for the workers. They send `done` when the last chunk is encoded.
    pub(crate) fn encode(
        &self,
        points: impl ChunkSource + 'static,
        format: &Arc<ChunkFormat>,
        corners: Vec<Vec<u64>>,
        done: &Event,
    ) -> EncodingBatch {
        let points: Arc<dyn ChunkSource> = Arc::new(points);
        let batch = EncodingBatch {
            progress: Arc::new(Mutex::new(BatchProgress {
                unfinished: corners.len(),
                ..BatchProgress::default()
            })),
        };
        for corner in corners {
            let job = EncodingJob {
                points: Arc::clone(&points),
                format: Arc::clone(format),
                corner,
                report: JobGuard {
                    batch: batch.clone(),
                    encoded: None,
                    done: done.clone(),
                },
            };
            // A closed queue returns the job. Dropping it reports the failure.
            drop(self.jobs.try_put(job, 0));
        }
        batch
    }
}

impl Drop for EncoderPool {
    fn drop(&mut self) {
        self.jobs.close();
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                tracing::error!("a thread that compresses chunks panicked");
            }
        }
    }
}

impl EncodingBatch {
    /// Returns `true` if the workers have finished all chunks.
    pub(crate) fn is_done(&self) -> bool {
        self.progress().unfinished == 0
    }

    /// Removes and returns the chunks that are encoded so far, in no particular order.
    ///
    /// # Errors
    /// If a worker failed to encode one of them.
    pub(crate) fn take(&self) -> Result<Vec<Encoded>, EncodeError> {
        let mut progress = self.progress();
        if progress.failed {
            return Err(EncodeError);
        }
        Ok(std::mem::take(&mut progress.encoded))
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, BatchProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports the encoded chunk to its batch when it is dropped, or reports the failure if a worker
/// failed to encode it.
struct JobGuard {
    batch: EncodingBatch,
    encoded: Option<Encoded>,
    done: Event,
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        let mut progress = self.batch.progress();
        progress.unfinished -= 1;
        match self.encoded.take() {
            Some(encoded) => progress.encoded.push(encoded),
            None => progress.failed = true,
        }
        let finished = progress.unfinished == 0;
        drop(progress);
        if finished {
            self.done.send();
        }
    }
}

fn run_worker(jobs: &Queue<EncodingJob>, buffers: &BufferPool, observation: &Arc<Observation>) {
    let new_encoder = || Encoder::new(buffers.clone(), observation.clone());
    let mut encoder = new_encoder();
    // A wait of this thread is never interrupted, so the loop ends only when the queue is closed.
    while let Ok(Some(mut job)) = jobs.get_blocking(None) {
        let encode = AssertUnwindSafe(|| encoder.encode(&*job.points, &job.format, &job.corner));
        // A panic fails one dataset but must not end the thread, which all other datasets use too.
        match panic::catch_unwind(encode) {
            Ok(encoded) => job.report.encoded = Some(encoded),
            Err(_) => encoder = new_encoder(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{ChunkShape, CompressionScheme, FillValue, Slab, corners_with_data};
    use crate::tree::{ByteOrder, ElementType};

    fn format(length: u64, element: &[u64]) -> Arc<ChunkFormat> {
        let fill = FillValue::new(&ElementType::Uint(1, ByteOrder::Little)).unwrap();
        let element = element.to_vec();
        Arc::new({
            let shape = ChunkShape { length, element };
            ChunkFormat::new(shape, 1, fill, CompressionScheme::GzipByteShuffle)
        })
    }

    fn encode_all(
        pool: &EncoderPool,
        slab: Slab,
        format: &Arc<ChunkFormat>,
    ) -> Result<Vec<Vec<u64>>, EncodeError> {
        let done = Event::new();
        let corners = corners_with_data(&slab, &format.shape, 1, None);
        let batch = pool.encode(slab, format, corners, &done);
        while !batch.is_done() {
            done.wait_blocking(None).unwrap();
            done.clear();
        }
        let mut corners: Vec<_> = batch
            .take()?
            .into_iter()
            .map(|chunk| chunk.corner)
            .collect();
        corners.sort();
        Ok(corners)
    }

    #[test]
    fn every_chunk_of_a_slab_is_made() {
        let pool = EncoderPool::with_workers(3, 1 << 20, Arc::default()).unwrap();
        let slab = Slab::whole(4, &[10, 10], vec![1; 400].into());
        let corners = encode_all(&pool, slab, &format(4, &[5, 4])).unwrap();
        assert_eq!(corners, [[0, 0], [0, 4], [0, 8], [5, 0], [5, 4], [5, 8]]);
    }

    #[test]
    fn a_panic_fails_one_batch() {
        let pool = EncoderPool::with_workers(1, 1 << 20, Arc::default()).unwrap();
        let mut slab = Slab::new();
        slab.push(2, &[2], &[1; 4], 4);
        // Only a defect could create a format that does not match the slab.
        let wrong = format(4, &[2]);
        let wrong = ChunkFormat::new(wrong.shape.clone(), 2, wrong.fill.clone(), wrong.scheme);
        let done = Event::new();
        let batch = pool.encode(slab, &Arc::new(wrong), vec![vec![0]], &done);
        assert!(done.wait_blocking(None).unwrap() && batch.is_done());
        assert_eq!(batch.take().unwrap_err(), EncodeError);
        let slab = Slab::whole(1, &[2], vec![1; 2].into());
        assert_eq!(encode_all(&pool, slab, &format(4, &[2])).unwrap(), [[0]]);
    }
}
