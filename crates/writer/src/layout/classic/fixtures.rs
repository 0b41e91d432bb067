//! Fixtures of tests: trees as JSON in the form of "dict to NeXus", and a subscan.

use nexus::tree::{ByteOrder, Content, Dataset, ElementType, Group, Item, StreamStorage, Value};
use serde_json::{Map, Value as Json, json};

use super::channel::Channel;
use super::device_group::DeviceGroup;
use super::subscan::Subscan;
use super::value::value;
use crate::source::{StreamContent, StreamDescription};

/// Returns a group as JSON. Names of links begin with `>`, names of attributes follow an `@`.
pub fn tree_as_json(group: &Group) -> Json {
    let attributes = group
        .attributes
        .iter()
        .map(|(name, value)| (format!("@{name}"), value_as_json(value)));
    let children = group.children.iter().flat_map(|(name, item)| match item {
        Item::Group(group) => vec![(name.clone(), tree_as_json(group))],
        Item::SoftLink { target } => vec![(format!(">{name}"), json!(target))],
        Item::ExternalLink { file, target } => {
            vec![(format!(">{name}"), json!(format!("{file}::{target}")))]
        }
        Item::Dataset(Dataset {
            attributes,
            content,
        }) => {
            let content = match content {
                Content::Value(value) => value_as_json(value),
                other => panic!("{other:?}"),
            };
            let attributes = attributes
                .iter()
                .map(|(attribute, value)| (format!("{name}@{attribute}"), value_as_json(value)));
            let dataset = (name.clone(), content);
            std::iter::once(dataset).chain(attributes).collect()
        }
    });
    attributes.chain(children).collect::<Map<_, _>>().into()
}

fn value_as_json(shown: &Value) -> Json {
    match shown {
        Value::Texts { shape, texts } if shape.is_empty() => json!(texts[0]),
        Value::Texts { texts, .. } => json!(texts),
        Value::Numbers { bytes, shape, .. } if shape.len() == 1 => {
            let words = bytes.chunks(8).filter_map(|word| word.try_into().ok());
            json!(words.map(i64::from_le_bytes).collect::<Vec<_>>())
        }
        Value::Numbers { bytes, .. } => {
            let integers = (-9..100).map(|n| json!(n));
            let decimals = (-9..100).map(|n| json!(f64::from(n) / 2.0));
            integers
                .chain(decimals)
                .chain([json!(true), json!(false)])
                .find(|json| value(json).as_ref() == Ok(shown))
                .unwrap_or_else(|| json!(bytes))
        }
        Value::Compound { columns, .. } => {
            json!(columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>())
        }
    }
}

/// Returns a subscan with one counter and one motor.
pub fn subscan() -> Subscan {
    subscan_of(vec![
        channel("axis:roby", "positioner", "roby", "value"),
        channel("sim:diode", "samplingcounter", "diode", "signal"),
    ])
}

/// Returns a subscan with these channels.
pub fn subscan_of(channels: Vec<Channel>) -> Subscan {
    Subscan {
        name: "axis".to_owned(),
        entry: "1.1".to_owned(),
        notices: Vec::new(),
        device_groups: channels.iter().map(DeviceGroup::of).collect(),
        channels,
    }
}

/// Returns a channel of device `<device>_key`.
pub fn channel(name: &str, device_type: &str, device: &str, dataset: &str) -> Channel {
    Channel {
        stream: StreamDescription::new(
            name,
            Ok(StreamContent::Numbers {
                element: ElementType::Float(8, ByteOrder::Little),
                shape: Vec::new(),
            }),
        ),
        device_key: Some(format!("{device}_key")),
        device_type: device_type.to_owned(),
        device: device.to_owned(),
        dataset: dataset.to_owned(),
        alias: None,
        link: device.to_owned(),
        principal: true,
        lists_files: false,
        master_index: None,
        device_info: Map::new(),
        data_info: Map::new(),
        selection: None,
        storage: StreamStorage::Automatic,
    }
}
