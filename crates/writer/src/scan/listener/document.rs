//! Reads the layout and the streams of a scan from its document, which changes with the state of the scan.

use std::path::Path;

use hub::AsyncResult;

use super::{ListenerState, no_answer};
use crate::layout::info::count;
use crate::layout::{Layout, ScanDescription, layout_of};
use crate::scan::outline::scan_outline;
use crate::scan::update::{FollowedStream, Prepared, ResumePoints, ScanUpdate};
use crate::source::{ScanState, StreamContent, StreamDescription, parse_time};
use crate::subscriber::{Consumer, Context, Fault, with_causes};

impl<C: Consumer<Event = ScanUpdate>> ListenerState<'_, C> {
    /// Reads the layout or new streams from the document, which has changed with the state.
    pub(super) async fn read_document(
        &mut self,
        context: &Context,
        ended: bool,
    ) -> Result<(), Fault> {
        if self.source.state() < ScanState::Prepared {
            return Ok(());
        }
        let info = self.source.info();
        if let Some(time) = info.get("end_time").and_then(parse_time) {
            self.scan.progress.end(time);
        }
        let streams = self.source.streams();
        if self.wanted.is_none() {
            let Some(layout) = self.layout(&streams, ended)? else {
                return Ok(());
            };
            self.claims.set_files(&*layout);
            self.claims.acquire(&*self.scan.store).await?;
            let expected = count(info.get("npoints")).filter(|points| *points > 0);
            self.scan.progress.begin(layout.subscan_entries(), expected);
            let live = &self.scan.live;
            live.set_outline(|| scan_outline(info, &streams, expected));
            self.scan.margin.set_wanted(layout.streams().into_iter());
            self.wanted = Some(layout.streams().into_iter().collect());
            let links = layout.entry_links();
            let progress = &self.scan.progress;
            let of_entries = progress.entries();
            let datasets = layout.destinations().into_iter();
            let others = datasets
                .map(|dataset| dataset.file)
                .chain(links.iter().map(|link| link.file.clone()))
                .filter(|file| of_entries.iter().all(|entry| entry.file != Path::new(file)));
            others.for_each(|file| progress.add_master(Path::new(&file)));
            // It counts while the files cannot be opened, too.
            self.watch(&streams);
            let opened = AsyncResult::new();
            let prepared = Prepared {
                layout,
                info: self.source.info().clone(),
                ended: self.source.has_ended(),
                is_resumed: self.scan.resumed,
                opened: opened.promise(no_answer()),
                stop_requested: context.stopping().clone(),
                stopped: self.stopped.clone(),
                claims: self.claims.leases(),
            };
            self.send(ScanUpdate::Prepared(Box::new(prepared))).await?;
            if !self.resume(opened).await {
                return Ok(());
            }
            self.request_links(links).await?;
        }
        self.watch(&streams);
        let followed = self.follow_wanted(streams);
        if followed.is_empty() {
            Ok(())
        } else {
            self.send(ScanUpdate::Streams(followed)).await
        }
    }

    /// Waits until the consumer has opened the files. Returns `false` if it has no use for any data: the
    /// files have the whole scan, or cannot be written, which the consumer remembers.
    async fn resume(&mut self, opened: AsyncResult<ResumePoints, Fault>) -> bool {
        match opened.take().await {
            Ok(ResumePoints::Points(points)) => {
                self.resume_points = points;
                true
            }
            Ok(ResumePoints::Complete) | Err(_) => {
                self.already_complete = true;
                false
            }
        }
    }

    /// Returns the layout of the scan, or `None` if the scan is not to be saved, or not yet known to be.
    fn layout(
        &self,
        streams: &[StreamDescription],
        ended: bool,
    ) -> Result<Option<Box<dyn Layout>>, Fault> {
        let info = self.source.info();
        let writer = self.scan.writer.as_ref();
        if writer.is_some_and(|writer| !writer.accepts(info)) {
            return Ok(None);
        }
        let scan = ScanDescription {
            model: self.source.model(),
            info,
            path: self.source.path(),
            number: self.source.number(),
            streams,
        };
        match layout_of(&scan, &self.scan.save) {
            // The info may be older than the state, and a later version may be complete.
            Ok(Some(layout)) if layout.is_provisional() && !ended && streams.is_empty() => Ok(None),
            Err(_) if !ended && streams.is_empty() => Ok(None),
            Ok(layout) => Ok(layout),
            Err(error) => Err(Fault::new(&error)),
        }
    }

    /// Starts to follow the wanted streams that the scan has declared by now.
    fn follow_wanted(&mut self, streams: Vec<StreamDescription>) -> Vec<FollowedStream> {
        let Some(wanted) = &mut self.wanted else {
            return Vec::new();
        };
        let mut followed = Vec::new();
        for stream in streams {
            if !wanted.remove(&stream.name) {
                continue;
            }
            let live = &self.scan.live;
            let channel = live.add_channel(&stream, self.source.info());
            let StreamDescription {
                name, mut content, ..
            } = stream;
            let mut id = None;
            if content.is_ok() {
                let from = self.resume_points.get(&name).copied().unwrap_or(0);
                match self.source.follow(&name, from) {
                    Ok(stream) => {
                        self.open_streams.insert(stream);
                        self.scan.margin.follow(&name, stream);
                        self.scan.live.follow(stream, channel);
                        id = Some(stream);
                    }
                    Err(error) => content = Err(with_causes(&error)),
                }
            }
            followed.push(FollowedStream { name, id, content });
        }
        followed
    }

    /// Returns `true` if the document says that the scan is not to be saved. A document that is older than
    /// the state (because Redis refused its update) does not count: a later version may say otherwise.
    pub(super) fn is_not_to_be_saved(&self) -> bool {
        let state = self.source.state();
        self.wanted.is_none()
            && (state == ScanState::Closed
                || state >= ScanState::Prepared
                    && (self.source.path().is_none() || !self.source.streams().is_empty()))
    }

    /// Lets the lag of the wanted streams of points be measured.
    fn watch(&self, streams: &[StreamDescription]) {
        let is_wanted = |name: &String| self.wanted.as_ref().is_some_and(|all| all.contains(name));
        let has_points = |content: &Result<StreamContent, _>| {
            content.as_ref().is_ok_and(StreamContent::has_points)
        };
        let names = streams
            .iter()
            .filter(|stream| has_points(&stream.content) && is_wanted(&stream.name))
            .map(|stream| stream.name.as_str());
        self.scan.margin.watch(&*self.source, names);
    }
}
