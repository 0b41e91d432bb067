//! A device that returns its arguments, and shows everything else that a device can do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub::Event;
use tango::{
    AttributeAccess, DevFailed, DevState, Device, DeviceAttribute, DeviceClass, DeviceCommand,
    DeviceContext, DeviceFactory, DeviceProperty, TangoLogLevel, TangoType, TangoValue,
    server_log_level, set_server_log_level,
};

static ECHO: DeviceClass = DeviceClass {
    name: "Echo",
    commands: &[
        command("echo_nothing", TangoType::Void, TangoType::Void),
        command("echo_boolean", TangoType::Boolean, TangoType::Boolean),
        command("echo_long", TangoType::Long64, TangoType::Long64),
        command("echo_state", TangoType::State, TangoType::State),
        command("echo_text", TangoType::Text, TangoType::Text),
        command("echo_texts", TangoType::Texts, TangoType::Texts),
        // Fails. The argument lists a class and a text for each level of the error.
        command("fail", TangoType::Texts, TangoType::Void),
        command("panic", TangoType::Text, TangoType::Void),
        command("leave_unanswered", TangoType::Void, TangoType::Void),
        command("answer_wrongly", TangoType::Void, TangoType::Boolean),
        // Waits until any client calls `release`.
        command("block", TangoType::Void, TangoType::Void),
        command("release", TangoType::Void, TangoType::Void),
        // Has `Init` refused from now on, or not.
        command("refuse_init", TangoType::Boolean, TangoType::Void),
        // Sets the length of both spectra, and sends events of them.
        command("fill", TangoType::Long64, TangoType::Void),
        // Return and set how much Tango logs, for the device and in general.
        command("log_levels", TangoType::Void, TangoType::Texts),
        command("log_all", TangoType::Boolean, TangoType::Void),
        // Returns the values of a property.
        command("property", TangoType::Text, TangoType::Texts),
    ],
    attributes: &[
        attribute("truth", TangoType::Boolean, AttributeAccess::ReadWrite),
        attribute("count", TangoType::Long64, AttributeAccess::ReadWrite),
        attribute("word", TangoType::Text, AttributeAccess::ReadWrite),
        DeviceAttribute {
            labels: &["OFF", "QUIET", "LOUD"],
            ..attribute("volume", TangoType::Enum, AttributeAccess::ReadWrite)
        },
        // Becomes the state of the device.
        attribute("mood", TangoType::State, AttributeAccess::ReadWrite),
        attribute("motto", TangoType::Text, AttributeAccess::Read),
        DeviceAttribute {
            spectrum: Some(10_000),
            ..attribute("words", TangoType::Text, AttributeAccess::Read)
        },
        DeviceAttribute {
            spectrum: Some(10_000),
            ..attribute("moods", TangoType::State, AttributeAccess::Read)
        },
    ],
    properties: &[
        DeviceProperty {
            name: "motto",
            doc: "What it says by itself",
            default: Some("hello"),
        },
        DeviceProperty {
            name: "refrain",
            doc: "",
            default: None,
        },
    ],
};

const fn command(name: &'static str, input: TangoType, output: TangoType) -> DeviceCommand {
    DeviceCommand {
        name,
        input,
        input_doc: "",
        output,
        output_doc: "",
    }
}

const fn attribute(
    name: &'static str,
    data: TangoType,
    access: AttributeAccess,
) -> DeviceAttribute {
    DeviceAttribute {
        name,
        data,
        spectrum: None,
        access,
        labels: &[],
    }
}

pub struct EchoFactory;

struct Echo {
    context: DeviceContext,
    refuses: AtomicBool,
    released: Event,
    values: Mutex<EchoValues>,
}

struct EchoValues {
    truth: bool,
    count: i64,
    word: String,
    volume: i16,
    mood: DevState,
    motto: String,
    length: usize,
}

impl DeviceFactory for EchoFactory {
    fn class(&self) -> &'static DeviceClass {
        &ECHO
    }

    fn create(&self, context: DeviceContext) -> Result<Arc<dyn Device>, DevFailed> {
        let values = EchoValues {
            truth: false,
            count: 0,
            word: String::new(),
            volume: 0,
            mood: DevState::On,
            motto: motto(&context)?,
            length: 0,
        };
        context.push_state(values.mood, "made");
        tracing::info!("{} is made", context.name());
        Ok(Arc::new(Echo {
            context,
            refuses: AtomicBool::new(false),
            released: Event::new(),
            values: Mutex::new(values),
        }))
    }
}

