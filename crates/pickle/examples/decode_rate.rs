//! Measures how long one pickle takes: points and blocks, directly and by the machine, and an info value.
//!
//! ```text
//! cargo run --release -p pickle --example decode_rate
//! ```

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use pickle::encode::{self, Protocol};
use pickle::numpy::{Array, Dtype};
use pickle::{decode, to_json};
use serde_json::{Value as Json, json};

const BATCHES: u32 = 100;
const CALLS: u32 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let point = Array::new(Dtype::FLOAT64, vec![], Bytes::from(vec![1; 8]))?;
    let spectrum = Array::new(Dtype::parse("u4")?, vec![1024], Bytes::from(vec![1; 4096]))?;
    for (name, array) in [("point", point), ("spectrum", spectrum)] {
        for protocol in [Protocol::V3, Protocol::V4] {
            let pickle = Bytes::from(encode::encode(&encode::array(&array), protocol));
            measure(&format!("{name} {protocol:?} directly"), || {
                Array::decode(&pickle).is_ok()
            });
            measure(&format!("{name} {protocol:?} by machine"), || {
                decode(&pickle).is_ok_and(|value| Array::of(&value).is_ok())
            });
        }
    }
    let channel = json!({"device": "axis", "dim": 0, "display_name": "roby", "unit": "mm"});
    let channels = (0..100).map(|number| (format!("channel{number}"), channel.clone()));
    let info = encode::from_json(&Json::Object(channels.collect()));
    let pickle = Bytes::from(encode::encode(&info, Protocol::V4));
    let name = format!("info of {} bytes", pickle.len());
    measure(&name, || decode(&pickle).is_ok());
    measure("the same as JSON", || to_json(&info).is_object());
    Ok(())
}

/// Prints the time of one call in the fastest of the batches, which others of the machine disturb least.
fn measure(name: &str, work: impl Fn() -> bool) {
    let batches = (0..BATCHES).map(|_| {
        let start = Instant::now();
        let successes = (0..CALLS).filter(|_| black_box(work())).count();
        assert_eq!(successes, CALLS as usize);
        start.elapsed() / CALLS
    });
    println!("{name:28} {:?}", batches.min().unwrap_or_default());
}
