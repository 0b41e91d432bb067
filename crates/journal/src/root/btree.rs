//! B-trees of version 2, of which all records are read.

use super::Read;
use super::fields::{Fields, Parsed, Refusal, require, width_of};
use super::header::checked;

const HEAD: usize = 4 + 1 + 1 + 4 + 2 + 2 + 1 + 1 + 8 + 2 + 8 + 4;
/// Signature, version, type and checksum of a node.
const NODE_OVERHEAD: usize = 4 + 1 + 1 + 4;
/// No tree of the library is that deep.
const MOST_LEVELS: usize = 16;
const MOST_BYTES_OF_NODE: usize = 1 << 16;

/// A tree whose header has been read.
struct Tree<'a> {
    read: &'a Read<'a>,
    kind: u8,
    node_length: usize,
    record_length: usize,
    /// For each level above the leaves, which are level 0, the length of a reference to a node below.
    pointers: Vec<usize>,
    /// The number of bytes that such a reference has for the number of records of the node.
    width: usize,
    records: Vec<Vec<u8>>,
    most_records: usize,
}

/// Returns all records of the tree at this address, which are of this type, in order. Refuses more than `most`.
pub(super) fn records(
    read: &Read<'_>,
    address: u64,
    kind: u8,
    most: usize,
) -> Parsed<Vec<Vec<u8>>> {
    let bytes = checked(read, address, HEAD)?;
    let mut fields = Fields::new(&bytes);
    fields.expect(b"BTHD")?;
    fields.expect(&[0, kind])?;
    let node_length = fields.size(4)?;
    let record_length = fields.size(2)?;
    let depth = fields.size(2)?;
    fields.take(2)?;
    let root = fields.number(8)?;
    let count = fields.size(2)?;
    let is_usual = record_length > 0
        && (NODE_OVERHEAD + record_length..=MOST_BYTES_OF_NODE).contains(&node_length);
    require(is_usual && depth < MOST_LEVELS && fields.size(8)? <= most)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let (pointers, width) = pointers(node_length, record_length, depth)?;
    let mut tree = Tree {
        read,
        kind,
        node_length,
        record_length,
        pointers,
        width,
        records: Vec::new(),
        most_records: most,
    };
    tree.add_node(root, count, depth)?;
    Ok(tree.records)
}

/// Returns the length of a reference to a node, for each level above the leaves, and how many bytes of it are for the
/// number of records in the node.
fn pointers(node: usize, record: usize, depth: usize) -> Parsed<(Vec<usize>, usize)> {
    let space = node - NODE_OVERHEAD;
    let mut below = (space / record) as u64;
    let width = width_of(below);
    let mut width_of_below = 0;
    let mut pointers = Vec::new();
    for _ in 0..depth {
        let pointer = 8 + width + width_of_below;
        let space = space.checked_sub(pointer).ok_or(Refusal::Unknown)?;
        let records = (space / (record + pointer)) as u64;
        below = below.saturating_mul(records + 1).saturating_add(records);
        width_of_below = width_of(below);
        require(records > 0 && width_of_below <= 8)?;
        pointers.push(pointer);
    }
    Ok((pointers, width))
}

impl Tree<'_> {
    /// Adds the records in a node, and in the nodes below it.
    fn add_node(&mut self, address: u64, count: usize, level: usize) -> Parsed<()> {
        let pointer = match level {
            0 => 0,
            level => self.pointers[level - 1],
        };
        require(count <= self.node_length)?;
        let pointers = if level == 0 { 0 } else { count + 1 };
        let length = NODE_OVERHEAD + count * self.record_length + pointers * pointer;
        require(length <= self.node_length)?;
        require(self.records.len() + count <= self.most_records)?;
        let bytes = checked(self.read, address, length)?;
        let mut fields = Fields::new(&bytes);
        let signature = if level == 0 { b"BTLF" } else { b"BTIN" };
        fields.expect(signature)?;
        fields.expect(&[0, self.kind])?;
        let mut own = Fields::new(fields.take(count * self.record_length)?);
        for index in 0..=count {
            if level > 0 {
                let mut below = Fields::new(fields.take(pointer)?);
                let address = below.number(8)?;
                let count = below.size(self.width)?;
                self.add_node(address, count, level - 1)?;
            }
            if index < count {
                let record = own.take(self.record_length)?;
                self.records.push(record.to_vec());
            }
        }
        Ok(())
    }
}