fn motto(context: &DeviceContext) -> Result<String, DevFailed> {
    let values = context
        .property("motto")
        .map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
    Ok(values.map_or_else(|| "hello".to_owned(), |values| values.join(" ")))
}

impl Device for Echo {
    fn state(&self) -> DevState {
        self.values().mood
    }

    fn status(&self) -> String {
        format!("in the mood {}", self.values().mood)
    }

    fn init(&self) -> Result<(), DevFailed> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(DevFailed::python("RuntimeError", "not now", "Echo.init"));
        }
        let motto = motto(&self.context)?;
        self.values().motto = motto;
        Ok(())
    }

    fn command(&self, name: &str, argument: TangoValue) -> Result<TangoValue, DevFailed> {
        match (name, argument) {
            ("fail", TangoValue::Texts(texts)) => return Err(failure(&texts)),
            ("panic", TangoValue::Text(text)) => panic!("{text}"),
            ("leave_unanswered", _) => return Err(DevFailed::unanswered()),
            ("answer_wrongly", _) => return Ok(TangoValue::Text("yes".to_owned())),
            ("block", _) => {
                tracing::info!("a client waits");
                let waited = self.released.wait_blocking(None);
                waited.map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
            }
            ("release", _) => self.released.send(),
            ("refuse_init", TangoValue::Boolean(refuses)) => {
                self.refuses.store(refuses, Ordering::SeqCst)
            }
            ("fill", TangoValue::Long64(length)) => {
                self.values().length = usize::try_from(length).unwrap_or(0);
                for spectrum in ["words", "moods"] {
                    self.context.push(spectrum, self.read(spectrum)?);
                }
            }
            ("log_levels", _) => {
                let levels = [self.context.log_level(), server_log_level()];
                let names = levels.map(|level| format!("{level:?}"));
                return Ok(TangoValue::Texts(names.into()));
            }
            ("log_all", TangoValue::Boolean(all)) => {
                let level = if all {
                    TangoLogLevel::Debug
                } else {
                    TangoLogLevel::Off
                };
                self.context.set_log_level(level);
                set_server_log_level(level);
            }
            ("property", TangoValue::Text(name)) => {
                let values = self.context.property(&name);
                let values =
                    values.map_err(|error| DevFailed::python("RuntimeError", error, "Echo"))?;
                return Ok(TangoValue::Texts(values.unwrap_or_default()));
            }
            (_, argument) => return Ok(argument),
        }
        Ok(TangoValue::Void)
    }

    fn read(&self, attribute: &str) -> Result<TangoValue, DevFailed> {
        let values = self.values();
        Ok(match attribute {
            "truth" => TangoValue::Boolean(values.truth),
            "count" => TangoValue::Long64(values.count),
            "word" => TangoValue::Text(values.word.clone()),
            "volume" => TangoValue::Enum(values.volume),
            "mood" => TangoValue::State(values.mood),
            "words" => TangoValue::Texts((0..values.length).map(|n| format!("word {n}")).collect()),
            "moods" => {
                let moods = [DevState::On, DevState::Running, DevState::Fault];
                TangoValue::States((0..values.length).map(|n| moods[n % 3]).collect())
            }
            _ => TangoValue::Text(values.motto.clone()),
        })
    }

    fn write(&self, attribute: &str, value: TangoValue) -> Result<(), DevFailed> {
        let news = value.clone();
        match (attribute, value) {
            ("truth", TangoValue::Boolean(truth)) => self.values().truth = truth,
            ("count", TangoValue::Long64(count)) => self.values().count = count,
            ("word", TangoValue::Text(word)) => self.values().word = word,
            ("volume", TangoValue::Enum(volume)) => self.values().volume = volume,
            ("mood", TangoValue::State(mood)) => {
                self.values().mood = mood;
                self.context.push_state(mood, &self.status());
            }
            (other, _) => return Err(DevFailed::python("KeyError", other, "Echo.write")),
        }
        let known = ECHO.attributes.iter().find(|one| one.name == attribute);
        if let Some(known) = known {
            self.context.push(known.name, news);
        }
        Ok(())
    }

    fn remove(&self) {
        // Ends the calls that wait.
        self.released.send();
        tracing::info!("{} is removed", self.context.name());
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
    fn values(&self) -> MutexGuard<'_, EchoValues> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
