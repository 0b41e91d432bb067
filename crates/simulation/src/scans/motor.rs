//! Motors that move in steps.

/// A motor that moves from start to stop, and, if others are slower, again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Motor {
    /// Name of the motor.
    pub name: &'static str,
    /// Unit of its positions.
    pub unit: &'static str,
    /// First position.
    pub start: f64,
    /// Last position.
    pub stop: f64,
    /// Positions from start to stop.
    pub points: u64,
    /// Points of the scan at each position.
    stride: u64,
}

impl Motor {
    pub fn new(
        name: &'static str,
        unit: &'static str,
        (start, stop): (f64, f64),
        points: u64,
        stride: u64,
    ) -> Motor {
        Motor {
            name,
            unit,
            start,
            stop,
            points,
            stride,
        }
    }

    /// Where on its way the motor is at a point of the scan: 0 at the start, 1 at the end.
    pub fn fraction(&self, index: u64) -> f64 {
        if self.points < 2 {
            return 0.0;
        }
        let step = (index / self.stride) % self.points;
        step as f64 / (self.points - 1) as f64
    }

    /// Its position at a point of the scan.
    pub fn position(&self, index: u64) -> f64 {
        self.start + (self.stop - self.start) * self.fraction(index)
    }
}

/// Columns and rows of the most square grid that has exactly this many points.
pub fn grid(points: u64) -> (u64, u64) {
    let rows = (1..=points.isqrt())
        .rev()
        .find(|rows| points.is_multiple_of(*rows))
        .unwrap_or(1);
    (points / rows, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_all_points() {
        let grids = [0, 1, 7, 12, 100, 300].map(grid);
        assert_eq!(grids, [(0, 1), (1, 1), (7, 1), (4, 3), (10, 10), (20, 15)]);
    }

    #[test]
    fn the_slow_motor_waits_for_the_fast_one() {
        let fast = Motor::new("fast", "mm", (0.0, 2.0), 3, 1);
        let slow = Motor::new("slow", "mm", (5.0, 4.0), 2, 3);
        let positions: Vec<_> = (0..6)
            .map(|i| (fast.position(i), slow.position(i)))
            .collect();
        assert_eq!(
            positions,
            [
                (0.0, 5.0),
                (1.0, 5.0),
                (2.0, 5.0),
                (0.0, 4.0),
                (1.0, 4.0),
                (2.0, 4.0)
            ]
        );
    }
}
