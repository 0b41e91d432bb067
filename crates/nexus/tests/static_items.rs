//! Every kind of static item, compared with what h5py writes for the same.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    dataset, describe, floats, integers, named, numbers, nx, python, script, soft, texts,
    with_attributes,
};
use nexus::apply::PendingLinks;
use nexus::file::FilePool;
use nexus::h5;
use nexus::tree::{
    ByteOrder, Column, Content, ElementType, ExternalContent, ExternalFile, Group, Hyperslab, Item,
    Value, VirtualContent, VirtualSource,
};

use ByteOrder::{Big, Little};

fn compound(shape: &[u64], columns: Vec<(&str, Value)>) -> Value {
    let columns = named(columns)
        .into_iter()
        .map(|(name, value)| Column { name, value });
    Value::Compound {
        shape: shape.to_vec(),
        columns: columns.collect(),
    }
}

fn bytes<const N: usize, T: Copy>(items: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    items.iter().flat_map(|item| to_bytes(*item)).collect()
}

/// The x87 numbers -3 and 0.5.
fn extended(order: ByteOrder) -> Vec<u8> {
    let mut items = Vec::new();
    for (fraction, exponent) in [(0xc000_0000_0000_0000u64, 0xc000u16), (1 << 63, 0x3ffe)] {
        let number = u128::from(exponent) << 64 | u128::from(fraction);
        items.extend(match order {
            Little => number.to_le_bytes(),
            Big => number.to_be_bytes(),
        });
    }
    items
}

