//! Objects are described by how Python creates them, and never executed.

use bytes::Bytes;
use chrono::NaiveDate;
use pickle::datetime::DateTime;
use pickle::numpy::{Array, Dtype};
use pickle::{Value, decode, to_json};
use serde_json::json;

use crate::peer::unhex;

/// The pickles of the specification that BLISS 1.11 does not publish itself.
fn value(digits: &str) -> Value {
    decode(&unhex(digits)).unwrap()
}

#[test]
fn members_of_enumerations_keep_their_number() {
    let state = value(
        "80049531000000000000008c19626c6973732e7363616e6e696e672e7363616e5f7374617465948c095363616e\
         53746174659493944b04859452942e",
    );
    let object = state.as_object().unwrap();
    assert!(object.is("bliss.scanning.scan_state", "ScanState"));
    assert_eq!(object.arguments.as_ref(), [Value::Int(4)]);
    assert_eq!(
        to_json(&state),
        json!("bliss.scanning.scan_state.ScanState")
    );
}

#[test]
fn exceptions_keep_their_arguments() {
    let error = value(
        "80049528000000000000008c086275696c74696e73948c0c52756e74696d654572726f729493948c04626f6f6d\
         94859452942e",
    );
    let object = error.as_object().unwrap();
    assert!(object.is("builtins", "RuntimeError"));
    assert_eq!(object.arguments[0].as_text(), Some("boom"));
    assert!(error.is_truthy());
}

#[test]
fn programs_are_not_executed() {
    // What Python makes of `os.system("exit 1")`.
    let call = decode(&Bytes::from_static(
        b"\x80\x03cos\nsystem\nX\x06\0\0\0exit 1\x85R.",
    ))
    .unwrap();
    assert_eq!(to_json(&call), json!("os.system"));
}

#[test]
fn objects_keep_state_items_and_keywords() {
    let pickle = b"\x80\x04cm\nC\n)}X\x01\0\0\0kK\x01s\x92(K\x02K\x03eX\x01\0\0\0aK\x04sK\x05b.";
    let object = decode(&Bytes::from_static(pickle)).unwrap();
    let object = object.as_object().unwrap();
    assert!(object.is("m", "C"));
    assert_eq!(object.keywords.get("k"), Some(&Value::Int(1)));
    assert_eq!(object.list_items, [Value::Int(2), Value::Int(3)]);
    assert_eq!(object.dict_items.get("a"), Some(&Value::Int(4)));
    assert_eq!(object.state, Value::Int(5));
}

#[test]
fn types_can_be_published_in_four_ways() {
    let float = "80037d71002858090000007265666572656e6365710189580500000064747970657102636275696c7469\
                 6e730a666c6f61740a7103580500000073686170657104295804000000756e697471054e752e";
    let description = value(float);
    let description = description.as_dict().unwrap();
    assert_eq!(
        Dtype::of(description.get("dtype").unwrap()),
        Ok(Some(Dtype::FLOAT64))
    );
    assert_eq!(description.get("shape").unwrap().as_list(), Some(&[][..]));
    assert!(description.get("unit").unwrap().is_none());

    let class = decode(&Bytes::from_static(b"\x80\x03cnumpy\nuint32\n.")).unwrap();
    assert_eq!(Dtype::of(&class), Ok(Some(Dtype::parse("u4").unwrap())));
    assert_eq!(Dtype::of(&"uint16".into()), Ok(Dtype::parse("<u2").ok()));
    assert_eq!(Dtype::of(&Value::None), Ok(None));
    let text = decode(&Bytes::from_static(b"\x80\x03cbuiltins\nstr\n.")).unwrap();
    assert_eq!(Dtype::of(&text), Ok(Some(Dtype::TEXT)));

    // A structure, and a class that is no type of elements.
    let structure = decode(&Bytes::from_static(
        b"\x80\x04cnumpy\ndtype\nX\x02\0\0\0V8\x89\x88\x87R(K\x03X\x01\0\0\0|NX\x01\0\0\0a\x85}K\x08K\x01K\x10tb.",
    ));
    assert!(Dtype::of(&structure.unwrap()).is_err());
    let class = decode(&Bytes::from_static(b"\x80\x03cbuiltins\ndict\n.")).unwrap();
    let error = Dtype::of(&class).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported type of elements builtins.dict"
    );
}

