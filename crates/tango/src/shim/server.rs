//! The device server, as `shim/server.h` declares it.

use std::marker::{PhantomData, PhantomPinned};
use std::ptr::NonNull;

use super::convention::{List, Sink, Text, call};
use crate::failure::{DevError, ErrorStack};
use crate::latin1;
use crate::value::DevState;

/// `NXT_INTERFACE`
const INTERFACE: u32 = 4;

/// `nxt_command`
#[repr(C)]
pub struct CommandDescription {
    pub name: Text<'static>,
    pub in_doc: Text<'static>,
    pub out_doc: Text<'static>,
    pub in_type: i32,
    pub out_type: i32,
}

/// `nxt_attribute`
#[repr(C)]
pub struct AttributeDescription {
    pub name: Text<'static>,
    pub labels: List<'static, Text<'static>>,
    pub data: i32,
    pub spectrum: u32,
    pub writable: i32,
}

/// `nxt_property`
#[repr(C)]
pub struct PropertyDescription {
    pub name: Text<'static>,
    pub doc: Text<'static>,
    pub preset: Text<'static>,
}

/// `nxt_class`
#[repr(C)]
pub struct ClassDescription {
    pub name: Text<'static>,
    pub commands: List<'static, CommandDescription>,
    pub attributes: List<'static, AttributeDescription>,
    pub properties: List<'static, PropertyDescription>,
}

/// `nxt_argument`
#[repr(C)]
pub struct Argument<'a> {
    pub number: i64,
    pub texts: List<'a, Text<'a>>,
}

