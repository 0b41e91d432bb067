//! Somebody else who writes a file.

use std::path::Path;

use testing::Program;

/// Opens a file with h5py as somebody who writes it.
pub fn hold(file: &Path) -> Program {
    const PROGRAM: &str = "
import signal, sys, h5py
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
with h5py.File(sys.argv[1], 'a', locking=True):
    print('held', file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM])
print('released', file=sys.stderr, flush=True)
";
    let mut python = testing::python();
    let mut holder = Program::start(python.args(["-c", PROGRAM]).arg(file));
    holder.wait_for("held");
    holder
}
