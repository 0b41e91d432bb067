//! Fractal heaps, of which objects are read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::Read;
use super::fields::{Fields, Parsed, Refusal, UNDEFINED, require, width_of};
use super::header::checked;

const HEAD: usize = 4 + 1 + 2 + 2 + 1 + 4 + 12 * 8 + 2 + 2 * 8 + 2 * 2 + 8 + 2 + 4;
/// The largest length that a heap of the library can have is a number with this many bits.
const MOST_BITS: usize = 64;
/// The largest length of a block: the library makes blocks of at most 64 KiB for links and attributes.
const LARGEST_BLOCK: u64 = 1 << 20;

/// A heap whose header has been read. Its space consists of rows of blocks: those of the first two rows have the same
/// length, those of each row after them have twice the length of the row before. From some row on there are tables of
/// further blocks in place of blocks with objects. Blocks and tables are read once, since a heap may have thousands of objects
/// in each.
pub(super) struct FractalHeap<'a> {
    read: &'a Read<'a>,
    /// The number of bytes of an offset, and of a length, in the identifier of an object.
    offset_width: usize,
    length_width: usize,
    /// The number of blocks in a row.
    columns: u64,
    first_block: u64,
    /// The number of rows with objects.
    rows_of_objects: u32,
    root: u64,
    /// The number of rows of the table at `root`, or 0 if it is a block with objects.
    root_rows: u32,
    /// The blocks and tables that were read, by their addresses.
    known: RefCell<HashMap<u64, Rc<[u8]>>>,
}

/// A block with objects.
struct Block {
    address: u64,
    /// Where in the heap it begins.
    begin: u64,
    length: u64,
}

impl<'a> FractalHeap<'a> {
    pub fn open(read: &'a Read<'a>, address: u64) -> Parsed<FractalHeap<'a>> {
        let bytes = checked(read, address, HEAD)?;
        let mut fields = Fields::new(&bytes);
        fields.expect(b"FRHP")?;
        fields.expect(&[0])?;
        fields.take(2)?;
        let filters = fields.number(2)?;
        fields.byte()?;
        let most_of_object = fields.number(4)?;
        fields.take(12 * 8)?;
        let columns = fields.number(2)?;
        let first_block = fields.number(8)?;
        let largest_block = fields.number(8)?;
        let bits = fields.size(2)?;
        fields.take(2)?;
        let root = fields.number(8)?;
        let root_rows = fields.number(2)? as u32;
        let is_usual = columns.is_power_of_two()
            && first_block.is_power_of_two()
            && largest_block.is_power_of_two()
            && first_block <= largest_block
            && largest_block <= u64::from(u32::MAX)
            && bits <= MOST_BITS
            && filters == 0
            && root_rows <= MOST_BITS as u32;
        require(is_usual)?;
        let of_block = (largest_block.ilog2() as usize).div_ceil(8);
        Ok(FractalHeap {
            read,
            offset_width: bits.div_ceil(8),
            length_width: of_block.min(width_of(most_of_object)),
            columns,
            first_block,
            rows_of_objects: largest_block.ilog2() - first_block.ilog2() + 2,
            root,
            root_rows,
            known: RefCell::default(),
        })
    }

    /// Returns the place of an object in the heap, and its bytes. `identifier` is its identifier in a B-tree.
    pub fn object(&self, identifier: &[u8]) -> Parsed<(u64, Vec<u8>)> {
        let mut fields = Fields::new(identifier);
        // Version 0, and an object in a block. Very large and very small ones are not known here.
        fields.expect(&[0])?;
        let offset = fields.number(self.offset_width)?;
        let length = fields.size(self.length_width)?;
        // Messages are not longer.
        require(length <= usize::from(u16::MAX))?;
        let block = match self.root_rows {
            0 => Block {
                address: self.root,
                begin: 0,
                length: self.first_block,
            },
            rows => self.block(offset, rows)?,
        };
        require(block.address != UNDEFINED && block.length <= LARGEST_BLOCK)?;
        let bytes = self.known(block.address, || {
            let mut bytes = vec![0; block.length as usize];
            (self.read)(block.address, &mut bytes)?;
            Ok(bytes)
        })?;
        let begin = (offset - block.begin) as usize;
        let object = bytes.get(begin..begin.saturating_add(length));
        Ok((offset, object.ok_or(Refusal::Unknown)?.to_vec()))
    }

    /// Returns the bytes at this address, which `read` reads if they are not known yet.
    fn known(&self, address: u64, read: impl FnOnce() -> Parsed<Vec<u8>>) -> Parsed<Rc<[u8]>> {
        if let Some(bytes) = self.known.borrow().get(&address) {
            return Ok(bytes.clone());
        }
        let bytes: Rc<[u8]> = read()?.into();
        self.known.borrow_mut().insert(address, bytes.clone());
        Ok(bytes)
    }

    /// Returns the block with this place in the heap.
    fn block(&self, offset: u64, mut rows: u32) -> Parsed<Block> {
        let (mut table, mut begin) = (self.root, 0);
        let first_row = self.columns * self.first_block;
        loop {
            let within = offset - begin;
            let row = match within / first_row {
                0 => 0,
                times => times.ilog2() + 1,
            };
            require(row < rows && table != UNDEFINED)?;
            let before_row = if row == 0 { 0 } else { first_row << (row - 1) };
            let length = before_row.max(first_row) / self.columns;
            let column = (within - before_row) / length;
            let entry = u64::from(row) * self.columns + column;
            let below = self.entry(table, entry, rows)?;
            begin += before_row + column * length;
            if row < self.rows_of_objects {
                return Ok(Block {
                    address: below,
                    begin,
                    length,
                });
            }
            let times = length / first_row;
            rows = times.checked_ilog2().ok_or(Refusal::Unknown)? + 1;
            table = below;
        }
    }

    /// Returns an address in a table of blocks.
    fn entry(&self, table: u64, entry: u64, rows: u32) -> Parsed<u64> {
        let head = 4 + 1 + 8 + self.offset_width;
        let length = head + (u64::from(rows) * self.columns * 8) as usize + 4;
        let bytes = self.known(table, || checked(self.read, table, length))?;
        let mut fields = Fields::new(&bytes);
        fields.expect(b"FHIB")?;
        fields.expect(&[0])?;
        fields.take(8 + self.offset_width + entry as usize * 8)?;
        fields.number(8)
    }
}
