//! A file that is locked for long while Redis drops points: all points must be in the file afterwards, whichever
//! process saves it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::outage_time;
use crate::spool::ThreatenedScan;

/// Age from which on Redis drops points. The memory tracker of BLISS waits for 180 s.
const PROTECTED: Duration = Duration::from_secs(30);

/// Time between two points of the scan that are published together.
const STEP: Duration = Duration::from_millis(500);

/// Age of unread points from which on users are warned when Redis has too little memory.
const WARNED: Duration = Duration::from_secs(65);

#[tokio::test]
async fn the_same_process_saves_what_redis_drops() {
    endure(outage_time(Duration::from_secs(2)), false).await;
}

#[tokio::test]
async fn the_next_process_saves_what_redis_drops() {
    endure(outage_time(Duration::from_secs(2)), true).await;
}

async fn endure(time: Duration, is_killed: bool) {
    let mut threatened = ThreatenedScan::new().await;
    let begun = Instant::now();
    let mut published = VecDeque::new();
    let mut is_first = true;
    while begun.elapsed() < time {
        threatened.send(50).await;
        published.push_back((Instant::now(), threatened.points.len()));
        while let Some((published_at, end)) = published.front()
            && published_at.elapsed() > PROTECTED
        {
            threatened.trim(*end).await;
            published.pop_front();
        }
        if is_killed && is_first && begun.elapsed() > time / 2 {
            is_first = false;
            threatened.replace_writer();
        }
        tokio::time::sleep(STEP).await;
    }
    if time > WARNED && !is_killed {
        threatened.writer.wait_for("Redis will drop points of scan");
    }
    let last = threatened.points.len() - 1;
    threatened.wait_for_spool(&format!("{last}-1")).await;
    threatened.trim(last).await;
    println!(
        "{time:?}, killed: {is_killed}: {} points, {} bytes in the spool",
        threatened.points.len(),
        threatened.spooled_bytes()
    );
    let unlocked = Instant::now();
    threatened.unlock();
    threatened.end_scan().await;
    threatened.finish().await;
    println!("saved {:?} after the file was free", unlocked.elapsed());
}
