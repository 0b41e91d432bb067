//! A scan that is being saved: its files, and the places that its streams fill.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use blissdata::reader::{LossReason, ScanEvent as StreamEvent, StreamId};
use chrono::{DateTime, FixedOffset, Local};
use nexus::dataset::{Mode, Policy};
use nexus::file::now;
use serde_json::Value as Json;
use tracing::info;

use super::account::Account;
use super::event::{Closed, Prepared, StreamSource};
use super::file::ScanFile;
use super::masters;
use super::place::Place;
use super::record::record;
use crate::layout::{End, Facts, FileTree, Layout, MasterLink, Stamp, Status, StreamFacts};
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
    layout: Layout,
    facts: Facts,
    /// The scan's info, as it is known by now.
    info: Json,
    files: Vec<ScanFile>,
    /// Files in which nothing can be written: they are not tried again at the end.
    refused: HashSet<String>,
    /// Links that could not be made in other files, and why.
    unlinked: Vec<(MasterLink, String)>,
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
        let layout = prepared.layout;
        for notice in layout.notices() {
            account.warning(notice);
        }
        let places = layout.places();
        let streams = places.len();
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
        let mut facts = Facts {
            scan: account.scan().to_string(),
            began: now(),
            ..Facts::default()
        };
        let (mut files, mut refused) = (Vec::new(), HashSet::new());
        let mut header = Stamp::Minimal;
        for tree in layout.trees(&facts) {
            let name = tree.file.clone();
            header = tree.stamp.clone();
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
        let unlinked = masters::make(&bench, layout.masters(), &header, account);
        let places = places.into_iter().filter_map(|place| {
            let file = files.iter().position(|file| file.name == place.file)?;
            Some(Place::new(file, place))
        });
        let places = places.collect();
        facts.status = Status::Running;
        let mut saved = Saved {
            bench,
            _share: share,
            policy,
            layout,
            facts,
            info: prepared.info,
            files,
            refused,
            unlinked,
            places,
            followed: HashMap::new(),
            closed: false,
        };
        saved.redraw(account);
        saved.files.iter_mut().for_each(|file| file.flush(account));
        Ok(saved)
    }

    /// Gets the places of these streams ready for their data.
    pub fn follow(&mut self, sources: Vec<StreamSource>, account: &mut Account) {
        for StreamSource {
            name, id, content, ..
        } in sources
        {
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
            if let (Err(reason), true) = (&content, own.is_empty()) {
                account.problem(format_args!("stream {name:?} cannot be saved: {reason}"));
            }
            if let Some(id) = id {
                self.followed.insert(id, Followed { name, places: own });
            }
        }
    }

    /// Hands on what a stream brings to all of its places.
    pub async fn take(&mut self, event: StreamEvent, progress: &Progress, account: &mut Account) {
        let (stream, brings) = match &event {
            StreamEvent::Points(block) => (block.stream, block.count > 0),
            StreamEvent::Frames {
                stream, acquired, ..
            } => (*stream, *acquired > 0),
            StreamEvent::Lost { stream, .. } => (*stream, true),
            StreamEvent::Json { stream, .. } | StreamEvent::End { stream, .. } => (*stream, false),
            StreamEvent::State(_) | StreamEvent::Deleted => return,
        };
        let Some(followed) = self.followed.get(&stream) else {
            return;
        };
        tell(&followed.name, &event, account);
        if brings && !self.facts.streams.contains_key(&followed.name) {
            let name = followed.name.clone();
            self.facts.streams.insert(name, StreamFacts::default());
        }
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
        if self.note_stored() {
            self.redraw(account);
        }
        for file in &mut self.files {
            file.retry_links(account);
            file.flush(account);
        }
    }

    /// Takes nothing more of the data. What came before is still written.
    pub fn stop(&mut self, reason: &str, account: &mut Account) {
        account.problem(reason);
        for place in &mut self.places {
            place.stop();
        }
    }

    /// Writes what was gathered of a scan that ends before it was closed. A file whose layout says
    /// how a scan ended gets that too; in others the marks of a whole scan are left out.
    pub async fn interrupt(&mut self, reason: &str, account: &mut Account) {
        if self.closed {
            return;
        }
        self.finish_places(account).await;
        account.problem(reason);
        if let Layout::Classic(_) = self.layout {
            self.end_files(account);
        }
        self.closed = true;
    }

    /// Lets the files go; gives their paths.
    pub fn end(self, account: &mut Account) -> Vec<PathBuf> {
        let paths = self.files.iter().map(ScanFile::path).collect();
        for file in self.files {
            file.close(account);
        }
        paths
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
        let problems = closed.problems.iter().chain(&closed.cut_short);
        problems.for_each(|problem| account.problem(problem));
        self.info = closed.info;
        self.facts.references = closed.references;
        self.end_files(account);
        self.closed = true;
    }

    async fn finish_places(&mut self, account: &mut Account) {
        for place in &mut self.places {
            place.finish(&self.files[place.file], account).await;
        }
        self.note_stored();
    }

    /// Writes what is known at the end, and how it ended.
    fn end_files(&mut self, account: &mut Account) {
        let header = self.layout.trees(&self.facts).pop();
        let header = header.map(|tree| tree.stamp).unwrap_or_default();
        let again = std::mem::take(&mut self.unlinked);
        let again = again.into_iter().map(|(link, _)| link).collect();
        for (link, reason) in masters::make(&self.bench, again, &header, account) {
            account.problem(format_args!(
                "/{} cannot be linked in {}: {reason}",
                link.name, link.file
            ));
        }
        self.measure();
        self.facts.end = Some(End {
            time: now(),
            info: std::mem::take(&mut self.info),
            record: String::new(),
        });
        // What the last trees leave out counts, so they are looked at before they are written.
        for tree in self.layout.trees(&self.facts) {
            super::file::tell_invalid(&tree, account);
        }
        for place in self
            .places
            .iter()
            .filter(|place| !place.tally.is_complete())
        {
            place.tell_incomplete(account);
        }
        loop {
            let problems = account.problems().count();
            self.conclude(account);
            self.redraw(account);
            // Writing the end may fail, and the file must not say that it did not.
            if self.facts.status == Status::Failed || problems == account.problems().count() {
                return;
            }
        }
    }

    fn conclude(&mut self, account: &Account) {
        self.facts.status = match account.first_problem() {
            None => Status::Succeeded,
            Some(_) => Status::Failed,
        };
        let files: Vec<String> = self.files.iter().map(|file| file.name.clone()).collect();
        if let Some(end) = &mut self.facts.end {
            end.record = record(&self.places, &files, account);
        }
    }

    /// Notes which streams have a dataset by now; whether there are new ones.
    fn note_stored(&mut self) -> bool {
        let mut changed = false;
        for place in self.places.iter().filter(|place| place.is_stored()) {
            let facts = self.facts.streams.entry(place.stream.clone()).or_default();
            changed |= !facts.stored;
            facts.stored = true;
        }
        changed
    }

    /// Notes what the datasets became, for plots.
    fn measure(&mut self) {
        let wanted: HashSet<String> = self.layout.values_wanted().into_iter().collect();
        if let Layout::H5maps { .. } = self.layout {
            return;
        }
        for place in self.places.iter().filter(|place| place.is_filled()) {
            let Some(facts) = self.facts.streams.get_mut(&place.stream) else {
                continue;
            };
            let file = &self.files[place.file];
            facts.points = place.tally.received;
            facts.shape = file.shape(&place.path).unwrap_or_default();
            if wanted.contains(&place.stream) {
                facts.values = file.session.read_numbers(&place.path).ok();
            }
        }
    }

    /// Brings the files to what the layout makes of the facts.
    fn redraw(&mut self, account: &mut Account) {
        if let (Layout::H5maps { .. }, None) = (&self.layout, &self.facts.end) {
            return;
        }
        let ended = self.facts.end.as_ref().map(end_time);
        for mut tree in self.layout.trees(&self.facts) {
            if let (Layout::Classic(_), Some(ended)) = (&self.layout, ended)
                && !self.bench.is_shown(Path::new(&tree.file), ended)
            {
                tree.root.attributes.retain(|(name, _)| name != "default");
            }
            self.redraw_file(tree, account);
        }
    }

    /// Brings one file to its tree, or makes it if only the last version has it.
    fn redraw_file(&mut self, tree: FileTree, account: &mut Account) {
        let places = &self.places;
        let mut files = self.files.iter_mut().enumerate();
        if let Some((index, file)) = files.find(|(_, file)| file.name == tree.file) {
            let stored = |path: &str| {
                let mut places = places.iter();
                let place = places.find(|place| place.file == index && place.path == path)?;
                Some(place.is_stored())
            };
            file.update(tree, stored, account);
            return;
        }
        if self.refused.contains(&tree.file) {
            return;
        }
        let streams: Vec<(String, String)> = tree
            .root
            .streams()
            .into_iter()
            .map(|(path, stream)| (path, stream.to_owned()))
            .collect();
        let Some(file) = ScanFile::begin(&self.bench, tree, account) else {
            return;
        };
        for (path, stream) in streams {
            account.warning(format_args!(
                "stream {stream:?} was given a place at the end of the scan ({path} in {}): \
                 it is not written",
                file.name
            ));
        }
        self.files.push(file);
    }
}

/// When a scan ended; when its writing did, if its info does not tell.
fn end_time(end: &End) -> DateTime<FixedOffset> {
    let told = end.info.get("end_time").and_then(Json::as_str);
    told.and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .or_else(|| DateTime::parse_from_rfc3339(&end.time).ok())
        .unwrap_or_else(|| Local::now().fixed_offset())
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
