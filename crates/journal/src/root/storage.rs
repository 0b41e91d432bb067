//! Links and attributes that are not in the header of their group, but in a heap.

use super::Read;
use super::btree;
use super::fields::{Fields, Parsed, Refusal, UNDEFINED, require};
use super::fractal_heap::FractalHeap;
use super::header::{Message, ObjectHeader};

/// Messages of object headers.
const LINK_INFO: u8 = 0x2;
const LINK: u8 = 0x6;
const ATTRIBUTE: u8 = 0xc;
const ATTRIBUTE_INFO: u8 = 0x15;

/// Types of B-trees: names of links, and of attributes.
const TREE_OF_LINKS: u8 = 5;
const TREE_OF_ATTRIBUTES: u8 = 8;

/// The content of the message is somewhere else.
const IS_SHARED: u8 = 0x2;

/// The fewest bytes of a message.
const LEAST: usize = 8;

/// Adds the links and attributes that are in heaps to the messages of a header, as if they had always been there.
/// Refuses more than `limit` bytes.
pub(super) fn bring_in(read: &Read<'_>, header: &mut ObjectHeader, limit: usize) -> Parsed<()> {
    let mut added = Vec::new();
    for message in &mut header.messages {
        let (width_of_order, kind, tree) = match message.kind {
            LINK_INFO => (8, LINK, TREE_OF_LINKS),
            ATTRIBUTE_INFO => (2, ATTRIBUTE, TREE_OF_ATTRIBUTES),
            _ => continue,
        };
        let mut fields = Fields::new(&message.body);
        fields.expect(&[0])?;
        let flags = fields.byte()?;
        if flags & 1 != 0 {
            fields.take(width_of_order)?;
        }
        let addresses = message.body.len() - fields.rest().len();
        let heap = fields.number(8)?;
        let names = fields.number(8)?;
        if heap == UNDEFINED {
            continue;
        }
        let records = btree::records(read, names, tree, limit / LEAST)?;
        let heap = FractalHeap::open(read, heap)?;
        let messages = records.iter().map(|record| message_of(kind, record, &heap));
        let mut messages = messages.collect::<Parsed<Vec<_>>>()?;
        messages.sort_unstable_by_key(|(place, _)| *place);
        added.extend(messages.into_iter().map(|(_, message)| message));
        let without = message.body.get_mut(addresses..).ok_or(Refusal::Unknown)?;
        without.fill(UNDEFINED as u8);
    }
    let lengths = added.iter().map(|message| message.body.len());
    require(lengths.sum::<usize>() <= limit)?;
    header.messages.extend(added);
    Ok(())
}

/// Returns a link or an attribute to which a record of a B-tree refers, and its place in the heap.
fn message_of(kind: u8, record: &[u8], heap: &FractalHeap<'_>) -> Parsed<(u64, Message)> {
    let mut fields = Fields::new(record);
    let (identifier, flags, order) = match kind {
        LINK => {
            fields.take(4)?;
            (fields.take(7)?, 0, 0)
        }
        _ => {
            let identifier = fields.take(8)?;
            (identifier, fields.byte()?, fields.number(4)?)
        }
    };
    require(flags & IS_SHARED == 0)?;
    let (place, body) = heap.object(identifier)?;
    let message = Message {
        kind,
        flags,
        order: u16::try_from(order).map_err(|_| Refusal::Unknown)?,
        body,
    };
    Ok((place, message))
}
