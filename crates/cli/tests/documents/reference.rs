//! The chapter of the handbook about commands and options, `docs/commands.md`: it is made from the grammar of the
//! command line.
//!
//! `NEXUS_WRITER_WRITE_REFERENCE=1 cargo test -p cli --features tango --test documents reference` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use clap::{Arg, ArgAction, Command};

use crate::chapters::project;

const PATH: &str = "docs/commands.md";

const HEAD: &str = "\
# Every command and option

<!-- Made from the grammar of the command line, see crates/cli/tests/documents/reference.rs: do not edit it. -->

This chapter is made from the programs, which tell the same with `--help`. [Commands](usage.md) explains how they are used
together. A variable has the effect of its option, and options go before variables; see [Configuration](configuration.md). `nexuswriter` is another name of `NexusWriterService`, and `BlissWriter` one of
`nexus-writer tango run`.
";

/// Largest number of commands that a heading names.
const MAX_NAMES: usize = 5;

/// A table of options, and the commands that have it.
struct Group {
    heading: String,
    table: String,
    commands: Vec<String>,
}

/// A command with what is known of it.
struct Described {
    name: String,
    about: String,
    usage: String,
    /// A table of its arguments, and of the options that are under no heading.
    arguments: String,
    /// Places in the list of groups.
    groups: Vec<usize>,
}

