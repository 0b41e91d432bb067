//! Pickles of CPython have the values that CPython gives them.

use pickle::Value;
use pickle::numpy::Array;

use crate::description::{describe, describe_array};
use crate::peer::{self, Described};

#[test]
fn pickles_of_bliss_have_the_values_of_python() {
    let recorded = peer::recorded();
    assert!(recorded.len() > 50);
    compare(&recorded);
}

#[test]
fn pickles_of_all_forms_have_the_values_of_python() {
    let cases = peer::cases();
    assert!(cases.len() > 500);
    compare(&cases);
}

fn compare(described: &[Described]) {
    for one in described {
        for (pickle, protocol) in one.pickles.iter().zip(3..) {
            let value = pickle::decode(pickle).unwrap();
            assert_eq!(describe(&value), one.description, "protocol {protocol}");
        }
    }
}

#[test]
fn arrays_are_read_directly_as_by_the_machine() {
    let mut arrays = 0;
    for one in peer::recorded().into_iter().chain(peer::cases()) {
        if one.description[0] != "array" {
            continue;
        }
        arrays += 1;
        for pickle in &one.pickles {
            let value = pickle::decode(pickle).unwrap();
            assert!(matches!(value, Value::Object(_)));
            let array = Array::decode(pickle).unwrap();
            assert_eq!(describe_array(&array), one.description);
            assert_eq!(Array::of(&value).unwrap(), array);
        }
    }
    assert!(arrays > 300);
}

#[test]
fn data_are_slices_of_the_pickle() {
    for one in peer::recorded() {
        if one.description[0] != "array" {
            continue;
        }
        for pickle in &one.pickles {
            let array = Array::decode(pickle).unwrap();
            assert!(pickle.as_ptr_range().contains(&array.data.as_ptr()));
        }
    }
}
