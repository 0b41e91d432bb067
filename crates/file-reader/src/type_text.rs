//! Types of elements as h5grove describes them.

use nexus::h5::{TypeDescription, TypeKind};
use serde_json::{Map, Value, json};

/// Returns the description of a type: its class (`H5T_class_t`), the type of numpy that h5py makes of it, and its parts.
pub fn describe(datatype: &TypeDescription) -> Value {
    let (class, more) = match &datatype.kind {
        TypeKind::Integer {
            is_signed,
            is_big_endian,
        } => (
            0,
            json!({"order": i32::from(*is_big_endian), "sign": i32::from(*is_signed)}),
        ),
        TypeKind::Float { is_big_endian } => (1, json!({"order": i32::from(*is_big_endian)})),
        TypeKind::Time => (2, json!({})),
        TypeKind::Text {
            is_variable,
            is_utf8,
            padding,
        } => (
            3,
            json!({"cset": i32::from(*is_utf8), "strpad": padding, "vlen": is_variable}),
        ),
        TypeKind::Bits { is_big_endian } => (4, json!({"order": i32::from(*is_big_endian)})),
        TypeKind::Opaque { tag } => (5, json!({"tag": tag})),
        TypeKind::Compound(members) => {
            let members = members.iter().map(|(name, member)| {
                let mut described = Map::from_iter([("name".to_owned(), json!(name))]);
                if let Value::Object(about) = describe(member) {
                    described.extend(about);
                }
                Value::Object(described)
            });
            (6, json!({"members": members.collect::<Vec<_>>()}))
        }
        TypeKind::Reference => (7, json!({})),
        TypeKind::Enumeration { members, base } => {
            let numbers = members.iter().map(|(name, number)| {
                let number = i64::try_from(*number).unwrap_or_default();
                (name.clone(), json!(number))
            });
            let members: Map<String, Value> = numbers.collect();
            (8, json!({"members": members, "base": describe(base)}))
        }
        TypeKind::Sequence(base) => (9, json!({"base": describe(base)})),
        TypeKind::Array { shape, base } => (10, json!({"dims": shape, "base": describe(base)})),
        _ => (-1, json!({})),
    };
    let mut all = Map::new();
    all.insert("class".to_owned(), json!(class));
    all.insert("dtype".to_owned(), dtype(datatype));
    all.insert("size".to_owned(), json!(datatype.size));
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}

/// Returns the type of numpy: a text, or the texts of the members of a compound.
pub fn dtype(datatype: &TypeDescription) -> Value {
    let size = datatype.size;
    let number = |kind: char, is_big: bool| {
        let order = match (size, is_big) {
            (1, _) => '|',
            (_, true) => '>',
            (_, false) => '<',
        };
        json!(format!("{order}{kind}{size}"))
    };
    match &datatype.kind {
        TypeKind::Integer {
            is_signed,
            is_big_endian,
        } => number(if *is_signed { 'i' } else { 'u' }, *is_big_endian),
        TypeKind::Float { is_big_endian } => number('f', *is_big_endian),
        TypeKind::Bits { is_big_endian } => number('u', *is_big_endian),
        TypeKind::Text {
            is_variable: false, ..
        } => json!(format!("|S{size}")),
        TypeKind::Enumeration { members, .. } if is_truth(members) => json!("|b1"),
        TypeKind::Enumeration { base, .. } => dtype(base),
        TypeKind::Compound(members) => match complex_order(members) {
            Some(order) => json!(format!("{order}c{size}")),
            None => {
                let members = members.iter();
                let dtypes = members.map(|(name, member)| (name.clone(), dtype(member)));
                Value::Object(dtypes.collect())
            }
        },
        TypeKind::Opaque { .. } | TypeKind::Array { .. } => json!(format!("|V{size}")),
        _ => json!("|O"),
    }
}

/// Returns `true` if these are the names of truth values as h5py writes them.
fn is_truth(members: &[(String, i128)]) -> bool {
    matches!(members, [(no, 0), (yes, 1)] if no == "FALSE" && yes == "TRUE")
}

/// Returns the order of the bytes if these are the members of a complex number as h5py writes it.
fn complex_order(members: &[(String, TypeDescription)]) -> Option<char> {
    let [(re, real), (im, imaginary)] = members else {
        return None;
    };
    match (&real.kind, re == "r" && im == "i" && real == imaginary) {
        (TypeKind::Float { is_big_endian }, true) => Some(if *is_big_endian { '>' } else { '<' }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(size: usize, is_big_endian: bool) -> TypeDescription {
        TypeDescription {
            size,
            kind: TypeKind::Float { is_big_endian },
        }
    }

    #[test]
    fn types_have_the_names_of_numpy() {
        let complex = TypeDescription {
            size: 16,
            kind: TypeKind::Compound(vec![
                ("r".to_owned(), float(8, true)),
                ("i".to_owned(), float(8, true)),
            ]),
        };
        assert_eq!(dtype(&complex), ">c16");
        let byte = TypeDescription {
            size: 1,
            kind: TypeKind::Integer {
                is_signed: true,
                is_big_endian: false,
            },
        };
        assert_eq!(dtype(&byte), "|i1");
        let truth = TypeDescription {
            size: 1,
            kind: TypeKind::Enumeration {
                members: vec![("FALSE".to_owned(), 0), ("TRUE".to_owned(), 1)],
                base: Box::new(byte.clone()),
            },
        };
        assert_eq!(dtype(&truth), "|b1");
        assert_eq!(describe(&truth)["members"], json!({"FALSE": 0, "TRUE": 1}));
        let table = TypeDescription {
            size: 9,
            kind: TypeKind::Compound(vec![
                ("x".to_owned(), float(8, false)),
                ("ok".to_owned(), truth),
            ]),
        };
        assert_eq!(dtype(&table), json!({"x": "<f8", "ok": "|b1"}));
    }
}
