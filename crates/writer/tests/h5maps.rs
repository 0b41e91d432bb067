//! Published layouts as trees: valid items, and reports of others.

#![allow(clippy::unwrap_used, reason = "tests")]

use nexus::tree::{
    ByteOrder, Content, Dataset, ElementType, ExternalContent, ExternalFile, Group, Hyperslab,
    Item, Value, VirtualContent, VirtualSource,
};
use serde_json::{Value as Json, json};
use writer::layout::{FileTree, h5maps};

fn tree(root: Json) -> FileTree {
    h5maps::trees(&json!({"h5maps": {"/a.h5": root}})).remove(0)
}

fn children(children: Json) -> FileTree {
    tree(json!({"type": "group", "children": children}))
}

fn problems(tree: &FileTree) -> Vec<String> {
    tree.invalid
        .iter()
        .map(|invalid| format!("{}: {}", invalid.path, invalid.reason))
        .collect()
}

#[test]
fn without_mapping_there_are_no_trees() {
    for info in [
        json!({}),
        json!({"h5maps": {}}),
        json!({"h5maps": null}),
        json!({"h5maps": []}),
    ] {
        assert!(h5maps::trees(&info).is_empty(), "{info}");
    }
}

#[test]
fn items_differ_by_their_type() {
    let tree = children(json!({
        "group": {"type": "group", "attributes": {"NX_class": "NXentry"}},
        "short": 1,
        "long": {"value": 1},
        "stream": {"type": "stream", "stream": "a:b"},
        "described": {"type": "dataset", "attributes": {"units": "mm"},
                      "value": {"type": "stream", "stream": "a:b"}},
        "soft": {"type": "soft_link", "target_path": "../x", "attributes": {"ignored": 1}},
        "external": {"type": "external_link", "target_file": "b.h5", "target_path": "/c"},
    }));
    assert_eq!(problems(&tree), [""; 0]);
    let value = |value: Value| {
        Item::Dataset(Dataset {
            attributes: vec![],
            content: Content::Value(value),
        })
    };
    let stream = Content::Stream("a:b".into());
    let units = vec![("units".to_owned(), Value::text("mm"))];
    let class = vec![("NX_class".to_owned(), Value::text("NXentry"))];
    let expected = [
        (
            "group",
            Item::Group(Group {
                attributes: class,
                ..Group::default()
            }),
        ),
        ("short", value(1i64.into())),
        ("long", value(1i64.into())),
        (
            "stream",
            Item::Dataset(Dataset {
                attributes: vec![],
                content: stream.clone(),
            }),
        ),
        (
            "described",
            Item::Dataset(Dataset {
                attributes: units,
                content: stream,
            }),
        ),
        (
            "soft",
            Item::SoftLink {
                target: "../x".into(),
            },
        ),
        (
            "external",
            Item::ExternalLink {
                file: "b.h5".into(),
                target: "/c".into(),
            },
        ),
    ];
    assert_eq!(
        tree.root.children,
        expected.map(|(name, item)| (name.to_owned(), item))
    );
}

#[test]
fn data_elsewhere_keep_their_places() {
    let tree = children(json!({
        "raw": {"type": "external_binary_dataset", "dtype": "<u2", "shape": [2, 3],
                "files": [{"name": "a.bin", "offset": 4, "size": 12}, {"name": "b", "offset": 0}]},
        "vds": {"type": "virtual_dataset", "dtype": ">f8", "shape": [2], "virtual_sources": [
            {"vspace": {"start": [0], "count": [2]}, "src_file": "o.h5", "src_dataset": "/d",
             "src_space": {"start": [1], "count": [2], "stride": [3], "block": [1]}}]},
    }));
    assert_eq!(problems(&tree), [""; 0]);
    let file = |name: &str, offset, size| ExternalFile {
        name: name.into(),
        offset,
        size,
    };
    let raw = ExternalContent {
        element: ElementType::Uint(2, ByteOrder::Little),
        shape: vec![2, 3],
        files: vec![file("a.bin", 4, Some(12)), file("b", 0, None)],
    };
    let selection = |start, stride: Option<u64>| Hyperslab {
        start: vec![start],
        stride: stride.map(|stride| vec![stride]),
        count: vec![2],
        block: None,
    };
    let vds = VirtualContent {
        element: ElementType::Float(8, ByteOrder::Big),
        shape: vec![2],
        sources: vec![VirtualSource {
            target: selection(0, None),
            file: "o.h5".into(),
            dataset: "/d".into(),
            selection: selection(1, Some(3)),
        }],
    };
    let dataset = |content| {
        Item::Dataset(Dataset {
            attributes: vec![],
            content,
        })
    };
    let expected = [
        ("raw".to_owned(), dataset(Content::External(raw))),
        ("vds".to_owned(), dataset(Content::Virtual(vds))),
    ];
    assert_eq!(tree.root.children, expected);
}

#[test]
fn invalid_items_are_left_out_and_reported_with_their_path() {
    let tree = tree(
        json!({"type": "group", "attributes": {"bad": null, "good": 1}, "children": {
            "entry": {"type": "group", "attributes": null, "children": {
                "null": null,
                "ragged": [[1, 2], [3]],
                "range": {"type": "inline", "dtype": "int8", "value": 300},
                "type": {"type": "inline", "dtype": "str", "value": "a"},
                "order": {"type": "inline_b64", "dtype": "f8", "value": ""},
                "short": {"type": "inline_b64", "dtype": "<f8", "value": "AAAA"},
                "what": {"type": "mystery"},
                "nothing": {},
                "attribute": {"attributes": {"a": {"type": "stream", "stream": "s"}}, "value": 1},
                "table": {"type": "compound", "columns": [["a", [1, 2]], ["a", [3, 4]]]},
                "uneven": {"type": "compound", "columns": [["a", [1, 2]], ["b", 3]]},
                "empty": {"type": "compound", "columns": []},
                "link": {"type": "soft_link"},
                "..": 1,
                "a//b": 1,
                "files": {"type": "external_binary_dataset", "dtype": "<u2", "shape": [1], "files": []},
                "kept": 5,
            }},
        }}),
    );
    assert_eq!(
        problems(&tree),
        [
            "/@bad: null is not a value",
            "/entry: \"attributes\" is not an object",
            "/entry/null: null is not a value",
            "/entry/ragged: the lists of an array differ in length or depth",
            "/entry/range: 300 is not a value of type int8",
            "/entry/type: unknown dtype \"str\"",
            "/entry/order: unknown dtype \"f8\"",
            "/entry/short: 3 bytes are not a multiple of 8",
            "/entry/what: unknown type \"mystery\" of a value",
            "/entry/nothing: \"value\" is missing",
            "/entry/attribute@a: a stream can only be the value of a dataset",
            "/entry/table: two columns are called \"a\"",
            "/entry/uneven: column \"b\" has shape [], the first one [2]",
            "/entry/empty: a compound needs a column",
            "/entry/link: \"target_path\" is missing",
            "/entry/..: \"..\" is not a name",
            "/entry/a//b: \"a//b\" is not a name",
            "/entry/files: \"files\" is empty",
        ]
    );
    let Some((_, Item::Group(entry))) = tree.root.children.first() else {
        panic!("no entry")
    };
    let names: Vec<_> = entry
        .children
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["attribute", "kept"]);
    assert_eq!(tree.root.attributes.len(), 1);
}

#[test]
fn a_root_that_is_no_group_is_reported() {
    assert_eq!(
        problems(&tree(json!(1))),
        ["/: the root of a file must be a group"]
    );
}
