//! Addresses of Redis servers. The text of an address reads as the same address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redis_client::RedisUrl;

fuzz_target!(|text: &str| {
    if let Ok(url) = text.parse::<RedisUrl>() {
        let again: RedisUrl = url.with_secrets().parse().expect("its own text");
        assert_eq!(again.with_secrets(), url.with_secrets());
    }
});
