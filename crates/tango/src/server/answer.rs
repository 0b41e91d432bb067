//! What callbacks answer.

use crate::failure::DevFailed;
use crate::shim::server::Reply;
use crate::value::{DataType, Value};

/// Fails, or answers with a value of this form: its type, and the most elements of a spectrum. Only the newest
/// elements of a spectrum are sent.
pub fn give(
    reply: &mut Reply,
    result: Result<Value, DevFailed>,
    (data, spectrum): (DataType, Option<usize>),
) {
    match result {
        Ok(value) if fits(&value, data, spectrum) => set_value(reply, &value, spectrum),
        Ok(value) => {
            let problem = format!("{value:?} is not of the type {data:?}");
            tracing::error!("a device answers wrongly: {problem}");
            fail(reply, &DevFailed::python("TypeError", problem, "tango"));
        }
        Err(failure) => fail(reply, &failure),
    }
}

/// Fails.
pub fn fail(reply: &mut Reply, failure: &DevFailed) {
    if failure.unanswered {
        reply.set_unanswered();
    }
    for error in &failure.errors {
        reply.add_error(error);
    }
}

fn set_value(reply: &mut Reply, value: &Value, spectrum: Option<usize>) {
    let most = spectrum.unwrap_or(usize::MAX);
    match value {
        Value::Void => {}
        Value::Boolean(value) => reply.set_number(i64::from(*value)),
        Value::Long64(value) => reply.set_number(*value),
        Value::State(state) => reply.set_number(*state as i64),
        Value::Enum(index) => reply.set_number(i64::from(*index)),
        Value::Text(text) => reply.add_text(text),
        Value::Texts(texts) => newest(texts, most)
            .iter()
            .for_each(|text| reply.add_text(text)),
        Value::States(states) => newest(states, most)
            .iter()
            .for_each(|state| reply.add_number(*state as i64)),
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
