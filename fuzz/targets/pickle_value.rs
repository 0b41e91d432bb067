//! Pickles of any value, and what is made of them.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pickle::encode::{Protocol, encode};
use pickle::{DecodeError, decode, to_json};

fuzz_target!(|pickle: &[u8]| {
    let Ok(value) = decode(&Bytes::copy_from_slice(pickle)) else {
        return;
    };
    value.is_truthy();
    let json = to_json(&value).to_string();
    for protocol in [Protocol::V3, Protocol::V4] {
        match decode(&encode(&value, protocol).into()) {
            Ok(again) => assert_eq!(to_json(&again).to_string(), json),
            // Sets have more levels in protocol 3, and a pickle can have been longer than necessary.
            Err(DecodeError::TooDeep | DecodeError::TooLarge { .. }) => {}
            Err(error) => panic!("{error} in {protocol:?}"),
        }
    }
});
