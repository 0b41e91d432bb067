//! A curve of bounded size: the lowest and the highest value of equal ranges of points.

/// The most ranges of a curve.
pub const MAX_BINS: usize = 1024;

/// The largest index that a point can have: no scan is as long.
const MAX_INDEX: u64 = 1 << 53;

/// The lowest and the highest values of equal ranges of points. When there are too many ranges, each two neighbours
/// become one, so any number of points has room and no peak is lost.
#[derive(Debug, Clone)]
pub struct Bins {
    /// Points of a range.
    stride: u64,
    /// By range; NaN where there is no number.
    low: Vec<f64>,
    high: Vec<f64>,
    /// Index behind the last point.
    end: u64,
    /// Points before that which did not come.
    missing: u64,
}

impl Default for Bins {
    fn default() -> Bins {
        Bins {
            stride: 1,
            low: Vec::new(),
            high: Vec::new(),
            end: 0,
            missing: 0,
        }
    }
}

impl Bins {
    /// Adds points from this index on. Points may come again.
    pub fn add(&mut self, first: u64, values: &[f64]) {
        let end = first.saturating_add(values.len() as u64);
        if end > MAX_INDEX {
            return;
        }
        self.missing += first.saturating_sub(self.end);
        self.end = self.end.max(end);
        let Some(last) = end.checked_sub(1).filter(|_| !values.is_empty()) else {
            return;
        };
        while last / self.stride >= MAX_BINS as u64 {
            self.merge();
        }
        let bins = (last / self.stride) as usize + 1;
        if self.low.len() < bins {
            self.low.resize(bins, f64::NAN);
            self.high.resize(bins, f64::NAN);
        }
        for (index, value) in (first..).zip(values) {
            let bin = (index / self.stride) as usize;
            // The minimum of NaN and a number is the number.
            self.low[bin] = self.low[bin].min(*value);
            self.high[bin] = self.high[bin].max(*value);
        }
    }

    /// Returns the index of the first point of each range.
    pub fn at(&self) -> Vec<u64> {
        (0..self.low.len() as u64)
            .map(|bin| bin * self.stride)
            .collect()
    }

    /// Returns the lowest value of each range; NaN where there is none.
    pub fn low(&self) -> &[f64] {
        &self.low
    }

    /// Returns the highest value of each range; NaN where there is none.
    pub fn high(&self) -> &[f64] {
        &self.high
    }

    /// Returns the number of points of a range.
    pub fn stride(&self) -> u64 {
        self.stride
    }

    /// Returns the index behind the last point that has come.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Returns how many points have come.
    pub fn seen(&self) -> u64 {
        self.end - self.missing
    }

    /// Returns how many points before the last one have not come.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Returns the same curve with ranges of at least this size, which is a power of two.
    pub fn with_stride(&self, stride: u64) -> Bins {
        let mut bins = self.clone();
        while bins.stride < stride {
            bins.merge();
        }
        bins
    }

    /// Returns about how many bytes it needs.
    pub fn size(&self) -> usize {
        (self.low.capacity() + self.high.capacity()) * size_of::<f64>()
    }

    fn merge(&mut self) {
        self.stride *= 2;
        let merged = |values: &[f64], better: fn(f64, f64) -> f64| {
            let pairs = values.chunks(2);
            let pairs = pairs.map(|pair| pair.iter().copied().fold(f64::NAN, better));
            pairs.collect::<Vec<f64>>()
        };
        self.low = merged(&self.low, f64::min);
        self.high = merged(&self.high, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_are_kept_as_they_are() {
        let mut bins = Bins::default();
        bins.add(0, &[3.0, f64::NAN, 1.0]);
        bins.add(4, &[5.0]);
        assert_eq!(bins.at(), [0, 1, 2, 3, 4]);
        assert_eq!((bins.low()[0], bins.high()[4]), (3.0, 5.0));
        assert!(bins.low()[1].is_nan() && bins.low()[3].is_nan());
        assert_eq!((bins.seen(), bins.missing(), bins.end()), (4, 1, 5));
        // Points that come again change nothing.
        bins.add(0, &[3.0]);
        assert_eq!((bins.seen(), bins.missing(), bins.at().len()), (4, 1, 5));
    }

    #[test]
    fn many_points_keep_their_peaks() {
        let mut bins = Bins::default();
        for first in (0..1_000_000u64).step_by(1000) {
            let values: Vec<f64> = (first..first + 1000)
                .map(|index| {
                    if index == 765_432 {
                        1e6
                    } else {
                        (index % 7) as f64
                    }
                })
                .collect();
            bins.add(first, &values);
        }
        assert_eq!((bins.stride(), bins.at().len()), (1024, 977));
        assert_eq!(bins.seen(), 1_000_000);
        let peak = bins.high().iter().position(|high| *high == 1e6);
        assert_eq!(peak, Some(765_432 / 1024));
        assert!(bins.low().iter().all(|low| *low == 0.0));
        assert!(bins.size() < 40_000);
    }

    #[test]
    fn a_curve_is_made_coarser_to_fit_another() {
        let mut bins = Bins::default();
        bins.add(0, &[1.0, 2.0, 3.0, 4.0, 5.0]);
        let coarse = bins.with_stride(4);
        assert_eq!(
            (coarse.low(), coarse.high()),
            (&[1.0, 5.0][..], &[4.0, 5.0][..])
        );
        assert_eq!(coarse.at(), [0, 4]);
    }

    #[test]
    fn an_absurd_index_needs_no_memory() {
        let mut bins = Bins::default();
        bins.add(0, &[1.0]);
        bins.add(1 << 52, &[]);
        bins.add(1 << 60, &[2.0]);
        assert!(bins.at().len() <= MAX_BINS);
        bins.add(u64::MAX, &[3.0, 4.0]);
        assert_eq!(bins.seen(), 1);
    }
}
