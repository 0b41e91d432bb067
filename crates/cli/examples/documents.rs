//! Writes the manual pages and the completions of shells: `cargo run --example documents -- DIRECTORY`.
//!
//! The directory gets the folders `man1`, `bash`, `zsh` and `fish`. All of it is made from the options of the programs.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;

/// Names that have the page of another one.
const SAME_PAGES: [(&str, &str); 2] = [
    ("nexuswriter", "NexusWriterService"),
    ("BlissWriter", "nexus-writer-tango-run"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or("the directory of the documents is missing")?;
    let pages = folder(&directory, "man1")?;
    for program in cli::grammar() {
        let name = program.get_name().to_owned();
        complete(&directory, program.clone(), &name)?;
        // The pages of `help COMMAND` would say what those of the commands say.
        let mut documented = program.disable_help_subcommand(true);
        documented.build();
        write_pages(&pages, documented, &name)?;
    }
    for (name, page) in SAME_PAGES {
        fs::write(
            pages.join(format!("{name}.1")),
            format!(".so man1/{page}.1\n"),
        )?;
    }
    Ok(())
}

/// Writes the page of a command, and those of its subcommands.
fn write_pages(pages: &Path, command: Command, name: &str) -> Result<(), Box<dyn Error>> {
    for subcommand in command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
    {
        let full_name = format!("{name}-{}", subcommand.get_name());
        write_pages(pages, subcommand.clone(), &full_name)?;
    }
    let mut page = Vec::new();
    let title = name.to_owned();
    let named = command.name(title);
    clap_mangen::Man::new(named).render(&mut page)?;
    fs::write(pages.join(format!("{name}.1")), page)?;
    Ok(())
}

/// Writes what shells complete.
fn complete(directory: &Path, mut program: Command, name: &str) -> Result<(), Box<dyn Error>> {
    for (shell, kind, file) in [
        (Shell::Bash, "bash", name.to_owned()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut program, name, &mut script);
        fs::write(folder(directory, kind)?.join(file), script)?;
    }
    Ok(())
}

fn folder(directory: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = directory.join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
