//! Reads numbers in greenlets, adds them up in a thread, and shows how a thread is stopped.
//!
//!     cargo run --example workers

use std::error::Error;
use std::time::Duration;

use hub::{Hub, Queue, Thread, ThreadContext, spawn};

/// The cost of one number in the queue, in bytes.
const COST: usize = size_of::<u64>();

fn main() -> Result<(), Box<dyn Error>> {
    // Ten numbers fit: whoever puts more waits, be it a greenlet or a thread.
    let numbers: Queue<u64> = Queue::new(10 * COST);

    let source = numbers.clone();
    let adder = Thread::start("adder", async move |context: ThreadContext| {
        let mut sum = 0;
        // Ends when the queue is closed and empty, or when the thread is asked to stop.
        while let Some(Some(number)) = context.until_stopping(source.get()).await {
            sum += number;
        }
        sum
    })?;

    Hub::new()?.run(async {
        let readers = [1, 1_000].map(|step| {
            let numbers = numbers.clone();
            spawn(async move {
                for number in 1..=100 {
                    numbers.put(number * step, COST).await?;
                }
                Ok::<_, hub::QueueClosed<u64>>(())
            })
        });
        for reader in readers {
            reader.await??;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;

    numbers.close();
    adder.join_blocking(Some(Duration::from_secs(10)))?;
    println!("the sum is {}", adder.get_blocking(None)?);
    Ok(())
}
