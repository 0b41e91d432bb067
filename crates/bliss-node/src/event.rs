//! Events: the entries of the streams of nodes.
//!
//! An [`EventScanner`] walks over an undecoded reply of Redis and hands out [`Event`]s, whose pickles are slices of the
//! reply. [`Description`] is the pickle that says what the data of an event are; [`points`](crate::points) decodes the
//! data.

use acquisition::{DType, DTypeError};
use bytes::Bytes;
use pickle::numpy::{Dtype, DtypeError, DtypeKind};
use pickle::{DecodeError, Dict, Value};
use redis_client::{EntryId, EntryReplyError, EntryScanner, StreamHeader, parse_uint};

/// An entry of a stream of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Identifier. In streams of data its first part is 1 + the index of the first point; in others it is a time.
    pub id: EntryId,
    /// What the entry tells.
    pub event: Event<'a>,
}

/// What an entry tells. Values that are slices are pickles, unless they say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A child was created.
    NewNode {
        /// Key of the child, as text.
        key: &'a [u8],
    },
    /// Points of a channel.
    ChannelData {
        /// The description of the points.
        description: &'a [u8],
        /// Number of points, as text.
        count: &'a [u8],
        /// The points.
        data: &'a [u8],
    },
    /// State of a Lima detector.
    LimaStatus {
        /// A dictionary.
        status: &'a [u8],
    },
    /// The scan is prepared.
    PreparedScan,
    /// The scan has ended.
    EndScan {
        /// The exception that ended it, or an empty text.
        exception: Option<&'a [u8]>,
    },
    /// A type of events that we do not know, or an event without one of its fields.
    Unknown,
}

/// The fields of an event, as far as they are known.
#[derive(Default)]
struct Fields<'a> {
    event: Option<&'a [u8]>,
    key: Option<&'a [u8]>,
    description: Option<&'a [u8]>,
    count: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
    exception: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    #[inline]
    fn set(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            b"__EVENT__" => self.event = Some(value),
            b"db_name" => self.key = Some(value),
            b"__DESC__" => self.description = Some(value),
            b"__NPOINTS__" => self.count = Some(value),
            b"__DATA__" => self.data = Some(value),
            b"__STATUS__" => self.status = Some(value),
            b"__EXCEPTION__" => self.exception = Some(value),
            _ => {}
        }
    }

    #[inline]
    fn event(&self) -> Option<Event<'a>> {
        Some(match self.event? {
            b"CHANNELDATA" => Event::ChannelData {
                description: self.description?,
                count: self.count?,
                data: self.data?,
            },
            b"NEW_NODE" => Event::NewNode { key: self.key? },
            b"LIMAIMAGESTATUS" => Event::LimaStatus {
                status: self.status?,
            },
            b"PREPARED_SCAN" => Event::PreparedScan,
            b"END_SCAN" => Event::EndScan {
                exception: self.exception,
            },
            _ => return None,
        })
    }
}

/// Walk over a complete, undecoded reply.
///
/// ```
/// use bliss_node::event::{Event, EventScanner};
///
/// let reply = b"*1\r\n*2\r\n$18\r\ndemo_children_list\r\n*1\r\n*2\r\n$3\r\n7-0\r\n*4\r\n\
///     $9\r\n__EVENT__\r\n$8\r\nNEW_NODE\r\n$7\r\ndb_name\r\n$6\r\ndemo:a\r\n";
/// let mut scanner = EventScanner::of_xread(reply)?;
/// assert!(scanner.next_stream()?.is_some());
/// let entry = scanner.next_entry()?.unwrap();
/// assert_eq!((entry.id.first, entry.event), (7, Event::NewNode { key: b"demo:a" }));
/// # Ok::<(), redis_client::EntryReplyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct EventScanner<'a>(EntryScanner<'a>);

