//! Runs the command lines of a document, one after the other, as somebody does who follows it.
//!
//! The documents name a host, `bibhelm`, and a folder for data, `/data`. Their lines get the peers and the folder of the
//! test in place of these. Commands that run until they are stopped are started as programs, and have to end in order
//! when the document ends.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use simulation::redis::PrivateRedis;
use tempfile::TempDir;
use testing::{BeaconServer, Program, TangoDatabaseServer};

use crate::blocks::{Block, Kind, blocks};
use crate::chapters::project;

/// Goes on with what the lines before have left: variables and the current folder.
const SHELL: &str = r#"
set -euo pipefail
if [ -e "$STATE" ]; then . "$STATE"; cd "$(cat "$STATE.folder")"; fi
keep() { export -p >"$STATE"; pwd >"$STATE.folder"; }
set -a
"#;

/// What commands log or print when they do what they were started for.
const READY: [&str; 3] = [
    "scans are saved from now on",
    "Ready to accept request",
    "Start listening to scans",
];

/// Runs the lines of a document.
pub fn run(document: &str) {
    let mut session = Session::new(document);
    for block in blocks(document) {
        match block.kind {
            Kind::Run => session.run_all(&block),
            Kind::Console => session.compare_all(&block),
            _ => {}
        }
    }
    session.end();
}

struct Session {
    // Dropped first: they use all the others.
    services: Vec<(String, Program)>,
    folder: TempDir,
    programs: PathBuf,
    _server: PrivateRedis,
    _database: Option<TangoDatabaseServer>,
    /// What documents say, and what stands for it here.
    places: Vec<(String, String)>,
}

impl Session {
    fn new(document: &str) -> Session {
        let server = testing::redis();
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        install(&programs);
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        let beacon = BeaconServer::start(&server.url(), &server.url());
        let text = crate::chapters::read(document);
        // Starting one takes a second.
        let database = text
            .contains("bibhelm:20000")
            .then(TangoDatabaseServer::new);
        let mut places = vec![
            (
                "redis://bibhelm:6380".to_owned(),
                server.url().with_secrets(),
            ),
            ("bibhelm:25000".to_owned(), beacon.host().to_owned()),
            ("/data".to_owned(), data.to_str().unwrap().to_owned()),
        ];
        if let Some(database) = &database {
            places.push(("bibhelm:20000".to_owned(), database.host()));
        }
        Session {
            services: Vec::new(),
            folder,
            programs,
            _server: server,
            _database: database,
            places,
        }
    }

    fn run_all(&mut self, block: &Block) {
        for command in block.commands() {
            self.run(&command, block);
        }
    }

