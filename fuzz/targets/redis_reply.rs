//! Replies of Redis: one value of RESP2.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use redis_client::Value;

fuzz_target!(|reply: &[u8]| {
    // The reason of an error has nothing to check.
    Value::decode(&Bytes::copy_from_slice(reply)).ok();
});
