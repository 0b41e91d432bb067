//! Selections of elements, as numpy writes them: `0:10:2,3,:`.

use nexus::h5::Selection;
use nexus::tree::Hyperslab;

use crate::failure::Failure;

/// Returns the elements of a dataset of this shape that a text selects: all, if there is no text.
///
/// Negative numbers count from the end. Steps are positive, as in h5py.
///
/// # Errors
/// If the text is no selection, or does not fit the shape.
pub fn parse(text: Option<&str>, shape: &[u64]) -> Result<Selection, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(Selection {
            slab: None,
            shape: shape.to_vec(),
        });
    };
    let members: Vec<&str> = text.split(',').map(str::trim).collect();
    if members.len() > shape.len() {
        return Err(Failure::Invalid(format!(
            "{text} has too many members to slice a {}D dataset",
            shape.len()
        )));
    }
    let invalid = || Failure::Invalid(format!("{text} is not a valid slice of {shape:?}"));
    let mut slab = Hyperslab {
        start: vec![0; shape.len()],
        stride: Some(vec![1; shape.len()]),
        count: shape.to_vec(),
        block: None,
    };
    let mut kept = Vec::new();
    for (axis, length) in shape.iter().enumerate() {
        let Some(member) = members.get(axis) else {
            kept.push(*length);
            continue;
        };
        let one = member_of(member, *length).ok_or_else(invalid)?;
        slab.start[axis] = one.start;
        slab.count[axis] = one.count;
        if let Some(stride) = &mut slab.stride {
            stride[axis] = one.step;
        }
        if !one.is_index {
            kept.push(one.count);
        }
    }
    Ok(Selection {
        slab: Some(slab),
        shape: kept,
    })
}

/// What is selected of one dimension.
struct Member {
    start: u64,
    count: u64,
    step: u64,
    is_index: bool,
}

fn member_of(text: &str, length: u64) -> Option<Member> {
    let size = i64::try_from(length).ok()?;
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let number = |text: &str| text.parse::<i64>().ok();
    let optional = |text: Option<&&str>| match text {
        None | Some(&"") => Some(None),
        Some(text) => number(text).map(Some),
    };
    if let [index] = parts[..] {
        let index = number(index)?;
        let index = if index < 0 {
            index.checked_add(size)?
        } else {
            index
        };
        return (0..size).contains(&index).then_some(Member {
            start: index.unsigned_abs(),
            count: 1,
            step: 1,
            is_index: true,
        });
    }
    if parts.len() > 3 {
        return None;
    }
    let step = optional(parts.get(2))?.unwrap_or(1);
    if step < 1 {
        return None;
    }
    let bound = |given: i64| {
        let from_end = if given < 0 {
            given.saturating_add(size)
        } else {
            given
        };
        from_end.clamp(0, size)
    };
    let start = bound(optional(parts.first())?.unwrap_or(0));
    let stop = bound(optional(parts.get(1))?.unwrap_or(size));
    let (start, step) = (start.unsigned_abs(), step.unsigned_abs());
    let count = stop.unsigned_abs().saturating_sub(start).div_ceil(step);
    Some(Member {
        start: if count == 0 { 0 } else { start },
        count,
        // The library wants a stride that fits the extent.
        step: if count > 1 { step } else { 1 },
        is_index: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(text: &str, shape: &[u64]) -> (Vec<u64>, Vec<u64>, Vec<u64>, Vec<u64>) {
        let selection = parse(Some(text), shape).unwrap();
        let slab = selection.slab.unwrap();
        (
            slab.start,
            slab.count,
            slab.stride.unwrap(),
            selection.shape,
        )
    }

    #[test]
    fn numpy_would_select_the_same() {
        for (text, shape, start, count, stride, kept) in [
            ("5", &[10][..], &[5][..], &[1][..], &[1][..], &[][..]),
            ("-1", &[10], &[9], &[1], &[1], &[]),
            ("2:5", &[10], &[2], &[3], &[1], &[3]),
            (":", &[10], &[0], &[10], &[1], &[10]),
            ("-3:", &[10], &[7], &[3], &[1], &[3]),
            ("0:100", &[10], &[0], &[10], &[1], &[10]),
            ("::4", &[10], &[0], &[3], &[4], &[3]),
            ("5:2", &[10], &[0], &[0], &[1], &[0]),
            (
                "1, 0:4:2",
                &[3, 4, 5],
                &[1, 0, 0],
                &[1, 2, 5],
                &[1, 2, 1],
                &[2, 5],
            ),
            (":,1", &[3, 4], &[0, 1], &[3, 1], &[1, 1], &[3]),
        ] {
            let found = selected(text, shape);
            let expected = (
                start.to_vec(),
                count.to_vec(),
                stride.to_vec(),
                kept.to_vec(),
            );
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "x",
            "1,2",
            "10",
            "-11",
            "::0",
            "::-1",
            "1:2:3:4",
            "1.5",
            ":x",
            "99999999999999999999",
        ] {
            assert!(
                matches!(parse(Some(text), &[10]), Err(Failure::Invalid(_))),
                "{text}"
            );
        }
        assert!(parse(Some("0"), &[]).is_err());
        assert_eq!(parse(None, &[2, 3]).unwrap().shape, [2, 3]);
        assert_eq!(parse(Some(""), &[2]).unwrap().slab, None);
    }
}