fn tree() -> Group {
    let bools = || numbers(ElementType::Bool, &[2], vec![1, 0]);
    let table = compound(
        &[2],
        vec![
            (
                "pos",
                numbers(
                    ElementType::Float(4, Little),
                    &[2],
                    bytes(&[1f32, 2.], f32::to_le_bytes),
                ),
            ),
            ("label", texts(&["p", "q"])),
            ("ok", bools()),
            (
                "nested",
                compound(
                    &[2],
                    vec![
                        ("a", integers(&[2], &[1, 2])),
                        (
                            "b",
                            numbers(
                                ElementType::Complex(8, Little),
                                &[2],
                                bytes(&[0f32, 1., 2., 0.], f32::to_le_bytes),
                            ),
                        ),
                    ],
                ),
            ),
        ],
    );
    let raw = Content::External(ExternalContent {
        element: ElementType::Uint(2, Little),
        shape: vec![2, 3],
        files: vec![ExternalFile {
            name: "raw.bin".into(),
            offset: 0,
            size: Some(12),
        }],
    });
    let both = Hyperslab {
        start: vec![0],
        stride: None,
        count: vec![2],
        block: None,
    };
    let vds = Content::Virtual(VirtualContent {
        element: ElementType::Uint(2, Little),
        shape: vec![2],
        sources: vec![VirtualSource {
            target: both.clone(),
            file: "o%.h5".to_owned(),
            dataset: "/d".to_owned(),
            selection: both,
        }],
    });
    let attributes = Group {
        attributes: named(vec![
            ("s", "txt".into()),
            ("i", 3i64.into()),
            ("f", 2.5.into()),
            ("b", true.into()),
            ("sl", texts(&["a", "b"])),
            ("il", integers(&[2], &[1, 2])),
            ("e", floats(&[0], &[])),
            (
                "f32",
                numbers(
                    ElementType::Float(4, Little),
                    &[],
                    1.5f32.to_le_bytes().to_vec(),
                ),
            ),
            (
                "cmp",
                compound(
                    &[2],
                    vec![("x", integers(&[2], &[1, 2])), ("y", texts(&["u", "v"]))],
                ),
            ),
        ]),
        children: Vec::new(),
        ..Group::default()
    };
    let complex = |element, parts: Vec<u8>, shape: &[u64]| dataset(numbers(element, shape, parts));
    let entry = nx(
        "NXentry",
        vec![
            ("title", dataset("ascan roby 0 1 5")),
            (
                "n",
                with_attributes(Content::Value(12i64.into()), vec![("units", "mm".into())]),
            ),
            ("x", dataset(1.5)),
            ("flag", dataset(true)),
            ("list_i", dataset(integers(&[3], &[1, 2, 3]))),
            ("list_mixed", dataset(floats(&[3], &[1., 2., 2.5]))),
            ("names", dataset(texts(&["a", "bé"]))),
            ("mix_str", dataset(texts(&["a", "1"]))),
            ("empty", dataset(floats(&[0], &[]))),
            ("mat", dataset(integers(&[2, 2], &[1, 2, 3, 4]))),
            ("bools", dataset(bools())),
            (
                "f32nan",
                dataset(numbers(
                    ElementType::Float(4, Little),
                    &[3],
                    bytes(&[f32::NAN, f32::NEG_INFINITY, 1.5], f32::to_le_bytes),
                )),
            ),
            (
                "i8",
                dataset(numbers(ElementType::Int(1, Little), &[], vec![5])),
            ),
            (
                "c128",
                complex(
                    ElementType::Complex(16, Little),
                    bytes(&[1., 2.], f64::to_le_bytes),
                    &[],
                ),
            ),
            ("b", dataset(bools())),
            (
                "f16",
                dataset(numbers(ElementType::Float(2, Little), &[], vec![0, 0x38])),
            ),
            (
                "be",
                dataset(numbers(
                    ElementType::Float(8, Big),
                    &[2, 2],
                    bytes(&[0., 1., 2., 3.], f64::to_be_bytes),
                )),
            ),
            (
                "le_flat",
                dataset(numbers(
                    ElementType::Int(4, Little),
                    &[3],
                    bytes(&[0, 1, 2], i32::to_le_bytes),
                )),
            ),
            (
                "b64scalar",
                dataset(numbers(ElementType::Uint(1, Big), &[], vec![7])),
            ),
            ("tbl", dataset(table)),
            (
                "raw",
                with_attributes(raw, vec![("units", "counts".into())]),
            ),
            ("soft", soft("title")),
            ("softabs", soft("/1.1/x")),
            ("dangling", soft("/nowhere")),
            (
                "ext",
                Item::ExternalLink {
                    file: "other.h5".to_owned(),
                    target: "/entry/data".to_owned(),
                },
            ),
            ("vds", with_attributes(vds, Vec::new())),
            ("a/b", dataset(3i64)),
            ("grp", Item::Group(attributes)),
            (
                "f128",
                dataset(numbers(
                    ElementType::Float(16, Little),
                    &[2],
                    extended(Little),
                )),
            ),
            (
                "f128be",
                dataset(numbers(ElementType::Float(16, Big), &[2], extended(Big))),
            ),
            ("c256", {
                let mut parts = 0x3fff_8000_0000_0000_0000u128.to_le_bytes().to_vec();
                parts.extend(0x4000_8000_0000_0000_0000u128.to_le_bytes());
                complex(ElementType::Complex(32, Little), parts, &[1])
            }),
            (
                "f16be",
                dataset(numbers(ElementType::Float(2, Big), &[1], vec![0x38, 0])),
            ),
            ("c64be", {
                let parts = bytes(&[1f32, 2.], f32::to_be_bytes);
                complex(ElementType::Complex(8, Big), parts, &[1])
            }),
            (
                "u2be",
                dataset(numbers(ElementType::Uint(2, Big), &[2], vec![0, 1, 2, 0])),
            ),
            (
                "i1",
                dataset(numbers(ElementType::Int(1, Big), &[1], vec![255])),
            ),
            (
                "u8",
                dataset(numbers(ElementType::Uint(8, Little), &[1], vec![255; 8])),
            ),
            ("no_texts", dataset(texts(&[]))),
            (
                "codes",
                dataset(numbers(
                    ElementType::FixedText(3),
                    &[2],
                    b"ab\0xyz".to_vec(),
                )),
            ),
            ("größe", dataset(1.0)),
        ],
    );
    Group {
        attributes: named(vec![
            ("NX_class", "NXroot".into()),
            ("default", "1.1".into()),
        ]),
        children: named(vec![("1.1", entry)]),
        ..Group::default()
    }
}

/// Numpy leaves anything in the six bytes after an x87 number, so their checksums tell nothing.
fn forget_padding(item: &mut serde_json::Value) {
    if let Some(items) = item["items"].as_array_mut() {
        items
            .iter_mut()
            .for_each(|named| forget_padding(&mut named[1]));
    }
    let padded = ["<f16", ">f16", "<c32"]
        .iter()
        .any(|dtype| item["dtype"] == **dtype);
    if padded {
        item.as_object_mut().unwrap().remove("sha256");
    }
}

