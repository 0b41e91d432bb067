//! Measures how fast events of channels are decoded, without Redis: `cargo run --release --example event_decode_rate
//! --features publish`.

use std::time::Instant;

use bliss_node::points::{PointDecoder, Points};
use bytes::Bytes;
use pickle::encode::{self, Protocol};
use pickle::numpy::{Array, Dtype};

const EVENTS: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let description = encode::dict([
        ("reference", false.into()),
        ("dtype", encode::class(Dtype::FLOAT64)),
        ("shape", pickle::Value::Tuple([].into())),
        ("unit", pickle::Value::None),
    ]);
    let description = encode::encode(&description, Protocol::V4);
    let point = Array::new(
        Dtype::FLOAT64,
        vec![],
        Bytes::copy_from_slice(&1.5f64.to_le_bytes()),
    )?;
    let data = encode::encode(&encode::array(&point), Protocol::V4);
    let reply = Bytes::from([description.as_slice(), &data].concat());
    let (description, data) = reply.split_at(description.len());

    let mut bytes = 0;
    let start = Instant::now();
    let mut decoder = PointDecoder::new();
    for _ in 0..EVENTS {
        if let Points::Numbers { data, .. } = decoder.decode(&reply, description, 1, data)? {
            bytes += data.as_slice().len();
        }
    }
    let same_form = start.elapsed();

    let start = Instant::now();
    for _ in 0..EVENTS {
        bytes += Array::decode(&reply.slice_ref(data))?.data.len();
    }
    let any_form = start.elapsed();
    println!("{bytes} bytes of points");
    println!("events of one form: {:?} each", same_form / EVENTS as u32);
    println!(
        "events of any form: {:?} each, without their descriptions",
        any_form / EVENTS as u32
    );
    Ok(())
}
