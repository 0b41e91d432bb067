//! Hides passwords in arguments, which all users of the machine could read with `ps`.
//!
//! A process cannot change its arguments, but it can execute itself with others: the URL then has no
//! password, and the one with the password is in the environment, which only its user can read.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use redis_client::RedisUrl;

/// Environment variable with the URL that an argument had.
const URL_VARIABLE: &str = "NEXUS_WRITER_URL";

/// Executes the program again without the password, if an argument has one. Does not return in this case, unless
/// the process shall end.
pub fn hide_password(shall_end: impl FnOnce() -> bool) -> std::io::Result<()> {
    let mut args: Vec<OsString> = env::args_os().collect();
    let Some((at, option, url)) = find_password(&args) else {
        return Ok(());
    };
    // This is done only once: a password may look like its placeholder.
    if env::var_os(URL_VARIABLE).is_some() || shall_end() {
        return Ok(());
    }
    args[at] = format!("{option}{url}").into();
    let mut command = Command::new(env::current_exe()?);
    command
        .arg0(&args[0])
        .args(&args[1..])
        .env(URL_VARIABLE, url.with_secrets());
    Err(command.exec())
}

/// Returns the URL as it was typed, with the password.
pub fn with_password(typed: &str) -> String {
    match env::var(URL_VARIABLE) {
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

/// Returns the argument that has a password: its index, the text before the URL (`--redis=`), and the URL.
fn find_password(args: &[OsString]) -> Option<(usize, &str, RedisUrl)> {
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
