//! A map: the values of a channel on the grid of a scan.

use observation::ScanGrid;

/// The most cells of a map.
const MAX_CELLS: u64 = 1 << 20;

/// The most cells of a map that is kept before anybody has asked for it.
const SMALL: usize = 1 << 16;

/// How the points of a scan lie on a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapShape {
    /// Lines: those of all slow sides.
    pub rows: usize,
    /// Points of a line.
    pub columns: usize,
    /// Set if every other line is scanned backwards.
    is_snake: bool,
}

/// The values of a channel on a grid; NaN where nothing was measured.
#[derive(Debug, Clone)]
pub struct Map {
    shape: MapShape,
    cells: Vec<f32>,
}

impl MapShape {
    /// Returns the shape of a map of this grid. Returns `None` if it is too large.
    pub fn of(grid: &ScanGrid) -> Option<MapShape> {
        let (columns, slow) = grid.shape.split_last()?;
        let rows = slow
            .iter()
            .try_fold(1u64, |rows, side| rows.checked_mul(*side))?;
        let cells = rows.checked_mul(*columns)?;
        ((1..=MAX_CELLS).contains(&cells)).then_some(MapShape {
            rows: rows as usize,
            columns: *columns as usize,
            is_snake: grid.is_snake,
        })
    }

    /// Returns `true` if maps of this shape need little memory.
    pub fn is_small(&self) -> bool {
        self.rows * self.columns <= SMALL
    }

    /// Returns the cell of a point.
    fn cell(&self, point: u64) -> usize {
        let (row, column) = (point / self.columns as u64, point as usize % self.columns);
        let is_backwards = self.is_snake && row % 2 == 1;
        let column = if is_backwards {
            self.columns - 1 - column
        } else {
            column
        };
        row as usize * self.columns + column
    }
}

impl Map {
    /// Creates a map without values.
    pub fn new(shape: MapShape) -> Map {
        Map {
            cells: vec![f32::NAN; shape.rows * shape.columns],
            shape,
        }
    }

    /// Returns the values, line by line, in the order of the grid.
    pub fn cells(&self) -> &[f32] {
        &self.cells
    }

    /// Adds points from this index on. Points behind the grid are left out.
    pub fn add(&mut self, first: u64, values: &[f64]) {
        for (point, value) in (first..self.cells.len() as u64).zip(values) {
            let cell = self.shape.cell(point);
            self.cells[cell] = *value as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(shape: &[u64], is_snake: bool) -> ScanGrid {
        ScanGrid {
            shape: shape.to_vec(),
            axes: Vec::new(),
            is_snake,
        }
    }

    #[test]
    fn lines_of_a_snake_alternate() {
        let shape = MapShape::of(&grid(&[3, 2], true)).unwrap();
        let mut map = Map::new(shape);
        map.add(0, &[0.0, 1.0, 2.0]);
        map.add(3, &[3.0, 4.0]);
        assert_eq!(map.cells()[..5], [0.0, 1.0, 3.0, 2.0, 4.0]);
        assert!(map.cells()[5].is_nan());
        map.add(5, &[5.0, 6.0]);
        map.add(1000, &[7.0]);
        assert_eq!(map.cells(), [0.0, 1.0, 3.0, 2.0, 4.0, 5.0]);
    }

    #[test]
    fn lines_of_a_mesh_have_one_direction() {
        let mut map = Map::new(MapShape::of(&grid(&[2, 2, 2], false)).unwrap());
        map.add(0, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!((map.shape.rows, map.shape.columns), (4, 2));
        assert_eq!(map.cells()[4..], [4.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn absurd_grids_have_no_map() {
        for shape in [&[][..], &[0, 4], &[1 << 11, 1 << 11], &[1 << 40, 1 << 40]] {
            assert_eq!(MapShape::of(&grid(shape, false)), None, "{shape:?}");
        }
    }
}
