//! A scan that is being saved: its files, and the places that its streams fill.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use blissdata::reader::{LossReason, ScanEvent as StreamEvent, StreamId};
use nexus::dataset::{FrameOptions, Mode, Policy};
use tracing::info;

use super::account::Account;
use super::event::{Closed, Prepared, StreamSource};
use super::file::ScanFile;
use super::place::Place;
use crate::layout::FileTree;
use crate::report::Progress;
use crate::subscriber::Fault;
use crate::workshop::{Bench, Share};

/// A scan that is being saved.
pub struct Saved {
    bench: Rc<Bench>,
    /// Our part of the memory, kept as long as the scan.
    _share: Share,
    /// How datasets are laid out.
    policy: Policy,
    files: Vec<ScanFile>,
    /// Files in which nothing can be written: they are not tried again at the end.
    refused: HashSet<String>,
    places: Vec<Place>,
    /// Places of each stream that is followed.
    followed: HashMap<StreamId, Followed>,
    closed: bool,
}

struct Followed {
    name: String,
    places: Vec<usize>,
}

impl Saved {
    /// Opens the files and writes what is known before the data. Fails if that is possible in none.
    pub fn begin(
        bench: Rc<Bench>,
        prepared: Prepared,
        account: &mut Account,
    ) -> Result<Saved, Fault> {
        let trees = &prepared.trees;
        let streams = trees.iter().map(|tree| tree.root.streams().len()).sum();
        info!(scan = %account.scan(), streams, "start saving");
        let share = bench.share(streams);
        let mode = if prepared.ended {
            Mode::Backlog
        } else {
            Mode::Live
        };
        let policy = Policy {
            mode,
            chunk: share.chunk,
        };
        let (mut files, mut refused) = (Vec::new(), HashSet::new());
        for tree in prepared.trees {
            let name = tree.file.clone();
            match ScanFile::begin(&bench, tree, account) {
                Some(file) => files.push(file),
                None => {
                    refused.insert(name);
                }
            }
        }
        if files.is_empty() {
            let reason = account.first_problem().unwrap_or("no file can be written");
            return Err(Fault::Failed(reason.to_owned()));
        }
        let places = places(&files);
        Ok(Saved {
            bench,
            _share: share,
            policy,
            files,
            refused,
            places,
            followed: HashMap::new(),
            closed: false,
        })
    }

    /// Gets the places of these streams ready for their data.
    pub fn follow(&mut self, sources: Vec<StreamSource>, account: &mut Account) {
        for StreamSource { name, id, content } in sources {
            let mut own = Vec::new();
            for (index, place) in self.places.iter_mut().enumerate() {
                if place.stream != name {
                    continue;
                }
                match &content {
                    Ok(content) => {
                        let file = &self.files[place.file];
                        place.begin(content, file, &self.bench, self.policy, account);
                    }
                    Err(reason) => place.fail(reason, account),
                }
                own.push(index);
            }
            if let Some(id) = id {
                self.followed.insert(id, Followed { name, places: own });
            }
        }
    }

    /// Hands on what a stream brings to all of its places.
    pub async fn take(&mut self, event: StreamEvent, progress: &Progress, account: &mut Account) {
        let stream = match &event {
            StreamEvent::Points(block) => block.stream,
            StreamEvent::Frames { stream, .. }
            | StreamEvent::Json { stream, .. }
            | StreamEvent::Lost { stream, .. }
            | StreamEvent::End { stream, .. } => *stream,
            StreamEvent::State(_) | StreamEvent::Deleted => return,
        };
        let Some(followed) = self.followed.get(&stream) else {
            return;
        };
        tell(&followed.name, &event, account);
        for &index in &followed.places {
            let place = &mut self.places[index];
            let file = &self.files[place.file];
            place
                .take(&event, file, &self.bench, progress, account)
                .await;
        }
    }

