//! The points in events of channels.
//!
//! Nearly all events of a channel have the same form: the same description, and a pickle that differs from the one
//! before in the bytes of the numbers only. A [`PointDecoder`] keeps the form of the last event. An event that has the
//! same form is a comparison of some hundred bytes: nothing is decoded, copied or allocated.

use std::sync::Arc;

use acquisition::DType;
use bytes::Bytes;
use pickle::numpy::{Array, ArrayDecodeError};

use crate::cast::cast;
use crate::event::{Description, DescriptionError, ElementType, element_type};

/// Pickles with more than this around the numbers are not worth keeping.
const MAX_FRAME: usize = 1024;

/// Points of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Points<'a> {
    /// Numbers.
    Numbers {
        /// Type of the numbers: that of the channel, whatever type the event has.
        dtype: DType,
        /// Shape of one point.
        shape: Arc<[u64]>,
        /// The numbers in the order of C.
        data: PointData<'a>,
    },
    /// Texts.
    Texts {
        /// Shape of one point.
        shape: Arc<[u64]>,
        /// The texts of all points in the order of C.
        texts: Vec<String>,
    },
    /// Keys of other nodes.
    References(Vec<String>),
}

/// The numbers of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointData<'a> {
    /// They are in the reply as they are needed.
    InReply(&'a [u8]),
    /// They have been converted.
    Converted(Bytes),
}

impl PointData<'_> {
    /// Returns the bytes.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            PointData::InReply(data) => data,
            PointData::Converted(data) => data,
        }
    }
}

/// Why the points of an event cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// The description cannot be used.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The data are no array.
    #[error("the data cannot be decoded")]
    Data(#[from] ArrayDecodeError),
    /// The data have a type that is not supported.
    #[error("the data have an unknown type")]
    Dtype(#[from] acquisition::DTypeError),
    /// The data do not have the number of points that the event declares.
    #[error("data of shape {shape:?} are not {count} points")]
    Count {
        /// Shape of the data.
        shape: Vec<u64>,
        /// Declared number of points.
        count: u64,
    },
    /// The data cannot be converted to the type of the channel.
    #[error("data of type {found} cannot be converted to {declared}")]
    Type {
        /// Type of the data.
        found: String,
        /// Type of the channel.
        declared: String,
    },
}

/// Decodes the events of one channel, in their order.
#[derive(Debug, Default)]
pub struct PointDecoder {
    /// The last description, as it was published.
    description_pickle: Vec<u8>,
    description: Arc<Description>,
    /// Type of the channel: the announced one, or that of its first event.
    element: Option<ElementType>,
    /// The types of the last conversion between different kinds or sizes of numbers.
    conversion: Option<Conversion>,
    form: Option<Form>,
    /// The description or the type may be another than before.
    has_changed: bool,
}

/// The numbers of an event are converted to another type than they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// Their type.
    pub from: DType,
    /// The type of the channel.
    pub to: DType,
}

/// A pickle of numbers without the numbers.
#[derive(Debug)]
struct Form {
    count: u64,
    before: Vec<u8>,
    after: Vec<u8>,
    /// Length of the whole pickle.
    len: usize,
    dtype: DType,
    shape: Arc<[u64]>,
}

impl Form {
    /// Returns the bytes of the numbers, if the pickle has this form.
    #[inline]
    fn numbers<'a>(&self, count: u64, pickle: &'a [u8]) -> Option<&'a [u8]> {
        if (count, pickle.len()) != (self.count, self.len) {
            return None;
        }
        let rest = pickle.strip_prefix(self.before.as_slice())?;
        rest.strip_suffix(self.after.as_slice())
    }
}

impl PointDecoder {
    /// Creates a decoder of a channel whose type is that of its first event.
    pub fn new() -> PointDecoder {
        PointDecoder::default()
    }

    /// Creates a decoder of a channel of this type, to which all data are converted.
    pub fn with_type(element: ElementType) -> PointDecoder {
        PointDecoder {
            element: Some(element),
            ..PointDecoder::default()
        }
    }

    /// Returns the last conversion between different kinds or sizes of numbers since this was last asked.
    pub fn take_conversion(&mut self) -> Option<Conversion> {
        self.conversion.take()
    }

    /// Returns the description of the last event.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Returns the type to which the data are converted. Returns `None` before the first event if no type was given.
    pub fn element(&self) -> Option<ElementType> {
        self.element
    }

