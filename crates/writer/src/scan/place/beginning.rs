//! What fills a place, by the kind of its stream.

use std::rc::Rc;

use nexus::dataset::{FrameSite, Policy, StreamDataset};

use super::{Filling, Place};
use crate::element::element_type;
use crate::scan::account::Account;
use crate::scan::event::StreamContent;
use crate::scan::file::ScanFile;
use crate::scan::frames::DetectorFrames;
use crate::subscriber::with_causes;
use crate::workshop::Bench;

impl Place {
    /// Gets ready for the data of the stream.
    pub fn begin(
        &mut self,
        content: &StreamContent,
        file: &ScanFile,
        bench: &Bench,
        policy: Policy,
        account: &mut Account,
    ) {
        match self.filling_for(content, file, bench, policy) {
            Ok(filling) => {
                self.filling = filling;
                if file.remains.is_some() {
                    self.go_on(file, account);
                }
            }
            Err(reason) => self.fail(&reason, account),
        }
    }

    fn filling_for(
        &self,
        content: &StreamContent,
        file: &ScanFile,
        bench: &Bench,
        policy: Policy,
    ) -> Result<Filling, String> {
        let root = || {
            file.session
                .root()
                .map(Rc::new)
                .map_err(|error| with_causes(&error))
        };
        let resumed = file.remains.is_some();
        match content {
            StreamContent::Points { element, shape } => {
                let (element, shape) = (element.clone(), shape.clone());
                let (storage, outbox) = (self.storage.clone(), bench.outbox.clone());
                let make = match resumed {
                    true => StreamDataset::resume,
                    false => StreamDataset::new,
                };
                make(root()?, &self.path, element, shape, storage, policy, outbox)
                    .map(|dataset| Filling::Points(Box::new(dataset)))
                    .map_err(|error| with_causes(&error))
            }
            StreamContent::Frames(files) => {
                let shape: Option<Vec<u64>> = files.frame().shape.iter().copied().collect();
                let shape = shape.ok_or("the shape of the frames is not known")?;
                let site = FrameSite {
                    parent: root()?,
                    path: self.path.clone(),
                    file: file.session.path().to_owned(),
                    element: element_type(files.frame().dtype),
                    frame: shape,
                    storage: self.storage.clone(),
                };
                let outbox = &bench.outbox;
                let frames =
                    DetectorFrames::new(files.clone(), self.frames, site, policy, outbox, resumed)?;
                Ok(match frames {
                    Some(frames) => Filling::Frames(Box::new(frames)),
                    None => Filling::Done { filled: false },
                })
            }
            StreamContent::Master(Some(master)) => Ok(Filling::Master {
                file: master.file.clone(),
                dataset: master.dataset.clone(),
                announced: false,
            }),
            StreamContent::Master(None) => Err("the detector provides no master file".to_owned()),
            StreamContent::References => Err("references to scans are no data".to_owned()),
        }
    }
}
