//! Lowest and highest value, mean and standard deviation of a dataset.

use std::rc::Rc;

use nexus::h5::{Dataset, Selection};
use nexus::tree::{ByteOrder, ElementType, Hyperslab};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::Walker;
use crate::{data, selection};

/// The most elements that are read at once.
const BLOCK: u64 = 1 << 20;

/// The most elements of all.
const MAX_ELEMENTS: u64 = 1 << 26;

/// Returns the statistics of the finite elements of a dataset. Those of integers are integers, as in h5grove.
pub fn answer(
    walker: &Walker,
    file: &Rc<OpenFile>,
    path: &str,
    text: Option<&str>,
) -> Result<Answer, Failure> {
    let (_found, dataset) = data::open(walker, file, path)?;
    let is_integer = match dataset.number_type()? {
        Some(ElementType::Float(..)) => false,
        Some(ElementType::Int(..) | ElementType::Uint(..) | ElementType::Bool) => true,
        _ => return Err(Failure::Invalid(format!("{path} has no real numbers"))),
    };
    // A null dataspace has none.
    let Some(shape) = dataset.extent()? else {
        return Err(Failure::Invalid(format!("{path} has no elements")));
    };
    let selection = selection::parse(text, &shape)?;
    let count = selection.count();
    if count > MAX_ELEMENTS {
        return Err(Failure::TooLarge(format!(
            "{count} elements are too many: choose a part with the parameter \"selection\""
        )));
    }
    let mut sums = Sums::default();
    add(
        &dataset,
        selection.slab.unwrap_or_else(|| whole(&shape)),
        &mut sums,
    )?;
    Ok(Answer::json(&sums.described(is_integer)))
}

fn whole(shape: &[u64]) -> Hyperslab {
    Hyperslab {
        start: vec![0; shape.len()],
        stride: Some(vec![1; shape.len()]),
        count: shape.to_vec(),
        block: None,
    }
}

/// Adds elements, in parts that fit into memory.
fn add(dataset: &Dataset, slab: Hyperslab, sums: &mut Sums) -> Result<(), Failure> {
    let count: u64 = slab.count.iter().product();
    let divided = slab.count.iter().position(|count| *count > 1);
    if let Some(axis) = divided.filter(|_| count > BLOCK) {
        let half = slab.count[axis] / 2;
        let stride = slab.stride.as_ref().map_or(1, |stride| stride[axis]);
        let (mut first, mut second) = (slab.clone(), slab);
        first.count[axis] = half;
        second.count[axis] -= half;
        second.start[axis] += half * stride;
        add(dataset, first, sums)?;
        return add(dataset, second, sums);
    }
    if count == 0 {
        return Ok(());
    }
    let selection = Selection {
        slab: (!slab.count.is_empty()).then_some(slab),
        shape: vec![count],
    };
    let double = ElementType::Float(8, ByteOrder::Little);
    let bytes = dataset.read_selected(&selection, Some(&double))?;
    let numbers = bytes.as_chunks().0.iter();
    sums.add(numbers.map(|bytes| f64::from_le_bytes(*bytes)));
    Ok(())
}

/// What is known of the numbers so far.
#[derive(Default)]
struct Sums {
    count: u64,
    mean: f64,
    /// Sum of the squares of the distances from the mean.
    squares: f64,
    min: Option<f64>,
    max: Option<f64>,
    positive_min: Option<f64>,
    strict_positive_min: Option<f64>,
}

impl Sums {
    /// Adds numbers, by the method of Welford: the sum of squares alone would lose digits.
    fn add(&mut self, numbers: impl Iterator<Item = f64>) {
        for number in numbers.filter(|number| number.is_finite()) {
            self.count += 1;
            let distance = number - self.mean;
            self.mean += distance / self.count as f64;
            self.squares += distance * (number - self.mean);
            let lower = |known: Option<f64>| Some(known.map_or(number, |known| known.min(number)));
            self.min = lower(self.min);
            self.max = Some(self.max.map_or(number, |known| known.max(number)));
            if number >= 0.0 {
                self.positive_min = lower(self.positive_min);
            }
            if number > 0.0 {
                self.strict_positive_min = lower(self.strict_positive_min);
            }
        }
    }

    fn described(&self, is_integer: bool) -> Value {
        let value = |number: f64| match is_integer {
            true => json!(number as i64),
            false => json!(number),
        };
        let known = (self.count > 0).then_some(());
        let mean = known.map(|()| value(self.mean));
        let deviation = known.map(|()| value((self.squares / self.count as f64).sqrt()));
        json!({
            "strict_positive_min": self.strict_positive_min.map(value),
            "positive_min": self.positive_min.map(value),
            "min": self.min.map(value),
            "max": self.max.map(value),
            "mean": mean,
            "std": deviation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_numpy() {
        let mut sums = Sums::default();
        assert_eq!(sums.described(false)["mean"], Value::Null);
        sums.add([f64::NAN, -1.0, 0.0, 2.0, 7.0, f64::INFINITY].into_iter());
        let described = sums.described(false);
        assert_eq!(
            described,
            json!({
                "strict_positive_min": 2.0, "positive_min": 0.0, "min": -1.0, "max": 7.0, "mean": 2.0,
                "std": 9.5f64.sqrt(),
            })
        );
        assert_eq!(sums.described(true)["std"], 3);
    }
}