    /// Returns `true` if the description or the type may have changed since this was last asked.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Decodes an event of `count` points. Description and data must be slices of the reply.
    ///
    /// # Errors
    /// If the event is not valid. Other events can be decoded all the same.
    pub fn decode<'a>(
        &mut self,
        reply: &Bytes,
        description: &[u8],
        count: u64,
        data: &'a [u8],
    ) -> Result<Points<'a>, PointError> {
        if description == self.description_pickle
            && let Some(form) = &self.form
            && let Some(numbers) = form.numbers(count, data)
        {
            return Ok(Points::Numbers {
                dtype: form.dtype,
                shape: form.shape.clone(),
                data: PointData::InReply(numbers),
            });
        }
        self.decode_any(reply, description, count, data)
    }

    /// Decodes an event that has another form than the one before.
    #[cold]
    fn decode_any<'a>(
        &mut self,
        reply: &Bytes,
        description: &[u8],
        count: u64,
        pickle: &'a [u8],
    ) -> Result<Points<'a>, PointError> {
        self.form = None;
        if description != self.description_pickle {
            self.description = Arc::new(Description::decode(&reply.slice_ref(description))?);
            self.description_pickle = description.to_vec();
            self.has_changed = true;
        }
        let array = Array::decode(&reply.slice_ref(pickle))?;
        let shape = self.point_shape(&array, count)?;
        let found = element_type(&array.dtype)?;
        if self.description.is_reference {
            return Ok(Points::References(texts(&array)?));
        }
        let declared = self.description.element.unwrap_or(found);
        let declared = *self.element.get_or_insert(declared);
        let (ElementType::Number(from), ElementType::Number(to)) = (found, declared) else {
            return match (found, declared) {
                (ElementType::Text, ElementType::Text) => Ok(Points::Texts {
                    shape,
                    texts: texts(&array)?,
                }),
                _ => Err(type_error(&array, declared)),
            };
        };
        if from == to
            && let Some(numbers) = part_of(pickle, &array.data)
        {
            self.form = form(pickle, numbers, count, to, &shape);
            return Ok(Points::Numbers {
                dtype: to,
                shape,
                data: PointData::InReply(&pickle[numbers.0..numbers.1]),
            });
        }
        let data = cast(&array, from, to).ok_or_else(|| type_error(&array, declared))?;
        if (from.kind, from.size) != (to.kind, to.size) {
            self.conversion = Some(Conversion { from, to });
        }
        Ok(Points::Numbers {
            dtype: to,
            shape,
            data: PointData::Converted(data),
        })
    }

    /// Returns the shape of one of the points in an array.
    fn point_shape(&self, array: &Array, count: u64) -> Result<Arc<[u64]>, PointError> {
        let shape = array.shape.as_slice();
        // One point has no dimension of points, unless a list was published.
        let declared = self.description.shape.as_deref();
        let is_point = count == 1
            && (declared == Some(shape)
                || !(shape.first() == Some(&1) && declared == Some(&shape[1..])));
        match shape {
            point if is_point => Ok(point.into()),
            [points, point @ ..] if *points == count => Ok(point.into()),
            _ => Err(PointError::Count {
                shape: shape.to_vec(),
                count,
            }),
        }
    }
}

fn texts(array: &Array) -> Result<Vec<String>, PointError> {
    match array.texts() {
        Some(texts) => Ok(texts.collect()),
        None => Err(type_error(array, ElementType::Text)),
    }
}

fn type_error(array: &Array, declared: ElementType) -> PointError {
    PointError::Type {
        found: array.dtype.to_string(),
        declared: match declared {
            ElementType::Number(dtype) => dtype.to_string(),
            ElementType::Text => "text".to_owned(),
        },
    }
}

/// Returns where a slice is in the pickle of which it is a part, or `None` if it is a copy.
fn part_of(pickle: &[u8], part: &[u8]) -> Option<(usize, usize)> {
    let start = (part.as_ptr() as usize).checked_sub(pickle.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    // Without any bytes the address means nothing.
    (!part.is_empty() && end <= pickle.len()).then_some((start, end))
}

/// Returns the form of a pickle whose numbers are at that place.
fn form(
    pickle: &[u8],
    (start, end): (usize, usize),
    count: u64,
    dtype: DType,
    shape: &Arc<[u64]>,
) -> Option<Form> {
    let (before, after) = (&pickle[..start], &pickle[end..]);
    (before.len() + after.len() <= MAX_FRAME).then(|| Form {
        count,
        before: before.to_vec(),
        after: after.to_vec(),
        len: pickle.len(),
        dtype,
        shape: shape.clone(),
    })
}
