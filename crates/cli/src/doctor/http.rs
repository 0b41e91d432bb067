//! Whether metrics and health can be asked for where the configuration says.

use std::io;
use std::net::{SocketAddr, TcpListener};

use observation::with_causes;
use web::{DEFAULT_ADDRESS, Listen};

use super::finding::Finding;
use super::installation::Installation;
use crate::commands::{Server, StatusError};

const CHECK: &str = "HTTP";

/// Listens for a moment where the writer would listen.
pub async fn check(installation: &Installation) -> Finding {
    let listen = installation.http.listen(Listen::Default);
    let (address, is_usual) = match listen {
        Listen::Off => return Finding::ok(CHECK, "not wanted"),
        Listen::Default => (DEFAULT_ADDRESS, true),
        Listen::At(address) => (address, false),
    };
    match installation.http.access() {
        Err(error) => {
            let advice = "Correct the file of `--http-token-file`, or its permissions (chmod 600).";
            return Finding::problem(CHECK, with_causes(&error), advice);
        }
        Ok(access) if !address.ip().is_loopback() && !access.has_token() => {
            let found = format!("other computers can reach {address}, and no token is asked for");
            let advice =
                "Name a file with a token by `--http-token-file FILE`, or listen at 127.0.0.1.";
            return Finding::problem(CHECK, found, advice);
        }
        Ok(_) => {}
    }
    let Some(bound) = installation
        .limit
        .blocking(move || TcpListener::bind(address).map(drop))
        .await
    else {
        return Finding::warning(
            CHECK,
            installation.limit.no_answer("the system"),
            "Try again.",
        );
    };
    match bound {
        Ok(()) => Finding::ok(CHECK, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            taken(installation, address, is_usual).await
        }
        Err(error) => Finding::problem(
            CHECK,
            format!("no program can listen at {address}: {error}"),
            "Correct `--http-listen`: it is an address of this machine, with a port from 1024 on.",
        ),
    }
}

/// Returns the finding about an address that a program has.
async fn taken(installation: &Installation, address: SocketAddr, is_usual: bool) -> Finding {
    if installation
        .limit
        .blocking(move || is_writer(address))
        .await
        == Some(true)
    {
        return Finding::ok(CHECK, format!("a writer listens at {address}"));
    }
    let found = format!("another program listens at {address}");
    match is_usual {
        true => Finding::warning(
            CHECK,
            format!("{found}, so the writer would take any free port"),
            "Choose a port by `--http-listen 127.0.0.1:PORT`, so that it is known.",
        ),
        false => Finding::problem(
            CHECK,
            found,
            "Choose another port by `--http-listen`, or end that program: the writer would not start.",
        ),
    }
}

/// Returns `true` if the program at this address is a writer, which may ask for a token.
fn is_writer(address: SocketAddr) -> bool {
    let Ok(server) = Server::new(&format!("http://{address}/"), None) else {
        return false;
    };
    match server.state() {
        Ok(_) => true,
        Err(StatusError::Refused { text, .. }) => !text.is_empty(),
        Err(_) => false,
    }
}
