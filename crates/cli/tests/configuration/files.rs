//! Files that are wrong: the error names the place and what is wrong there, and nothing is done.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use crate::fixture::{Folder, print, program, run};

/// Returns the error of a program that reads this file.
fn error(words: &str, file: &Path) -> String {
    let (status, text, errors) = run(program(words).arg("--config").arg(file));
    assert_eq!((status, text.as_str()), (Some(2), ""), "{errors}");
    let name = words.split(' ').next().unwrap();
    let message = errors.strip_prefix(&format!("{name}: "));
    message.unwrap_or_else(|| panic!("{errors}")).to_owned()
}

/// Returns the errors of a file with this content, without its name.
fn problems(content: impl AsRef<[u8]>) -> Vec<String> {
    let folder = Folder::new();
    let file = folder.write("a.toml", content);
    let message = error("nexus-writer run redis://host", &file);
    let prefix = format!("{}:", file.display());
    let lines = message.lines().map(|line| {
        let problem = line.strip_prefix(&prefix);
        problem.unwrap_or_else(|| panic!("{message}")).to_owned()
    });
    lines.collect()
}

#[test]
fn unknown_keys_are_named_with_the_nearest_one() {
    for (content, expected) in [
        (
            "[saving]\nkeepshap = true",
            "2:1: saving.keepshap is no setting; is saving.keepshape meant?",
        ),
        (
            "saving = { layout = 'auto', keep-shape = true }",
            "1:29: saving.keep-shape is no setting; is saving.keepshape meant?",
        ),
        (
            "\n[saving]\n  required_disk_space_mb = 5",
            "3:3: saving.required_disk_space_mb is no setting; is saving.required-disk-space-mb meant?",
        ),
        // The name of the option.
        (
            "[saving]\nrequired-disk-space = 5",
            "2:1: saving.required-disk-space is no setting; is saving.required-disk-space-mb meant?",
        ),
        (
            "[log]\nfilesize = 5",
            "2:1: log.filesize is no setting; is log.file-size-mb meant?",
        ),
        // Another table.
        (
            "[log]\nkeepshape = true",
            "2:1: log.keepshape is no setting; is saving.keepshape meant?",
        ),
        (
            "keepshape = true",
            "1:1: keepshape is no setting; is saving.keepshape meant?",
        ),
        (
            "[savng]\na = 1",
            "1:2: savng is no setting; is [saving] meant?",
        ),
        (
            "[sessions.demo.saving]",
            "1:2: sessions is no setting; is [session] meant?",
        ),
        (
            "[session.demo.saving]\nlayouts = 'auto'",
            "2:1: session.demo.saving.layouts is no setting; is saving.layout meant?",
        ),
        (
            "[session.demo.save]\nlayout = 'auto'",
            "1:15: session.demo.save is no setting; is [saving] meant?",
        ),
    ] {
        assert_eq!(problems(content), [expected], "{content}");
    }
}

#[test]
fn values_of_another_type_are_shown() {
    for (content, expected) in [
        (
            "[saving]\nkeepshape = 'yes'",
            "2:13: saving.keepshape is true or false, not 'yes'",
        ),
        (
            "[saving]\nkeepshape = 1",
            "2:13: saving.keepshape is true or false, not 1",
        ),
        (
            "[saving]\nretry-time-s = '5'",
            "2:16: saving.retry-time-s is a number, not '5'",
        ),
        (
            "[saving]\nlayout = 5",
            "2:10: saving.layout is a text in quotes, not 5",
        ),
        (
            "[saving]\nlayout = 2026-11-30",
            "2:10: saving.layout is a text in quotes, not 2026-11-30",
        ),
        (
            "[files]\ndurability = true",
            "2:14: files.durability is a text or a number, not true",
        ),
        (
            "[log]\nlevel = [\n'info']",
            "2:9: log.level is a text in quotes, not [...",
        ),
        (
            "[log.level]\na = 1",
            "1:1: log.level is a text in quotes, not [log.level]",
        ),
        ("log = 'info'", "1:7: log is a table, not 'info'"),
        ("session = 'demo'", "1:11: session is a table, not 'demo'"),
        ("[session]\ndemo = 1", "2:8: session.demo is a table, not 1"),
        (
            "redis.url = [ 'redis://user:secret@host' ]",
            "1:13: redis.url is a text in quotes, not this",
        ),
    ] {
        assert_eq!(problems(content), [expected], "{content}");
    }
}

