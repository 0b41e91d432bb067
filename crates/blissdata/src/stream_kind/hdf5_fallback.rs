//! Plugin `hdf5_fallback`: points that readers find in a file when Redis no longer has them.

use serde_json::Value;

use super::info_fields::InfoFields;
use super::{StreamKind, StreamKindError, StreamPlugin};
use crate::document::{ScanIdentity, StreamModel};
use crate::encoding::Encoding;

/// The plugin. Its streams are plain: the file is the one that the writer makes.
pub(super) struct Hdf5Fallback;

impl StreamPlugin for Hdf5Fallback {
    fn name(&self) -> &'static str {
        "hdf5_fallback"
    }

    fn parse(
        &self,
        _: &InfoFields<'_>,
        _: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        Ok(StreamKind::Plain)
    }
}

impl StreamModel {
    /// Returns the file and the dataset where readers of an `hdf5_fallback` stream expect its points when
    /// Redis no longer has them: the file that the writer is about to make. Publishers before 2.0 named
    /// only the dataset, in the file of the scan.
    pub fn fallback(&self, id: &ScanIdentity) -> Option<(String, String)> {
        let dataset = self.info.get("data_path")?.as_str()?.to_owned();
        let file = match (self.info.get("plugin"), self.info.get("file_path")) {
            (Some(plugin), Some(Value::String(file))) if plugin == Hdf5Fallback.name() => {
                file.clone()
            }
            (None, None) if matches!(self.encoding, Ok(Encoding::Numeric { .. })) => {
                id.path.clone()?
            }
            _ => return None,
        };
        Some((file, dataset))
    }
}
