//! The configuration: what options, the environment, a file and built-in defaults say together.
//!
//! A setting is an option with a variable `NEXUS_WRITER_TABLE_NAME`. Nothing else has to be declared: its key in the
//! file is `name` in the table `[table]`, its type, limits, default and help are those of the option, and the property
//! of a Tango device has the name of the option. [`parse`] makes the values of the file the defaults of the options, so
//! that `clap` itself keeps the order of precedence.

mod abbreviation;
mod arguments;
#[cfg(feature = "tango")]
mod devices;
mod error;
mod file;
mod layers;
mod nearest;
mod print;
#[cfg(test)]
mod sample;
mod setting;
mod source;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, Parser};
use observation::with_causes;

use crate::args::{Args, DeviceArgs, RegisterArgs, ServiceArgs, SessionWriterArgs};
use crate::exit::Failure;
use error::ConfigurationError;
use file::ConfigurationFile;
use layers::Layers;
use setting::Catalogue;
use source::Value;

#[cfg(feature = "tango")]
pub use devices::DeviceLayers;
pub use source::Source;

/// The file that is read if no other one is named.
const USUAL_FILE: &str = "/etc/nexus-writer/nexus-writer.toml";

/// The commands of `nexus-writer` that read [`USUAL_FILE`]: those that save scans, and the one that
/// checks whether they can. The others work on what they are
/// given, also for users who may not read that file.
const COMMANDS_WITH_USUAL_FILE: [&[&str]; 5] =
    [&["run"], &["session"], &["save"], &["tango", "run"], DOCTOR];

/// The command that reports what is wrong with a file, among what else it finds.
const DOCTOR: &[&str] = &["doctor"];

/// The identifier of the argument with the name of the session.
const SESSION: &str = "session_name";

/// A program, as far as its configuration is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `nexus-writer`.
    NexusWriter,
    /// `NexusSessionWriter` and `RegisterNexusWriter`, which have the names and options of programs in Python, and
    /// read no file unless they are told to.
    Classic,
    /// `NexusWriterService`, which is such a program, too.
    ClassicService,
}

/// What the user wants.
pub enum Parsed<P> {
    /// To run the program, with these arguments.
    Run(P, Configuration),
    /// To read this text.
    Print(String),
}

/// Where the settings of this process come from.
pub struct Configuration {
    values: Vec<Value>,
    usual_level: String,
    file: Option<Arc<ConfigurationFile>>,
    /// What is wrong with the file.
    file_error: Option<ConfigurationError>,
}

/// What became of the file.
pub enum FileOutcome {
    /// There is none.
    None,
    /// It was read.
    Read(PathBuf),
    /// It cannot be read, or is wrong.
    Wrong(String),
}

impl Configuration {
    /// Returns where the value of a setting comes from.
    pub fn source(&self, key: &str) -> Source {
        let found = self.values.iter().find(|value| value.key == key);
        found.map_or(Source::Default, |value| value.source.clone())
    }

    /// Returns the level of the log if no setting says it.
    pub fn usual_level(&self) -> &str {
        &self.usual_level
    }

    /// Returns what became of the file.
    pub fn into_file_outcome(self) -> FileOutcome {
        match (self.file_error, self.file) {
            (Some(error), _) => FileOutcome::Wrong(with_causes(&error)),
            (None, Some(file)) => FileOutcome::Read(file.path().to_owned()),
            (None, None) => FileOutcome::None,
        }
    }
}

/// Parses the arguments of a program, behind its name, completed by the environment and the file. Ends the process if arguments are
/// wrong or ask for help, as [`Parser::parse`] does.
///
/// # Errors
/// If the file cannot be read, or if it or a variable has a wrong value.
pub fn parse<P: Parser>(
    program: Program,
    mut arguments: Vec<OsString>,
) -> Result<Parsed<P>, Failure> {
    if program.is_classic() {
        arguments = abbreviation::complete(&P::command(), arguments);
    }
    let command = arguments::prepare(P::command(), program.is_classic());
    // Finds the file and the session. What is missing here may be in the file.
    let tolerant = arguments::without_settings(arguments::tolerant(command.clone()));
    let typed = match tolerant.try_get_matches_from(&arguments) {
        Ok(typed) => typed,
        // Reports the same error, with the help of the real options.
        Err(_) => command.clone().get_matches_from(&arguments),
    };
    let (path, leaf) = arguments::leaf(&typed);
    let prints = leaf.get_flag("print_config");
    let (file, file_error) = match read_file(program, &path, leaf) {
        Ok(file) => (file, None),
        Err(error) if path == DOCTOR && !prints => (None, Some(error)),
        Err(error) => return Err(Failure::usage(error)),
    };
    let session: Option<&String> = leaf.try_get_one(SESSION).ok().flatten();
    let layers = Layers {
        file: file.as_deref(),
        session: session.map(String::as_str),
    };
    let is_typed = |id: &str| leaf.value_source(id) == Some(ValueSource::CommandLine);
    let settings = arguments::settings(&command, &path);
    layers::check_environment(&settings, is_typed).map_err(Failure::usage)?;
    let layered = layers.apply(command);
    if prints {
        let matches = arguments::tolerant(layered).get_matches_from(&arguments);
        let mut values = layers.values(&settings, arguments::leaf(&matches).1);
        let level = usual_level(program, &path, &values);
        set_usual_level(&mut values, &level);
        let is_service = program.serves_devices(&path);
        if is_service {
            let devices = device_values(program, &layers)?;
            let is_new = |value: &Value| values.iter().all(|known| known.key != value.key);
            let devices: Vec<_> = devices.into_iter().filter(is_new).collect();
            values.extend(devices);
        }
        let sessions = file.as_deref().filter(|_| is_service);
        return Ok(Parsed::Print(print::print(&values, sessions, &catalogue())));
    }
    let matches = layered.get_matches_from(&arguments);
    let values = layers.values(&settings, arguments::leaf(&matches).1);
    let usual_level = usual_level(program, &path, &values);
    let parsed = P::from_arg_matches(&matches).map_err(Failure::usage)?;
    Ok(Parsed::Run(
        parsed,
        Configuration {
            values,
            usual_level,
            file,
            file_error,
        },
    ))
}