#[test]
fn values_out_of_range_are_shown() {
    for (content, expected) in [
        (
            "[memory]\nlimit-mb = 2",
            "2:12: memory.limit-mb: \"2\" cannot be used: 2 is not between 16 and 1048576 megabytes",
        ),
        (
            "[saving]\nretry-time-s = -1",
            "2:16: saving.retry-time-s: -1 is not a whole number that is not negative",
        ),
        (
            "[saving]\nretry-time-s = 1.5",
            "2:16: saving.retry-time-s: 1.5 is not a whole number that is not negative",
        ),
        (
            "[saving]\nrequired-disk-space-mb = 0x8000000000000000",
            "2:26: saving.required-disk-space-mb: 9223372036854775808 is not a whole number",
        ),
        (
            "[saving]\nlayout = 'hdf5'",
            "2:10: saving.layout: \"hdf5\" is none of auto, classic, h5maps",
        ),
        (
            "[saving]\nlayout = ''",
            "2:10: saving.layout: \"\" is none of auto, classic, h5maps",
        ),
        (
            "[log]\nlevel = 'loud'",
            "2:9: log.level: \"loud\" is none of error, warning, info, debug, trace",
        ),
        (
            "[redis]\nurl = 'http://user:secret@host'",
            "2:7: redis.url: not a redis URL: unknown scheme \
             (expected redis://host:port, rediss://host:port or unix:///path)",
        ),
        (
            "[session.demo.saving]\nlayout = 'hdf5'",
            "2:10: session.demo.saving.layout: \"hdf5\" is none of auto, classic, h5maps",
        ),
    ] {
        assert_eq!(problems(content), [expected], "{content}");
    }
    let durability = problems("files.durability = 0");
    assert!(
        durability[0].starts_with("1:20: files.durability: \"0\" cannot be used: "),
        "{durability:?}"
    );
}

#[test]
fn syntax_errors_have_a_place() {
    for (content, place) in [
        ("[saving\nlayout = 'auto'", "1:"),
        ("[saving]\nlayout = auto", "2:"),
        ("[saving]\nlayout = 'auto'\nlayout = 'auto'", "3:1:"),
        ("[saving]\n[log]\n[saving]", "3:"),
        ("# äöü\n\"äöü\" =", "2:"),
    ] {
        let found = problems(content);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(place), "{content}: {found:?}");
    }
    let not_text = problems(b"# \xc3\xa4\n# \xc3\xa4 \xff");
    assert_eq!(not_text, ["2:5: the file is not in UTF-8"]);
}

#[test]
fn all_problems_are_told_in_their_order() {
    let content = "a = 1\n[log]\nlevel = 'loud'\nlevels = 'info'\n[files]\ndriver = 1\n";
    let found = problems(content);
    let places: Vec<_> = found
        .iter()
        .map(|problem| problem.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["1:1", "3:9", "4:1", "6:10"]);
}

#[test]
fn files_that_cannot_be_read_are_errors_in_every_program() {
    let folder = Folder::new();
    let mut programs = vec![
        "nexus-writer run",
        "nexus-writer tree file.h5",
        "NexusSessionWriter demo",
    ];
    if cfg!(feature = "tango") {
        programs.extend([
            "NexusWriterService demo",
            "RegisterNexusWriter demo",
            "nexus-writer tango run demo",
        ]);
    }
    let huge = folder.path().join("huge.toml");
    fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    for words in programs {
        let missing = folder.path().join("missing.toml");
        let expected = format!(
            "the configuration {} cannot be read: No such file or directory (os error 2)\n",
            missing.display()
        );
        assert_eq!(error(words, &missing), expected);
        let directory = error(words, folder.path());
        assert!(directory.contains("Is a directory"), "{directory}");
        let expected = format!(
            "{} is no configuration: it has more than 1048576 bytes\n",
            huge.display()
        );
        assert_eq!(error(words, &huge), expected);
    }
    let endless = error("nexus-writer run", Path::new("/dev/zero"));
    assert!(endless.contains("more than 1048576 bytes"), "{endless}");
}

#[test]
fn a_file_that_the_user_may_not_read_is_an_error() {
    const NOBODY: u32 = 65534;
    let folder = Folder::new();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let file = folder.write("a.toml", "");
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let mut command = program("nexus-writer run --config");
    command.arg(&file);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let (status, _, errors) = run(&mut command);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("Permission denied"), "{errors}");
}

#[test]
fn wrong_variables_are_named() {
    let mut command = program("nexus-writer session demo");
    command.env("NEXUS_WRITER_SAVING_LAYOUT", "hdf5");
    command.env("NEXUS_WRITER_SAVING_KEEPSHAPE", "perhaps");
    command.env("NEXUS_WRITER_REDIS_URL", "http://user:secret@host");
    let (status, _, errors) = run(&mut command);
    assert_eq!(status, Some(2), "{errors}");
    for expected in [
        "NEXUS_WRITER_SAVING_LAYOUT: \"hdf5\" is none of auto, classic, h5maps\n",
        "NEXUS_WRITER_SAVING_KEEPSHAPE: \"perhaps\"",
        "NEXUS_WRITER_REDIS_URL: not a redis URL: unknown scheme",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
    assert!(!errors.contains("secret"), "{errors}");
}

#[test]
fn an_empty_file_has_the_defaults() {
    let folder = Folder::new();
    let file = folder.write("a.toml", "");
    let defaults = print(&mut program("nexus-writer run"));
    for empty in [file.as_path(), Path::new("/dev/null")] {
        let mut command = program("nexus-writer run --config");
        assert_eq!(print(command.arg(empty)), defaults);
    }
}
