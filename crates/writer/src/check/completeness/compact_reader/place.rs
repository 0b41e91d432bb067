//! The places of one stream: a path, an object, or an array of these.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Number;

/// One place, as its object has it. What is `None` is as the record says for all places.
#[derive(Deserialize)]
pub struct Place {
    /// Path in the folder of the record, or an absolute one.
    pub path: String,
    /// Path of the file, as the layout wrote it.
    pub file: Option<String>,
    /// Each of the following three numbers that is not there.
    pub points: Option<Number>,
    /// Number of points that were published; `Some(None)` if that is not known.
    #[serde(default, deserialize_with = "nullable")]
    pub expected: Option<Option<Number>>,
    /// Number of points that came.
    pub received: Option<Number>,
    /// Number of points in the file.
    pub written: Option<Number>,
    /// Ranges of points that are missing.
    #[serde(default)]
    pub holes: Vec<(Number, Number)>,
}

/// Distinguishes `null` from a member that is not there.
fn nullable<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Number>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Place {
    fn with_defaults(path: &str) -> Place {
        Place {
            path: path.to_owned(),
            file: None,
            points: None,
            expected: None,
            received: None,
            written: None,
            holes: Vec::new(),
        }
    }
}

/// All places of one stream.
pub struct Places(pub Vec<Place>);

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Places, D::Error> {
        deserializer.deserialize_any(PlacesVisitor)
    }
}

struct PlacesVisitor;

impl<'de> Visitor<'de> for PlacesVisitor {
    type Value = Places;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a path, an object with a path, or an array of these")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Places, E> {
        PlaceVisitor
            .visit_str(path)
            .map(|place| Places(vec![place]))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Places, A::Error> {
        PlaceVisitor.visit_map(map).map(|place| Places(vec![place]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut places: A) -> Result<Places, A::Error> {
        let mut all = Vec::new();
        while let Some(OnePlace(place)) = places.next_element()? {
            all.push(place);
        }
        Ok(Places(all))
    }
}

/// An element of an array of places.
struct OnePlace(Place);

impl<'de> Deserialize<'de> for OnePlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OnePlace, D::Error> {
        deserializer.deserialize_any(PlaceVisitor).map(OnePlace)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a path, or an object with a path")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Place, E> {
        Ok(Place::with_defaults(path))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Place, A::Error> {
        Place::deserialize(MapAccessDeserializer::new(map))
    }
}
