//! The file that is read if none is named. A program sees it in a name space of its own.

use std::process::Command;

use crate::fixture::{Folder, parse, program, run};

const USUAL: &str = "/etc/nexus-writer/nexus-writer.toml";

/// Returns a program that finds this file at the usual place.
fn with_usual_file(content: &str, folder: &Folder, words: &str) -> Command {
    let file = folder.write("usual.toml", content);
    let wanted = program(words);
    let script = "mount -t tmpfs tmpfs /etc && mkdir /etc/nexus-writer && \
                  cp \"$1\" /etc/nexus-writer/nexus-writer.toml && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
    command.arg(file).arg(wanted.get_program());
    command.args(wanted.get_args());
    for (name, value) in wanted.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[test]
fn commands_that_save_read_the_usual_file() {
    let folder = Folder::new();
    let content = "[log]\nfile-backups = 3\n";
    let backups = |words: &str| {
        let words = format!("{words} --print-config");
        let (status, text, errors) = run(&mut with_usual_file(content, &folder, &words));
        assert_eq!(status, Some(0), "{errors}");
        parse(&text)["log.file-backups"].clone()
    };
    let read = ("3".to_owned(), format!("{USUAL}:2"));
    let usual = ("9".to_owned(), "default".to_owned());
    for words in ["run", "session demo", "save"] {
        assert_eq!(backups(&format!("nexus-writer {words}")), read, "{words}");
    }
    for words in [
        "nexus-writer tree",
        "nexus-writer check",
        "nexus-writer repair",
        "nexus-writer demo",
        "nexus-writer simulate",
        "NexusSessionWriter demo",
    ] {
        assert_eq!(backups(words), usual, "{words}");
    }
    if cfg!(feature = "tango") {
        assert_eq!(backups("nexus-writer tango run demo"), read);
        assert_eq!(backups("nexus-writer tango register"), usual);
        assert_eq!(backups("NexusWriterService demo"), usual);
        assert_eq!(backups("RegisterNexusWriter demo"), usual);
    }
    // A file that is named replaces it.
    let named = folder.write("named.toml", "");
    let words = format!("nexus-writer run --config {}", named.display());
    assert_eq!(backups(&words), usual);
}

#[test]
fn a_usual_file_that_is_wrong_is_an_error() {
    let folder = Folder::new();
    let content = "[log]\nlevels = 'info'\n";
    let words = "nexus-writer run --print-config";
    let (status, _, errors) = run(&mut with_usual_file(content, &folder, words));
    assert_eq!(status, Some(2));
    let expected =
        format!("nexus-writer: {USUAL}:2:1: log.levels is no setting; is log.level meant?\n");
    assert_eq!(errors, expected);
}
