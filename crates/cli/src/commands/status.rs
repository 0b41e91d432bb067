//! `status`: what running writers do, asked by HTTP.

mod request;
mod table;

use std::fs;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use super::Outcome;
use crate::exit::{self, Failure};
use crate::results::print;
pub use request::{Server, StatusError};

/// Where systemd makes a directory for each writer, see `packaging/systemd`.
const RUNTIME_DIRECTORY: &str = "/run/nexus-writer";

/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Sends the cursor to the beginning of an empty screen.
const CLEAR_SCREEN: &str = "\x1b[2J\x1b[H";

/// Which writers are asked, and what is printed.
pub struct StatusOptions {
    /// Addresses of writers; empty for those that systemd runs on this computer.
    pub urls: Vec<String>,
    /// File with the token.
    pub token_file: Option<PathBuf>,
    /// Print JSON.
    pub json: bool,
    /// Print again each second.
    pub follow: bool,
}

/// Prints what writers do: once, or again each second until all of them have ended. The exit code is 1 if one of them is not
/// ready, and 2 if one does not answer.
pub fn status(options: &StatusOptions) -> Outcome {
    let token = options.token_file.as_deref().map(read_token).transpose()?;
    let urls = match options.urls.is_empty() {
        true => running_writers(Path::new(RUNTIME_DIRECTORY)),
        false => options.urls.clone(),
    };
    let servers: Result<Vec<Server>, StatusError> = urls
        .iter()
        .map(|url| Server::new(url, token.clone()))
        .collect();
    let servers = servers.map_err(Failure::usage)?;
    let mut have_answered = false;
    loop {
        let states: Vec<_> = servers.iter().map(Server::state).collect();
        let mut text = String::new();
        for (server, state) in servers.iter().zip(&states) {
            text += &match (options.json, state) {
                (true, Ok(state)) => format!("{state}\n"),
                (true, Err(error)) => {
                    let url = server.url();
                    format!(
                        "{}\n",
                        serde_json::json!({"url": url, "error": error.to_string()})
                    )
                }
                (false, Ok(state)) => table::describe(server.url(), state),
                (false, Err(error)) => format!("{}: {error}\n", server.url()),
            };
        }
        if !options.follow {
            print(&text)?;
            return Ok(code(&states));
        }
        let mut output = std::io::stdout().lock();
        let start = match !options.json && output.is_terminal() {
            true => CLEAR_SCREEN,
            false => "",
        };
        // A reader that has gone ends the command.
        output.write_all(start.as_bytes())?;
        output.write_all(text.as_bytes())?;
        output.flush()?;
        drop(output);
        have_answered |= states.iter().any(Result::is_ok);
        // A writer that has not begun yet is waited for.
        if have_answered && states.iter().all(has_ended) {
            return Ok(code(&states));
        }
        thread::sleep(PERIOD);
    }
}

/// Returns `true` if nobody listens at the address of a writer.
fn has_ended(state: &Result<Json, StatusError>) -> bool {
    match state {
        Err(StatusError::Connection(error)) => {
            !matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
        }
        _ => false,
    }
}

fn code(states: &[Result<Json, StatusError>]) -> ExitCode {
    let is_ready = |state: &Result<Json, _>| {
        let state = state.as_ref();
        state.is_ok_and(|state| state["ready"] == true)
    };
    if states.iter().any(Result::is_err) {
        ExitCode::from(exit::USAGE)
    } else if states.iter().all(is_ready) {
        exit::SUCCESS
    } else {
        ExitCode::from(exit::FAILED)
    }
}

/// Returns the addresses of the writers that systemd runs, or the usual one.
fn running_writers(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path().join("http.url"));
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    let mut urls: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    urls.sort_unstable();
    if urls.is_empty() {
        urls.push(format!("http://{}/", web::DEFAULT_ADDRESS));
    }
    urls
}

fn read_token(file: &Path) -> Result<String, Failure> {
    let token = fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!(
            "cannot read the token file {}: {error}",
            file.display()
        ))
    })?;
    Ok(token.trim().to_owned())
}
