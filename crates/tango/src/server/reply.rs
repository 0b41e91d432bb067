//! The replies of callbacks.

use crate::failure::DevFailed;
use crate::shim::server::Reply;
use crate::value::{TangoType, TangoValue};

/// Fills a reply with a result. The form of the value is its type and, for a spectrum, the largest number of
/// elements, of which the newest are sent.
pub fn fill(
    reply: &mut Reply,
    result: Result<TangoValue, DevFailed>,
    (data, spectrum): (TangoType, Option<usize>),
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

/// Fills a reply with a failure.
pub fn fail(reply: &mut Reply, failure: &DevFailed) {
    if failure.unanswered {
        reply.set_unanswered();
    }
    for error in &failure.errors {
        reply.add_error(error);
    }
}

fn set_value(reply: &mut Reply, value: &TangoValue, spectrum: Option<usize>) {
    let most = spectrum.unwrap_or(usize::MAX);
    match value {
        TangoValue::Void => {}
        TangoValue::Boolean(value) => reply.set_number(i64::from(*value)),
        TangoValue::Long64(value) => reply.set_number(*value),
        TangoValue::State(state) => reply.set_number(*state as i64),
        TangoValue::Enum(index) => reply.set_number(i64::from(*index)),
        TangoValue::Text(text) => reply.add_text(text),
        TangoValue::Texts(texts) => newest(texts, most)
            .iter()
            .for_each(|text| reply.add_text(text)),
        TangoValue::States(states) => newest(states, most)
            .iter()
            .for_each(|state| reply.add_number(*state as i64)),
    }
}

/// Tango fails the whole read of a spectrum that is too long.
fn newest<T>(elements: &[T], most: usize) -> &[T] {
    &elements[elements.len().saturating_sub(most)..]
}

fn fits(value: &TangoValue, data: TangoType, spectrum: Option<usize>) -> bool {
    match value {
        TangoValue::Void => data == TangoType::Void,
        TangoValue::Boolean(_) => data == TangoType::Boolean && spectrum.is_none(),
        TangoValue::Long64(_) => data == TangoType::Long64 && spectrum.is_none(),
        TangoValue::Text(_) => data == TangoType::Text && spectrum.is_none(),
        TangoValue::State(_) => data == TangoType::State && spectrum.is_none(),
        TangoValue::Enum(_) => data == TangoType::Enum && spectrum.is_none(),
        TangoValue::Texts(_) => match spectrum {
            Some(_) => data == TangoType::Text,
            None => data == TangoType::Texts,
        },
        TangoValue::States(_) => data == TangoType::State && spectrum.is_some(),
    }
}