#[test]
fn the_reference_is_what_the_programs_say() {
    let expected = reference();
    let path = project().join(PATH);
    if std::env::var_os("NEXUS_WRITER_WRITE_REFERENCE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap();
    assert!(
        found == expected,
        "{PATH} is stale: see crates/cli/tests/documents/reference.rs"
    );
}

fn reference() -> String {
    let mut commands = Vec::new();
    let mut groups = Vec::new();
    for program in cli::grammar() {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        let name = program.get_name().to_owned();
        describe(&program, &name, &mut commands, &mut groups);
    }
    let mut text = HEAD.to_owned();
    for command in &commands {
        command.write(&groups, &mut text);
    }
    text.push_str("\n## Options that several commands share\n");
    for group in groups.iter().filter(|group| group.is_shared()) {
        write!(text, "\n### {}\n\n{}", group.title(), group.table).unwrap();
    }
    text
}

/// Describes a command and those below it.
fn describe(command: &Command, name: &str, all: &mut Vec<Described>, groups: &mut Vec<Group>) {
    let mut below = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .peekable();
    if below.peek().is_none() || !name.contains(' ') {
        all.push(Described::new(command, name, groups));
    }
    for command in below {
        let name = format!("{name} {}", command.get_name());
        describe(command, &name, all, groups);
    }
}

impl Described {
    fn new(command: &Command, name: &str, groups: &mut Vec<Group>) -> Described {
        let shown = |argument: &&Arg| !argument.is_hide_set();
        let own: Vec<_> = command
            .get_arguments()
            .filter(shown)
            .filter(|argument| argument.get_help_heading().is_none())
            .collect();
        let mut headings: BTreeMap<&str, Vec<&Arg>> = BTreeMap::new();
        for argument in command.get_arguments().filter(shown) {
            if let Some(heading) = argument.get_help_heading() {
                headings.entry(heading).or_default().push(argument);
            }
        }
        let groups = headings
            .into_iter()
            .map(|(heading, arguments)| Group::place(heading, &table(&arguments), name, groups))
            .collect();
        let usage = command.clone().bin_name(name).render_usage().to_string();
        let about = command.get_long_about().or_else(|| command.get_about());
        Described {
            name: name.to_owned(),
            about: about.map(ToString::to_string).unwrap_or_default(),
            usage: usage.trim_start_matches("Usage: ").trim().to_owned(),
            arguments: table(&own),
            groups,
        }
    }

    fn write(&self, groups: &[Group], text: &mut String) {
        write!(text, "\n## {}\n\n", self.name).unwrap();
        writeln!(
            text,
            "{}\n\n```text\n{}\n```",
            sentence(&self.about),
            self.usage
        )
        .unwrap();
        if !self.arguments.is_empty() {
            write!(text, "\n{}", self.arguments).unwrap();
        }
        for &place in &self.groups {
            let group = &groups[place];
            if !group.is_shared() {
                write!(text, "\n{}:\n\n{}", group.heading, group.table).unwrap();
            }
        }
        let shared: Vec<_> = self.groups.iter().map(|&place| &groups[place]).collect();
        let links = shared
            .iter()
            .filter(|group| group.is_shared())
            .map(|group| format!("[{}](#{})", group.heading, slug(&group.title())));
        let links = links.collect::<Vec<_>>().join(", ");
        if !links.is_empty() {
            write!(text, "\nAlso: {links}.\n").unwrap();
        }
    }
}

impl Group {
    /// Returns the place of the group with this table, which it gets if there is none.
    fn place(heading: &str, table: &str, command: &str, groups: &mut Vec<Group>) -> usize {
        let is_it = |group: &Group| group.heading == heading && group.table == table;
        let place = groups.iter().position(is_it).unwrap_or_else(|| {
            groups.push(Group {
                heading: heading.to_owned(),
                table: table.to_owned(),
                commands: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].commands.push(command.to_owned());
        place
    }

    fn is_shared(&self) -> bool {
        self.commands.len() > 1
    }

    fn title(&self) -> String {
        let short = |name: &String| name.trim_start_matches("nexus-writer ").to_owned();
        let names: Vec<_> = self.commands.iter().map(short).collect();
        let names = match names.len() {
            1..=MAX_NAMES => names.join(", "),
            _ => "most commands".to_owned(),
        };
        format!("{} of {names}", self.heading)
    }
}

/// Returns a table of arguments, which is empty if there are none.
fn table(arguments: &[&Arg]) -> String {
    let is_usual = |argument: &&&Arg| matches!(argument.get_id().as_str(), "help" | "version");
    let mut rows = String::new();
    for argument in arguments.iter().filter(|argument| !is_usual(argument)) {
        let name = name_of(argument);
        writeln!(rows, "| {name} | {} |", meaning(argument)).unwrap();
    }
    match rows.is_empty() {
        true => rows,
        false => format!("| | |\n|---|---|\n{rows}"),
    }
}

fn name_of(argument: &Arg) -> String {
    // Without colours, and without what clap says of repetitions in other words.
    let shown = argument.to_string();
    let short = argument.get_short().map(|short| format!("`-{short}`, "));
    format!("{}`{}`", short.unwrap_or_default(), escaped(&shown))
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values = argument.get_possible_values();
    let is_switch = values.iter().any(|value| value.get_name() == "true");
    if takes_value && !is_switch && !argument.is_hide_possible_values_set() {
        let names = values.iter().filter(|value| !value.is_hide_set());
        let names: Vec<_> = names
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !names.is_empty() {
            write!(text, "; one of {}", names.join(", ")).unwrap();
        }
    }
    let mut text = sentence(&text);
    let default = default_of(argument);
    if !default.is_empty() {
        write!(text, " Default: {default}.").unwrap();
    }
    if let Some(name) = argument.get_env() {
        write!(text, " Variable: `{}`.", name.to_string_lossy()).unwrap();
    }
    escaped(&text)
}

fn default_of(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if !takes_value || argument.is_hide_default_value_set() {
        return String::new();
    }
    let values = argument.get_default_values().iter();
    let values: Vec<_> = values
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    values.join(", ")
}

/// Returns a text of clap with the full stop that it leaves out, on one line.
fn sentence(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let mut text = words.join(" ").replace('<', "&lt;");
    if !text.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns the anchor of a heading, as GitHub and mdBook make it.
fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower
        .chars()
        .filter(|&letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' '));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}
