//! Single JSON values as the bytes of a number type, by the rules of numpy.

use nexus::tree::ElementType;
use serde_json::Value as Json;

/// Appends one element. Returns `None` if the JSON value cannot be converted to this type.
///
/// Texts are parsed as numbers, decimals are truncated for integer types, and numbers that do not
/// fit are refused.
pub fn append(json: &Json, element: &ElementType, bytes: &mut Vec<u8>) -> Option<()> {
    match element {
        ElementType::Bool => bytes.push(truth(json)?.into()),
        ElementType::Int(size, _) => {
            let number = integer(json)?;
            let limit = 1i128 << (8 * size - 1);
            (-limit..limit).contains(&number).then_some(())?;
            bytes.extend(&number.to_le_bytes()[..*size]);
        }
        ElementType::Uint(size, _) => {
            let number = integer(json)?;
            (0..1i128 << (8 * size)).contains(&number).then_some(())?;
            bytes.extend(&number.to_le_bytes()[..*size]);
        }
        ElementType::Float(size, _) => append_float(decimal(json)?, *size, bytes)?,
        ElementType::Complex(size, _) => {
            let (real, imaginary) = complex(json)?;
            append_float(real, size / 2, bytes)?;
            append_float(imaginary, size / 2, bytes)?;
        }
        ElementType::Text | ElementType::FixedText(_) | ElementType::Compound(_) => return None,
    }
    Some(())
}

/// Returns the boolean of a value: as in Python, every text except the empty one is true.
fn truth(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => Some(number.as_f64()? != 0.0),
        Json::String(text) => Some(!text.is_empty()),
        _ => None,
    }
}

fn integer(json: &Json) -> Option<i128> {
    match json {
        Json::Bool(flag) => Some(i128::from(*flag)),
        Json::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .or_else(|| number.as_f64().map(|decimal| decimal as i128)),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn decimal(json: &Json) -> Option<f64> {
    match json {
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Parses a number, or a text like `(1+2j)`.
fn complex(json: &Json) -> Option<(f64, f64)> {
    let Json::String(text) = json else {
        return decimal(json).map(|real| (real, 0.0));
    };
    let text = text.trim();
    let text = text
        .strip_prefix('(')
        .and_then(|t| t.strip_suffix(')'))
        .unwrap_or(text);
    let Some(body) = text.strip_suffix(['j', 'J']) else {
        return text.parse().ok().map(|real| (real, 0.0));
    };
    // The sign of the imaginary part is the last one that does not belong to an exponent.
    let split = body
        .char_indices()
        .rev()
        .find(|&(at, c)| matches!(c, '+' | '-') && !body[..at].ends_with(['e', 'E']));
    let (real, imaginary) = body.split_at(split.map_or(0, |(at, _)| at));
    let imaginary = match imaginary {
        "" | "+" => 1.0,
        "-" => -1.0,
        text => text.parse().ok()?,
    };
    Some((
        if real.is_empty() {
            0.0
        } else {
            real.parse().ok()?
        },
        imaginary,
    ))
}

fn append_float(number: f64, size: usize, bytes: &mut Vec<u8>) -> Option<()> {
    match size {
        2 => bytes.extend(half::f16::from_f64(number).to_le_bytes()),
        4 => bytes.extend((number as f32).to_le_bytes()),
        8 => bytes.extend(number.to_le_bytes()),
        16 => bytes.extend(extended(number)),
        _ => return None,
    }
    Some(())
}

/// Returns a number in the x86 extended format: 64 bits of mantissa with the leading one, 15 of
/// exponent, the sign, and padding up to 16 bytes, as in numpy's `longdouble`.
fn extended(number: f64) -> [u8; 16] {
    let bits = number.to_bits();
    let sign = (bits >> 63) as u16;
    let fraction = bits & ((1 << 52) - 1);
    let (exponent, mantissa) = match ((bits >> 52) & 0x7ff) as u16 {
        0 if fraction == 0 => (0, 0),
        0 => {
            let shift = fraction.leading_zeros();
            (16383 - 1022 + 11 - shift as u16, fraction << shift)
        }
        0x7ff => (0x7fff, 1 << 63 | fraction << 11),
        exponent => (exponent - 1023 + 16383, 1 << 63 | fraction << 11),
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&(sign << 15 | exponent).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus::tree::ByteOrder::Little;
    use serde_json::json;

    fn bytes(json: Json, element: ElementType) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        append(&json, &element, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn integers_are_cut_or_refused() {
        assert_eq!(
            bytes(json!(1.7), ElementType::Int(1, Little)),
            Some(vec![1])
        );
        assert_eq!(
            bytes(json!("5"), ElementType::Int(2, Little)),
            Some(vec![5, 0])
        );
        assert_eq!(
            bytes(json!(-1), ElementType::Int(4, Little)),
            Some(vec![255; 4])
        );
        assert_eq!(bytes(json!(300), ElementType::Int(1, Little)), None);
        assert_eq!(bytes(json!(-1), ElementType::Uint(1, Little)), None);
        assert_eq!(
            bytes(json!(u64::MAX), ElementType::Uint(8, Little)),
            Some(vec![255; 8])
        );
        assert_eq!(bytes(json!("x"), ElementType::Int(8, Little)), None);
    }

    #[test]
    fn complex_numbers_are_read_like_python_prints_them() {
        for (text, real, imaginary) in [
            ("(1+2j)", 1.0, 2.0),
            ("1-2j", 1.0, -2.0),
            ("3j", 0.0, 3.0),
            ("1e-3+1e+2J", 1e-3, 1e2),
            ("-j", 0.0, -1.0),
            ("4", 4.0, 0.0),
        ] {
            assert_eq!(complex(&json!(text)), Some((real, imaginary)), "{text}");
        }
        assert_eq!(complex(&json!("1+2i")), None);
    }

    #[test]
    fn extended_floats_keep_their_value() {
        // The patterns are those of numpy.longdouble(x).tobytes().
        assert_eq!(extended(1.0)[..10], [0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f]);
        assert_eq!(
            extended(-2.5)[..10],
            [0, 0, 0, 0, 0, 0, 0, 0xa0, 0x00, 0xc0]
        );
        assert_eq!(
            extended(f64::INFINITY)[..10],
            [0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f]
        );
        assert_eq!(
            extended(5e-324)[..10],
            [0, 0, 0, 0, 0, 0, 0, 0x80, 0xcd, 0x3b]
        );
        assert_eq!(extended(0.0), [0; 16]);
    }
}
