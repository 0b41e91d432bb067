//! Classes in the form that the shim takes.

use crate::class::{AttributeAccess, DeviceClass};
use crate::server::error::InvalidClass;
use crate::shim::{List, Text, server as shim};
use crate::value::TangoType;

/// Describes classes. The description lives for ever: the shim reads it as long as it serves devices, and a
/// process has one server.
pub fn describe(classes: &[&'static DeviceClass]) -> &'static [shim::ClassDescription] {
    leak(classes.iter().map(|class| describe_class(class)))
}

fn describe_class(class: &'static DeviceClass) -> shim::ClassDescription {
    let commands = leak(
        class
            .commands
            .iter()
            .map(|command| shim::CommandDescription {
                name: text(command.name),
                in_doc: text(command.input_doc),
                out_doc: text(command.output_doc),
                in_type: command.input as i32,
                out_type: command.output as i32,
            }),
    );
    let attributes = leak(class.attributes.iter().map(|attribute| {
        let labels = leak(attribute.labels.iter().map(|label| text(label)));
        shim::AttributeDescription {
            name: text(attribute.name),
            labels: List::borrow(labels),
            data: attribute.data as i32,
            spectrum: attribute
                .spectrum
                .map_or(0, |most| u32::try_from(most).unwrap_or(u32::MAX)),
            writable: i32::from(attribute.access == AttributeAccess::ReadWrite),
        }
    }));
    let properties = leak(
        class
            .properties
            .iter()
            .map(|property| shim::PropertyDescription {
                name: text(property.name),
                // As devices in Python report it: no description, and a default in any case.
                doc: text(""),
                preset: text(property.default.unwrap_or("None")),
            }),
    );
    shim::ClassDescription {
        name: text(class.name),
        commands: List::borrow(commands),
        attributes: List::borrow(attributes),
        properties: List::borrow(properties),
    }
}

fn leak<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    Vec::leak(items.collect())
}

/// Names and descriptions are ASCII, see `validate`.
fn text(text: &'static str) -> Text<'static> {
    Text::borrow(text.as_bytes())
}

/// Returns an error for a class that the shim has no code for.
pub fn validate(class: &DeviceClass) -> Result<(), InvalidClass> {
    let refuse = |item, problem| {
        let class = class.name;
        Err(InvalidClass {
            class,
            item,
            problem,
        })
    };
    for command in class.commands {
        if [command.input, command.output].contains(&TangoType::Enum) {
            return refuse(command.name, "cannot be a command with an enumeration");
        }
        if !(command.input_doc.is_ascii() && command.output_doc.is_ascii()) {
            return refuse(command.name, "is not described in ASCII");
        }
    }
    for attribute in class.attributes {
        let writable = attribute.access == AttributeAccess::ReadWrite;
        let known = match (attribute.data, attribute.spectrum) {
            (TangoType::Void | TangoType::Texts, _) => false,
            (TangoType::Text | TangoType::State, Some(most)) => most > 0 && !writable,
            (TangoType::Boolean | TangoType::Long64 | TangoType::Enum, Some(_)) => false,
            (_, None) => true,
        };
        if !known {
            return refuse(attribute.name, "cannot be an attribute of this type");
        }
        if (attribute.data == TangoType::Enum) == attribute.labels.is_empty() {
            return refuse(attribute.name, "has labels without an enumeration, or none");
        }
        if !attribute.labels.iter().all(|label| label.is_ascii()) {
            return refuse(attribute.name, "has labels that are not ASCII");
        }
    }
    let names = class.commands.iter().map(|command| command.name);
    let names = names.chain(class.attributes.iter().map(|attribute| attribute.name));
    let names = names.chain(class.properties.iter().map(|property| property.name));
    for name in names.chain([class.name]) {
        if name.is_empty() || !name.is_ascii() {
            return refuse(name, "is not a name");
        }
    }
    Ok(())
}
