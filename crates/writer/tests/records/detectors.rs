//! Scans of detectors whose files cannot be looked at.

use serde_json::json;
use simulation::publish::{LimaDefinition, LimaFiles, ScanPublisher, StreamDefinition};
use writer::inspection::InspectionProgram;
use writer::records::RecordState;

use crate::fixture::{SessionFixture, end, ended, send, start, with_session};

/// The frames of a scan.
const FRAMES: u64 = 3;

/// Starts a scan of one detector, which has saved all of its frames.
async fn start_camera(fixture: &SessionFixture, number: u64) -> ScanPublisher {
    let file = fixture.file(&format!("{number}.h5"));
    let mut scan = fixture
        .create_with(number, &file, |info| {
            info["channels"] = json!({"cam:image": {"device": "1:timer", "dim": 2}});
            info["devices"]["1:timer"] = json!({"name": "cam", "channels": ["cam:image"]});
            info["devices"]["2:axis"] = json!({"name": "axis", "channels": []});
        })
        .await;
    let camera = LimaDefinition {
        dtype: "<u2".parse().unwrap(),
        shape: vec![2, 3],
        server_url: "id00/lima/cam".to_owned(),
        buffer_max_number: 100,
        frame_per_acquisition: FRAMES,
        files: Some(LimaFiles {
            file_path: "/nowhere/cam_%04d.h5".to_owned(),
            data_path: Some("/entry/data".to_owned()),
            file_format: "hdf5".to_owned(),
            file_offset: 0,
            frame_per_file: 1,
        }),
    };
    let stream = scan.add_stream("cam:image", StreamDefinition::lima(&camera));
    let stream = stream.await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    stream.send_lima(FRAMES, FRAMES).await.unwrap();
    stream.flush().await.unwrap();
    scan
}

#[test]
fn a_file_system_that_does_not_answer_delays_no_other_scan() {
    with_session(async |fixture| {
        // It reads requests to their end, which never comes.
        let program = InspectionProgram {
            path: "/usr/bin/sort".into(),
            name: "inspection".into(),
        };
        fixture.writer_thread.inspect_with(program).await.unwrap();
        let scan = start_camera(fixture, 1).await;
        end(scan).await;
        let camera = fixture.record("1_loopscan").await;

        let mut scan = fixture.create(2, &fixture.file("2.h5")).await;
        let diode = start(&mut scan, "timer:diode").await;
        send(&diode, &[0.5, 1.5, 2.5]).await;
        end(scan).await;
        let other = fixture.record("2_loopscan").await;
        assert_eq!(ended(&other).await.0, RecordState::Off);
        assert!(camera.is_running());

        let (state, reason) = ended(&camera).await;
        assert_eq!(state, RecordState::Fault, "{reason}");
        let expected = "frames 0..3 are not there, beginning with /nowhere/cam_0000.h5: \
                        the file system has not answered within 5 s";
        assert!(reason.contains(expected), "{reason}");
    });
}

#[test]
fn frames_that_nobody_can_look_at_are_missing() {
    with_session(async |fixture| {
        for program in ["/nowhere/inspection", "/bin/true", "/bin/cat"] {
            let program = InspectionProgram {
                path: program.into(),
                name: "inspection".into(),
            };
            fixture.writer_thread.inspect_with(program).await.unwrap();
        }
        let scan = start_camera(fixture, 1).await;
        end(scan).await;
        let (state, reason) = ended(&fixture.record("1_loopscan").await).await;
        assert_eq!(state, RecordState::Fault, "{reason}");
        assert!(
            reason.contains("the file could not be looked at"),
            "{reason}"
        );
    });
}
