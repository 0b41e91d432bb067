//! The address of the Tango database.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use tango::database::TangoDatabaseAddress;

use crate::exit::Failure;

/// The environment variable that Tango reads.
const VARIABLE: &str = "TANGO_HOST";

/// Parses the address of an option.
pub fn address(option: Option<&str>) -> Result<Option<TangoDatabaseAddress>, Failure> {
    let Some(text) = option else {
        return Ok(None);
    };
    let Some((host, port)) = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()) else {
        return Err(r#"--tango-host must have the format "<host>:<port>""#.into());
    };
    let port = port
        .parse()
        .map_err(|_| "--tango-host must have an integral port number")?;
    let host = host.to_owned();
    Ok(Some(TangoDatabaseAddress { host, port }))
}

/// Lets a Tango server find the database of an option. The server reads the environment only, which cannot be
/// changed while there are threads, so this restarts the process with another environment and does not return
/// then, unless the process shall end.
pub fn restart_with(option: Option<&str>, shall_end: impl FnOnce() -> bool) -> Result<(), Failure> {
    let Some(TangoDatabaseAddress { host, port }) = address(option)? else {
        return Ok(());
    };
    let wanted = format!("{host}:{port}");
    if env::var(VARIABLE).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    if shall_end() {
        return Ok(());
    }
    let mut args = env::args_os();
    let mut command = Command::new(env::current_exe()?);
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    Err(command.args(args).env(VARIABLE, wanted).exec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        let port = |text| address(Some(text)).map(|address| address.unwrap().port);
        assert!(matches!(port("localhost:20000"), Ok(20000)));
        assert!(matches!(address(None), Ok(None)));
        for wrong in [
            "localhost",
            ":20000",
            "localhost:",
            "localhost:x",
            "localhost:65536",
        ] {
            assert!(address(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
