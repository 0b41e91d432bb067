//! What is not a pickle, and what a pickle must not cost.

use bytes::Bytes;
use pickle::numpy::{Array, ArrayDecodeError, ArrayError};
use pickle::{DecodeError, MAX_DEPTH, Value, decode, to_json};

fn of(pickle: &[u8]) -> Result<Value, DecodeError> {
    decode(&Bytes::copy_from_slice(pickle))
}

fn problem(pickle: &[u8]) -> &'static str {
    match of(pickle) {
        Err(DecodeError::Invalid { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn parts_of_pickles_are_truncated() {
    for pickle in crate::peer::recorded_pickles() {
        for length in (0..pickle.len()).step_by(7) {
            let part = pickle.slice(..length);
            let error = decode(&part).unwrap_err();
            assert_eq!(error, DecodeError::Truncated { at: length });
            assert_eq!(Array::decode(&part), Err(ArrayDecodeError::Pickle(error)));
        }
    }
}

#[test]
fn lengths_beyond_the_pickle_are_truncated() {
    for pickle in [
        b"\x80\x04X\xff\xff\xff\xffabc.".as_slice(),
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x04\x8b\xff\xff\xff\x7f.",
    ] {
        assert!(matches!(of(pickle), Err(DecodeError::Truncated { .. })));
    }
}

#[test]
fn errors_say_where_the_pickle_is_wrong() {
    let error = of(b"\x80\x04K\x01\xff.").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown opcode 0xff at byte 4 of the pickle"
    );
    let error = of(b"\x80\x04]K\x01K\x02s.").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the opcode at byte 7 of the pickle does not fit the value that it changes"
    );
}

#[test]
fn invalid_programs_are_refused() {
    assert_eq!(problem(b"\x80\x04."), "needs more values than there are");
    assert_eq!(
        problem(b"\x80\x04K\x01(."),
        "needs more values than there are"
    );
    assert_eq!(
        problem(b"\x80\x04K\x01\x86."),
        "needs more values than there are"
    );
    assert_eq!(
        problem(b"\x80\x04]K\x01e."),
        "needs a mark, and there is none"
    );
    assert_eq!(
        problem(b"\x80\x04h\0."),
        "refers to a value that was not stored"
    );
    assert_eq!(
        problem(b"\x80\x04Nr\0\0\0\x7f."),
        "stores a value behind a gap"
    );
    assert_eq!(
        problem(b"\x80\x04NK\x01R."),
        "calls with something else than a tuple"
    );
    assert_eq!(
        problem(b"\x80\x04N)K\x01\x92."),
        "calls with keywords that are no dictionary"
    );
    assert_eq!(
        problem(b"\x80\x04}(K\x01u."),
        "does not fit the value that it changes"
    );
    assert_eq!(
        problem(b"\x80\x04NK\x01b."),
        "does not fit the value that it changes"
    );
    assert_eq!(
        problem(b"\x80\x04\x8c\x01\xff."),
        "has a text that is not UTF-8"
    );
    assert_eq!(
        problem(b"\x80\x04K\x01K\x02\x93."),
        "names a class by something else than texts"
    );
}

#[test]
fn integers_have_a_greatest_length() {
    let integer = |length: u16| {
        let mut pickle = b"\x80\x04\x8b".to_vec();
        pickle.extend(u32::from(length).to_le_bytes());
        pickle.extend(vec![0x7f; length.into()]);
        pickle.push(b'.');
        of(&pickle)
    };
    assert!(integer(1024).is_ok());
    assert!(integer(1025).is_err());
}

#[test]
fn values_that_contain_themselves_are_refused() {
    for pickle in [
        b"\x80\x04]\x94h\0a.".as_slice(),
        b"\x80\x04}\x94K\x01h\0s.",
        b"\x80\x04]\x94h\0\x85\x94a.",
        b"\x80\x04cm\nC\n)R\x94h\0b.",
    ] {
        assert_eq!(of(pickle), Err(DecodeError::Cycle));
    }
}

#[test]
fn values_are_nested_to_a_depth() {
    let nested = |depth: usize| {
        let opcodes = [vec![b']'; depth], vec![b'a'; depth - 1], vec![b'.']].concat();
        of(&opcodes)
    };
    assert!(nested(MAX_DEPTH).is_ok());
    assert_eq!(nested(MAX_DEPTH + 1), Err(DecodeError::TooDeep));
    assert_eq!(nested(1_000_000), Err(DecodeError::TooDeep));
    // The lower half is finished before the upper half refers to it.
    let half = |count: usize| [vec![b']'; count], vec![b'a'; count - 1]].concat();
    let lower = [half(60), b"\x94".to_vec()].concat();
    let upper = [vec![b']'; 60], b"h\0".to_vec(), vec![b'a'; 60]].concat();
    let pickle = [lower, upper, b"\x86.".to_vec()].concat();
    assert_eq!(of(&pickle), Err(DecodeError::TooDeep));
}

#[test]
fn small_pickles_of_huge_values_are_refused() {
    // Each list holds the one before ten times.
    let mut pickle = b"\x80\x04]\x94".to_vec();
    for index in 0..20 {
        let ten = [b'h', index].repeat(10);
        pickle = [pickle.as_slice(), b"](", ten.as_slice(), b"e\x94"].concat();
    }
    pickle.push(b'.');
    assert_eq!(
        of(&pickle),
        Err(DecodeError::TooLarge {
            bytes: pickle.len()
        })
    );
    // Four levels are no problem.
    let value = of(&[&pickle[..4 + 4 * 24], b"."].concat()).unwrap();
    assert_eq!(to_json(&value).to_string().len(), 32_221);
}

#[test]
fn arrays_have_as_many_bytes_as_their_shape_says() {
    let array = |shape: &[u8], data: &[u8]| {
        let start = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01";
        let dtype = b"cnumpy\ndtype\nX\x02\0\0\0u2\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb";
        let length = [data.len() as u8];
        let pickle = [start, shape, dtype, b"\x89C", &length, data, b"tb."].concat();
        Array::decode(&pickle.into())
    };
    assert_eq!(array(b"K\x02\x85", b"abcd").unwrap().shape, [2]);
    assert_eq!(array(b"K\x00K\x03\x86", b"").unwrap().shape, [0, 3]);
    let largest = b"(J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7ft".as_slice();
    for (shape, data) in [
        (b"K\x02\x85".as_slice(), b"abc".as_slice()),
        (b"K\x03\x85", b"abcd"),
        (b")", b""),
        (largest, b"abcd"),
    ] {
        let error = array(shape, data).unwrap_err();
        assert!(matches!(
            error,
            ArrayDecodeError::Array(ArrayError::Length { .. })
        ));
    }
    let many = [b"(".as_slice(), &b"K\x01".repeat(65), b"t"].concat();
    assert!(array(&many, b"ab").is_err());
}
