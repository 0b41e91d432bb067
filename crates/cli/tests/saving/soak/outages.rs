//! Outages that last: a running scan must have all its points afterwards, whichever writer saves it.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testing::{NetworkPath, Program, redis_call, wait_until_read};

use super::{outage_time, signal};
use crate::fixture::{Fixture, WRITER, end, read, send};

/// Outages that are longer than this make a writer look dead on other hosts.
const LEASE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outage {
    /// Nothing comes through between the first writer and Redis.
    NetworkCut,
    /// The first writer gets no processor time.
    WriterFrozen,
    /// Redis gets no processor time.
    RedisFrozen,
    /// Redis refuses all that needs memory.
    OutOfMemory,
}

impl Outage {
    const ALL: [Outage; 4] = [
        Outage::NetworkCut,
        Outage::WriterFrozen,
        Outage::RedisFrozen,
        Outage::OutOfMemory,
    ];

    /// Returns `true` if points can be published meanwhile.
    fn spares_publishers(self) -> bool {
        matches!(self, Outage::NetworkCut | Outage::WriterFrozen)
    }
}

#[tokio::test]
async fn long_outages_lose_no_point() {
    let time = outage_time(Duration::from_secs(2));
    for outage in Outage::ALL {
        println!("{outage:?} for {time:?}");
        endure(outage, time).await;
    }
}

async fn endure(outage: Outage, time: Duration) {
    let fixture = Fixture::new().await;
    let path = NetworkPath::to(&fixture.server, Duration::ZERO, 0);
    let mut first = run_elsewhere(&path, time > LEASE);
    let file = fixture.file("a.h5");
    let (scan, diode) = fixture.start_scan(&file).await;
    let points: Vec<f64> = (0..40).map(f64::from).collect();
    send(&diode, &points[..10]).await;
    first.wait_for("start saving");
    wait_until_read(&file, &["diode"], &json!([points[..10]])).await;
    let second = fixture.run();

    let server = fixture.server.pid();
    match outage {
        Outage::NetworkCut => path.cut(),
        Outage::WriterFrozen => first.signal("STOP"),
        Outage::RedisFrozen => signal(server, "STOP"),
        Outage::OutOfMemory => {
            redis_call(&fixture.server.url(), "CONFIG SET maxmemory 1").await;
        }
    }
    if outage.spares_publishers() {
        send(&diode, &points[10..20]).await;
    }
    tokio::time::sleep(time).await;
    match outage {
        Outage::NetworkCut => path.mend(),
        Outage::WriterFrozen => first.signal("CONT"),
        Outage::RedisFrozen => signal(server, "CONT"),
        Outage::OutOfMemory => {
            redis_call(&fixture.server.url(), "CONFIG SET maxmemory 0").await;
        }
    }
    if !outage.spares_publishers() {
        send(&diode, &points[10..20]).await;
    }
    wait_until_read(&file, &["diode"], &json!([points[..20]])).await;
    send(&diode, &points[20..]).await;
    end(scan).await;
    wait_until_read(&file, &["diode"], &json!([points])).await;
    let logs = [Fixture::end(first), Fixture::end(second)].concat();
    assert!(!logs.contains("FAILED"), "{logs}");
    assert!(logs.contains("Finished writing"), "{logs}");
    assert_eq!(read(&file, &["diode"]), json!([points]));
}

/// Starts `run` behind the path, if asked for with the name of another host: other writers cannot see whether
/// it is alive then.
fn run_elsewhere(path: &NetworkPath, on_other_host: bool) -> Program {
    let url = path.url().with_secrets();
    let mut command = match on_other_host {
        true => {
            let mut command = Command::new("unshare");
            let script = "echo elsewhere > /proc/sys/kernel/hostname && exec \"$0\" run \"$1\"";
            command.args(["--map-root-user", "--uts", "sh", "-c", script, WRITER, &url]);
            command
        }
        false => {
            let mut command = Command::new(WRITER);
            command.args(["run", &url]);
            command
        }
    };
    let mut running = Program::start(&mut command);
    running.wait_for("subscribed");
    running
}
