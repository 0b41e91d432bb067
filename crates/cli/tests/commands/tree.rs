//! The output of `tree`.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use crate::fixture::{nexus_writer, run};

const SCRIPT: &str = r#"
import h5py, numpy, sys
with h5py.File(sys.argv[1], "w") as file:
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = "1.1"
    entry = file.create_group("1.1")
    entry.attrs["NX_class"] = "NXentry"
    entry["title"] = "a \"scan\""
    entry["count_time"] = 0.5
    data = entry.create_dataset("data", shape=(3, 4), dtype="<f4", chunks=(1, 4), compression="gzip")
    data.attrs["units"] = "mm"
    entry["few"] = numpy.array([1, 2, 3], dtype="<u2")
    entry["link"] = h5py.SoftLink("/1.1/data")
    entry["nowhere"] = h5py.SoftLink("/1.1/missing")
    entry["other"] = h5py.ExternalLink("other.h5", "/entry/data")
"#;

const TREE: &str = "\
FILE  NXroot
│  @default  \"1.1\"
└─ 1.1  NXentry
   ├─ count_time  0.5  float64
   ├─ data  float32 [3, 4]  chunks [1, 4] deflate 4
   │     @units  \"mm\"
   ├─ few  [1, 2, 3]  uint16 [3]
   ├─ link  → /1.1/data
   ├─ nowhere  → /1.1/missing  (dangling)
   ├─ other  → other.h5::/entry/data
   └─ title  \"a \\\"scan\\\"\"  text
";

fn make(file: &Path) {
    testing::output(testing::python().args(["-c", SCRIPT]).arg(file));
}

fn tree(arguments: &[&Path]) -> (Option<i32>, String, String) {
    run(nexus_writer(["tree"]).args(arguments))
}

#[test]
fn a_file_is_printed_as_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.h5");
    make(&file);
    let (status, tree, log) = tree(&[&file]);
    assert_eq!(status, Some(0), "{log}");
    assert_eq!(tree.replace(file.to_str().unwrap(), "FILE"), TREE);
}

#[test]
fn parts_of_a_file_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.h5");
    make(&file);
    let (status, group, _) = tree(&[&file, Path::new("/1.1")]);
    assert_eq!(status, Some(0));
    assert!(group.starts_with("/1.1  NXentry\n├─ count_time"), "{group}");
    let (status, dataset, _) = tree(&[&file, Path::new("1.1/few")]);
    assert_eq!(status, Some(0));
    assert_eq!(dataset, "1.1/few  [1, 2, 3]  uint16 [3]\n");
}

#[test]
fn unreadable_files_and_paths_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let (file, text) = (folder.path().join("a.h5"), folder.path().join("a.txt"));
    make(&file);
    std::fs::write(&text, "no HDF5").unwrap();
    let missing = folder.path().join("missing.h5");
    let wrong: [(&[&Path], &str); 3] = [
        (&[&missing], "missing.h5"),
        (&[&text], "a.txt"),
        (&[&file, Path::new("/2.1")], "has no /2.1"),
    ];
    for (arguments, message) in wrong {
        let (status, tree, log) = tree(arguments);
        assert_eq!((status, tree.as_str()), (Some(1), ""), "{log}");
        assert!(log.contains(message), "{log}");
    }
}

#[test]
fn a_reader_may_have_seen_enough() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.h5");
    let script = "import h5py, sys\nwith h5py.File(sys.argv[1], 'w') as f:\n for i in range(20000): f[f'a{i}'] = i";
    testing::output(testing::python().args(["-c", script]).arg(&file));
    let mut command = nexus_writer(["tree"]);
    let mut tree = command
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The remaining text is longer than the buffer of a pipe.
    let mut first = [0; 10];
    tree.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = tree.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}
