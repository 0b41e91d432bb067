//! What fills a place, by the kind of its stream.

use std::rc::Rc;

use nexus::dataset::{FrameSite, Policy, StreamDataset};

use super::{Filling, Place};
use crate::element::element_type;
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::ScanFile;
use crate::scan::frames::DetectorFrames;
use crate::scan::problem::StreamProblem;
use crate::source::StreamContent;
use crate::writer_thread::WriterContext;

impl Place {
    /// Gets ready for the data of the stream.
    pub fn begin(
        &mut self,
        content: &StreamContent,
        file: &ScanFile,
        context: &WriterContext,
        policy: Policy,
        diagnostics: &mut Diagnostics,
    ) {
        match self.filling_for(content, file, context, policy) {
            Ok(filling) => {
                self.filling = filling;
                if file.partial.is_some() {
                    self.go_on(file, diagnostics);
                }
            }
            Err(problem) => self.fail(problem, diagnostics),
        }
    }

    fn filling_for(
        &self,
        content: &StreamContent,
        file: &ScanFile,
        context: &WriterContext,
        policy: Policy,
    ) -> Result<Filling, StreamProblem> {
        let root = || file.session.root().map(Rc::new);
        let resumed = file.partial.is_some();
        match content {
            StreamContent::Numbers { element, shape } => {
                let (element, shape) = (element.clone(), shape.clone());
                let (storage, outbox) = (self.storage.clone(), context.outbox.clone());
                let make = match resumed {
                    true => StreamDataset::resume,
                    false => StreamDataset::new,
                };
                let dataset = make(root()?, &self.path, element, shape, storage, policy, outbox)?;
                Ok(Filling::Points(Box::new(dataset)))
            }
            StreamContent::Frames(files) => {
                let shape: Option<Vec<u64>> = files.frame().shape.iter().copied().collect();
                let shape = shape.ok_or(StreamProblem::FrameShapeUnknown)?;
                let site = FrameSite {
                    parent: root()?,
                    path: self.path.clone(),
                    file: file.session.path().to_owned(),
                    element: element_type(files.frame().dtype),
                    frame: shape,
                    storage: self.storage.clone(),
                };
                let outbox = &context.outbox;
                let frames =
                    DetectorFrames::new(files.clone(), self.frames, site, policy, outbox, resumed)?;
                Ok(match frames {
                    Some(frames) => Filling::Frames(Box::new(frames)),
                    None => Filling::Done { filled: false },
                })
            }
            StreamContent::MasterFile(Some((file, dataset))) => Ok(Filling::Master {
                file: file.clone(),
                dataset: dataset.clone(),
                announced: false,
            }),
            StreamContent::MasterFile(None) => Err(StreamProblem::NoMasterFile),
            StreamContent::References => Err(StreamProblem::ReferencesNotData),
        }
    }
}
