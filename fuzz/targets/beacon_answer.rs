//! Messages and addresses of Beacon.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redis_client::beacon;
use tokio::runtime::Builder;

fuzz_target!(|messages: &[u8]| {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut stream = messages;
    let answer = runtime.block_on(beacon::receive(&mut stream));
    if let Ok((kind, content)) = answer {
        // The reason of an error has nothing to check.
        beacon::parse_answer("bl00:25000", kind, &content).ok();
    }
    if let Ok(address) = std::str::from_utf8(messages)
        && let Ok((host, port)) = beacon::parse_address(address)
    {
        assert!(!host.is_empty() && !host.contains(':'));
        assert!(
            address.ends_with(|end: char| end.is_ascii_digit()),
            "{port}"
        );
    }
});
