//! Frames of a scan that an earlier writer has begun.

use super::copy::Copies;
use super::{Content, Form, FrameDataset, FrameSite};
use crate::dataset::{Error, Outbox, Policy};
use crate::h5::Kind;

impl FrameDataset {
    /// The dataset that an earlier writer has begun with the same arguments. A copy goes on behind
    /// the frames that [were taken](FrameDataset::taken), the other forms are made anew when there
    /// are frames.
    ///
    /// # Errors
    /// The same, and if there is something else than such a dataset.
    pub fn resume(
        form: Form,
        site: FrameSite,
        policy: Policy,
        outbox: &Outbox,
    ) -> Result<FrameDataset, Error> {
        if form == Form::Copy {
            let copies = Copies::resume(&site, policy, outbox.clone())?;
            return Ok(FrameDataset {
                visible: copies.visible(),
                content: Content::Copy(Box::new(copies)),
                site,
                old: false,
                rests_until: None,
            });
        }
        let old = match site.parent.has_link(&site.path) {
            Ok(true) => site
                .parent
                .kind(&site.path)
                .map(|kind| kind == Some(Kind::Dataset)),
            Ok(false) => Ok(false),
            Err(error) => Err(error),
        };
        let old = old.map_err(|source| site.failure("find the dataset", source))?;
        let mut dataset = FrameDataset::new(form, site, policy, outbox)?;
        dataset.old = old;
        Ok(dataset)
    }
}
