//! Programs of the Python environment that `./dev setup` makes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

use crate::program::Program;

/// Returns a command of that Python, in the directory of this crate's programs.
pub fn python() -> Command {
    let mut command = unbuffered(&interpreter());
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("python"));
    // The peers must not connect to a server of the machine.
    command
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}

/// Runs a program, which must succeed, and returns what it prints.
pub fn output(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let (out, errors) = (
        String::from_utf8_lossy(&done.stdout).into_owned(),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success(),
        "{command:?}: {}\n{out}\n{errors}",
        done.status
    );
    out
}

/// Opens a file with h5py as another writer would, until the program receives SIGTERM.
pub fn hold(file: &Path) -> Program {
    const PROGRAM: &str = "
import signal, sys
# Before there are threads of numpy, which would not block it.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
import h5py
with h5py.File(sys.argv[1], 'a', locking=True):
    print('held', file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM])
print('released', file=sys.stderr, flush=True)
";
    let mut python = python();
    let mut holder = Program::start(python.args(["-c", PROGRAM]).arg(file));
    holder.wait_for("held");
    holder
}

/// Parses the JSON values that a program printed, one on each line.
pub(crate) fn lines<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let parsed = text.lines().map(serde_json::from_str);
    parsed.collect::<Result<_, _>>().expect(text)
}

/// Returns the command of a program that pip installed beside the interpreter.
pub(crate) fn installed(name: &str) -> Command {
    unbuffered(&interpreter().with_file_name(name))
}

/// Returns a command whose lines can be read when it prints them, and not when a buffer is full.
fn unbuffered(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("PYTHONUNBUFFERED", "1");
    command
}

fn interpreter() -> PathBuf {
    env::var_os("NEXUS_WRITER_PYTHON")
        .expect("NEXUS_WRITER_PYTHON is set by cargo; `./dev setup` makes what it names")
        .into()
}
