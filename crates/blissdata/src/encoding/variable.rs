//! Payloads that carry the shape of their points: a MessagePack array of the shape and the bytes.

use super::PayloadError;

/// One decoded variable-shape payload: points of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableBatch<'a> {
    /// Actual shape of each point.
    pub shape: Vec<u64>,
    /// Bytes of all points, C order.
    pub data: &'a [u8],
}

impl<'a> VariableBatch<'a> {
    /// Decodes the payload of an entry of `points` points of `item_size` bytes per number.
    ///
    /// # Errors
    /// When the header is no MessagePack of the expected form, the shape contradicts `declared`,
    /// or the bytes are not those of that many points.
    pub fn decode(
        payload: &'a [u8],
        declared: &[Option<u64>],
        item_size: usize,
        points: u64,
    ) -> Result<VariableBatch<'a>, PayloadError> {
        let mut reader = MessagePackReader { rest: payload };
        if reader.array()? != 2 {
            return Err(PayloadError::MessagePack("not a pair of shape and data"));
        }
        let dimensions = reader.array()?;
        if dimensions != declared.len() as u64 {
            return Err(PayloadError::MessagePack(
                "another number of dimensions than declared",
            ));
        }
        let shape = declared
            .iter()
            .map(|_| reader.uint())
            .collect::<Result<Vec<u64>, _>>()?;
        let fits = |(size, declared): (&u64, &Option<u64>)| declared.is_none_or(|d| d == *size);
        if !shape.iter().zip(declared).all(fits) {
            return Err(PayloadError::Shape {
                actual: shape,
                declared: declared.to_vec(),
            });
        }
        let data = reader.bytes()?;
        if !reader.rest.is_empty() {
            return Err(PayloadError::MessagePack("bytes after the data"));
        }
        let expected = shape
            .iter()
            .try_fold((item_size as u64).saturating_mul(points), |size, n| {
                size.checked_mul(*n)
            });
        match expected {
            Some(expected) if expected == data.len() as u64 => Ok(VariableBatch { shape, data }),
            _ => Err(PayloadError::Size {
                actual: data.len() as u64,
                expected: expected.unwrap_or(u64::MAX),
                points,
            }),
        }
    }
}

/// The little of MessagePack that these payloads use.
struct MessagePackReader<'a> {
    rest: &'a [u8],
}

impl<'a> MessagePackReader<'a> {
    fn array(&mut self) -> Result<u64, PayloadError> {
        match self.byte()? {
            tag @ 0x90..=0x9f => Ok(u64::from(tag & 0x0f)),
            0xdc => self.big_endian(2),
            0xdd => self.big_endian(4),
            _ => Err(PayloadError::MessagePack("no array where one is expected")),
        }
    }

    fn uint(&mut self) -> Result<u64, PayloadError> {
        match self.byte()? {
            tag @ 0x00..=0x7f => Ok(u64::from(tag)),
            0xcc => self.big_endian(1),
            0xcd => self.big_endian(2),
            0xce => self.big_endian(4),
            0xcf => self.big_endian(8),
            _ => Err(PayloadError::MessagePack(
                "a dimension that is no unsigned integer",
            )),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8], PayloadError> {
        let size = match self.byte()? {
            0xc4 => self.big_endian(1)?,
            0xc5 => self.big_endian(2)?,
            0xc6 => self.big_endian(4)?,
            // Very old MessagePack libraries wrote bytes as text.
            tag @ 0xa0..=0xbf => u64::from(tag & 0x1f),
            0xd9 => self.big_endian(1)?,
            0xda => self.big_endian(2)?,
            0xdb => self.big_endian(4)?,
            _ => {
                return Err(PayloadError::MessagePack(
                    "no bytes where the data is expected",
                ));
            }
        };
        self.take(usize::try_from(size).unwrap_or(usize::MAX))
    }

    fn byte(&mut self) -> Result<u8, PayloadError> {
        Ok(self.take(1)?[0])
    }

    fn big_endian(&mut self, size: usize) -> Result<u64, PayloadError> {
        Ok(self
            .take(size)?
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], PayloadError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(size)
            .ok_or(PayloadError::MessagePack("the payload ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Payloads as blissdata 2.4.5 publishes them.
    fn published() -> Vec<(Vec<u8>, Vec<u64>, usize, u64)> {
        let long = [
            vec![0x92, 0x91, 0xcd, 0x01, 0x2c, 0xc5, 0x02, 0x58],
            vec![0; 600],
        ]
        .concat();
        let longer = [
            vec![
                0x92, 0x91, 0xce, 0x00, 0x01, 0x11, 0x70, 0xc6, 0x00, 0x01, 0x11, 0x70,
            ],
            vec![0; 70_000],
        ]
        .concat();
        vec![
            (vec![0x92, 0x91, 2, 0xc4, 4, 1, 0, 2, 0], vec![2], 2, 1),
            (
                vec![0x92, 0x92, 1, 2, 0xc4, 4, 1, 0, 2, 0],
                vec![1, 2],
                2,
                1,
            ),
            (long, vec![300], 1, 2),
            (longer, vec![70_000], 1, 1),
        ]
    }

    #[test]
    fn published_payloads() {
        for (payload, shape, item_size, points) in published() {
            let declared = vec![None; shape.len()];
            let batch = VariableBatch::decode(&payload, &declared, item_size, points).unwrap();
            assert_eq!(batch.shape, shape);
            let numbers = shape.iter().product::<u64>() * points;
            assert_eq!(batch.data.len() as u64, numbers * item_size as u64);
        }
    }

    #[test]
    fn bytes_written_as_text() {
        let batch = VariableBatch::decode(&[0x92, 0x91, 2, 0xa2, 7, 8], &[None], 1, 1).unwrap();
        assert_eq!(batch.data, [7, 8]);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let payload = [&[0x92, 0x92, 3, 0xcc, 200, 0xc5, 2, 0x58][..], &[0; 600]].concat();
        for size in 0..payload.len() {
            assert!(
                VariableBatch::decode(&payload[..size], &[None, None], 1, 1).is_err(),
                "{size}"
            );
        }
        let trailing = [payload, vec![0]].concat();
        assert!(VariableBatch::decode(&trailing, &[None, None], 1, 1).is_err());
    }

    #[test]
    fn contradictions_are_errors() {
        let payload = [0x92, 0x92, 3, 2, 0xc4, 6, 0, 0, 0, 0, 0, 0];
        assert!(VariableBatch::decode(&payload, &[None, Some(2)], 1, 1).is_ok());
        for (declared, item_size, points) in [
            (vec![None, Some(3)], 1, 1),
            (vec![None], 1, 1),
            (vec![None, None], 2, 1),
            (vec![None, None], 1, 2),
            (vec![None, None], 1, u64::MAX),
        ] {
            assert!(
                VariableBatch::decode(&payload, &declared, item_size, points).is_err(),
                "{declared:?} {item_size} {points}"
            );
        }
        let huge = [[0xcf].as_slice(), &u64::MAX.to_be_bytes()].concat();
        let overflow = [&[0x92, 0x92][..], &huge, &huge, &[0xc4, 0]].concat();
        assert!(VariableBatch::decode(&overflow, &[None, None], 8, 1).is_err());
    }
}
