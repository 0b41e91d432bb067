//! Measures one operation of one primitive, of this crate or of bare Tokio. `./dev bench hub` runs it.
//!
//! ```text
//! cargo run --release -p nexus-writer-hub --example primitives -- CASE (hub | tokio) [OPERATIONS]
//! ```
//!
//! Prints one line of JSON: how many operations, and how many seconds they took together.

mod alternation;
mod with_hub;
mod with_tokio;

use std::process::ExitCode;
use std::time::Duration;

/// Runs a number of operations; returns how long they took.
type Measure = fn(usize) -> Duration;

struct Case {
    name: &'static str,
    operations: usize,
    hub: Measure,
    tokio: Measure,
}

/// The capacity of the queues, in items, of this crate and of Tokio.
const PLACES: usize = 1024;
/// The number of producers, and of consumers, of queues that have several.
const MANY: usize = 4;

const CASES: [Case; 9] = [
    case(
        "lock-inside",
        1_000_000,
        with_hub::lock_inside,
        with_tokio::lock_inside,
    ),
    case(
        "lock-across",
        40_000,
        with_hub::lock_across,
        with_tokio::lock_across,
    ),
    case(
        "queue-inside",
        1_000_000,
        with_hub::queue_inside,
        with_tokio::queue_inside,
    ),
    case(
        "queue-across",
        400_000,
        with_hub::queue_across,
        with_tokio::queue_across,
    ),
    case(
        "queue-many-inside",
        800_000,
        with_hub::queue_many_inside,
        with_tokio::queue_many_inside,
    ),
    case(
        "queue-many-across",
        200_000,
        with_hub::queue_many_across,
        with_tokio::queue_many_across,
    ),
    case("trigger", 40_000, with_hub::trigger, with_tokio::trigger),
    case("launch", 40_000, with_hub::launch, with_tokio::launch),
    case(
        "launch-blocking",
        40_000,
        with_hub::launch_blocking,
        with_tokio::launch_blocking,
    ),
];

const fn case(name: &'static str, operations: usize, hub: Measure, tokio: Measure) -> Case {
    Case {
        name,
        operations,
        hub,
        tokio,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some((measure, operations)) = chosen(&arguments) else {
        let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
        eprintln!(
            "usage: primitives ({}) (hub | tokio) [OPERATIONS]",
            names.join(" | ")
        );
        return ExitCode::from(2);
    };
    let seconds = measure(operations).as_secs_f64();
    println!("{{\"operations\": {operations}, \"seconds\": {seconds}}}");
    ExitCode::SUCCESS
}

fn chosen(arguments: &[String]) -> Option<(Measure, usize)> {
    let (name, side) = (arguments.first()?, arguments.get(1)?);
    let case = CASES.iter().find(|case| case.name == name)?;
    let measure = match side.as_str() {
        "hub" => case.hub,
        "tokio" => case.tokio,
        _ => return None,
    };
    let operations = match arguments.get(2) {
        Some(number) => number.parse().ok()?,
        None => case.operations,
    };
    Some((measure, operations))
}
