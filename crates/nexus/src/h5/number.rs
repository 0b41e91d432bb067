//! Decodes numbers of any size and byte order.

/// Returns an integer of up to 8 bytes.
pub(super) fn integer(bytes: &[u8], signed: bool, big: bool) -> i128 {
    let mut word = [0u8; 16];
    little(bytes, big, &mut word);
    let bits = 8 * bytes.len().min(16) as u32;
    if bits == 0 {
        return 0;
    }
    let unsigned = u128::from_le_bytes(word);
    if signed {
        // Shifting up and down again copies the sign bit.
        (unsigned << (128 - bits)).cast_signed() >> (128 - bits)
    } else {
        unsigned.cast_signed()
    }
}

/// Returns the shortest text that represents a float of 2, 4, 8 or (x87) 16 bytes.
pub(super) fn float_text(bytes: &[u8], big: bool) -> String {
    let mut word = [0u8; 16];
    little(bytes, big, &mut word);
    let bits = u128::from_le_bytes(word);
    let text = match bytes.len() {
        2 => format!("{:?}", half(bits as u16)),
        4 => format!("{:?}", f32::from_bits(bits as u32)),
        8 => format!("{:?}", f64::from_bits(bits as u64)),
        _ => format!("{:?}", extended(bits)),
    };
    text.replace("NaN", "nan")
}

fn little(bytes: &[u8], big: bool, word: &mut [u8; 16]) {
    for (at, byte) in word.iter_mut().enumerate().take(bytes.len()) {
        *byte = bytes[if big { bytes.len() - 1 - at } else { at }];
    }
}

fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3ff);
    sign * match (bits >> 10) & 0x1f {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    }
}

/// Decodes the x87 format: 64 bits of fraction including the integer bit, 15 of exponent, one of sign.
fn extended(bits: u128) -> f64 {
    let fraction = bits as u64;
    let exponent = ((bits >> 64) as i32) & 0x7fff;
    let sign = if (bits >> 79) & 1 == 0 { 1.0 } else { -1.0 };
    match (exponent, fraction << 1) {
        (0x7fff, 0) => sign * f64::INFINITY,
        (0x7fff, _) => f64::NAN,
        // The product is computed in two steps, because the smallest factor alone would underflow.
        _ => sign * (fraction as f64 * 2f64.powi(-63)) * 2f64.powi(exponent - 16383),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_sign_and_order() {
        assert_eq!(integer(&[0xff], true, false), -1);
        assert_eq!(integer(&[0xff], false, false), 255);
        assert_eq!(integer(&[0x80, 0x00], true, true), -32768);
        assert_eq!(
            integer(&u64::MAX.to_le_bytes(), false, false),
            u64::MAX.into()
        );
    }

    #[test]
    fn floats_of_every_size() {
        assert_eq!(float_text(&[0x00, 0x38], false), "0.5");
        assert_eq!(float_text(&[0x01, 0x00], false), "5.9604645e-8");
        assert_eq!(float_text(&[0xfc, 0x00], true), "-inf");
        assert_eq!(float_text(&1.5f32.to_le_bytes(), false), "1.5");
        assert_eq!(float_text(&f64::NAN.to_be_bytes(), true), "nan");
        let mut x87 = [0u8; 16];
        x87[..10].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0xc0]);
        assert_eq!(float_text(&x87, false), "-3.0");
    }
}
