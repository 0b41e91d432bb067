//! A device that answers what it is told, and does everything else that a device can do to its clients.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub::Event;
use tango::{
    Access, Attribute, Class, Command, DataType, DevFailed, DevState, Device, Family, Handle,
    LogLevel, Property, Value, core_log_level, set_core_log_level,
};

static ECHO: Class = Class {
    name: "Echo",
    commands: &[
        command("echo_nothing", DataType::Void, DataType::Void),
        command("echo_boolean", DataType::Boolean, DataType::Boolean),
        command("echo_long", DataType::Long64, DataType::Long64),
        command("echo_state", DataType::State, DataType::State),
        command("echo_text", DataType::Text, DataType::Text),
        command("echo_texts", DataType::Texts, DataType::Texts),
        // Texts of an error: class, text, and the same again for what failed because of it.
        command("fail", DataType::Texts, DataType::Void),
        command("panic", DataType::Text, DataType::Void),
        command("leave_unanswered", DataType::Void, DataType::Void),
        command("answer_wrongly", DataType::Void, DataType::Boolean),
        // Waits for `release`, of the same or another client.
        command("block", DataType::Void, DataType::Void),
        command("release", DataType::Void, DataType::Void),
        // From now on, `Init` is refused, or not.
        command("refuse_init", DataType::Boolean, DataType::Void),
        // Makes both spectra that long, and sends events of them.
        command("fill", DataType::Long64, DataType::Void),
        // How much Tango logs for the device, and at all; and to set both.
        command("log_levels", DataType::Void, DataType::Texts),
        command("log_all", DataType::Boolean, DataType::Void),
        // The values of a property, none if it is not set.
        command("property", DataType::Text, DataType::Texts),
    ],
    attributes: &[
        attribute("truth", DataType::Boolean, Access::ReadWrite),
        attribute("count", DataType::Long64, Access::ReadWrite),
        attribute("word", DataType::Text, Access::ReadWrite),
        Attribute {
            labels: &["OFF", "QUIET", "LOUD"],
            ..attribute("volume", DataType::Enum, Access::ReadWrite)
        },
        // Becomes the state of the device.
        attribute("mood", DataType::State, Access::ReadWrite),
        attribute("motto", DataType::Text, Access::Read),
        Attribute {
            spectrum: Some(10_000),
            ..attribute("words", DataType::Text, Access::Read)
        },
        Attribute {
            spectrum: Some(10_000),
            ..attribute("moods", DataType::State, Access::Read)
        },
    ],
    properties: &[
        Property {
            name: "motto",
            doc: "What it says by itself",
            default: Some("hello"),
        },
        Property {
            name: "refrain",
            doc: "",
            default: None,
        },
    ],
};

const fn command(name: &'static str, input: DataType, output: DataType) -> Command {
    Command {
        name,
        input,
        input_doc: "",
        output,
        output_doc: "",
    }
}

const fn attribute(name: &'static str, data: DataType, access: Access) -> Attribute {
    Attribute {
        name,
        data,
        spectrum: None,
        access,
        labels: &[],
    }
}

pub struct EchoFamily;

struct Echo {
    handle: Handle,
    refuses: AtomicBool,
    released: Event,
    memory: Mutex<Memory>,
}

struct Memory {
    truth: bool,
    count: i64,
    word: String,
    volume: i16,
    mood: DevState,
    motto: String,
    length: usize,
}

impl Family for EchoFamily {
    fn class(&self) -> &'static Class {
        &ECHO
    }

    fn make(&self, handle: Handle) -> Result<Arc<dyn Device>, DevFailed> {
        let memory = Memory {
            truth: false,
            count: 0,
            word: String::new(),
            volume: 0,
            mood: DevState::On,
            motto: motto(&handle)?,
            length: 0,
        };
        handle.push_state(memory.mood, "made");
        tracing::info!("{} is made", handle.name());
        Ok(Arc::new(Echo {
            handle,
            refuses: AtomicBool::new(false),
            released: Event::new(),
            memory: Mutex::new(memory),
        }))
    }
}

fn motto(handle: &Handle) -> Result<String, DevFailed> {
    let values = handle
        .property("motto")
        .map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
    Ok(values.map_or_else(|| "hello".to_owned(), |values| values.join(" ")))
}

