//! The commands, one module each.

mod check;
mod connect;
#[cfg(feature = "simulation")]
mod demo;
mod follow;
#[cfg(feature = "simulation")]
mod free_number;
mod monitoring;
mod repair;
mod save;
mod semaphore;
#[cfg(feature = "simulation")]
mod simulate;
mod status;
#[cfg(feature = "tango")]
pub mod tango;
mod tree;
mod writing;

use std::future::Future;
use std::process::ExitCode;

use hub::Hub;
use web::Listen;

use crate::args::{Command, Http, RedisOrigin, Saving, Service};
use crate::configuration::Configuration;
use crate::doctor::{self, Installation};
use crate::exit::Failure;
use crate::logging::LogLevel;
use crate::signals::CaughtSignals;
use monitoring::Monitoring;
use status::StatusOptions;
pub use status::{Server, StatusError};
pub use writing::Writing;

/// Result of a command.
pub type Outcome = Result<ExitCode, Failure>;

/// Runs a command to its end.
#[cfg_attr(
    not(feature = "tango"),
    allow(unused_variables, reason = "clients of Tango change the level")
)]
pub fn run(
    command: Command,
    configuration: Configuration,
    level: LogLevel,
    signals: CaughtSignals,
) -> Outcome {
    match command {
        Command::Run {
            url,
            redis,
            data_writer,
            saving,
            http,
        } => {
            let origin = redis.origin(url, &configuration).map(|(origin, _)| origin);
            let interrupts = signals.end_in_order();
            on_hub(follow::run(origin, data_writer, saving, http, interrupts))
        }
        Command::Session {
            name,
            redis,
            service,
            saving,
            http,
        } => {
            let origin = redis.origin(&configuration);
            let web = (http, Listen::Default);
            session(name, origin, service, saving, web, signals)
        }
        Command::Save {
            url,
            keys,
            json,
            saving,
        } => on_hub(save::save(url, keys, json, saving, signals.end_in_order())),
        Command::Status {
            urls,
            token_file,
            json,
            follow,
        } => {
            signals.end_at_once();
            status::status(&StatusOptions {
                urls,
                token_file,
                json,
                follow,
            })
        }
        Command::Doctor(args) => {
            signals.end_at_once();
            let json = args.json;
            let installation = Installation::new(*args, configuration);
            on_hub(async move { doctor::doctor(&installation, json).await })
        }
        #[cfg(feature = "simulation")]
        Command::Simulate { url, scans } => {
            on_hub(simulate::simulate(url, scans, signals.end_in_order()))
        }
        Command::Tree { file, path } => {
            signals.end_at_once();
            tree::tree(&file, &path)
        }
        Command::Check {
            files,
            redis,
            model,
            json,
        } => {
            signals.end_at_once();
            on_hub(check::check(files, redis, model.choice(), json))
        }
        Command::Repair { files } => {
            signals.end_at_once();
            repair::repair(&files)
        }
        #[cfg(feature = "simulation")]
        Command::Demo {
            directory,
            open,
            http,
        } => {
            let web = open.then_some(http);
            on_hub(demo::demo(directory, web, signals.end_in_order()))
        }
        #[cfg(feature = "tango")]
        Command::Tango(command) => tango::tango(command, configuration, level, signals),
        #[cfg(not(feature = "tango"))]
        Command::Tango { .. } => Err(Failure::usage("built without Tango support")),
    }
}

/// Saves the scans of one session. Metrics and health can be asked for as `web` says: where, and where if that is not said.
pub fn session(
    name: String,
    redis: Option<RedisOrigin>,
    service: Service,
    saving: Saving,
    web: (Http, Listen),
    signals: CaughtSignals,
) -> Outcome {
    let interrupts = signals.end_in_order();
    let saved = follow::session(name, redis, service, saving, web, interrupts);
    on_hub(saved)
}

fn on_hub(command: impl Future<Output = Outcome>) -> Outcome {
    Hub::named("main")?.run(command)
}