/// `nxt_callbacks`
#[repr(C)]
pub struct Callbacks {
    pub create: extern "C" fn(u32, u64, Text<'_>),
    pub remove: extern "C" fn(u64),
    pub init: extern "C" fn(u64, &mut Reply),
    pub state: extern "C" fn(u64, &mut Reply),
    pub status: extern "C" fn(u64, &mut Reply),
    pub command: extern "C" fn(u64, u32, &Argument<'_>, &mut Reply),
    pub read: extern "C" fn(u64, u32, &mut Reply),
    pub write: extern "C" fn(u64, u32, &Argument<'_>, &mut Reply),
    pub log: extern "C" fn(i32, Text<'_>, Text<'_>),
    pub connected: extern "C" fn() -> i32,
    pub serving: extern "C" fn() -> i32,
}

/// `nxt_server`
#[repr(C)]
pub struct ServerDescription {
    interface: u32,
    size: u32,
    class_size: u32,
    command_size: u32,
    attribute_size: u32,
    property_size: u32,
    callbacks_size: u32,
    wait_for_database: i32,
    version: Text<'static>,
    classes: List<'static, ClassDescription>,
    callbacks: Callbacks,
}

impl ServerDescription {
    /// A server of these classes. It tries to connect to its database every so many seconds, or once if
    /// `wait_for_database` is 0.
    pub fn new(
        classes: &'static [ClassDescription],
        callbacks: Callbacks,
        wait_for_database: i32,
    ) -> ServerDescription {
        ServerDescription {
            interface: INTERFACE,
            size: size_of::<ServerDescription>() as u32,
            class_size: size_of::<ClassDescription>() as u32,
            command_size: size_of::<CommandDescription>() as u32,
            attribute_size: size_of::<AttributeDescription>() as u32,
            property_size: size_of::<PropertyDescription>() as u32,
            callbacks_size: size_of::<Callbacks>() as u32,
            wait_for_database,
            version: Text::borrow(env!("CARGO_PKG_VERSION").as_bytes()),
            classes: List::borrow(classes),
            callbacks,
        }
    }
}

/// `nxt_reply`, of which only the other side knows what is in it.
#[repr(C)]
pub struct Reply {
    opaque: [u8; 0],
    /// Neither to be sent nor to be moved.
    marker: PhantomData<(*mut u8, PhantomPinned)>,
}

impl Reply {
    /// Answers with a boolean, number, enumeration or state.
    pub fn set_number(&mut self, number: i64) {
        nxt_reply_number(self, number);
    }

    /// Adds an element to a spectrum of numbers.
    pub fn add_number(&mut self, number: i64) {
        nxt_reply_add_number(self, number);
    }

    /// Answers with a text, or adds an element to a list of texts.
    pub fn add_text(&mut self, text: &str) {
        nxt_reply_add_text(self, Text::borrow(&latin1::encode(text)));
    }

    /// Adds a level to the error that is the answer.
    pub fn add_error(&mut self, error: &DevError) {
        let [reason, desc, origin] =
            [&error.reason, &error.desc, &error.origin].map(|text| latin1::encode(text));
        nxt_reply_add_error(
            self,
            Text::borrow(&reason),
            Text::borrow(&desc),
            Text::borrow(&origin),
        );
    }

    /// Lets the client believe that the connection failed.
    pub fn set_unanswered(&mut self) {
        nxt_reply_unanswered(self);
    }
}

/// A reply that is no answer to a client: the value of an event.
pub struct OwnedReply(NonNull<Reply>);

impl OwnedReply {
    /// Returns an empty reply, or `None` if there is no memory.
    pub fn new() -> Option<OwnedReply> {
        nxt_reply_new().map(OwnedReply)
    }
}

impl AsRef<Reply> for OwnedReply {
    fn as_ref(&self) -> &Reply {
        // SAFETY: `nxt_reply_new` made it, and it is only freed with `self`.
        unsafe { self.0.as_ref() }
    }
}

impl AsMut<Reply> for OwnedReply {
    fn as_mut(&mut self) -> &mut Reply {
        // SAFETY: as in `as_ref`; `self` is borrowed as the result is.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for OwnedReply {
    fn drop(&mut self) {
        // SAFETY: `nxt_reply_new` made it, and nothing uses it after this.
        unsafe { nxt_reply_free(self.0) }
    }
}

/// Runs the server in this thread until it ends.
pub fn run(server: &'static ServerDescription, arguments: &[Text<'_>]) -> Result<(), ErrorStack> {
    call(|sink| nxt_run(server, List::borrow(arguments), sink)).map(drop)
}

/// Makes [`run`] return. Returns `false` if that is not possible at this moment, so that it has to be tried again.
pub fn end() -> Result<bool, ErrorStack> {
    let (status, _) = call(|sink| nxt_end(sink))?;
    Ok(status == 0)
}

/// Exports the devices again if the database has forgotten that they are exported. Returns how many
/// were exported again.
pub fn restore_exports() -> Result<u32, ErrorStack> {
    let (count, _) = call(|sink| nxt_restore_exports(sink))?;
    Ok(count)
}

/// Returns the values of a property of a device, or `None` if it is not set.
pub fn property(device: u64, name: &str) -> Result<Option<Vec<String>>, ErrorStack> {
    let name = latin1::encode(name);
    let (is_set, values) = call(|sink| nxt_property_get(device, Text::borrow(&name), sink))?;
    Ok((is_set != 0).then_some(values))
}

/// Returns `true` if all attributes of a device have listeners again that had some in the last device of its name:
/// after a restart, cppTango gives them to the new device some time after its creation.
pub fn has_listeners(device: u64) -> Result<bool, ErrorStack> {
    let (status, _) = call(|sink| nxt_has_listeners(device, sink))?;
    Ok(status == 1)
}

/// Sends events of the state and the status of a device.
pub fn push_state(device: u64, state: DevState, status: &str) -> Result<(), ErrorStack> {
    let status = latin1::encode(status);
    call(|sink| nxt_push_state(device, state as i32, Text::borrow(&status), sink)).map(drop)
}

/// Sends an event of an attribute of a device.
pub fn push(device: u64, attribute: u32, value: &Reply) -> Result<(), ErrorStack> {
    call(|sink| nxt_push(device, attribute, value, sink)).map(drop)
}

/// Returns the level of the logs of a device, or of the server itself for the device 0.
pub fn log_level(device: u64) -> Result<u32, ErrorStack> {
    let (level, _) = call(|sink| nxt_log_level(device, sink))?;
    Ok(level)
}

/// Sets the level of the logs of a device, or of the server itself for the device 0.
pub fn set_log_level(device: u64, level: i32) -> Result<(), ErrorStack> {
    call(|sink| nxt_set_log_level(device, level, sink)).map(drop)
}

#[expect(
    improper_ctypes,
    reason = "what a sink refers to is handed back and not looked at"
)]
unsafe extern "C" {
    safe fn nxt_reply_number(reply: &mut Reply, number: i64);
    safe fn nxt_reply_add_number(reply: &mut Reply, number: i64);
    safe fn nxt_reply_add_text(reply: &mut Reply, text: Text<'_>);
    safe fn nxt_reply_add_error(
        reply: &mut Reply,
        reason: Text<'_>,
        desc: Text<'_>,
        origin: Text<'_>,
    );
    safe fn nxt_reply_unanswered(reply: &mut Reply);
    safe fn nxt_reply_new() -> Option<NonNull<Reply>>;
    fn nxt_reply_free(reply: NonNull<Reply>);

    safe fn nxt_run(
        server: &'static ServerDescription,
        arguments: List<'_, Text<'_>>,
        sink: Sink<'_>,
    ) -> i32;
    safe fn nxt_end(sink: Sink<'_>) -> i32;
    safe fn nxt_restore_exports(sink: Sink<'_>) -> i32;

    safe fn nxt_property_get(device: u64, name: Text<'_>, sink: Sink<'_>) -> i32;
    safe fn nxt_has_listeners(device: u64, sink: Sink<'_>) -> i32;
    safe fn nxt_push_state(device: u64, state: i32, status: Text<'_>, sink: Sink<'_>) -> i32;
    safe fn nxt_push(device: u64, attribute: u32, value: &Reply, sink: Sink<'_>) -> i32;

    safe fn nxt_log_level(device: u64, sink: Sink<'_>) -> i32;
    safe fn nxt_set_log_level(device: u64, level: i32, sink: Sink<'_>) -> i32;
}
