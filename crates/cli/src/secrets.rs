//! Passwords in arguments, which everybody on the machine could read with `ps`.
//!
//! A process cannot change its arguments, but it can start over with others: the URL then has no
//! password any more, and the one with it is in the environment, which only its user can read.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use redis_client::RedisUrl;

/// Holds the URL that an argument had.
const VARIABLE: &str = "NEXUS_WRITER_URL";

/// Starts over without the password, if an argument has one. Does not return then.
pub fn hide() -> std::io::Result<()> {
    let mut args: Vec<OsString> = env::args_os().collect();
    let Some((at, option, url)) = find(&args) else {
        return Ok(());
    };
    // Once only: a password may look like what stands for it.
    if env::var_os(VARIABLE).is_some() {
        return Ok(());
    }
    args[at] = format!("{option}{url}").into();
    let mut command = Command::new(env::current_exe()?);
    command
        .arg0(&args[0])
        .args(&args[1..])
        .env(VARIABLE, url.with_secrets());
    Err(command.exec())
}

/// The URL as it was typed.
pub fn reveal(typed: &str) -> String {
    match env::var(VARIABLE) {
        Ok(url)
            if url
                .parse::<RedisUrl>()
                .is_ok_and(|url| url.to_string() == typed) =>
        {
            url
        }
        _ => typed.to_owned(),
    }
}

/// The argument that has a password: its place, what stands before the URL (`--redis=`), the URL.
fn find(args: &[OsString]) -> Option<(usize, &str, RedisUrl)> {
    args.iter().enumerate().skip(1).find_map(|(at, arg)| {
        let arg = arg.to_str()?;
        let begin = match arg.starts_with("--") {
            true => arg.find('=')? + 1,
            false => 0,
        };
        let (option, url) = arg.split_at(begin);
        let url: RedisUrl = url.parse().ok()?;
        url.password().is_some().then_some((at, option, url))
    })
}
