//! Looks for the frames of a scan in the files of a detector.

use std::time::Duration;

use nexus::dataset::{LocatedFrames, MAX_FRAME_PIECES};
use nexus::frames::{ExpectedFrames, Finding, FoundFrames, FrameError, element_name};
use nexus::tree::ElementType;

use super::missing::{MissingFrames, add_missing};
use super::places::FramePlace;
use super::wait::{PatientWait, REST_LIMIT};
use crate::inspection::Inspector;

/// What is known of the frames of a scan.
pub struct FrameSearch {
    expected: ExpectedFrames,
    /// The announced type of the pixels, if the type in the files matters.
    announced: Option<ElementType>,
    /// The type and shape of the frames in the files, once a frame was found.
    frame_type: Option<(ElementType, Vec<u64>)>,
    known: Vec<KnownFrames>,
}

/// Successive frames in one file, and what was found there.
struct KnownFrames {
    place: FramePlace,
    found: Option<FoundFrames>,
}

impl KnownFrames {
    fn is_whole(&self) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|found| found.present == self.place.range.count)
    }

    /// Returns why frames are missing, or `None` if none is.
    fn missing(&self) -> Option<FrameError> {
        match &self.found {
            Some(found) => found.missing.clone(),
            None => Some(self.place.unusable.clone().unwrap_or(FrameError::Missing)),
        }
    }
}

impl FrameSearch {
    /// Creates a search for frames of any type.
    pub fn new(expected: ExpectedFrames) -> FrameSearch {
        FrameSearch {
            expected,
            announced: None,
            frame_type: None,
            known: Vec::new(),
        }
    }

    /// Creates a search for frames whose type the dataset has to know. It is that of the first frame that is found.
    pub fn with_type(expected: ExpectedFrames, announced: ElementType) -> FrameSearch {
        FrameSearch {
            announced: Some(announced),
            ..FrameSearch::new(expected)
        }
    }

    /// Returns the number of frames whose places are known.
    pub fn frames(&self) -> u64 {
        self.known.iter().map(|known| known.place.range.count).sum()
    }

    /// Adds the places of the next frames of the scan.
    pub fn extend(&mut self, places: Vec<FramePlace>) {
        let known = places
            .into_iter()
            .map(|place| KnownFrames { place, found: None });
        self.known.extend(known);
    }

    /// Returns the type and shape of the frames in the files, once a frame was found.
    pub fn frame_type(&self) -> Option<&(ElementType, Vec<u64>)> {
        self.frame_type.as_ref()
    }

    /// Returns `true` if the shape of the frames is known without their files, or does not matter.
    pub fn is_shape_known(&self) -> bool {
        let shape = self.expected.shape.as_ref();
        shape.is_none_or(|shape| shape.iter().all(Option::is_some))
    }

    /// Returns a text that says how the type of the frames differs from what was announced, if it does.
    pub fn type_difference(&self) -> Option<String> {
        let announced = self.announced.as_ref()?;
        let (found, _) = self.frame_type.as_ref()?;
        (found != announced).then(|| {
            let [found, announced] = [found, announced].map(|element| element_name(Some(element)));
            format!("frames of type {found} in the files, where {announced} was announced")
        })
    }

    /// Looks for the frames that were not found yet. Waits at most `limit` for each file. Returns the first reason
    /// why a frame was not found.
    pub async fn look(&mut self, inspector: &Inspector, limit: Duration) -> Option<FrameError> {
        let missing = |known: &KnownFrames| match &known.found {
            None => known.place.unusable.is_none(),
            Some(found) => found.missing.as_ref().is_some_and(FrameError::is_temporary),
        };
        self.look_at(inspector, limit, missing).await
    }

    /// Looks for all frames, also for those that were found before, and waits some seconds for those that are
    /// not there yet.
    pub async fn look_at_all(&mut self, inspector: &Inspector) {
        let mut wait = PatientWait::default();
        let all = |known: &KnownFrames| known.place.unusable.is_none();
        let mut error = self.look_at(inspector, REST_LIMIT, all).await;
        while let Some(reason) = error
            && wait.goes_on(self.present(), &reason).await
        {
            error = self.look(inspector, REST_LIMIT).await;
        }
    }

    /// Returns the number of frames that were found.
    fn present(&self) -> u64 {
        let found = self.known.iter().filter_map(|known| known.found.as_ref());
        found.map(|found| found.present).sum()
    }

