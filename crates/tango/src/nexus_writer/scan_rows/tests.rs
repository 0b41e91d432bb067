//! Rows as clients see them.

use chrono::TimeZone as _;

use super::*;

fn moment(second: u32, micros: i64) -> DateTime<Local> {
    let time = Local.with_ymd_and_hms(2026, 11, 23, 0, 41, second).unwrap();
    time + TimeDelta::microseconds(micros)
}

fn subscan(name: &str, least: u64, most: u64, expected: Option<u64>) -> ListedSubscan {
    ListedSubscan {
        name: name.to_owned(),
        least,
        most,
        expected,
    }
}

/// A scan that has ended.
fn ascan() -> ListedScan {
    ListedScan {
        name: "1_ascan".to_owned(),
        state: DevState::Off,
        reason: "Finished succesfully".to_owned(),
        urls: vec!["/data/demo/data.h5::/1.1".to_owned()],
        subscans: vec![subscan("axis", 6, 6, None)],
        bytes: 240,
        duration: Duration::from_micros(581_450),
        writing: WriterTimes {
            created: moment(6, 44_617),
            began: Some(moment(6, 45_392)),
            ended: Some(moment(6, 626_842)),
        },
        acquiring: (Some(moment(6, 0)), Some(moment(6, 606_930))),
    }
}

/// A scan that runs.
fn loopscan() -> ListedScan {
    ListedScan {
        name: "2_loopscan".to_owned(),
        state: DevState::On,
        reason: "Subscribed to Redis".to_owned(),
        urls: Vec::new(),
        subscans: vec![subscan("timer", 11, 12, None)],
        bytes: 280,
        duration: Duration::from_micros(1_188_715),
        writing: WriterTimes {
            created: moment(8, 15_269),
            began: Some(moment(8, 15_858)),
            ended: None,
        },
        acquiring: (Some(moment(8, 0)), None),
    }
}

#[test]
fn no_scan_is_no_row() {
    assert_eq!(names(&[]), [""; 0]);
    assert_eq!(info(&[], moment(0, 0)), [""; 0]);
}

#[test]
fn rows_of_two_scans_stand_below_each_other() {
    let scans = [ascan(), loopscan()];
    assert_eq!(names(&scans), ["1_ascan", "2_loopscan"]);
    assert_eq!(states(&scans), [DevState::Off, DevState::On]);
    assert_eq!(
        urls(&scans),
        [
            "   1_ascan: ['/data/demo/data.h5::/1.1']",
            "2_loopscan: []                          "
        ]
    );
    assert_eq!(
        start(&scans),
        [
            "   1_ascan: 2026-11-23 00:41:06",
            "2_loopscan: 2026-11-23 00:41:08"
        ]
    );
    assert_eq!(
        end(&scans),
        [
            "   1_ascan: 2026-11-23 00:41:06",
            "2_loopscan: not finished       "
        ]
    );
    assert_eq!(
        duration(&scans),
        ["   1_ascan: 0:00:00.581450", "2_loopscan: 0:00:01.188715"]
    );
    assert_eq!(
        progress(&scans),
        ["   1_ascan: 6pts-6pts  ", "2_loopscan: 11pts-12pts"]
    );
    assert_eq!(
        states_info(&scans),
        [
            "   1_ascan: OFF Finished succesfully",
            "2_loopscan:  ON Subscribed to Redis "
        ]
    );
    assert_eq!(
        info(&scans, moment(9, 0)),
        [
            "   1_ascan: OFF   6pts-6pts 240.0B duration: 0:00:00.581450 start: 2026-11-23 00:41:06 \
             (delay: 0:00:00.044617 + 0:00:00.000775) end: 2026-11-23 00:41:06 (delay: 0:00:00.019912)",
            "2_loopscan:  ON 11pts-12pts 280.0B duration: 0:00:01.188715 start: 2026-11-23 00:41:08 \
             (delay: 0:00:00.015269 + 0:00:00.000589) end: not finished (delay: NaN)                  "
        ]
    );
}

#[test]
fn one_scan_by_itself_is_not_padded() {
    let mut scan = loopscan();
    scan.state = DevState::Fault;
    scan.reason = "Stop requested".to_owned();
    assert_eq!(states_info(&[scan]), ["2_loopscan: FAULT Stop requested"]);
}

#[test]
fn each_of_several_subscans_has_a_row() {
    let mut scan = ascan();
    scan.subscans.push(subscan("timer", 10, 12, Some(100)));
    let mut second = ascan();
    second.name = "2_ct".to_owned();
    second.subscans = vec![subscan("timer", 1, 1, None)];
    assert_eq!(
        progress(&[scan, second]),
        [
            " 1_ascan:axis: 6pts-6pts",
            "1_ascan:timer: 10%-12%  ",
            "         2_ct: 1pts-1pts"
        ]
    );
}

#[test]
fn states_not_reached_have_no_time() {
    let mut scan = loopscan();
    scan.subscans.clear();
    scan.writing.began = None;
    // The scan ended before anybody began to save it.
    scan.acquiring = (None, Some(moment(10, 0)));
    assert_eq!(
        info(&[scan.clone()], moment(9, 500_000)),
        [
            "2_loopscan: ON 0pts-0pts 280.0B duration: 0:00:01.188715 start: not started \
             (delay: NaN + NaN) end: not finished (delay: -0:00:00.500000)"
        ]
    );
    assert_eq!(start(&[scan]), ["2_loopscan: not finished"]);
}
