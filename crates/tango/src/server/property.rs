//! Properties of devices in the Tango database.

use std::ffi::c_void;

use crate::ffi::{self, Text};
use crate::latin1;

/// What the shim says about something that it was asked for.
#[derive(Default)]
pub struct Told {
    /// Texts.
    pub values: Vec<String>,
    /// What went wrong.
    pub problem: String,
}

impl Told {
    /// To be given to the shim together with [`hear`]; the other side may use it until `self` moves.
    pub fn context(&mut self) -> *mut c_void {
        std::ptr::from_mut(self).cast()
    }
}

/// Hears texts from the shim.
pub extern "C" fn hear(context: *mut c_void, failed: i32, text: Text) {
    // SAFETY: what is handed over with this function is a `Told`, for the time of one call that runs in
    // this thread, and nobody else looks at it meanwhile.
    let told = unsafe { &mut *context.cast::<Told>() };
    // SAFETY: lent for the time of this call.
    let text = latin1::decode(unsafe { text.bytes() });
    if failed == 0 {
        told.values.push(text);
    } else {
        told.problem = text;
    }
}

/// The values of a property; none if it is not set.
pub fn get(device: u64, name: &str) -> Result<Option<Vec<String>>, String> {
    let mut told = Told::default();
    let name = latin1::encode(name);
    // SAFETY: the name is copied; `told` outlives the call.
    let found = unsafe { ffi::nxt_property_get(device, Text::borrow(&name), hear, told.context()) };
    match found {
        0 => Ok(None),
        1.. => Ok(Some(told.values)),
        ..0 => Err(told.problem),
    }
}
