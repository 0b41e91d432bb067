//! `doctor`: checks an installation from this machine, and says what to do about what it finds.
//!
//! Each check has a module, which makes one [`Finding`] or a few. Checks know the [`Installation`], which is what was typed and
//! configured, and what those before them have discovered. None waits longer than the limit of the installation, and nothing is written
//! but a temporary file in the directory for data.

mod beacon;
mod clock;
mod configuration_file;
mod data_directory;
mod data_model;
mod data_writer;
mod descriptors;
mod device;
mod disk_space;
mod file_system;
mod finding;
mod http;
mod installation;
mod limit;
mod memory;
mod other_writers;
mod question;
mod redis;
mod report;
mod runtime_directory;
mod scan_saving;
mod spool;
mod temporary_file;

use std::process::ExitCode;

use crate::exit;
use crate::logging;
use finding::Finding;
pub use installation::Installation;
use report::Report;

/// Checks an installation, and prints each finding as soon as it is made. The exit code is 1 if one of them is a problem.
///
/// # Errors
/// If the findings cannot be printed.
pub async fn doctor(
    installation: &Installation,
    json: bool,
) -> Result<ExitCode, crate::exit::Failure> {
    let mut report = Report::new(json);
    examine(installation, &mut report).await?;
    report.end()?;
    let code = match report.has_problems() {
        true => exit::FAILED,
        false => 0,
    };
    if limit::has_threads_left() {
        // A thread that hangs may be in code whose exit handlers would wait for it, or crash.
        logging::flush();
        signal_hook::low_level::exit(code.into());
    }
    Ok(ExitCode::from(code))
}

async fn examine(installation: &Installation, report: &mut Report) -> std::io::Result<()> {
    report.add(configuration_file::check(installation))?;

    let (finding, redis) = redis::check(installation).await;
    report.add(finding)?;
    report.add(beacon::check(installation, redis.as_ref()).await)?;
    let (finding, model) = data_model::check(installation, redis.as_ref()).await;
    report.add(finding)?;
    report.add(memory::check(installation, redis.as_ref(), model).await)?;
    report.add(clock::check(installation, redis.as_ref()).await)?;

    let saving = scan_saving::read(installation, redis.as_ref()).await;
    report.add(data_writer::check(installation, &saving))?;
    report.add(other_writers::check(installation, redis.as_ref(), model).await)?;
    for finding in device::check(installation, &saving).await {
        report.add(finding)?;
    }

    let directory = installation.data_directory(&saving);
    let (finding, is_usable) = data_directory::check(installation, &directory).await;
    report.add(finding)?;
    for finding in file_system::check(installation, &directory, is_usable).await {
        report.add(finding)?;
    }
    for finding in disk_space::check(installation, &directory, is_usable).await {
        report.add(finding)?;
    }
    report.add(spool::check(installation).await)?;
    report.add(runtime_directory::check(installation).await)?;
    report.add(descriptors::check())?;
    report.add(http::check(installation).await)
}

/// Returns the finding of a check that needs Redis, which has a problem.
fn needs_redis(check: &'static str) -> Finding {
    Finding::skipped(check, "Redis cannot be asked")
}
