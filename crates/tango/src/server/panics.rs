//! Panics of devices, which are failures of the calls alone.
//!
//! A client waits for the answer meanwhile, and naming the functions of a backtrace may take longer than its
//! patience. So that happens in a thread of its own.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::thread;

use crate::failure::DevFailed;

static HOOK: Once = Once::new();

thread_local! {
    /// Set while this thread calls a device.
    static CALLS_DEVICE: Cell<bool> = const { Cell::new(false) };
}

/// Lets panics of devices be reported without delaying their clients. Others are reported as before.
pub fn install_hook() {
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match CALLS_DEVICE.get() {
            true => report(panic),
            false => others(panic),
        }));
    });
}

/// Turns a panic into a failure of the call alone: what devices share is consistent at any time.
pub fn catch_panic<T>(call: impl FnOnce() -> Result<T, DevFailed>) -> Result<T, DevFailed> {
    catch(call).unwrap_or_else(|problem| {
        tracing::error!("panic in a device: {problem}");
        Err(DevFailed::python("SystemError", problem, "tango"))
    })
}

/// Calls a device. Returns the text of a panic.
pub fn catch<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    let was_calling = CALLS_DEVICE.replace(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    CALLS_DEVICE.set(was_calling);
    called.map_err(|panic| text(&*panic))
}

/// Logs where a panic happened. The backtrace is recorded here, which is fast.
fn report(panic: &PanicHookInfo) {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    let backtrace = Backtrace::capture();
    let log = move || match backtrace.status() {
        BacktraceStatus::Captured => tracing::error!("a device panicked at {place}\n{backtrace}"),
        _ => tracing::error!("a device panicked at {place}"),
    };
    let thread = thread::Builder::new().name("tango-panic".to_owned());
    if let Err(error) = thread.spawn(log) {
        tracing::error!("no thread to report where a device panicked: {error}");
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panic").to_owned()
}
