//! What the shim calls, in threads of Tango.
//!
//! A panic ends here: none may reach C++. Devices' own panics are caught where they are asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str;

use crate::class::DeviceClass;
use crate::failure::DevFailed;
use crate::latin1;
use crate::server::answer::{fail, give};
use crate::server::core::{self, Core};
use crate::server::devices::caught;
use crate::server::log;
use crate::shim::Text;
use crate::shim::server::{Argument, Callbacks, Reply};
use crate::value::{DevState, TangoType, TangoValue};

pub const CALLBACKS: Callbacks = Callbacks {
    make,
    remove,
    init,
    state,
    status,
    command,
    read,
    write,
    log: tell,
    connected,
    serving,
};

extern "C" fn make(class_index: u32, id: u64, name: Text<'_>) {
    let name = name.decode();
    guarded(|core| core.make(class_index, id, name));
}

extern "C" fn remove(id: u64) {
    guarded(|core| core.devices.remove(id));
}

extern "C" fn init(id: u64, reply: &mut Reply) {
    answered(reply, (TangoType::Void, None), |core| {
        core.devices.init(id).map(|()| TangoValue::Void)
    });
}

extern "C" fn state(id: u64, reply: &mut Reply) {
    answered(reply, (TangoType::State, None), |core| {
        core.devices.state(id).map(TangoValue::State)
    });
}

extern "C" fn status(id: u64, reply: &mut Reply) {
    answered(reply, (TangoType::Text, None), |core| {
        core.devices.status(id).map(TangoValue::Text)
    });
}

extern "C" fn command(id: u64, index: u32, argument: &Argument<'_>, reply: &mut Reply) {
    let offer = offered(id, |class| {
        let command = class.commands.get(usize::try_from(index).ok()?)?;
        Some((command.name, command.input, command.output))
    });
    let Some((name, input, output)) = offer else {
        return refuse(reply);
    };
    let argument = value_of(argument, input);
    answered(reply, (output, None), |core| {
        let living = core.devices.get(id)?;
        let device = living.device()?;
        let argument = argument?;
        caught(|| device.command(name, argument))
    });
}

extern "C" fn read(id: u64, index: u32, reply: &mut Reply) {
    let offer = offered(id, |class| {
        let attribute = class.attributes.get(usize::try_from(index).ok()?)?;
        Some((attribute.name, (attribute.data, attribute.spectrum)))
    });
    let Some((name, form)) = offer else {
        return refuse(reply);
    };
    answered(reply, form, |core| {
        let living = core.devices.get(id)?;
        let device = living.device()?;
        caught(|| device.read(name))
    });
}

extern "C" fn write(id: u64, index: u32, value: &Argument<'_>, reply: &mut Reply) {
    let offer = offered(id, |class| {
        let attribute = class.attributes.get(usize::try_from(index).ok()?)?;
        Some((attribute.name, attribute.data))
    });
    let Some((name, data)) = offer else {
        return refuse(reply);
    };
    let value = value_of(value, data);
    answered(reply, (TangoType::Void, None), |core| {
        let living = core.devices.get(id)?;
        let device = living.device()?;
        let value = value?;
        caught(|| device.write(name, value)).map(|()| TangoValue::Void)
    });
}

extern "C" fn tell(level: i32, logger: Text<'_>, message: Text<'_>) {
    let level = u32::try_from(level).unwrap_or_default();
    guarded(|_| log::tell(level, &logger.decode(), &readable(message.elements())));
}

extern "C" fn connected() -> i32 {
    i32::from(guarded(Core::connected) != Some(true))
}

extern "C" fn serving() -> i32 {
    i32::from(guarded(Core::serving) != Some(true))
}

/// Does something with what is shared by all; nothing after a panic.
fn guarded<T>(act: impl FnOnce(&'static Core) -> T) -> Option<T> {
    let core = core::get()?;
    // What it has in hand is consistent at any time.
    catch_unwind(AssertUnwindSafe(|| act(core))).ok()
}

/// Has a callback answered, come what may.
fn answered(
    reply: &mut Reply,
    form: (TangoType, Option<usize>),
    ask: impl FnOnce(&Core) -> Result<TangoValue, DevFailed>,
) {
    let done = guarded(|core| give(reply, ask(core), form));
    if done.is_none() {
        fail(reply, &DevFailed::unanswered());
    }
}

fn refuse(reply: &mut Reply) {
    answered(reply, (TangoType::Void, None), |_| {
        Err(DevFailed::unanswered())
    });
}

/// What the class of a device has; none for a device that is gone.
fn offered<T>(id: u64, find: impl FnOnce(&'static DeviceClass) -> Option<T>) -> Option<T> {
    guarded(|core| find(core.devices.get(id).ok()?.class()))?
}

fn value_of(argument: &Argument<'_>, data: TangoType) -> Result<TangoValue, DevFailed> {
    let mut texts = argument.texts.elements().iter().map(Text::decode);
    let number = argument.number;
    let unknown = || {
        DevFailed::python(
            "ValueError",
            format_args!("{number} is out of range"),
            "tango",
        )
    };
    Ok(match data {
        TangoType::Void => TangoValue::Void,
        TangoType::Boolean => TangoValue::Boolean(number != 0),
        TangoType::Long64 => TangoValue::Long64(number),
        TangoType::Text => TangoValue::Text(texts.next().unwrap_or_default()),
        TangoType::Texts => TangoValue::Texts(texts.collect()),
        TangoType::State => TangoValue::State(DevState::from_number(number).ok_or_else(unknown)?),
        TangoType::Enum => TangoValue::Enum(i16::try_from(number).map_err(|_| unknown())?),
    })
}

/// What cppTango logs may have texts of others in it, of which many are in UTF-8.
fn readable(message: &[u8]) -> String {
    str::from_utf8(message).map_or_else(|_| latin1::decode(message), str::to_owned)
}
