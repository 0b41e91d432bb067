//! A process in the background.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The limit of each wait: no correct program takes that long, even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// A running program, whose standard error the test reads. Dropping it kills the process if it still
/// runs.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Program {
    /// Starts a program.
    pub fn start(command: &mut Command) -> Program {
        let mut child = spawn(command.stdout(Stdio::null()).stderr(Stdio::piped()));
        let stderr = child.stderr.take().unwrap();
        Program::read_lines(child, stderr)
    }

    /// Starts a program whose standard output the test reads as well.
    pub fn start_with_output(command: &mut Command) -> Program {
        let (source, output) = std::io::pipe().unwrap();
        let errors = output.try_clone().unwrap();
        let child = spawn(command.stdout(output).stderr(errors));
        // Only the program may hold the pipe, so that it ends with the program.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Program::read_lines(child, source)
    }

    fn read_lines(child: Child, source: impl Read + Send + 'static) -> Program {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Program {
            child,
            lines,
            log: String::new(),
        }
    }

    /// Waits until the program has logged this text, now or before.
    pub fn wait_for(&mut self, text: &str) {
        let found = self.logs_within(text, WAIT_LIMIT);
        assert!(found, "{text:?} is not in the log:\n{}", self.log);
    }

    /// Waits until the program has logged this text so many times.
    pub fn wait_for_count(&mut self, text: &str, count: usize) {
        let found = self.logs(WAIT_LIMIT, |log| log.matches(text).count() >= count);
        assert!(
            found,
            "{text:?} is not {count} times in the log:\n{}",
            self.log
        );
    }

    /// Waits until the program has logged a line that the function accepts, now or before. Returns the
    /// first of them.
    pub fn wait_for_line(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let found = self.logs(WAIT_LIMIT, |log| log.lines().any(&is_wanted));
        assert!(found, "{what} is not in the log:\n{}", self.log);
        let line = self.log.lines().find(|line| is_wanted(line));
        line.unwrap_or_default().to_owned()
    }

    /// Returns `true` if the program logs this text within that time, or has logged it before.
    pub fn logs_within(&mut self, text: &str, time: Duration) -> bool {
        self.logs(time, |log| log.contains(text))
    }

    /// Waits at most this time until the program has logged one of these texts, now or before. Returns the first of
    /// them that is in its log.
    pub fn first_of<'t>(&mut self, texts: &[&'t str], time: Duration) -> Option<&'t str> {
        self.logs(time, |log| texts.iter().any(|text| log.contains(text)));
        texts.iter().copied().find(|text| self.log.contains(text))
    }

    fn logs(&mut self, time: Duration, is_wanted: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + time;
        while !is_wanted(&self.log) {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.append(&line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// Returns what it has logged so far, as far as that was waited for.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// Returns its arguments, as all users of the machine can read them.
    pub fn arguments(&self) -> Vec<String> {
        let path = format!("/proc/{}/cmdline", self.child.id());
        let arguments = std::fs::read_to_string(path).unwrap();
        arguments
            .split_terminator('\0')
            .map(str::to_owned)
            .collect()
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns `true` if the process has begun to catch SIGTERM, or has ended.
    pub fn catches_signals(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let caught = status.unwrap_or_default();
        let caught = caught.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        caught.is_none_or(|mask| mask & 1 << (libc::SIGTERM - 1) != 0)
    }

    /// Returns the number of its threads: 0 if it has ended.
    pub fn thread_count(&self) -> usize {
        self.threads().len()
    }

    /// Waits until the process has this many threads of this name. Threads inherit the name of the one that
    /// starts them.
    pub fn wait_for_threads(&self, name: &str, count: usize) {
        let deadline = Instant::now() + WAIT_LIMIT;
        while self.threads_of(name).len() < count {
            assert!(Instant::now() < deadline, "too few threads {name:?}");
            thread::yield_now();
        }
    }

    /// Sends a signal to each thread of this name. Unlike those for the process, no other thread receives them.
    pub fn signal_threads(&self, name: &str, signal: libc::c_int) {
        for thread in self.threads_of(name) {
            // SAFETY: the kernel checks both ids, and no memory is passed. This process has not waited for
            // its child yet, so no other process can have its id.
            let sent = unsafe { libc::syscall(libc::SYS_tgkill, self.child.id(), thread, signal) };
            assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
        }
    }

    fn threads_of(&self, name: &str) -> Vec<u32> {
        let mut threads = self.threads();
        let folder = format!("/proc/{}/task", self.child.id());
        threads.retain(|thread| {
            let found = std::fs::read_to_string(format!("{folder}/{thread}/comm"));
            found.is_ok_and(|found| found.trim_end() == name)
        });
        threads
    }

    fn threads(&self) -> Vec<u32> {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{}/task", self.child.id())) else {
            return Vec::new();
        };
        let names = tasks.filter_map(|task| task.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.parse().ok()).collect()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {pid}")])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Sends SIGINT and waits for the end. Returns the exit status and the whole log.
    pub fn interrupt(self) -> (ExitStatus, String) {
        self.signal("INT");
        self.end()
    }

    /// Waits for the end. Returns the exit status and the whole log.
    pub fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + WAIT_LIMIT;
        // The log ends when the process does.
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.append(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("does not end:\n{}", self.log)
                }
            }
        }
        (self.child.wait().unwrap(), std::mem::take(&mut self.log))
    }

    fn append(&mut self, line: &str) {
        writeln!(self.log, "{line}").unwrap();
    }
}

/// Runs a program to its end. Returns its exit code, standard output and standard error.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn spawn(command: &mut Command) -> Child {
    let child = command.stdin(Stdio::null()).spawn();
    child.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if the program has ended, which needs no action.
        let ended = self.child.try_wait().ok().flatten();
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
        if thread::panicking() {
            let unread: Vec<String> = self.lines.iter().collect();
            let log = format!("{}{}", self.log, unread.join("\n"));
            eprintln!("it had ended: {ended:?}; its log:\n{log}");
        }
    }
}