    /// Makes what has come visible to readers.
    pub async fn commit(&mut self, account: &mut Account) {
        if self.policy.mode == Mode::Backlog || self.closed {
            return;
        }
        // Chunks on their way would be missing: plots want all streams at the same point.
        for place in &self.places {
            place.drain().await;
        }
        for place in &mut self.places {
            place.expose(&self.files[place.file], account);
        }
        for file in &mut self.files {
            file.retry_links(account);
            file.flush(account);
        }
    }

    /// Writes what was gathered of a scan that ends before it was closed, without the marks of a
    /// whole scan.
    pub async fn interrupt(&mut self, account: &mut Account) {
        if !self.closed {
            self.finish_places(account).await;
        }
    }

    /// Lets the files go; gives their paths.
    pub fn end(self, account: &mut Account) -> Vec<PathBuf> {
        let paths = self.files.iter().map(ScanFile::path).collect();
        for file in self.files {
            file.close(account);
        }
        paths
    }

    async fn finish_places(&mut self, account: &mut Account) {
        for place in &mut self.places {
            place.finish(&self.files[place.file], account).await;
        }
    }

    /// Brings the files to the last version of their trees.
    pub async fn close(&mut self, closed: Closed, account: &mut Account) {
        self.finish_places(account).await;
        for place in self.places.iter().filter(|place| place.is_waiting()) {
            account.problem(format_args!(
                "missing stream '{}', cannot save {}::{}",
                place.stream, self.files[place.file].name, place.path
            ));
        }
        if let Some(reason) = &closed.cut_short {
            account.problem(reason);
        }
        for tree in closed.trees {
            self.close_tree(tree, account);
        }
        self.closed = true;
    }

    /// Brings one file to the last version of its tree, or makes it if only that version has it.
    fn close_tree(&mut self, tree: FileTree, account: &mut Account) {
        let places = &self.places;
        let mut files = self.files.iter_mut().enumerate();
        if let Some((index, file)) = files.find(|(_, file)| file.name == tree.file) {
            let filled = |path: &str| {
                places
                    .iter()
                    .any(|p| p.file == index && p.path == path && p.is_filled())
            };
            file.finish(&tree, filled, account);
            return;
        }
        if self.refused.contains(&tree.file) {
            return;
        }
        let Some(file) = ScanFile::begin(&self.bench, tree, account) else {
            return;
        };
        for (path, stream) in file.streams() {
            account.warning(format_args!(
                "stream {stream:?} was given a place at the end of the scan ({path} in {}): \
                 it is not written",
                file.name
            ));
        }
        self.files.push(file);
    }
}

/// The places of all streams, in all files.
fn places(files: &[ScanFile]) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for (path, stream) in file.streams() {
            let attributes = file.attributes(&path);
            let storage = file.storage(&path);
            places.push(Place::new(
                index,
                path,
                stream,
                attributes,
                storage,
                FrameOptions::REFERRED,
            ));
        }
    }
    places
}

/// Losses of a stream are told once, wherever it goes.
fn tell(stream: &str, event: &StreamEvent, account: &mut Account) {
    match event {
        StreamEvent::Lost {
            first,
            count,
            reason,
            ..
        } => {
            let reason = match reason {
                LossReason::Trimmed => "Redis no longer has them".to_owned(),
                LossReason::Corrupt(problem) => format!("their entry is corrupt: {problem}"),
                LossReason::StatusTrimmed => "the number of frames is not known".to_owned(),
                LossReason::InconsistentSeal { declared } => {
                    format!("the publisher declares {declared} points only")
                }
                other => format!("{other:?}"),
            };
            let last = first + count;
            match count {
                0 => account.problem(format_args!("stream {stream:?} at point {first}: {reason}")),
                _ => account.problem(format_args!(
                    "stream {stream:?}: points {first}..{last} are lost: {reason}"
                )),
            }
        }
        StreamEvent::End {
            total,
            sealed: false,
            ..
        } => account.problem(format_args!(
            "stream {stream:?} was not sealed: it may have had more than {total} points"
        )),
        _ => {}
    }
}