#[test]
fn h5py_sees_what_it_would_have_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ours.h5");
    let session = FilePool::default().open(&path).unwrap();
    let mut pending = PendingLinks::default();
    let tree = tree();
    let written = session.write_tree(&tree, &mut pending);
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    assert!(written.streams.is_empty());
    let waiting: Vec<_> = pending.iter().map(|link| link.path.as_str()).collect();
    assert_eq!(waiting, ["/1.1/dangling"]);
    assert!(session.force_links(&mut pending).is_empty());
    session.close().unwrap();

    let reference = directory.path().join("reference.h5");
    let status = python()
        .arg(script("static_items.py"))
        .arg(&reference)
        .status()
        .unwrap();
    assert!(status.success());
    let [ours, theirs] = [&path, &reference].map(|path| {
        let mut tree = describe(path);
        forget_padding(&mut tree);
        serde_json::to_string_pretty(&tree).unwrap()
    });
    assert_eq!(ours, theirs);
}

#[test]
fn values_are_read_back_as_texts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ours.h5");
    let session = FilePool::default().open(&path).unwrap();
    let tree = tree();
    let written = session.write_tree(&tree, &mut PendingLinks::default());
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    session.close().unwrap();

    let file = h5::File::open_read(&path).unwrap();
    let entry = file.root().unwrap().open_group("1.1").unwrap();
    let shown = |name: &str| {
        let elements = entry.open_dataset(name).unwrap().elements(100).unwrap();
        format!(
            "{} {}",
            elements.type_name,
            elements.texts.unwrap().join(" ")
        )
    };
    assert_eq!(shown("title"), "text ascan roby 0 1 5");
    assert_eq!(shown("names"), "text a bé");
    assert_eq!(shown("bools"), "bool TRUE FALSE");
    assert_eq!(shown("be"), "float64 big-endian 0.0 1.0 2.0 3.0");
    assert_eq!(shown("f16"), "float16 0.5");
    assert_eq!(shown("f128"), "float128 -3.0 0.5");
    assert_eq!(shown("f128be"), "float128 big-endian -3.0 0.5");
    assert_eq!(shown("c128"), "complex128 1.0+2.0j");
    assert_eq!(shown("u8"), format!("uint64 {}", u64::MAX));
    assert_eq!(
        shown("tbl"),
        "compound{pos: float32, label: text, ok: bool, nested: compound{a: int64, b: complex64}} \
         (1.0, \"p\", TRUE, (1, 0.0+1.0j)) (2.0, \"q\", FALSE, (2, 2.0+0.0j))"
    );
    let group = entry.open_group("grp").unwrap();
    assert_eq!(group.attribute("sl").unwrap().texts.unwrap(), ["a", "b"]);
    assert_eq!(group.attribute("e").unwrap().shape, Some(vec![0]));
    assert_eq!(group.attribute_names().unwrap().len(), 9);
    let raw = entry.open_dataset("raw").unwrap().info().unwrap();
    assert_eq!(
        raw.storage,
        h5::DatasetStorage::External(vec![("raw.bin".to_owned(), 0, Some(12))])
    );
    let vds = entry.open_dataset("vds").unwrap().info().unwrap();
    assert_eq!(
        vds.storage,
        h5::DatasetStorage::Virtual(vec![h5::VirtualPart {
            file: "o%.h5".to_owned(),
            path: "/d".to_owned(),
            needed: Some(vec![2]),
            elements: 2,
            first_source: ("o%.h5".to_owned(), "/d".to_owned()),
        }])
    );
    assert_eq!(
        entry.link("ext").unwrap(),
        h5::Link::External {
            file: "other.h5".to_owned(),
            target: "/entry/data".to_owned()
        }
    );
    assert_eq!(
        entry.link("soft").unwrap(),
        h5::Link::Soft {
            target: "title".to_owned()
        }
    );
    assert_eq!(entry.kind("soft").unwrap(), Some(h5::ObjectKind::Dataset));
    assert_eq!(entry.names().unwrap().len(), 38);
}
