//! What callbacks answer.

use crate::failure::DevFailed;
use crate::ffi::{self, Reply, Text};
use crate::latin1;
use crate::value::{DataType, DevState, Value};

/// The place for one answer, which the shim provides for the time of a callback or a push.
pub struct Answer {
    reply: *mut Reply,
}

impl Answer {
    /// # Safety
    /// `reply` must be one of the shim, which lives longer than the answer and which nobody else uses
    /// meanwhile.
    pub unsafe fn new(reply: *mut Reply) -> Answer {
        Answer { reply }
    }

    /// Fails, or answers with a value of this type; a spectrum with the newest elements of one.
    pub fn give(&self, result: Result<Value, DevFailed>, data: DataType, spectrum: Option<usize>) {
        match result {
            Ok(value) if fits(&value, data, spectrum) => self.value(&value, spectrum),
            Ok(value) => {
                let problem = format!("{value:?} is not of the type {data:?}");
                tracing::error!("a device answers wrongly: {problem}");
                self.fail(&DevFailed::python("TypeError", problem, "tango"));
            }
            Err(failure) => self.fail(&failure),
        }
    }

    /// Fails.
    pub fn fail(&self, failure: &DevFailed) {
        if failure.unanswered {
            // SAFETY: see `new`.
            unsafe { ffi::nxt_reply_unanswered(self.reply) }
        }
        for error in &failure.errors {
            let [reason, desc, origin] =
                [&error.reason, &error.desc, &error.origin].map(|text| latin1::encode(text));
            let (reason, desc, origin) = (
                Text::borrow(&reason),
                Text::borrow(&desc),
                Text::borrow(&origin),
            );
            // SAFETY: see `new`; the texts are copied.
            unsafe { ffi::nxt_reply_add_error(self.reply, reason, desc, origin) }
        }
    }

    fn value(&self, value: &Value, spectrum: Option<usize>) {
        let most = spectrum.unwrap_or(usize::MAX);
        match value {
            Value::Void => {}
            Value::Boolean(value) => self.number(i64::from(*value)),
            Value::Long64(value) => self.number(*value),
            Value::State(state) => self.number(*state as i64),
            Value::Enum(index) => self.number(i64::from(*index)),
            Value::Text(text) => self.add_text(text),
            Value::Texts(texts) => newest(texts, most)
                .iter()
                .for_each(|one| self.add_text(one)),
            Value::States(states) => newest(states, most)
                .iter()
                .for_each(|one| self.add_state(*one)),
        }
    }

    fn number(&self, number: i64) {
        // SAFETY: see `new`.
        unsafe { ffi::nxt_reply_number(self.reply, number) }
    }

    fn add_state(&self, state: DevState) {
        // SAFETY: see `new`.
        unsafe { ffi::nxt_reply_add_number(self.reply, state as i64) }
    }

    fn add_text(&self, text: &str) {
        let bytes = latin1::encode(text);
        // SAFETY: see `new`; the text is copied.
        unsafe { ffi::nxt_reply_add_text(self.reply, Text::borrow(&bytes)) }
    }
}

/// Tango fails the whole read of a spectrum that is too long.
fn newest<T>(elements: &[T], most: usize) -> &[T] {
    &elements[elements.len().saturating_sub(most)..]
}

fn fits(value: &Value, data: DataType, spectrum: Option<usize>) -> bool {
    match value {
        Value::Void => data == DataType::Void,
        Value::Boolean(_) => data == DataType::Boolean && spectrum.is_none(),
        Value::Long64(_) => data == DataType::Long64 && spectrum.is_none(),
        Value::Text(_) => data == DataType::Text && spectrum.is_none(),
        Value::State(_) => data == DataType::State && spectrum.is_none(),
        Value::Enum(_) => data == DataType::Enum && spectrum.is_none(),
        Value::Texts(_) => match spectrum {
            Some(_) => data == DataType::Text,
            None => data == DataType::Texts,
        },
        Value::States(_) => data == DataType::State && spectrum.is_some(),
    }
}

/// The value of a push, which outlives the call that makes it.
pub struct OwnedAnswer {
    reply: *mut Reply,
}

impl OwnedAnswer {
    /// None without memory.
    pub fn new() -> Option<OwnedAnswer> {
        // SAFETY: there is nothing to be kept.
        let reply = unsafe { ffi::nxt_reply_new() };
        (!reply.is_null()).then_some(OwnedAnswer { reply })
    }

    /// Where the value goes.
    pub fn answer(&mut self) -> Answer {
        // SAFETY: the reply is ours alone, and is only freed with `self`.
        unsafe { Answer::new(self.reply) }
    }

    /// To be handed to the shim.
    pub fn as_ptr(&self) -> *const Reply {
        self.reply
    }
}

impl Drop for OwnedAnswer {
    fn drop(&mut self) {
        // SAFETY: made by `nxt_reply_new`, and freed once.
        unsafe { ffi::nxt_reply_free(self.reply) }
    }
}
