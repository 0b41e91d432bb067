//! The functions that the shim calls, in threads of Tango.
//!
//! No panic may reach C++, so all are caught here. Those of devices are caught where the devices are called.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str;

use crate::class::DeviceClass;
use crate::failure::DevFailed;
use crate::latin1;
use crate::server::log::log_event;
use crate::server::panics::catch_panic;
use crate::server::reply::{fail, fill};
use crate::server::shared_state::{self, SharedState};
use crate::shim::Text;
use crate::shim::server::{Argument, Callbacks, Reply};
use crate::value::{DevState, TangoType, TangoValue};

pub const CALLBACKS: Callbacks = Callbacks {
    create,
    remove,
    init,
    state,
    status,
    command,
    read,
    write,
    log,
    connected,
    serving,
};

extern "C" fn create(class_index: u32, id: u64, name: Text<'_>) {
    let name = name.decode();
    with_state(|state| state.create_device(class_index, id, name));
}

extern "C" fn remove(id: u64) {
    with_state(|state| state.devices.remove(id));
}

extern "C" fn init(id: u64, reply: &mut Reply) {
    answer(reply, (TangoType::Void, None), |state| {
        state.devices.init(id).map(|()| TangoValue::Void)
    });
}

extern "C" fn state(id: u64, reply: &mut Reply) {
    answer(reply, (TangoType::State, None), |state| {
        state
            .call(id, |state| state.devices.state(id))
            .map(TangoValue::State)
    });
}

extern "C" fn status(id: u64, reply: &mut Reply) {
    answer(reply, (TangoType::Text, None), |state| {
        state
            .call(id, |state| state.devices.status(id))
            .map(TangoValue::Text)
    });
}

extern "C" fn command(id: u64, index: u32, argument: &Argument<'_>, reply: &mut Reply) {
    let definition = find_definition(id, |class| {
        let command = class.commands.get(usize::try_from(index).ok()?)?;
        Some((command.name, command.input, command.output))
    });
    let Some((name, input, output)) = definition else {
        return refuse(reply);
    };
    let argument = value_of(argument, input);
    answer(reply, (output, None), |state| {
        let entry = state.devices.get(id)?;
        let device = entry.device()?;
        let argument = argument?;
        state.call(id, |_| catch_panic(|| device.command(name, argument)))
    });
}

extern "C" fn read(id: u64, index: u32, reply: &mut Reply) {
    let definition = find_definition(id, |class| {
        let attribute = class.attributes.get(usize::try_from(index).ok()?)?;
        Some((attribute.name, (attribute.data, attribute.spectrum)))
    });
    let Some((name, form)) = definition else {
        return refuse(reply);
    };
    answer(reply, form, |state| {
        let entry = state.devices.get(id)?;
        let device = entry.device()?;
        state.call(id, |_| catch_panic(|| device.read(name)))
    });
}

extern "C" fn write(id: u64, index: u32, value: &Argument<'_>, reply: &mut Reply) {
    let definition = find_definition(id, |class| {
        let attribute = class.attributes.get(usize::try_from(index).ok()?)?;
        Some((attribute.name, attribute.data))
    });
    let Some((name, data)) = definition else {
        return refuse(reply);
    };
    let value = value_of(value, data);
    answer(reply, (TangoType::Void, None), |state| {
        let entry = state.devices.get(id)?;
        let device = entry.device()?;
        let value = value?;
        let written = state.call(id, |_| catch_panic(|| device.write(name, value)));
        written.map(|()| TangoValue::Void)
    });
}

extern "C" fn log(level: i32, logger: Text<'_>, message: Text<'_>) {
    let level = u32::try_from(level).unwrap_or_default();
    with_state(|_| log_event(level, &logger.decode(), &readable(message.elements())));
}

extern "C" fn connected() -> i32 {
    i32::from(with_state(SharedState::set_connected) != Some(true))
}

extern "C" fn serving() -> i32 {
    i32::from(with_state(SharedState::set_serving) != Some(true))
}

/// Does something with the shared state. Returns `None` after a panic.
fn with_state<T>(act: impl FnOnce(&'static SharedState) -> T) -> Option<T> {
    let state = shared_state::get()?;
    // The shared state is consistent at any time.
    catch_unwind(AssertUnwindSafe(|| act(state))).ok()
}

/// Calls `ask` and fills the reply with its result, or with a failure of the connection after a panic.
fn answer(
    reply: &mut Reply,
    form: (TangoType, Option<usize>),
    ask: impl FnOnce(&SharedState) -> Result<TangoValue, DevFailed>,
) {
    let done = with_state(|state| fill(reply, ask(state), form));
    if done.is_none() {
        fail(reply, &DevFailed::unanswered());
    }
}

fn refuse(reply: &mut Reply) {
    answer(reply, (TangoType::Void, None), |_| {
        Err(DevFailed::unanswered())
    });
}

/// Finds something in the class of a device. Returns `None` if the device no longer exists.
fn find_definition<T>(id: u64, find: impl FnOnce(&'static DeviceClass) -> Option<T>) -> Option<T> {
    with_state(|state| find(state.devices.get(id).ok()?.class()))?
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

/// Messages of cppTango may contain texts of other programs, of which many are in UTF-8.
fn readable(message: &[u8]) -> String {
    str::from_utf8(message).map_or_else(|_| latin1::decode(message), str::to_owned)
}