#[test]
fn arrays_of_older_and_newer_pythons() {
    let float = "8003636e756d70792e636f72652e6d756c746961727261790a7363616c61720a7100636e756d70790a64747970\
        650a71015802000000663871028988877103527104284b0358010000003c71054e4e4e4affffffff4affffffff4b00747106\
        624308000000000000f83f71078671085271092e";
    let array = Array::decode(&unhex(float)).unwrap();
    assert_eq!((array.dtype, array.shape.len()), (Dtype::FLOAT64, 0));
    assert_eq!(value(float).as_f64(), Some(1.5));

    let buffer = "80059577000000000000008c126e756d70792e636f72652e6e756d65726963948c0b5f66726f6d627566666572\
         9493942896040000000000000001000200948c056e756d7079948c0564747970659493948c0275329489888794\
         5294284b038c013c944e4e4e4affffffff4affffffff4b007494624b0285948c014394749452942e";
    let array = Array::decode(&unhex(buffer)).map(|array| to_texts(&array));
    assert_eq!(array, Ok(("<u2".to_owned(), vec![2], vec![1, 0, 2, 0])));

    let fortran = "8004958e000000000000008c156e756d70792e636f72652e6d756c74696172726179948c0c5f7265636f6e73747275\
        63749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b02869468038c0564\
        747970659493948c02753194898887945294284b038c017c944e4e4e4affffffff4affffffff4b00749462884304000201039474\
        94622e";
    let array = Array::decode(&unhex(fortran)).map(|array| to_texts(&array));
    assert_eq!(array, Ok(("|u1".to_owned(), vec![2, 2], vec![0, 1, 2, 3])));
}

fn to_texts(array: &Array) -> (String, Vec<u64>, Vec<u8>) {
    (
        array.dtype.to_string(),
        array.shape.clone(),
        array.data.to_vec(),
    )
}

#[test]
fn times_are_those_of_python() {
    let time = value(
        "8003636461746574696d650a6461746574696d650a7100430a07ea0b1701020300000471018571025271032e",
    );
    let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let expected = day.and_hms_micro_opt(1, 2, 3, 4).unwrap();
    assert_eq!(DateTime::of(&time), Some(DateTime::Naive(expected)));
    assert_eq!(DateTime::of(&Value::Int(1)), None);
    // The 13th month.
    let pickle = b"\x80\x03cdatetime\ndatetime\nC\x0a\x07\xea\x0d\x17\x01\x02\x03\0\0\x04\x85R.";
    let impossible = decode(&Bytes::from_static(pickle)).unwrap();
    assert_eq!(DateTime::of(&impossible), None);
    assert_eq!(to_json(&impossible), json!("datetime.datetime"));
}

#[test]
fn zones_of_pytz_are_known_and_others_are_left_out() {
    let in_zone = |zone: &[u8]| {
        let start = b"\x80\x03cdatetime\ndatetime\nC\x0a\x07\xea\x0b\x17\x01\x02\x03\0\0\0";
        let pickle = [start.as_slice(), zone, b"\x86R."].concat();
        DateTime::of(&decode(&pickle.into()).unwrap())
            .unwrap()
            .to_string()
    };
    let paris = b"cpytz\n_p\n(X\x0c\0\0\0Europe/ParisM\x10\x0eK\0X\x03\0\0\0CETtR";
    assert_eq!(in_zone(paris), "2026-11-23T01:02:03+01:00");
    assert_eq!(in_zone(b"cpytz\n_UTC\n)R"), "2026-11-23T01:02:03+00:00");
    assert_eq!(in_zone(b"celsewhere\nZone\n)R"), "2026-11-23T01:02:03");
}
