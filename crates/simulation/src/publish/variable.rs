//! Payloads that carry the shape of their points.

/// Returns the payload of points of one actual `shape`, whose bytes are `data`, as blissdata encodes it: a
/// MessagePack array of the shape and the bytes. Returns `None` if the data or the number of dimensions is more
/// than MessagePack can say (4 GiB, 65535).
pub fn encode_variable(shape: &[u64], data: &[u8]) -> Option<Vec<u8>> {
    let dimensions = u16::try_from(shape.len()).ok()?;
    let bytes = u32::try_from(data.len()).ok()?;
    let mut out = Vec::with_capacity(data.len() + 16 + 9 * shape.len());
    out.push(0x92);
    match dimensions {
        0..=15 => out.push(0x90 | dimensions as u8),
        _ => {
            out.push(0xdc);
            out.extend(dimensions.to_be_bytes());
        }
    }
    for &size in shape {
        match size {
            0..=0x7f => out.push(size as u8),
            0x80..=0xff => out.extend([0xcc, size as u8]),
            0x100..=0xffff => {
                out.push(0xcd);
                out.extend((size as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                out.push(0xce);
                out.extend((size as u32).to_be_bytes());
            }
            _ => {
                out.push(0xcf);
                out.extend(size.to_be_bytes());
            }
        }
    }
    match bytes {
        0..=0xff => out.extend([0xc4, bytes as u8]),
        0x100..=0xffff => {
            out.push(0xc5);
            out.extend((bytes as u16).to_be_bytes());
        }
        _ => {
            out.push(0xc6);
            out.extend(bytes.to_be_bytes());
        }
    }
    out.extend(data);
    Some(out)
}

#[cfg(test)]
mod tests {
    use blissdata::encoding::VariableBatch;

    use super::*;

    #[test]
    fn shapes_and_sizes_of_every_length_are_read_back() {
        for shape in [vec![2], vec![1, 2], vec![300], vec![70_000], vec![1; 20]] {
            let size = shape.iter().product::<u64>();
            let payload = encode_variable(&shape, &vec![7; size as usize]).unwrap();
            let declared = vec![None; shape.len()];
            let batch = VariableBatch::decode(&payload, &declared, 1, 1).unwrap();
            assert_eq!((batch.shape, batch.data.len() as u64), (shape, size));
        }
    }
}
