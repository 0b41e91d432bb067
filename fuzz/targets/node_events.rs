//! Events of nodes: entries of streams, and the points, states and parameters in them.
#![no_main]

use bliss_node::event::{Event, EventScanner};
use bliss_node::lima::{LimaImages, LimaStatus};
use bliss_node::points::{PointDecoder, Points};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use redis_client::parse_uint;

fuzz_target!(|input: &[u8]| {
    let reply = Bytes::copy_from_slice(input);
    let Ok(mut scanner) = EventScanner::of_xread(&reply) else {
        return;
    };
    // One decoder for all events: what it keeps of one event must not change what it makes of the next.
    let mut decoder = PointDecoder::new();
    while let Ok(Some(_)) = scanner.next_stream() {
        while let Ok(Some(entry)) = scanner.next_entry() {
            match entry.event {
                Event::ChannelData {
                    description,
                    count,
                    data,
                } => {
                    let count = parse_uint(count).unwrap_or(1).clamp(1, 1 << 32);
                    let mut fresh = PointDecoder::new();
                    let expected = fresh.decode(&reply, description, count, data);
                    let found = decoder.decode(&reply, description, count, data);
                    if let (Ok(Points::Numbers { shape, dtype, data }), Ok(_)) = (&found, &expected)
                    {
                        let lengths = shape.iter().map(|length| u128::from(*length));
                        let elements = lengths.product::<u128>() * u128::from(count);
                        let bytes = elements * dtype.size as u128;
                        assert_eq!(bytes, data.as_slice().len() as u128);
                    }
                    if decoder.element() == fresh.element() {
                        assert_eq!(found.is_ok(), expected.is_ok());
                    }
                }
                Event::LimaStatus { status } => {
                    let status = reply.slice_ref(status);
                    drop(LimaStatus::decode(&status));
                    drop(LimaImages::decode(&status));
                }
                _ => {}
            }
        }
    }
});
