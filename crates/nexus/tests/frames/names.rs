//! Lists of the places of frames.

use nexus::dataset::FrameReference;
use nexus::frames::FrameRange;
use serde_json::json;

use crate::support::*;

#[test]
fn names_are_relative_to_the_file_and_need_no_files() {
    let fixture = FrameFixture::new();
    let mut frames = fixture.dataset(FrameReference::Names, SHORT, declared(&[2, 3]));
    frames
        .show(&usable(&[fixture.frames("det_0.cbf", 2)]))
        .unwrap();
    let names = ["raw/det_0.cbf::0", "raw/det_0.cbf::1"];
    assert_eq!(fixture.seen()["values"], json!(names));
    // Not made anew for each frame.
    frames
        .show(&usable(&[fixture.frames("det_0.cbf", 3)]))
        .unwrap();
    assert_eq!(frames.visible(), 2);

    let elsewhere = FrameRange {
        file: "/elsewhere/det_1.cbf".to_owned(),
        first: 7,
        ..fixture.frames("", 1)
    };
    let all = [fixture.frames("det_0.cbf", 3), elsewhere];
    frames.close(&usable(&all)).unwrap();
    let seen = fixture.seen();
    assert_eq!(
        seen["values"],
        json!([
            "raw/det_0.cbf::0",
            "raw/det_0.cbf::1",
            "raw/det_0.cbf::2",
            "/elsewhere/det_1.cbf::7"
        ])
    );
    assert_eq!(
        (&seen["shape"], &seen["maxshape"]),
        (&json!([4]), &json!([4]))
    );
    assert!(seen["chunks"].is_null());
    assert_eq!(seen["dtype"], "|O");
}