    /// Runs the commands of a block, and compares what they print with the lines behind them.
    fn compare_all(&mut self, block: &Block) {
        let mut lines = block.lines.iter().peekable();
        while let Some(line) = lines.next() {
            let command = line
                .strip_prefix("$ ")
                .unwrap_or_else(|| panic!("{}: {line:?} does not begin with `$ `", block.place()));
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                expected.push(line.as_str());
            }
            let printed = self.run(command, block);
            let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
            assert!(
                are_like(&printed, &expected),
                "{}: {command}\nprints\n{}",
                block.place(),
                printed.join("\n")
            );
        }
    }

    /// Runs a command, which has to succeed, and returns what it prints; or starts it, if it runs until it is stopped.
    fn run(&mut self, command: &str, block: &Block) -> String {
        let text = self.here(command);
        eprintln!("{}: {command}", block.place());
        if runs_until_stopped(command) {
            let script = format!("{SHELL}eval \"exec $1\"");
            let mut program = Program::start_with_output(self.shell(&script).arg(&text));
            let ready = program.first_of(&READY, std::time::Duration::from_secs(60));
            assert!(ready.is_some(), "{command}: {}", program.log());
            self.services.push((command.to_owned(), program));
            return String::new();
        }
        let script = format!("{SHELL}eval \"$1\" 2>&1; set +a; keep");
        let (status, printed, errors) = testing::run(self.shell(&script).arg(&text));
        assert_eq!(
            status,
            Some(0),
            "{}: {command}\n{printed}{errors}",
            block.place()
        );
        if command.starts_with("nexus-writer simulate") {
            self.wait_until_saved(&printed);
        }
        self.as_documented(&printed)
    }

    /// Waits until a writer that takes simulated scans has saved those whose keys were printed.
    fn wait_until_saved(&mut self, printed: &str) {
        let takes = |command: &str| command.starts_with("nexus-writer run");
        let keys = printed
            .lines()
            .filter(|line| line.starts_with("esrf:scan:"));
        for key in keys {
            for (_, writer) in self
                .services
                .iter_mut()
                .filter(|(command, _)| takes(command))
            {
                writer.wait_for_line("the end of the scan", |line| {
                    line.contains("Finished writing") && line.contains(key)
                });
            }
        }
    }

    /// Ends the programs that still run.
    fn end(mut self) {
        for (command, program) in self.services.drain(..).rev() {
            program.signal("TERM");
            let (status, log) = program.end();
            assert!(status.success(), "{command}: {status}\n{log}");
        }
    }

    /// Returns a shell that runs a script. What is appended are its arguments.
    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("bash");
        shell
            .args(["-c", script, "bash"])
            .current_dir(self.folder.path().join("data"))
            .env_clear()
            .env("STATE", self.folder.path().join("state"))
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("NEXUS_WRITER_HTTP_LISTEN", "127.0.0.1:0")
            .env("PATH", self.path())
            .stdin(Stdio::null());
        for variable in [
            "NEXUS_WRITER_REDIS_SERVER",
            "NEXUS_WRITER_REDIS_MODULES",
            "NEXUS_WRITER_PYTHON",
            // cppTango may be in a place of its own.
            "LD_LIBRARY_PATH",
        ] {
            shell.envs(std::env::var_os(variable).map(|value| (variable, value)));
        }
        shell
    }

    /// Returns the folders of programs: those of the project, those of the Python of the tests, and those of the system.
    fn path(&self) -> String {
        let python = std::env::var("NEXUS_WRITER_PYTHON").unwrap();
        let python = Path::new(&python).parent().unwrap().display();
        format!("{}:{python}:/usr/bin:/bin", self.programs.display())
    }

    /// Returns a command with the peers and the folder of the test.
    fn here(&self, command: &str) -> String {
        let mut text = command.to_owned();
        for (documented, here) in &self.places {
            text = text.replace(documented, here);
        }
        // Ports are not chosen by tests, which run beside others.
        if let Some(address) = self.page() {
            text = text.replace("127.0.0.1:9610", &address);
            if text.starts_with("nexus-writer status") && !text.contains("--url") {
                let words = format!("nexus-writer status --url http://{address}/");
                text = text.replacen("nexus-writer status", &words, 1);
            }
        }
        text
    }

    fn as_documented(&self, printed: &str) -> String {
        let mut text = printed.to_owned();
        for (documented, here) in &self.places {
            text = text.replace(here, documented);
        }
        match self.page() {
            Some(address) => text.replace(&address, "127.0.0.1:9610"),
            None => text,
        }
    }

    /// Returns the address of the page of the first writer that has one.
    fn page(&self) -> Option<String> {
        self.services.iter().find_map(|(_, program)| {
            let log = program.log();
            let rest = log.split("metrics: http://").nth(1)?;
            Some(rest.split('/').next()?.to_owned())
        })
    }
}

/// Makes a folder in which the program has all its names.
fn install(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let program = env!("CARGO_BIN_EXE_nexus-writer");
    for name in fs::read_dir(project().join("packaging/links")).unwrap() {
        symlink(program, folder.join(name.unwrap().file_name())).unwrap();
    }
    symlink(program, folder.join("nexus-writer")).unwrap();
}

/// Returns `true` for commands that end only when they are stopped.
fn runs_until_stopped(command: &str) -> bool {
    const SERVICES: [&str; 6] = [
        "nexus-writer run",
        "nexus-writer session",
        "nexus-writer tango run",
        "NexusSessionWriter",
        "NexusWriterService",
        "nexuswriter",
    ];
    let ends = ["--print-config", "--help", "--version"];
    SERVICES.iter().any(|service| command.starts_with(service))
        && !ends.iter().any(|option| command.contains(option))
}

/// Returns `true` if the lines that were printed are those that are documented. In these, `…` stands for any text, and a
/// line with nothing else for any lines.
fn are_like(printed: &[&str], documented: &[&str]) -> bool {
    match documented.split_first() {
        None => printed.is_empty(),
        Some((&line, rest)) if line.trim() == "…" => {
            (0..=printed.len()).any(|skipped| are_like(&printed[skipped..], rest))
        }
        Some((&line, rest)) => printed
            .split_first()
            .is_some_and(|(&first, others)| is_like(first, line) && are_like(others, rest)),
    }
}

fn is_like(printed: &str, documented: &str) -> bool {
    match documented.split_once('…') {
        None => printed == documented.trim_end(),
        Some((start, rest)) => printed.strip_prefix(start).is_some_and(|behind| {
            rest.trim_end().is_empty()
                || behind
                    .char_indices()
                    .any(|(place, _)| is_like(&behind[place..], rest))
        }),
    }
}

#[test]
fn an_ellipsis_stands_for_any_text_and_any_lines() {
    assert!(are_like(&["a b c", "x", "y", "z"], &["a … c", "…", "z"]));
    assert!(are_like(&["z"], &["…", "z"]));
    assert!(!are_like(&["a b c", "x"], &["a … c"]));
    assert!(!are_like(&["a b d"], &["a … c"]));
    assert!(!are_like(&["a"], &["a", "z"]));
}