impl<'a> EventScanner<'a> {
    /// Begins to walk over a reply of `XREAD`: streams and their entries.
    ///
    /// # Errors
    /// If the reply is not of that form, as for all methods.
    pub fn of_xread(reply: &'a [u8]) -> Result<EventScanner<'a>, EntryReplyError> {
        EntryScanner::of_xread(reply).map(EventScanner)
    }

    /// Begins to walk over a reply of `XRANGE` or `XREVRANGE`: entries of one stream.
    ///
    /// # Errors
    /// If the reply is not of that form.
    pub fn of_range(reply: &'a [u8]) -> Result<EventScanner<'a>, EntryReplyError> {
        EntryScanner::of_range(reply).map(EventScanner)
    }

    /// Returns the offset in the reply of what comes next.
    pub fn position(&self) -> usize {
        self.0.position()
    }

    /// Goes to the next stream, past the entries of the present one that were not looked at.
    ///
    /// # Errors
    /// If the reply is not of that form.
    pub fn next_stream(&mut self) -> Result<Option<StreamHeader<'a>>, EntryReplyError> {
        self.0.next_stream()
    }

    /// Takes the next entry of the present stream.
    ///
    /// # Errors
    /// If the reply is not of that form.
    #[inline]
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>, EntryReplyError> {
        let mut fields = Fields::default();
        let id = self.0.next_entry(|name, value| fields.set(name, value))?;
        Ok(id.map(|id| Entry {
            id,
            event: fields.event().unwrap_or(Event::Unknown),
        }))
    }
}

/// Returns the number of points in an event, if the text is one. An event of more points is rather broken than true.
pub(crate) fn parse_count(text: &[u8]) -> Option<u64> {
    parse_uint(text).filter(|count| (1..=1 << 32).contains(count))
}

/// Returns the index of the first point in an event of data. Returns `None` for an identifier that no publisher uses:
/// so indices can be added without a check.
pub(crate) fn first_point(id: EntryId) -> Option<u64> {
    id.first.checked_sub(1).filter(|first| *first < 1 << 62)
}

/// Returns `None` if the exception of an `END_SCAN` event means success, and the name of what ended the scan otherwise.
pub(crate) fn failure(exception: Option<&[u8]>) -> Option<String> {
    let pickle = exception?;
    match pickle::decode(&Bytes::copy_from_slice(pickle)) {
        Ok(Value::None) => None,
        Ok(Value::Text(text)) => (!text.is_empty()).then(|| text.to_string()),
        // Before BLISS 1.11 the exception itself.
        Ok(Value::Object(object)) => Some(match object.class() {
            Some(class) => class.to_string(),
            None => "an exception".to_owned(),
        }),
        Ok(Value::Global(class)) => Some(class.to_string()),
        Ok(_) | Err(_) => Some("an exception that cannot be read".to_owned()),
    }
}

/// Type of the elements of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    /// Numbers.
    Number(DType),
    /// Texts.
    Text,
}

/// Why a description cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// It cannot be decoded.
    #[error("the description of the data cannot be decoded")]
    Pickle(#[from] DecodeError),
    /// It is no dictionary.
    #[error("the description of the data is not a dictionary")]
    NotADict,
    /// Its type is not one of numpy.
    #[error("the data have an unknown type")]
    Dtype(#[from] DtypeError),
    /// Its type is neither a type of numbers nor text.
    #[error("the data are neither numbers nor texts")]
    Element(#[from] DTypeError),
    /// Its shape is not a tuple of lengths.
    #[error("the data have an invalid shape")]
    Shape,
}

/// What a publisher says about the data of a channel: in the channel's info, and with all data. What it says with the
/// data is right if they differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The data refer to other nodes.
    pub is_reference: bool,
    /// Type of the elements, if it is known.
    pub element: Option<ElementType>,
    /// Shape of one point, if it is known.
    pub shape: Option<Vec<u64>>,
    /// Unit.
    pub unit: Option<String>,
}

impl Description {
    /// Decodes a description.
    ///
    /// # Errors
    /// If it is not a description, or the type of the data is not supported.
    pub fn decode(pickle: &Bytes) -> Result<Description, DescriptionError> {
        let value = pickle::decode(pickle)?;
        let dict: &Dict = value.as_dict().ok_or(DescriptionError::NotADict)?;
        Description::of(|name| dict.get(name))
    }

    /// Reads a description from named values.
    ///
    /// # Errors
    /// If the shape is invalid, or the type is not supported.
    pub fn of<'v>(
        field: impl Fn(&str) -> Option<&'v Value>,
    ) -> Result<Description, DescriptionError> {
        let known = |name| field(name).filter(|value| !value.is_none());
        let dtype = field("dtype").map(Dtype::of).transpose()?.flatten();
        let element = dtype.as_ref().map(element_type).transpose()?;
        let shape = match known("shape") {
            Some(shape) => Some(lengths(shape).ok_or(DescriptionError::Shape)?),
            None => None,
        };
        Ok(Description {
            is_reference: field("reference").is_some_and(Value::is_truthy),
            element,
            shape,
            unit: known("unit").and_then(Value::as_text).map(str::to_owned),
        })
    }
}

/// Returns the lengths in a shape.
fn lengths(shape: &Value) -> Option<Vec<u64>> {
    shape.as_list()?.iter().map(Value::as_u64).collect()
}

/// Returns the type of elements that numpy has.
pub(crate) fn element_type(dtype: &Dtype) -> Result<ElementType, DTypeError> {
    match dtype.kind {
        DtypeKind::Text => Ok(ElementType::Text),
        _ => dtype.to_string().parse().map(ElementType::Number),
    }
}
