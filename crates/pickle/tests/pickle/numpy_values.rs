//! Arrays of what is not of numpy, and elements.

use bytes::Bytes;
use pickle::Value;
use pickle::encode;
use pickle::numpy::{Array, ArrayError, Dtype, Element};
use serde_json::json;

fn list(json: serde_json::Value) -> Result<Array, ArrayError> {
    Array::of(&encode::from_json(&json))
}

fn form(json: serde_json::Value) -> (String, Vec<u64>) {
    let array = list(json).unwrap();
    (array.dtype.to_string(), array.shape)
}

#[test]
fn numbers_of_python_are_arrays() {
    assert_eq!(form(json!(1)), ("<i8".to_owned(), vec![]));
    assert_eq!(form(json!(true)), ("|b1".to_owned(), vec![]));
    assert_eq!(form(json!(1.5)), ("<f8".to_owned(), vec![]));
    assert_eq!(form(json!("aä")), ("<U2".to_owned(), vec![]));
    assert_eq!(form(json!([1, 2.5])), ("<f8".to_owned(), vec![2]));
    assert_eq!(form(json!([true, 2])), ("<i8".to_owned(), vec![2]));
    assert_eq!(form(json!([u64::MAX])), ("<u8".to_owned(), vec![1]));
    assert_eq!(form(json!([1, u64::MAX])), ("<f8".to_owned(), vec![2]));
    assert_eq!(form(json!([[1], [2], [3]])), ("<i8".to_owned(), vec![3, 1]));
    assert_eq!(form(json!(["a", "bcd"])), ("<U3".to_owned(), vec![2]));
    assert_eq!(form(json!([])), ("<f8".to_owned(), vec![0]));
    assert_eq!(form(json!([[], []])), ("<f8".to_owned(), vec![2, 0]));
}

#[test]
fn lists_keep_their_values() {
    let array = list(json!([[true, -2], [3.5, 4]])).unwrap();
    let numbers: Vec<Element> = array.elements().collect();
    assert_eq!(numbers, [1.0, -2.0, 3.5, 4.0].map(Element::Float));
    let texts: Vec<String> = list(json!(["", "aä😀"]))
        .unwrap()
        .texts()
        .unwrap()
        .collect();
    assert_eq!(texts, ["", "aä😀"]);
}

#[test]
fn scalars_of_numpy_can_be_in_lists() {
    let scalar = Array::new(
        Dtype::parse(">i2").unwrap(),
        vec![],
        Bytes::from_static(&[1, 2]),
    );
    let scalar = encode::array(&scalar.unwrap());
    let row = Array::of(&Value::from(vec![1i64.into(), 2i64.into()])).unwrap();
    let row = encode::array(&row);
    let both = Value::from(vec![row, Value::from(vec![scalar, 4i64.into()])]);
    let array = Array::of(&both).unwrap();
    assert_eq!(array.shape, [2, 2]);
    assert_eq!(
        array.elements().collect::<Vec<_>>(),
        [1, 2, 258, 4].map(Element::Int)
    );
}

#[test]
fn what_is_no_array_is_named() {
    for uneven in [
        json!([1, [2]]),
        json!([[1], 2]),
        json!([[1], [2, 3]]),
        json!([[], [1]]),
        json!([[[]], []]),
        json!([1, "a"]),
    ] {
        assert!(
            matches!(list(uneven.clone()), Err(ArrayError::List { .. })),
            "{uneven}"
        );
    }
    let error = list(json!({"a": 1})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a dictionary is no number, no text and no array of them"
    );
    assert!(list(json!([1, null])).is_err());
}

#[test]
fn one_long_text_does_not_make_all_others_long() {
    let long = |texts: usize| {
        let mut values = vec![Value::from(""); texts];
        values.push("x".repeat(1 << 20).as_str().into());
        Array::of(&values.into())
    };
    assert_eq!(long(1).unwrap().data.len(), 8 << 20);
    assert!(matches!(long(1000), Err(ArrayError::List { .. })));
}

#[test]
fn orders_of_bytes_are_converted() {
    for (dtype, bytes, swapped) in [
        (">i2", &[1, 2, 3, 4][..], &[2, 1, 4, 3][..]),
        (">c8", &[1, 2, 3, 4, 5, 6, 7, 8], &[4, 3, 2, 1, 8, 7, 6, 5]),
        (">U1", &[0, 0, 0, 97], &[97, 0, 0, 0]),
    ] {
        let dtype = Dtype::parse(dtype).unwrap();
        let shape = vec![(bytes.len() / dtype.size) as u64];
        let array = Array::new(dtype, shape, Bytes::copy_from_slice(bytes)).unwrap();
        let little = array.clone().into_little_endian();
        assert_eq!(little.data, swapped);
        assert_eq!(
            little.elements().collect::<Vec<_>>(),
            array.elements().collect::<Vec<_>>()
        );
    }
}

#[test]
fn types_have_many_names() {
    for (text, expected) in [
        ("float64", "<f8"),
        ("<f4", "<f4"),
        (">i2", ">i2"),
        ("=u4", "<u4"),
        ("bool", "|b1"),
        ("?", "|b1"),
        ("|u1", "|u1"),
        (">u1", "|u1"),
        ("U3", "<U3"),
        (">U3", ">U3"),
        ("S5", "|S5"),
        ("str", "<U0"),
        ("complex64", "<c8"),
        ("int", "<i8"),
        ("g", "<f16"),
    ] {
        assert_eq!(Dtype::parse(text).unwrap().to_string(), expected, "{text}");
    }
    for text in [
        "",
        "<",
        "f3",
        "f+8",
        "i16",
        "M8[ns]",
        "O",
        "V8",
        "uint7",
        "U99999999999999999999",
        "ä",
    ] {
        assert!(Dtype::parse(text).is_err(), "{text}");
    }
}
