//! Assigning a value to a dataset that exists, by the rules of h5py (`dataset[()] = value`).

use nexus::tree::{ByteOrder, ElementType, Value};

/// A dataset after an assignment.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignedValue {
    /// Its value, with the type and shape that it had.
    pub value: Value,
    /// Whether this equals the assigned value, apart from its type.
    pub exact: bool,
}

/// Returns what `old` becomes when `new` is assigned to it, or `None` if that is not possible and a
/// new dataset is needed.
///
/// An assignment to an array without elements is not possible, unlike in h5py, where it does
/// nothing.
pub fn assign(old: &Value, new: &Value) -> Option<AssignedValue> {
    let sources = broadcast(old.shape(), new.shape())?;
    let same_size = sources.iter().copied().eq(0..elements(new.shape()));
    match (old, new) {
        (
            Value::Numbers { element, shape, .. },
            Value::Numbers {
                element: new_element,
                bytes: new_bytes,
                ..
            },
        ) => {
            let numbers = read(new_element, new_bytes)?;
            let mut exact = same_size;
            let mut bytes = Vec::with_capacity(8 * sources.len());
            for source in sources {
                let number = *numbers.get(source)?;
                exact &= write(element, new_element, number, &mut bytes)?;
            }
            let value = Value::Numbers {
                element: element.clone(),
                shape: shape.clone(),
                bytes,
            };
            Some(AssignedValue { value, exact })
        }
        (Value::Texts { shape, .. }, Value::Texts { texts, .. }) => {
            let texts = sources.iter().map(|&source| texts.get(source).cloned());
            let value = Value::Texts {
                shape: shape.clone(),
                texts: texts.collect::<Option<_>>()?,
            };
            Some(AssignedValue {
                value,
                exact: same_size,
            })
        }
        (Value::Compound { .. }, Value::Compound { .. }) => {
            let is_same = old.element() == new.element() && old.shape() == new.shape();
            is_same.then(|| AssignedValue {
                value: new.clone(),
                exact: true,
            })
        }
        _ => None,
    }
}

/// Returns `true` if h5py would keep the type of `old` when `new` is assigned to it, although `assign` does not: little or
/// nothing of the new value would remain. Tables and truth values would become other ones, and arrays without elements stay
/// empty.
pub fn is_kept_by_h5py(old: &Value, new: &Value) -> bool {
    if elements(old.shape()) == 0 {
        return true;
    }
    match (old, new) {
        (Value::Compound { .. }, Value::Numbers { .. }) => true,
        (
            Value::Numbers {
                element: ElementType::Bool,
                ..
            },
            Value::Numbers { element, .. },
        ) => matches!(element, ElementType::Int(..) | ElementType::Uint(..)),
        _ => false,
    }
}

fn elements(shape: &[u64]) -> usize {
    shape.iter().product::<u64>() as usize
}

/// Returns, for each element of an array, the index of the source element that it gets.
fn broadcast(target: &[u64], source: &[u64]) -> Option<Vec<usize>> {
    if elements(target) == 0 {
        return (target == source).then(Vec::new);
    }
    let surplus = source.len().saturating_sub(target.len());
    let (extra, source) = source.split_at(surplus);
    if extra.iter().any(|&length| length != 1) {
        return None;
    }
    let missing = target.len() - source.len();
    // Distance between neighbouring elements of the source along each dimension of the target.
    let mut steps = vec![0; target.len()];
    let mut step = 1;
    for (dim, &length) in source.iter().enumerate().rev() {
        if length == target[missing + dim] {
            steps[missing + dim] = step;
        } else if length != 1 {
            return None;
        }
        step *= length as usize;
    }
    let sources = (0..elements(target)).map(|index| {
        let mut rest = index;
        let dims = target.iter().zip(&steps).rev();
        dims.map(|(&length, step)| {
            let at = rest % length as usize;
            rest /= length as usize;
            at * step
        })
        .sum()
    });
    Some(sources.collect())
}

#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Decimal(f64),
}

/// Returns the numbers, if they have one of the types that metadata have.
fn read(element: &ElementType, bytes: &[u8]) -> Option<Vec<Number>> {
    let words = bytes
        .chunks_exact(8)
        .filter_map(|word| word.try_into().ok());
    Some(match element {
        ElementType::Bool => bytes
            .iter()
            .map(|&byte| Number::Integer(byte.into()))
            .collect(),
        ElementType::Int(8, ByteOrder::Little) => words
            .map(|word| Number::Integer(i64::from_le_bytes(word).into()))
            .collect(),
        ElementType::Uint(8, ByteOrder::Little) => words
            .map(|word| Number::Integer(u64::from_le_bytes(word).into()))
            .collect(),
        ElementType::Float(8, ByteOrder::Little) => words
            .map(|word| Number::Decimal(f64::from_le_bytes(word)))
            .collect(),
        _ => return None,
    })
}

