//! `tango`, `NexusWriterService`, `RegisterNexusWriter`: Tango devices that save scans.

mod host;
mod register;
mod serve;

use tango::DeviceServerOptions;
use tracing::warn;

use super::{Outcome, Writing, on_hub};
use crate::args::{MEBIBYTE, MEGABYTE, RegisterArgs, ServiceArgs, TangoCommand};
use crate::configuration::{Configuration, DeviceLayers};
use crate::logging::LogLevel;
use crate::signals::CaughtSignals;

/// Runs a command of `nexus-writer tango`.
pub fn tango(
    command: TangoCommand,
    configuration: Configuration,
    level: LogLevel,
    signals: CaughtSignals,
) -> Outcome {
    match command {
        TangoCommand::Run {
            instance,
            server,
            files,
            memory,
            spool,
            redis,
            model: _,
            http,
            tests,
        } => {
            host::restart_with(server.tango_host.as_deref(), || signals.have_come())?;
            let redis = redis.place.origin(redis.url, &configuration);
            let devices = DeviceLayers::new(configuration, redis)?;
            let options = DeviceServerOptions {
                server: server.server,
                instance,
                verbosity: server.log_level.verbosity(),
                arguments: tests.tango_arg,
                wait_for_database: true,
            };
            on_hub(serve::serve(
                options,
                Writing {
                    files: files.settings(),
                    memory: memory.budget(),
                },
                spool.options(MEGABYTE),
                devices,
                http,
                level,
                signals.end_server(),
            ))
        }
        TangoCommand::Register {
            redis_url,
            server,
            instance,
            domain,
            family,
            member,
            session,
        } => {
            signals.end_at_once();
            let member = member
                .or_else(|| session.clone())
                .unwrap_or_else(|| "default".to_owned());
            register::bliss_writer(
                server.tango_host.as_deref(),
                &format!("{}/{instance}", server.server),
                &format!("{domain}/{family}/{member}"),
                &redis_url,
                session.as_deref(),
            )
        }
    }
}

/// Serves the devices of one instance.
pub fn service(
    args: ServiceArgs,
    configuration: Configuration,
    level: LogLevel,
    signals: CaughtSignals,
) -> Outcome {
    if !args.patch.is_empty() {
        warn!("--patch has no effect: it changes the Python writer for its own tests");
    }
    let redis = args.redis.place.origin(args.redis.url, &configuration);
    let devices = DeviceLayers::new(configuration, redis)?;
    let writing = Writing {
        files: args.files.settings(),
        memory: args.memory.budget(),
    };
    let spool = args.spool.options(MEBIBYTE);
    let options = DeviceServerOptions {
        server: args.server,
        instance: args.instance,
        verbosity: args.log_tango.verbosity(),
        arguments: args.tests.tango_arg,
        wait_for_database: true,
    };
    on_hub(serve::serve(
        options,
        writing,
        spool,
        devices,
        args.http,
        level,
        signals.end_server(),
    ))
}

/// Defines a device for a session.
pub fn register(args: RegisterArgs) -> Outcome {
    register::nexus_writer(&args)
}
