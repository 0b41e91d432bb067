//! Attributes with their values.

use std::rc::Rc;

use nexus::h5::JsonLimits;
use serde_json::Value;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::{Located, Place, Walker};
use crate::{MAX_DATA_BYTES, MAX_TEXT_BYTES};

/// Returns the values of attributes by their names; of all attributes, if no names are given.
pub fn answer(
    walker: &Walker,
    file: &Rc<OpenFile>,
    path: &str,
    names: &[String],
) -> Result<Answer, Failure> {
    let found = match walker.place(file, path)? {
        Place::Object(found) => found,
        // A link has no attributes.
        _ => return Ok(Answer::json_text("{}".to_owned())),
    };
    values(&found, names).map(Answer::json_text)
}

fn values(found: &Located, names: &[String]) -> Result<String, Failure> {
    let object = found.object()?;
    let all = object.attribute_names()?;
    let wanted = match names {
        [] => &all,
        names => match names.iter().find(|name| !all.contains(name)) {
            Some(missing) => {
                return Err(Failure::NotFound(format!(
                    "there is no attribute {missing:?}"
                )));
            }
            None => names,
        },
    };
    let mut text = String::from("{");
    for name in wanted {
        let limits = JsonLimits {
            total: MAX_DATA_BYTES.saturating_sub(text.len()),
            text: MAX_TEXT_BYTES,
        };
        let Some(value) = object.attribute_json(name, limits)? else {
            return Err(Failure::TooLarge(
                "the attributes are too large: name some of them with the parameter \"attr_keys\""
                    .to_owned(),
            ));
        };
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&Value::String(name.clone()).to_string());
        text.push(':');
        text.push_str(&value);
    }
    text.push('}');
    Ok(text)
}