    async fn look_at(
        &mut self,
        inspector: &Inspector,
        limit: Duration,
        wanted: impl Fn(&KnownFrames) -> bool,
    ) -> Option<FrameError> {
        let wanted: Vec<usize> = (0..self.known.len())
            .filter(|index| wanted(&self.known[*index]))
            .collect();
        let ranges = wanted.iter().map(|index| {
            let known = &self.known[*index];
            let stamp = known.found.as_ref().and_then(|found| found.stamp);
            (known.place.range.clone(), stamp)
        });
        if wanted.is_empty() {
            return None;
        }
        let (findings, stopped) = inspector
            .find(&self.expected, ranges.collect(), limit)
            .await;
        let answered = findings.len();
        for (index, finding) in wanted.iter().zip(findings) {
            if let Finding::Found(found) = finding {
                self.note(*index, found);
            }
        }
        for index in &wanted[answered..] {
            self.known[*index].found = Some(FoundFrames {
                missing: stopped.clone(),
                ..FoundFrames::default()
            });
        }
        stopped.or_else(|| wanted.iter().find_map(|index| self.known[*index].missing()))
    }

    /// Notes what was found. All frames of a dataset have the type and shape of the first one that is found.
    fn note(&mut self, index: usize, mut found: FoundFrames) {
        if found.present > 0
            && let (Some(announced), Some(shape)) = (&self.announced, &found.shape)
        {
            if let (None, Some(element)) = (&self.frame_type, &found.element) {
                self.expected.element = Some(announced.clone());
                let is_announced = self.expected.check(Some(element), shape).is_ok();
                let element = if is_announced { announced } else { element };
                self.expected.element = Some(element.clone());
                self.expected.shape = Some(shape.iter().copied().map(Some).collect());
                self.frame_type = Some((element.clone(), shape.clone()));
            }
            let checked = match &found.element {
                Some(element) => self.expected.check(Some(element), shape),
                // A dataset cannot take the type of what is not a number.
                None => Err(FrameError::Type {
                    expected: element_name(Some(announced)),
                    found: element_name(None),
                }),
            };
            if let Err(error) = checked {
                found = FoundFrames {
                    missing: Some(error),
                    stamp: found.stamp,
                    ..FoundFrames::default()
                };
            }
        }
        self.known[index].found = Some(found);
    }

    /// Returns the number of frames before the first one that is missing or was not looked for.
    pub fn found_frames(&self) -> u64 {
        let whole = self.known.iter().take_while(|known| known.is_whole());
        whole.map(|known| known.place.range.count).sum()
    }

    /// Returns the frames of the scan before the first one that is missing or was not looked for.
    pub fn found_so_far(&self) -> Vec<LocatedFrames> {
        let whole = self.known.iter().take_while(|known| known.is_whole());
        whole.flat_map(located).collect()
    }

    /// Returns all frames of the scan.
    pub fn located(&self) -> Vec<LocatedFrames> {
        self.known.iter().flat_map(located).collect()
    }

    /// Returns the frames that are missing. A dataset that needs the `pieces` of files has no frame after the first
    /// missing one.
    pub fn missing(&self, pieces: bool) -> Vec<MissingFrames> {
        let mut missing = Vec::new();
        let mut first = 0;
        for known in &self.known {
            let range = &known.place.range;
            let end = first + range.count;
            let mut present = known.found.as_ref().map_or(0, |found| found.present);
            let mut error = known.missing();
            if pieces && first + present > MAX_FRAME_PIECES {
                present = MAX_FRAME_PIECES.saturating_sub(first);
                error = Some(FrameError::TooMany(MAX_FRAME_PIECES as usize));
            }
            if let Some(error) = error
                && present < range.count
            {
                let file = range.file.clone();
                add_missing(
                    &mut missing,
                    MissingFrames {
                        first: first + present,
                        end,
                        file,
                        error,
                    },
                );
            }
            first = end;
        }
        match missing.first_mut() {
            Some(gap) if pieces && gap.end < first => {
                gap.end = first;
                missing.truncate(1);
            }
            _ => {}
        }
        missing
    }
}

/// Returns the frames that are there, and those that are not.
fn located(known: &KnownFrames) -> impl Iterator<Item = LocatedFrames> {
    let range = &known.place.range;
    let found = known.found.clone().unwrap_or_default();
    let present = found.present.min(range.count);
    let is_awaited = known
        .missing()
        .is_some_and(|error| present == 0 && error.allows_reference());
    let mut there = range.clone();
    there.count = present;
    let mut absent = range.clone();
    absent.first += present;
    absent.count -= present;
    let parts = [
        LocatedFrames {
            range: there,
            is_usable: true,
            pieces: found.pieces,
        },
        LocatedFrames {
            range: absent,
            is_usable: is_awaited,
            pieces: Vec::new(),
        },
    ];
    parts.into_iter().filter(|part| part.range.count > 0)
}
