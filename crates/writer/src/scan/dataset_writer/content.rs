//! How a dataset is filled, by the kind of its stream.

use std::rc::Rc;

use nexus::dataset::{FrameTarget, StoreQueue, StreamDataset, TextDataset, WritePolicy};

use super::{DatasetContent, DatasetWriter};
use crate::element::element_type;
use crate::scan::diagnostics::Diagnostics;
use crate::scan::file::ScanFile;
use crate::scan::frame_writer::FrameWriter;
use crate::scan::problem::StreamProblem;
use crate::source::StreamContent;
use crate::writer_thread::WriterContext;

impl DatasetWriter {
    /// Prepares the dataset for the data of the stream.
    pub fn begin(
        &mut self,
        content: &StreamContent,
        file: &ScanFile,
        context: &WriterContext,
        policy: WritePolicy,
        diagnostics: &mut Diagnostics,
    ) {
        let store_queue = context.store_queue.of_session(diagnostics.session());
        match self.content_for(content, file, context, store_queue, policy) {
            Ok(content) => {
                self.content = content;
                if file.partial.is_some() {
                    self.count_existing(file, diagnostics);
                }
            }
            Err(problem) => self.fail(problem, diagnostics),
        }
    }

    fn content_for(
        &self,
        content: &StreamContent,
        file: &ScanFile,
        context: &WriterContext,
        store_queue: StoreQueue,
        policy: WritePolicy,
    ) -> Result<DatasetContent, StreamProblem> {
        let root = || file.session.root().map(Rc::new);
        let resumed = file.partial.is_some();
        match content {
            StreamContent::Numbers { element, shape } => {
                let (element, shape) = (element.clone(), shape.clone());
                let storage = self.storage.clone();
                let make = match resumed {
                    true => StreamDataset::resume,
                    false => StreamDataset::new,
                };
                let dataset = make(
                    root()?,
                    &self.path,
                    element,
                    shape,
                    storage,
                    policy,
                    store_queue,
                )?;
                Ok(DatasetContent::Points(Box::new(dataset)))
            }
            StreamContent::Texts { shape } => {
                let make = match resumed {
                    true => TextDataset::resume,
                    false => TextDataset::new,
                };
                let (shape, storage) = (shape.clone(), self.storage.clone());
                let written = store_queue.written().clone();
                let dataset = make(root()?, &self.path, shape, storage, policy, written)?;
                Ok(DatasetContent::Texts(Box::new(dataset)))
            }
            StreamContent::Frames(files) => {
                let shape = files.frame().shape.iter();
                let target = FrameTarget {
                    parent: root()?,
                    path: self.path.clone(),
                    file: file.session.path().to_owned(),
                    element: element_type(files.frame().dtype),
                    // The files tell the lengths that are not known.
                    frame: shape.map(|length| length.unwrap_or(0)).collect(),
                    storage: self.storage.clone(),
                };
                let frames = FrameWriter::new(
                    files.clone(),
                    self.frames,
                    target,
                    policy,
                    (context, store_queue),
                    self.counter.progress(),
                    resumed,
                )?;
                Ok(match frames {
                    Some(frames) => DatasetContent::Frames(Box::new(frames)),
                    None => DatasetContent::Finished { filled: false },
                })
            }
            StreamContent::MasterFile(Some((file, dataset))) => Ok(DatasetContent::MasterFile {
                file: file.clone(),
                dataset: dataset.clone(),
                announced: false,
                missing: Vec::new(),
            }),
            StreamContent::MasterFile(None) => Err(StreamProblem::NoMasterFile),
            StreamContent::References => Err(StreamProblem::ReferencesNotData),
        }
    }
}