impl Device for Echo {
    fn state(&self) -> DevState {
        self.memory().mood
    }

    fn status(&self) -> String {
        format!("in the mood {}", self.memory().mood)
    }

    fn init(&self) -> Result<(), DevFailed> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(DevFailed::python("RuntimeError", "not now", "Echo.init"));
        }
        let motto = motto(&self.handle)?;
        self.memory().motto = motto;
        Ok(())
    }

    fn command(&self, name: &str, argument: Value) -> Result<Value, DevFailed> {
        match (name, argument) {
            ("fail", Value::Texts(texts)) => return Err(failure(&texts)),
            ("panic", Value::Text(text)) => panic!("{text}"),
            ("leave_unanswered", _) => return Err(DevFailed::unanswered()),
            ("answer_wrongly", _) => return Ok(Value::Text("yes".to_owned())),
            ("block", _) => {
                tracing::info!("a client waits");
                let waited = self.released.wait_blocking(None);
                waited.map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
            }
            ("release", _) => self.released.send(),
            ("refuse_init", Value::Boolean(refuses)) => {
                self.refuses.store(refuses, Ordering::SeqCst)
            }
            ("fill", Value::Long64(length)) => {
                self.memory().length = usize::try_from(length).unwrap_or(0);
                for spectrum in ["words", "moods"] {
                    self.handle.push(spectrum, self.read(spectrum)?);
                }
            }
            ("log_levels", _) => {
                let levels = [self.handle.log_level(), core_log_level()];
                let names = levels.map(|level| format!("{level:?}"));
                return Ok(Value::Texts(names.into()));
            }
            ("log_all", Value::Boolean(all)) => {
                let level = if all { LogLevel::Debug } else { LogLevel::Off };
                self.handle.set_log_level(level);
                set_core_log_level(level);
            }
            ("property", Value::Text(name)) => {
                let values = self.handle.property(&name);
                let values =
                    values.map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
                return Ok(Value::Texts(values.unwrap_or_default()));
            }
            (_, argument) => return Ok(argument),
        }
        Ok(Value::Void)
    }

    fn read(&self, attribute: &str) -> Result<Value, DevFailed> {
        let memory = self.memory();
        Ok(match attribute {
            "truth" => Value::Boolean(memory.truth),
            "count" => Value::Long64(memory.count),
            "word" => Value::Text(memory.word.clone()),
            "volume" => Value::Enum(memory.volume),
            "mood" => Value::State(memory.mood),
            "words" => Value::Texts((0..memory.length).map(|n| format!("word {n}")).collect()),
            "moods" => {
                let moods = [DevState::On, DevState::Running, DevState::Fault];
                Value::States((0..memory.length).map(|n| moods[n % 3]).collect())
            }
            _ => Value::Text(memory.motto.clone()),
        })
    }

    fn write(&self, attribute: &str, value: Value) -> Result<(), DevFailed> {
        let news = value.clone();
        match (attribute, value) {
            ("truth", Value::Boolean(truth)) => self.memory().truth = truth,
            ("count", Value::Long64(count)) => self.memory().count = count,
            ("word", Value::Text(word)) => self.memory().word = word,
            ("volume", Value::Enum(volume)) => self.memory().volume = volume,
            ("mood", Value::State(mood)) => {
                self.memory().mood = mood;
                self.handle.push_state(mood, &self.status());
            }
            (other, _) => return Err(DevFailed::python("KeyError", other, "Echo.write")),
        }
        let known = ECHO.attributes.iter().find(|one| one.name == attribute);
        if let Some(known) = known {
            self.handle.push(known.name, news);
        }
        Ok(())
    }

    fn remove(&self) {
        // Whoever waits gets an answer.
        self.released.send();
        tracing::info!("{} is removed", self.handle.name());
    }
}

fn failure(texts: &[String]) -> DevFailed {
    let mut levels = texts
        .chunks_exact(2)
        .map(|level| DevFailed::python(&level[0], &level[1], "Echo.fail"));
    let mut failure = levels.next().unwrap_or_else(DevFailed::unanswered);
    failure.errors.extend(levels.flat_map(|level| level.errors));
    failure
}

impl Echo {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
