//! Dimensions of a scan: a list of points, or a grid.

use serde_json::Value as Json;

use crate::layout::info::count;
use crate::options::SaveOptions;

/// The most dimensions of a scan: HDF5 has 32, and some are for the dimensions of a point.
const MOST_DIMS: u64 = 24;

/// Dimensions of a scan, in C order: the fast motor last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanDims {
    /// Shape of the scan; empty for a scan that consists of one point. A length of 0 means that it
    /// is not known.
    pub scan: Vec<u64>,
    /// Shape of the scan in its datasets: that of the scan, or flat.
    pub saved: Vec<u64>,
}

impl ScanDims {
    /// Reads `data_dim`, `npoints`, `npoints1`, ... of a scan's info. Values that are not valid
    /// count as missing. A scan whose grid is not complete is a list of points.
    pub fn read(info: &Json, options: &SaveOptions) -> ScanDims {
        let npoints = count(info.get("npoints")).unwrap_or(0);
        let scan = match count(info.get("data_dim")).unwrap_or(1) {
            0 => Vec::new(),
            1 => vec![npoints],
            ndim => grid(info, ndim).unwrap_or_else(|| vec![npoints]),
        };
        let saved = match options.flat && !scan.is_empty() {
            true => vec![npoints],
            false => scan.clone(),
        };
        ScanDims { scan, saved }
    }
}

/// Returns the shape of a grid, if the length of every side is known and the grid is not
/// unreasonably large.
fn grid(info: &Json, ndim: u64) -> Option<Vec<u64>> {
    if ndim > MOST_DIMS {
        return None;
    }
    let sides = (1..=ndim).rev().map(|side| {
        let points = count(info.get(format!("npoints{side}")))?;
        (points > 0).then_some(points)
    });
    let sides: Vec<u64> = sides.collect::<Option<_>>()?;
    let points = sides
        .iter()
        .try_fold(1u64, |product, side| product.checked_mul(*side))?;
    (points < 1 << 48).then_some(sides)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dims(info: Json, flat: bool) -> (Vec<u64>, Vec<u64>) {
        let options = SaveOptions {
            flat,
            ..SaveOptions::default()
        };
        let dims = ScanDims::read(&info, &options);
        (dims.scan, dims.saved)
    }

    #[test]
    fn grids_have_the_fast_motor_last() {
        let info = json!({"data_dim": 2, "npoints": 20, "npoints1": 4, "npoints2": 5});
        assert_eq!(dims(info.clone(), true), (vec![5, 4], vec![20]));
        assert_eq!(dims(info, false), (vec![5, 4], vec![5, 4]));
    }

    #[test]
    fn lists_and_single_points() {
        assert_eq!(dims(json!({"npoints": 7}), false), (vec![7], vec![7]));
        assert_eq!(dims(json!({}), true), (vec![0], vec![0]));
        let info = json!({"data_dim": 0, "npoints": 1});
        assert_eq!(dims(info, true), (vec![], vec![]));
    }

    #[test]
    fn invalid_grids_are_lists() {
        let list = (vec![20], vec![20]);
        for info in [
            json!({"data_dim": 2, "npoints": 20, "npoints1": 4}),
            json!({"data_dim": 2, "npoints": 20, "npoints1": 4, "npoints2": 0}),
            json!({"data_dim": 2, "npoints": 20, "npoints1": 4, "npoints2": -5}),
            json!({"data_dim": 1e9, "npoints": 20, "npoints1": 4, "npoints2": 5}),
            json!({"data_dim": -2, "npoints": 20}),
            json!({"data_dim": "2", "npoints": 20, "npoints1": 4, "npoints2": 5}),
            json!({"data_dim": 2, "npoints": 20, "npoints1": 1u64 << 60, "npoints2": 1u64 << 60}),
        ] {
            assert_eq!(dims(info.clone(), false), list, "{info}");
        }
        assert_eq!(dims(json!({"npoints": null}), true), (vec![0], vec![0]));
        assert_eq!(dims(json!({"npoints": -3}), true), (vec![0], vec![0]));
    }
}
