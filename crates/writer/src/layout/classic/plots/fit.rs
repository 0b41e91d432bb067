//! Positions along one dimension of a grid, from the positions of all its points.
//!
//! A motor is never at exactly the same position twice, but the axis of an image has one position
//! per row or column. So positions are averaged, and a straight line is fitted to the averages.

/// Returns `length` positions along an axis of a grid, from those of its points in C order. The last points of the grid
/// may be missing, and `length` may be another than that of the grid. Returns `None` if no position is finite.
pub fn positions(points: &[f64], grid: &[u64], axis: usize, length: u64) -> Option<Vec<f64>> {
    let size = usize::try_from(*grid.get(axis)?).ok()?;
    let inner = grid.get(axis + 1..)?.iter().product::<u64>();
    let inner = usize::try_from(inner).ok()?.max(1);
    let mut sums = vec![(0.0, 0.0); size];
    for (index, point) in points.iter().enumerate() {
        if let Some((sum, count)) = sums.get_mut(index / inner % size.max(1))
            && point.is_finite()
        {
            *sum += point;
            *count += 1.0;
        }
    }
    let averages: Vec<(f64, f64)> = sums
        .into_iter()
        .enumerate()
        .filter(|(_, (_, count))| *count > 0.0)
        .map(|(index, (sum, count))| (index as f64, sum / count))
        .filter(|(_, average)| average.is_finite())
        .collect();
    let (slope, start) = straight_line(&averages)?;
    Some(
        (0..length)
            .map(|index| start + slope * index as f64)
            .collect(),
    )
}

/// Returns the slope and the start of the line that fits the points best (least squares). The slope
/// is 0 for a single point.
fn straight_line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / count;
    if points.is_empty() {
        return None;
    }
    let middle = mean(&mut points.iter().map(|(x, _)| *x));
    let level = mean(&mut points.iter().map(|(_, y)| *y));
    let (mut product, mut square) = (0.0, 0.0);
    for (x, y) in points {
        product += (x - middle) * (y - level);
        square += (x - middle) * (x - middle);
    }
    let slope = if square > 0.0 { product / square } else { 0.0 };
    Some((slope, level - slope * middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<Vec<f64>>, expected: &[f64]) {
        let found = found.unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    /// Figures of a scan that blisswriter 2.0.0 saved.
    #[test]
    fn a_mesh_has_straight_axes() {
        let fast = [0.0, 0.3333, 0.6667, 1.0].repeat(5);
        let expected = [-9.99999999991669e-06, 0.33333, 0.66667, 1.00001];
        near(positions(&fast, &[5, 4], 1, 4), &expected);
        let slow: Vec<f64> = (0..20).map(|point| f64::from(point / 4) * 0.5).collect();
        near(positions(&slow, &[5, 4], 0, 5), &[0.0, 0.5, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn dimensions_in_the_middle_have_their_own_positions() {
        let points: Vec<f64> = (0..24).map(|point| f64::from(point / 2 % 3)).collect();
        near(positions(&points, &[4, 3, 2], 1, 3), &[0.0, 1.0, 2.0]);
    }

    #[test]
    fn points_that_never_came_have_no_say() {
        let nan = f64::NAN;
        near(
            positions(&[0.0, 1.0, 2.0, 0.0, nan, nan], &[2, 3], 1, 3),
            &[0.0, 1.0, 2.0],
        );
        near(positions(&[5.0, 5.0, nan, nan], &[2, 2], 0, 2), &[5.0, 5.0]);
        assert_eq!(positions(&[nan, nan], &[2, 1], 0, 2), None);
        assert_eq!(positions(&[], &[0, 3], 0, 0), None);
    }

    #[test]
    fn a_line_goes_on_where_a_grid_has_more_rows_than_positions() {
        let points = [0.0, 0.0, 0.5, 0.5, 1.0];
        near(positions(&points, &[3, 2], 0, 4), &[0.0, 0.5, 1.0, 1.5]);
    }
}
