//! Reading channels from a scan's info: everything that the info says about a channel.

use acquisition::DetectorFiles;
use nexus::tree::{ChunkOptions, DeclaredStorage, StreamStorage};
use serde_json::{Map, Value as Json};

use super::channel::Channel;
use super::devices::positioners::ChannelRole;
use super::devices::{ChannelDescription, PRINCIPAL, Units, channel_names};
use super::dims::ScanDims;
use super::names::normalised;
use crate::layout::info::mapping;
use crate::options::SaveOptions;
use crate::source::{StreamContent, StreamDescription};

/// A channel whose names may still change, if others have the same names.
#[derive(Debug, Clone)]
pub struct ChannelDraft {
    /// The channel, with names that are valid in a file.
    pub channel: Channel,
    /// Name of its device in the scan.
    pub device: String,
    /// Whether the name of the device is enough to name the channel.
    pub single: bool,
}

/// Reads channels from the info of a scan.
#[derive(Debug, Clone, Copy)]
pub struct ChannelReader<'a> {
    /// Info of the scan.
    pub info: &'a Json,
    /// Its dimensions.
    pub dims: &'a ScanDims,
    /// Options of its chunks.
    pub chunks: ChunkOptions,
    /// Options of the user.
    pub options: &'a SaveOptions,
}

impl ChannelReader<'_> {
    /// Reads a channel that belongs to a device of the acquisition chain.
    pub fn channel(
        &self,
        stream: &StreamDescription,
        short: &str,
        role: ChannelRole,
    ) -> ChannelDraft {
        let published = self
            .options
            .configurable
            .then(|| mapping(self.info.get("nexuswriter")?, "devices")?.get(&stream.channel))
            .flatten();
        self.draft(stream, short, role, published.unwrap_or(&Json::Null))
    }

    /// Reads a channel that belongs to no device.
    pub fn channel_without_device(&self, stream: &StreamDescription, short: &str) -> ChannelDraft {
        self.draft(stream, short, ChannelRole::Detector, &Json::Null)
    }

    fn draft(
        &self,
        stream: &StreamDescription,
        short: &str,
        role: ChannelRole,
        published: &Json,
    ) -> ChannelDraft {
        let text = |key| published.get(key).and_then(Json::as_str);
        let (device_type, data_type) = role.types().unwrap_or((
            text("device_type").unwrap_or_default(),
            text("data_type").unwrap_or(PRINCIPAL),
        ));
        let names = channel_names(&ChannelDescription {
            name: &stream.channel,
            short,
            device_type,
            data_type,
            element: published.get("channel"),
            multivalue: self.options.multivalue_positioners,
        });
        let described = self
            .info
            .get("channels")
            .and_then(|channels| channels.get(&stream.channel));
        let device_key = described.and_then(|channel| channel.get("device")?.as_str());
        let mut channel = Channel {
            stream: stream.clone(),
            device_key: device_key.map(str::to_owned),
            device_type: device_type.to_owned(),
            device: normalised(&names.device),
            dataset: normalised(&names.dataset),
            alias: None,
            link: normalised(&names.link()),
            principal: names.is_principal(),
            master_index: role.master_index(),
            device_info: mapping(published, "device_info")
                .cloned()
                .unwrap_or_default(),
            data_info: self.data_info(stream, described, published, names.units),
            selection: names.selection,
            storage: StreamStorage::Declared(DeclaredStorage {
                scan: self.dims.saved.clone(),
                chunks: self.chunks,
            }),
            lists_files: self.lists_files(stream),
        };
        if channel.principal {
            let alias = match channel.is_positioner() {
                true => "value",
                false => "data",
            };
            channel.alias = (alias != channel.dataset).then(|| alias.to_owned());
        }
        ChannelDraft {
            channel,
            device: names.device,
            single: names.single,
        }
    }

    fn data_info(
        &self,
        stream: &StreamDescription,
        described: Option<&Json>,
        published: &Json,
        units: Units,
    ) -> Map<String, Json> {
        let mut info = match mapping(published, "data_info") {
            Some(info) => info.clone(),
            None => {
                let unit = described.and_then(|channel| channel.get("unit"));
                let unit = unit.filter(|unit| !unit.is_object());
                Map::from_iter(unit.map(|unit| ("units".to_owned(), unit.clone())))
            }
        };
        if let Units::OfType(units) = units {
            info.insert("units".to_owned(), units.map_or(Json::Null, Json::from));
        }
        if let Some(text) = interpretation(dims_of_point(stream), self.dims) {
            info.insert("interpretation".to_owned(), Json::from(text));
        }
        info.retain(|name, value| !value.is_null() && !name.is_empty() && !name.contains('\0'));
        info
    }

    /// Returns `true` if the frames of a stream are neither referred to by a dataset nor copied.
    fn lists_files(&self, stream: &StreamDescription) -> bool {
        let Some(format) = stream.detector_files().and_then(DetectorFiles::format) else {
            return false;
        };
        match format {
            "hdf5" => !self.options.allow_external_hdf5 && !self.options.copy_non_external,
            "edf" => !self.options.allow_external_nonhdf5 && !self.options.copy_non_external,
            _ => true,
        }
    }
}

fn dims_of_point(stream: &StreamDescription) -> usize {
    match &stream.content {
        Ok(StreamContent::Numbers { shape, .. }) => shape.len(),
        Ok(StreamContent::Texts { shape }) => shape.len(),
        Ok(StreamContent::Frames(files)) if !files.frame().shape.is_empty() => {
            files.frame().shape.len()
        }
        Ok(StreamContent::Frames(_) | StreamContent::MasterFile(_)) => 2,
        Ok(StreamContent::References) | Err(_) => 0,
    }
}

/// Returns the attribute `interpretation`: how a viewer should show the data.
pub fn interpretation(point: usize, dims: &ScanDims) -> Option<&'static str> {
    match (point, dims.scan.len(), dims.saved.len()) {
        (1, ..) => Some("spectrum"),
        (2, ..) | (0, 2, 2) => Some("image"),
        (3, ..) | (0, 3, 3) => Some("vertex"),
        _ => None,
    }
}
