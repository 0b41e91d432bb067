//! A file with all that files of ours have.

use std::path::{Path, PathBuf};

use nexus::h5::{ChunkedOptions, File, Filter, Group, VirtualOptions};
use nexus::tree::{ByteOrder, Column, ElementType, Hyperslab, Value, VirtualSource};

use ByteOrder::{Big, Little};

/// The files of the sample in a folder.
pub struct Sample {
    pub file: PathBuf,
    /// A file to which links and a virtual dataset lead.
    pub other: PathBuf,
}

fn array(element: ElementType, shape: &[u64], bytes: Vec<u8>) -> Value {
    Value::Numbers {
        element,
        shape: shape.to_vec(),
        bytes,
    }
}

fn doubles(shape: &[u64], numbers: impl IntoIterator<Item = f64>) -> Value {
    let bytes = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
    array(ElementType::Float(8, Little), shape, bytes)
}

fn texts(shape: &[u64], texts: &[&str]) -> Value {
    Value::Texts {
        shape: shape.to_vec(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn add(group: &Group, name: &str, value: &Value) {
    group.create_value(name, value).unwrap();
}

fn chunked(
    group: &Group,
    name: &str,
    element: &ElementType,
    shape: &[u64],
    chunk: &[u64],
    bytes: &[u8],
) {
    let max_shape: Vec<_> = shape.iter().map(|_| None).collect();
    let options = ChunkedOptions {
        element,
        shape,
        max_shape: &max_shape,
        chunk,
        filters: &[Filter::Shuffle, Filter::Deflate(4)],
        fill: None,
        cache: None,
    };
    let dataset = group.create_chunked(name, &options).unwrap();
    dataset
        .write_block(&vec![0; shape.len()], shape, bytes)
        .unwrap();
}

/// Writes the sample into a folder.
pub fn write(folder: &Path) -> Sample {
    let other = folder.join("other.h5");
    let file = File::create(&other).unwrap();
    let entry = file.root().unwrap().create_group("entry").unwrap();
    entry.set_attribute("NX_class", &"NXentry".into()).unwrap();
    add(
        &entry,
        "frames",
        &doubles(&[2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]),
    );
    file.close().unwrap();

    let path = folder.join("sample.h5");
    let file = File::create(&path).unwrap();
    let root = file.root().unwrap();
    root.set_attribute("NX_class", &"NXroot".into()).unwrap();
    root.set_attribute("default", &"1.1".into()).unwrap();
    let entry = root.create_group("1.1").unwrap();
    for (name, value) in [
        ("NX_class", "NXentry".into()),
        ("default", "plot".into()),
        ("truth", true.into()),
        ("count", 42i64.into()),
        ("factor", 0.1f64.into()),
        ("names", texts(&[2, 2], &["a", "", "ü", "<b>&\"\n"])),
        ("numbers", doubles(&[3], [1.5, f64::NAN, -1e300])),
        ("empty", doubles(&[0], [])),
    ] {
        entry.set_attribute(name, &value).unwrap();
    }
    add(&entry, "title", &"ascan samy 0 1 400 0.1".into());
    let measured = entry.create_group("measurement").unwrap();
    let sine: Vec<u8> = (0..400)
        .flat_map(|point| (f64::from(point) / 25.0).sin().to_le_bytes())
        .collect();
    chunked(
        &measured,
        "diode",
        &ElementType::Float(8, Little),
        &[400],
        &[128],
        &sine,
    );
    let image: Vec<u8> = (0u16..60)
        .flat_map(|pixel| (pixel * 7).to_le_bytes())
        .collect();
    chunked(
        &measured,
        "image",
        &ElementType::Uint(2, Little),
        &[3, 4, 5],
        &[1, 4, 5],
        &image,
    );
    let plot = entry.create_group("plot").unwrap();
    plot.set_attribute("NX_class", &"NXdata".into()).unwrap();
    plot.set_attribute("signal", &"diode".into()).unwrap();
    plot.create_soft_link("diode", "/1.1/measurement/diode")
        .unwrap();
    plot.create_soft_link("image", "/1.1/nowhere").unwrap();
    types(&entry.create_group("types").unwrap());
    let links = entry.create_group("links").unwrap();
    links.create_soft_link("up", "/1.1/measurement").unwrap();
    links
        .create_external_link("other", Path::new("other.h5"), "/entry")
        .unwrap();
    links
        .create_external_link("frames", &other, "/entry/frames")
        .unwrap();
    links
        .create_external_link("gone", Path::new("gone.h5"), "/entry")
        .unwrap();
    links
        .create_external_link("wrong", Path::new("other.h5"), "/nothing")
        .unwrap();
    virtual_dataset(&links);
    file.close().unwrap();
    Sample { file: path, other }
}

/// Values of all types.
fn types(group: &Group) {
    let big: Vec<u8> = [1i32, -2, 300_000]
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    add(group, "big", &array(ElementType::Int(4, Big), &[3], big));
    let single: Vec<u8> = [0.1f32, f32::INFINITY, 1e-7]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    add(
        group,
        "single",
        &array(ElementType::Float(4, Little), &[3], single),
    );
    add(
        group,
        "half",
        &array(ElementType::Float(2, Little), &[2], vec![0, 0x3c, 0, 0x38]),
    );
    add(
        group,
        "truths",
        &array(ElementType::Bool, &[4], vec![0, 1, 1, 0]),
    );
    add(group, "truth", &false.into());
    add(group, "integer", &(-5i64).into());
    add(group, "large", &u64::MAX.into());
    add(group, "double", &2.5f64.into());
    add(
        group,
        "bytes",
        &array(ElementType::Uint(1, Little), &[2, 2], vec![0, 1, 254, 255]),
    );
    add(group, "texts", &texts(&[3], &["one", "", "drei ü"]));
    add(
        group,
        "fixed",
        &array(ElementType::FixedText(4), &[2], b"abc\0wxyz".to_vec()),
    );
    add(group, "nothing", &doubles(&[0, 3], []));
    let complex: Vec<u8> = [1.0f64, -2.0, 0.5, 0.0]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    add(
        group,
        "complex",
        &array(ElementType::Complex(16, Little), &[2], complex),
    );
    add(group, "odd", &doubles(&[4], [f64::NAN, -3.0, 0.0, 8.0]));
    let table = Value::Compound {
        shape: vec![2],
        columns: vec![
            Column {
                name: "x".to_owned(),
                value: doubles(&[2], [1.0, 2.0]),
            },
            Column {
                name: "name".to_owned(),
                value: texts(&[2], &["first", "second"]),
            },
        ],
    };
    add(group, "table", &table);
}

fn virtual_dataset(group: &Group) {
    let all = |count: &[u64]| Hyperslab {
        start: vec![0; count.len()],
        stride: None,
        count: count.to_vec(),
        block: None,
    };
    let sources = [VirtualSource {
        target: all(&[2, 3]),
        file: "other.h5".into(),
        dataset: "/entry/frames".to_owned(),
        selection: all(&[2, 3]),
    }];
    let options = VirtualOptions {
        element: &ElementType::Float(8, Little),
        shape: &[2, 3],
        max_shape: &[Some(2), Some(3)],
        sources: &sources,
        fill: None,
    };
    group.create_virtual("virtual", &options).unwrap();
}
