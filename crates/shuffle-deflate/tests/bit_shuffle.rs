//! The bit shuffle orders bits as the filter of HDF5 does, with all instructions, and is undone.

use fastrand::Rng;
use shuffle_deflate::{InstructionSet, bit_shuffle_with, bit_unshuffle_with};

/// Orders one bit after the other.
fn plainly_shuffled(source: &[u8], item: usize) -> Vec<u8> {
    let count = source.len() / item / 8 * 8;
    let mut target = vec![0; count * item];
    let mut at = 0;
    for bit in 0..8 * item {
        for element in 0..count {
            let byte = source[element * item + bit / 8];
            target[at / 8] |= (byte >> (bit % 8) & 1) << (at % 8);
            at += 1;
        }
    }
    target.extend(&source[count * item..]);
    target
}

#[test]
fn bits_are_ordered_with_all_sizes_of_elements() {
    let mut random = Rng::with_seed(1);
    let noise: Vec<u8> = (0..20_000).map(|_| random.u8(..)).collect();
    let mut scratch = Vec::new();
    for item in (1..=16).chain([24, 33]) {
        for length in [
            0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 131, 255, 256, 257, 1000, 8191, 8192, 20_000,
        ] {
            let source = &noise[..length];
            let expected = plainly_shuffled(source, item);
            for instructions in InstructionSet::available() {
                let what = format!(
                    "{length} bytes, elements of {item}, {}",
                    instructions.name()
                );
                let (mut bits, mut back) = (vec![0; length], vec![0; length]);
                bit_shuffle_with(instructions, source, item, &mut bits, &mut scratch);
                assert!(bits == expected, "{what}");
                bit_unshuffle_with(instructions, &bits, item, &mut back, &mut scratch);
                assert!(back == source, "{what}");
            }
        }
    }
}

#[test]
fn elements_of_no_bytes_count_as_bytes() {
    let mut target = [0; 9];
    for instructions in InstructionSet::available() {
        bit_shuffle_with(instructions, b"123456789", 0, &mut target, &mut Vec::new());
        let mut back = [0; 9];
        bit_unshuffle_with(instructions, &target, 0, &mut back, &mut Vec::new());
        assert_eq!(&back, b"123456789");
    }
}
