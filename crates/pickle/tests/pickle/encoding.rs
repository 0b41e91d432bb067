//! Pickles that this crate writes are those that CPython writes, and CPython reads them.

use bytes::Bytes;
use chrono::{FixedOffset, NaiveDate, TimeZone};
use pickle::datetime::DateTime;
use pickle::encode::{self, Protocol, encode};
use pickle::numpy::{Array, Dtype};
use pickle::{BigInt, Value};
use serde_json::{Value as Json, json};

use crate::description::{describe, hex};
use crate::peer;

const PROTOCOLS: [Protocol; 2] = [Protocol::V3, Protocol::V4];

#[test]
fn pickles_of_bliss_are_written_alike() {
    for pickle in peer::recorded_pickles() {
        let value = pickle::decode(&pickle).unwrap();
        let protocol = match pickle[1] {
            3 => Protocol::V3,
            _ => Protocol::V4,
        };
        assert_eq!(hex(&encode(&value, protocol)), hex(&pickle), "{value:?}");
    }
}

#[test]
fn python_reads_values_of_all_forms() {
    let mut pickles = Vec::new();
    let mut expected = Vec::new();
    for one in peer::cases() {
        for (original, protocol) in one.pickles.iter().zip(PROTOCOLS) {
            let value = pickle::decode(original).unwrap();
            pickles.push(encode(&value, protocol));
            // Half surrogates have become U+FFFD, objects may have lost how they are created.
            expected.push(describe(&value));
        }
    }
    compare(&peer::loads(&pickles), &expected);
}

#[test]
fn python_reads_what_a_publisher_writes() {
    let float = Dtype::FLOAT64;
    let big = Dtype::parse(">i2").unwrap();
    let data = Bytes::from_static(&[0, 1, 0, 2, 0, 3, 0, 4]);
    let block = Array::new(big, vec![2, 2], data.clone()).unwrap();
    let point = Array::new(big, vec![], data.slice(..2)).unwrap();
    let texts = Array::of(&Value::from(vec!["a".into(), "bc".into()])).unwrap();
    let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let naive = day.and_hms_micro_opt(1, 2, 3, 4).unwrap();
    let zone = FixedOffset::west_opt(5400).unwrap();
    let zoned = zone.from_local_datetime(&naive).unwrap();
    let values = [
        (encode::class(float), json!(["dtype", "<f8"])),
        (encode::class(Dtype::BOOL), json!(["dtype", "|b1"])),
        (
            encode::global("builtins", "str"),
            json!(["class", "builtins.str"]),
        ),
        (encode::dtype(float), json!(["dtype", "<f8"])),
        (encode::dtype(big), json!(["dtype", ">i2"])),
        ("float32".into(), json!("float32")),
        (encode::array(&point), json!(["array", ">i2", [], ["1"]])),
        (
            encode::array(&block),
            json!(["array", ">i2", [2, 2], ["1", "2", "3", "4"]]),
        ),
        (
            encode::array(&texts),
            json!(["array", "<U2", [2], ["a", "bc"]]),
        ),
        (
            encode::datetime(DateTime::Naive(naive)),
            json!(["datetime", "2026-11-23T01:02:03.000004"]),
        ),
        (
            encode::datetime(DateTime::Zoned(zoned)),
            json!(["datetime", "2026-11-23T01:02:03.000004-01:30"]),
        ),
        (
            encode::from_json(&json!({"a": [1, -2.5, null, true], "b": u64::MAX})),
            json!([
                "dict",
                [
                    [
                        "a",
                        [
                            "list",
                            [["int", "1"], ["float", "c004000000000000"], null, true]
                        ]
                    ],
                    ["b", ["int", "18446744073709551615"]],
                ]
            ]),
        ),
        (
            encode::object(
                encode::global("builtins", "RuntimeError"),
                vec!["boom".into()],
            ),
            json!(["object", "builtins.RuntimeError"]),
        ),
        (
            Value::BigInt(BigInt::from(-1) << 70),
            json!(["int", "-1180591620717411303424"]),
        ),
    ];
    for protocol in PROTOCOLS {
        let pickles = values.each_ref().map(|(value, _)| encode(value, protocol));
        let expected = values
            .each_ref()
            .map(|(_, description)| description.clone());
        compare(&peer::loads(&pickles), &expected);
        for (pickle, (value, _)) in pickles.into_iter().zip(&values) {
            assert_eq!(pickle::decode(&pickle.into()).as_ref(), Ok(value));
        }
    }
}

#[test]
fn data_have_the_forms_that_are_read_directly() {
    let block = Array::new(Dtype::FLOAT64, vec![2], Bytes::from(vec![1; 16])).unwrap();
    let point = Array::new(Dtype::FLOAT64, vec![], Bytes::from(vec![1; 8])).unwrap();
    let mut compared = 0;
    for pickle in peer::recorded_pickles() {
        let value = pickle::decode(&pickle).unwrap();
        let (Ok(recorded), Some(_)) = (Array::of(&value), value.as_object()) else {
            continue;
        };
        let ours = match recorded {
            _ if recorded.dtype != Dtype::FLOAT64 || pickle[1] != 4 => continue,
            _ if recorded.shape.is_empty() => &point,
            _ if recorded.shape.len() == 1 => &block,
            _ => continue,
        };
        let ours = encode(&encode::array(ours), Protocol::V4);
        // From the first class to the bytes that differ.
        assert_eq!(hex(&ours[11..80]), hex(&pickle[11..80]));
        compared += 1;
    }
    assert!(compared >= 2);
}

/// Compares descriptions. numpy converts arrays to the order of bytes of the machine when it reads them.
fn compare(actual: &[Json], expected: &[Json]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        let native = |json: &Json| json.to_string().replace(r#"["array",">"#, r#"["array","<"#);
        assert_eq!(native(actual), native(expected));
    }
}
