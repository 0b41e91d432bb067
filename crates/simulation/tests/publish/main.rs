//! What we publish is read by the genuine blissdata.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod plugins;
mod points;
mod seals;

use acquisition::{DType, DTypeKind};
use blissdata::document::ScanIdentity;

fn identity() -> ScanIdentity {
    ScanIdentity {
        name: "ascan".to_owned(),
        number: 7,
        data_policy: "ESRF".to_owned(),
        session: Some("demo".to_owned()),
        proposal: Some("blc15000".to_owned()),
        collection: Some("sample".to_owned()),
        dataset: Some("0001".to_owned()),
        path: Some("/data/visitor/demo/sample_0001.h5".to_owned()),
    }
}

const FLOAT: DType = DType {
    kind: DTypeKind::Float,
    size: 8,
    big_endian: cfg!(target_endian = "big"),
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
