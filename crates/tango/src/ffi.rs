//! The C interface of the shim, as `shim/bridge.h` has it.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::slice;

/// `NXT_INTERFACE`
pub const INTERFACE: u32 = 2;

/// A borrowed string in Latin-1.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Text {
    text: *const u8,
    length: usize,
}

impl Text {
    /// Whoever gets it must be done with it before `bytes` are gone.
    pub const fn borrow(bytes: &[u8]) -> Text {
        Text {
            text: bytes.as_ptr(),
            length: bytes.len(),
        }
    }

    /// The bytes that the other side lends.
    ///
    /// # Safety
    /// The other side must keep them for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: the caller vouches for the bytes.
        unsafe { elements(self.text, self.length) }
    }
}

/// An array that the other side lends; a null pointer for one without elements.
///
/// # Safety
/// There must be `count` elements for `'a`.
pub unsafe fn elements<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: not null, and the caller vouches for the rest.
    unsafe { slice::from_raw_parts(first, count) }
}

/// `nxt_command`
#[repr(C)]
pub struct Command {
    pub name: Text,
    pub in_doc: Text,
    pub out_doc: Text,
    pub in_type: i32,
    pub out_type: i32,
}

/// `nxt_attribute`
#[repr(C)]
pub struct Attribute {
    pub name: Text,
    pub labels: *const Text,
    pub label_count: usize,
    pub data: i32,
    pub spectrum: u32,
    pub writable: i32,
}

/// `nxt_property`
#[repr(C)]
pub struct Property {
    pub name: Text,
    pub doc: Text,
    pub preset: Text,
}

/// `nxt_class`
#[repr(C)]
pub struct Class {
    pub name: Text,
    pub commands: *const Command,
    pub command_count: usize,
    pub attributes: *const Attribute,
    pub attribute_count: usize,
    pub properties: *const Property,
    pub property_count: usize,
}

/// `nxt_reply`, of which only the other side knows what is in it.
#[repr(C)]
pub struct Reply {
    opaque: [u8; 0],
    /// Neither to be sent nor to be moved.
    marker: PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

/// `nxt_argument`
#[repr(C)]
pub struct Argument {
    pub number: i64,
    pub texts: *const Text,
    pub text_count: usize,
}

/// `nxt_callbacks`
#[repr(C)]
pub struct Callbacks {
    pub make: extern "C" fn(u32, u64, Text),
    pub remove: extern "C" fn(u64),
    pub init: extern "C" fn(u64, *mut Reply),
    pub state: extern "C" fn(u64, *mut Reply),
    pub status: extern "C" fn(u64, *mut Reply),
    pub command: extern "C" fn(u64, u32, *const Argument, *mut Reply),
    pub read: extern "C" fn(u64, u32, *mut Reply),
    pub write: extern "C" fn(u64, u32, *const Argument, *mut Reply),
    pub log: extern "C" fn(i32, Text, Text),
    pub connected: extern "C" fn() -> i32,
    pub serving: extern "C" fn() -> i32,
}

/// `nxt_server`
#[repr(C)]
pub struct Server {
    pub interface: u32,
    pub size: u32,
    pub class_size: u32,
    pub command_size: u32,
    pub attribute_size: u32,
    pub property_size: u32,
    pub callbacks_size: u32,
    pub wait_for_database: i32,
    pub version: Text,
    pub classes: *const Class,
    pub class_count: usize,
    pub callbacks: Callbacks,
}

/// `nxt_sink`
pub type Sink = extern "C" fn(*mut c_void, i32, Text);

unsafe extern "C" {
    pub fn nxt_reply_number(reply: *mut Reply, number: i64);
    pub fn nxt_reply_add_number(reply: *mut Reply, number: i64);
    pub fn nxt_reply_add_text(reply: *mut Reply, text: Text);
    pub fn nxt_reply_add_error(reply: *mut Reply, reason: Text, desc: Text, origin: Text);
    pub fn nxt_reply_unanswered(reply: *mut Reply);
    pub fn nxt_reply_new() -> *mut Reply;
    pub fn nxt_reply_free(reply: *mut Reply);

    pub fn nxt_run(
        server: *const Server,
        argc: i32,
        argv: *const Text,
        sink: Sink,
        context: *mut c_void,
    ) -> i32;
    pub safe fn nxt_end() -> i32;
    pub fn nxt_recall(sink: Sink, context: *mut c_void) -> i32;

    pub fn nxt_property_get(device: u64, name: Text, sink: Sink, context: *mut c_void) -> i32;
    pub fn nxt_push_state(device: u64, state: i32, status: Text) -> i32;
    pub fn nxt_push(device: u64, attribute: u32, value: *const Reply) -> i32;

    pub safe fn nxt_log_level(device: u64) -> i32;
    pub safe fn nxt_set_log_level(device: u64, level: i32);
}