/// Appends a number. Returns `true` if its value did not change, and `None` if it cannot be
/// converted: HDF5 truncates decimals, clips numbers that are too large, and does not convert
/// numbers to booleans.
fn write(
    element: &ElementType,
    from: &ElementType,
    number: Number,
    bytes: &mut Vec<u8>,
) -> Option<bool> {
    let cut = match number {
        Number::Integer(integer) => integer,
        Number::Decimal(decimal) => decimal as i128,
    };
    let written = match element {
        ElementType::Bool if *from == ElementType::Bool => {
            bytes.push(u8::from(cut != 0));
            Number::Integer(cut)
        }
        ElementType::Int(8, ByteOrder::Little) => {
            let clipped = cut.clamp(i64::MIN.into(), i64::MAX.into());
            bytes.extend((clipped as i64).to_le_bytes());
            Number::Integer(clipped)
        }
        ElementType::Uint(8, ByteOrder::Little) => {
            let clipped = cut.clamp(0, u64::MAX.into());
            bytes.extend((clipped as u64).to_le_bytes());
            Number::Integer(clipped)
        }
        ElementType::Float(8, ByteOrder::Little) => {
            let decimal = match number {
                Number::Integer(integer) => integer as f64,
                Number::Decimal(decimal) => decimal,
            };
            bytes.extend(decimal.to_le_bytes());
            Number::Decimal(decimal)
        }
        _ => return None,
    };
    Some(match (number, written) {
        (Number::Integer(a), Number::Integer(b)) => a == b,
        (Number::Decimal(a), Number::Integer(b)) => a == b as f64,
        (Number::Integer(a), Number::Decimal(b)) => a == b as i128,
        (Number::Decimal(a), Number::Decimal(b)) => a == b || a.is_nan() && b.is_nan(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::value::convert;
    use super::*;
    use serde_json::{Value as Json, json};

    /// Returns the value of `old` after the assignment of `new`, and whether it equals `new`.
    /// Returns `None` if a new dataset is needed.
    fn assigned(old: Json, new: Json) -> Option<(Value, bool)> {
        let done = assign(&convert(&old).value, &convert(&new).value)?;
        Some((done.value, done.exact))
    }

    fn is(json: Json, exact: bool) -> Option<(Value, bool)> {
        Some((convert(&json).value, exact))
    }

    #[test]
    fn the_type_stays() {
        assert_eq!(assigned(json!(1), json!(2)), is(json!(2), true));
        assert_eq!(assigned(json!(1), json!(2.7)), is(json!(2), false));
        assert_eq!(assigned(json!(1), json!(-2.7)), is(json!(-2), false));
        assert_eq!(assigned(json!(1), json!(3.0)), is(json!(3), true));
        assert_eq!(assigned(json!(1), json!(1e30)), is(json!(i64::MAX), false));
        assert_eq!(assigned(json!(1.5), json!(2)), is(json!(2.0), true));
        assert_eq!(assigned(json!(1), json!(true)), is(json!(1), true));
        assert_eq!(
            assigned(json!(u64::MAX), json!(-1)),
            Some((Value::from(0u64), false))
        );
        assert_eq!(assigned(json!("a"), json!("bc")), is(json!("bc"), true));
    }

    #[test]
    fn values_that_hdf5_cannot_convert_are_refused() {
        assert_eq!(assigned(json!(true), json!(1)), None);
        assert_eq!(assigned(json!("a"), json!(1)), None);
        assert_eq!(assigned(json!(1), json!("a")), None);
        assert_eq!(assigned(json!([{"a": 1}]), json!([{"b": 1}])), None);
        assert_eq!(assigned(json!(1), json!([{"b": 1}])), None);
    }

    #[test]
    fn shapes_are_broadcast() {
        assert_eq!(assigned(json!([1, 2]), json!(5)), is(json!([5, 5]), false));
        assert_eq!(
            assigned(json!([1, 2]), json!([3, 4])),
            is(json!([3, 4]), true)
        );
        assert_eq!(
            assigned(json!([[1, 2], [3, 4]]), json!([5, 6])),
            is(json!([[5, 6], [5, 6]]), false)
        );
        assert_eq!(
            assigned(json!([[1, 2], [3, 4]]), json!([[5], [6]])),
            is(json!([[5, 5], [6, 6]]), false)
        );
        assert_eq!(assigned(json!(1), json!([7])), is(json!(7), true));
        assert_eq!(
            assigned(json!([1, 2]), json!([[3, 4]])),
            is(json!([3, 4]), true)
        );
        assert_eq!(assigned(json!(1), json!([7, 8])), None);
        assert_eq!(assigned(json!([1, 2]), json!([7, 8, 9])), None);
        assert_eq!(assigned(json!([1, 2]), json!([])), None);
        assert_eq!(assigned(json!([]), json!([1])), None);
        assert_eq!(assigned(json!([]), json!([])), is(json!([]), true));
    }
}