/// Returns the programs with their options, as [`parse`] understands them.
pub fn grammar() -> Vec<clap::Command> {
    vec![
        arguments::prepare(Args::command(), false),
        arguments::prepare(SessionWriterArgs::command(), true),
        #[cfg(feature = "tango")]
        arguments::prepare(ServiceArgs::command(), true),
        #[cfg(feature = "tango")]
        arguments::prepare(RegisterArgs::command(), true),
    ]
}

impl Program {
    fn is_classic(self) -> bool {
        self != Program::NexusWriter
    }

    fn serves_devices(self, path: &[&str]) -> bool {
        self == Program::ClassicService || path == ["tango", "run"]
    }
}

/// Returns all settings of all programs: a file is for all of them.
fn catalogue() -> Catalogue {
    let commands = [
        Args::command(),
        SessionWriterArgs::command(),
        ServiceArgs::command(),
        RegisterArgs::command(),
        DeviceArgs::command(),
        #[cfg(not(feature = "tango"))]
        <crate::args::TangoCommand as clap::Subcommand>::augment_subcommands(clap::Command::new(
            "tango",
        )),
    ];
    Catalogue::of(&commands)
}

/// Reads the file that was named, or else the usual one.
fn read_file(
    program: Program,
    path: &[&str],
    leaf: &ArgMatches,
) -> Result<Option<Arc<ConfigurationFile>>, ConfigurationError> {
    let named: Option<&PathBuf> = leaf.get_one("config");
    let usual = Path::new(USUAL_FILE);
    let reads_usual = program == Program::NexusWriter && COMMANDS_WITH_USUAL_FILE.contains(&path);
    let read = match named {
        Some(named) => ConfigurationFile::read(named, &catalogue()).map(Some),
        None if reads_usual => match ConfigurationFile::read(usual, &catalogue()) {
            Err(ConfigurationError::Unreadable { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            read => read.map(Some),
        },
        None => Ok(None),
    };
    Ok(read?.map(Arc::new))
}

/// Returns the settings that the devices of a service have if neither a property nor the table of a session says
/// something else.
fn device_values(program: Program, layers: &Layers) -> Result<Vec<Value>, Failure> {
    let command = arguments::prepare(DeviceArgs::command(), true);
    let command = match program {
        // Its devices are of the class whose property has this default.
        Program::ClassicService => {
            command.mut_arg("recommended_disk_space", |arg| arg.default_value("1024"))
        }
        _ => command,
    };
    let settings = arguments::settings(&command, &[]);
    layers::check_environment(&settings, |_| false).map_err(Failure::usage)?;
    let matches = layers
        .apply(command)
        .try_get_matches_from(["device"])
        .map_err(Failure::usage)?;
    Ok(layers.values(&settings, &matches))
}

/// Returns the level of the log if no setting says it.
fn usual_level(program: Program, path: &[&str], values: &[Value]) -> String {
    match path {
        _ if program.is_classic() => "warning".to_owned(),
        // They show by themselves what happens.
        ["demo" | "doctor"] => "warning".to_owned(),
        ["tango", _] => {
            let level = values.iter().find(|value| value.key == "tango.log-level");
            level.and_then(Value::text).unwrap_or("info").to_owned()
        }
        _ => "info".to_owned(),
    }
}

fn set_usual_level(values: &mut [Value], level: &str) {
    for value in values {
        if value.key == "log.level" && value.texts.is_empty() {
            value.texts = vec![level.to_owned()];
        }
    }
}
