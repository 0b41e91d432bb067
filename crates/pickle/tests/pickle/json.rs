//! Values as JSON.

use bytes::Bytes;
use pickle::encode::{self, dict};
use pickle::numpy::{Array, Dtype};
use pickle::{BigInt, Dict, Value, to_json};
use serde_json::json;
use std::sync::Arc;

#[test]
fn json_of_json_is_the_same() {
    let info =
        json!({"a": [1, -2.5, null, true, "x"], "b": {"c": {}}, "d": [[], [1]], "e": u64::MAX});
    assert_eq!(to_json(&encode::from_json(&info)), info);
}

#[test]
fn numbers_that_json_does_not_have() {
    let values = vec![
        f64::NAN.into(),
        f64::INFINITY.into(),
        Value::BigInt(BigInt::from(u64::MAX)),
        Value::BigInt(BigInt::from(1) << 70),
        Value::BigInt(BigInt::from(-1) << 70),
        Value::BigInt(BigInt::from(1) << 2000),
        encode::object(
            encode::global("builtins", "complex"),
            vec![1.5.into(), 2.0.into()],
        ),
    ];
    let two70 = 2f64.powi(70);
    let expected = json!([null, null, u64::MAX, two70, -two70, null, [1.5, 2.0]]);
    assert_eq!(to_json(&values.into()), expected);
}

#[test]
fn keys_are_texts() {
    let tuple: Value = Value::Tuple([1i64.into(), "a".into()].into());
    let keys: [Value; 8] = [
        "a".into(),
        1i64.into(),
        1.0.into(),
        true.into(),
        Value::None,
        tuple,
        Value::Bytes(Bytes::from_static(b"b")),
        f64::NAN.into(),
    ];
    let dict: Dict = keys.into_iter().map(|key| (key, Value::None)).collect();
    let json = to_json(&Value::Dict(Arc::new(dict)));
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["a", "1", "1.0", "True", "None", r#"[1,"a"]"#, "b", "nan"]
    );
}

#[test]
fn arrays_are_nested_lists() {
    let array = |dtype: &str, shape: &[u64], data: &[u8]| {
        let dtype = Dtype::parse(dtype).unwrap();
        let array = Array::new(dtype, shape.to_vec(), Bytes::copy_from_slice(data)).unwrap();
        to_json(&encode::array(&array))
    };
    assert_eq!(array("u1", &[], &[7]), json!(7));
    assert_eq!(
        array("u1", &[2, 3], &[1, 2, 3, 4, 5, 6]),
        json!([[1, 2, 3], [4, 5, 6]])
    );
    assert_eq!(array("b1", &[2], &[0, 1]), json!([false, true]));
    assert_eq!(array("S2", &[2], b"ab\xff\0"), json!(["ab", "\u{fffd}"]));
    assert_eq!(array(">U1", &[1], &[0, 0, 0, 97]), json!(["a"]));
    assert_eq!(array("f4", &[1], &f32::NAN.to_le_bytes()), json!([null]));
    // Nobody has the time for all of them.
    assert_eq!(array("f4", &[1 << 40, 1 << 20, 0], &[]), json!([]));
}

#[test]
fn objects_are_names() {
    let value = dict([
        ("class", encode::global("numpy", "float64")),
        ("dtype", encode::dtype(Dtype::parse(">i4").unwrap())),
        (
            "object",
            encode::object(encode::global("m", "C"), vec![1i64.into()]),
        ),
        (
            "day",
            encode::object(
                encode::global("datetime", "date"),
                vec![Value::Bytes(Bytes::from_static(&[0x07, 0xea, 11, 23]))],
            ),
        ),
        (
            "nameless",
            encode::object(encode::object(encode::global("m", "C"), vec![]), vec![]),
        ),
    ]);
    let expected = json!({
        "class": "numpy.float64", "dtype": ">i4", "object": "m.C", "day": "2026-11-23", "nameless": "",
    });
    assert_eq!(to_json(&value), expected);
}

#[test]
fn scalars_of_numpy_are_numbers() {
    let scalar = |dtype: &str, data: &[u8]| {
        let dtype = Dtype::parse(dtype).unwrap();
        encode::array(&Array::new(dtype, vec![], Bytes::copy_from_slice(data)).unwrap())
    };
    let integer = scalar("i2", &[0xfe, 0xff]);
    assert_eq!(
        (integer.as_i64(), integer.as_u64(), integer.as_f64()),
        (Some(-2), None, Some(-2.0))
    );
    let float = scalar("f4", &1.5f32.to_le_bytes());
    assert_eq!((float.as_f64(), float.as_i64()), (Some(1.5), None));
    let no = scalar("b1", &[0]);
    assert_eq!(
        (no.as_bool(), no.as_i64(), no.is_truthy()),
        (Some(false), None, false)
    );
    let great = scalar("u8", &[0xff; 8]);
    assert_eq!((great.as_u64(), great.as_i64()), (Some(u64::MAX), None));
}
