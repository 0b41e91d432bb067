//! A server of devices that return their arguments.
//!
//! ```text
//! cargo run -p tango --example echo -- test -nodb -dlist Echo::a/b/1,Echo::a/b/2 \
//!     -ORBendPoint giop:tcp:127.0.0.1:11000
//! ```
//!
//! A client finds the device at `tango://127.0.0.1:11000/a/b/1#dbase=no`. With a database, the instance is
//! the only argument. `--wait SECONDS` as the first argument waits that long for a database that is away.

mod echo;
mod silent;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hub::Hub;
use tango::{DeviceServer, DeviceServerOptions};
use tokio::signal::unix::{SignalKind, signal};

use echo::EchoFactory;
use silent::SilentFactory;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {}", writer::subscriber::with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut timeout = None;
    if arguments.len() > 1 && arguments[0] == "--wait" {
        timeout = Some(Duration::from_secs_f64(arguments[1].parse()?));
        arguments.drain(..2);
    }
    let verbosity = arguments
        .iter()
        .position(|argument| argument.starts_with("-v"))
        .map(|position| arguments.remove(position)[2..].parse())
        .transpose()?;
    if arguments.is_empty() {
        return Err("usage: echo [--wait SECONDS] INSTANCE [-vN] [ARGUMENT OF TANGO...]".into());
    }
    let options = DeviceServerOptions {
        server: "echo".to_owned(),
        instance: arguments.remove(0),
        verbosity,
        arguments,
        wait_for_database: timeout.is_some(),
    };
    Hub::new()?.run(serve(options, timeout))
}

async fn serve(
    options: DeviceServerOptions,
    timeout: Option<Duration>,
) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    let server = DeviceServer::start(
        options,
        vec![Arc::new(EchoFactory), Arc::new(SilentFactory)],
    )?;
    let timeout = timeout.unwrap_or(Duration::MAX);
    match hub::timeout(timeout, server.wait_ready()).await {
        Ok(ready) => ready?,
        Err(_) => {
            server.request_stop();
            server.wait_ended().await?;
            return Err("the database is away".into());
        }
    }
    tracing::info!("signals are handled");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
        _ = quit.recv() => {}
        ended = server.wait_ended() => return Ok(ended?),
    }
    server.request_stop();
    server.wait_ended().await?;
    tracing::info!("ended");
    Ok(())
}
