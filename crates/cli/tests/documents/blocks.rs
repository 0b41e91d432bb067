//! The blocks of code of a document, and what their marks say.

use crate::chapters::read;

/// A block of code.
#[derive(Debug)]
pub struct Block {
    /// Path of the document.
    pub document: String,
    /// Number of its first line, from 1.
    pub line: usize,
    pub kind: Kind,
    pub lines: Vec<String>,
}

/// What a block is, by the info string of its fence.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// `sh`: each line is run.
    Run,
    /// `console`: what is behind `$` is run, and prints the other lines.
    Console,
    /// `sh package`: `./dev package --check` runs the lines.
    Package,
    /// `sh dev`: commands of `./dev`, which are only looked for in its help: they would build the project again.
    Dev,
    /// `sh not-run: REASON`.
    NotRun(String),
    /// `toml`: a file with settings.
    Settings,
    /// Anything else, which has no command lines.
    Other,
}

impl Kind {
    /// # Panics
    /// If a block with commands has a mark that is not known.
    fn of(info: &str, place: &str) -> Kind {
        // With one, the line begins no block.
        assert!(!info.contains('`'), "{place}: a backtick in {info:?}");
        match info {
            "sh" => Kind::Run,
            "console" => Kind::Console,
            "sh package" => Kind::Package,
            "sh dev" => Kind::Dev,
            "toml" => Kind::Settings,
            _ => match info.strip_prefix("sh not-run: ") {
                Some(reason) if !reason.trim().is_empty() => Kind::NotRun(reason.to_owned()),
                _ => {
                    let language = info.split(' ').next().unwrap_or_default();
                    let has_commands = ["sh", "console", "bash", "shell"].contains(&language);
                    assert!(!has_commands, "{place}: the mark {info:?} is not known");
                    Kind::Other
                }
            },
        }
    }
}

/// Returns the blocks of a document: fenced ones, and those that are indented by four spaces or more.
pub fn blocks(document: &str) -> Vec<Block> {
    let text = read(document);
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let mut block = Block {
            document: document.to_owned(),
            line: number + 1,
            kind: Kind::Other,
            lines: Vec::new(),
        };
        if let Some(info) = line.trim_start().strip_prefix("```") {
            block.kind = Kind::of(info.trim(), &format!("{document}:{}", number + 1));
            let indent = line.len() - line.trim_start().len();
            block.lines = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| !line.trim_start().starts_with("```"))
                .map(|line| line.get(indent..).unwrap_or_default().to_owned())
                .collect();
        } else if is_indented(line) {
            block.lines.push(line.trim_start().to_owned());
            while let Some((_, line)) = lines.next_if(|(_, line)| is_indented(line)) {
                block.lines.push(line.trim_start().to_owned());
            }
        } else {
            continue;
        }
        blocks.push(block);
    }
    blocks
}

fn is_indented(line: &str) -> bool {
    line.starts_with("    ") && !line.trim().is_empty()
}

impl Block {
    /// Returns its commands: lines without comments, joined where they end in a backslash.
    pub fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut continues = false;
        for line in &self.lines {
            match commands.last_mut() {
                Some(command) if continues => {
                    command.truncate(command.len() - 1);
                    command.push_str(line.trim_start());
                }
                _ => commands.push(line.clone()),
            }
            continues = line.ends_with('\\');
        }
        commands.retain(|command| !command.is_empty() && !command.starts_with('#'));
        commands
    }

    /// Returns `DOCUMENT:LINE`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }
}
