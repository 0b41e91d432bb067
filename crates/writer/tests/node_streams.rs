//! Streams of BLISS 1.11 that the recordings do not have: texts, equal names, other types than announced.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "node/published_scan.rs"]
mod published_scan;
#[path = "node/saving.rs"]
mod saving;

use std::sync::Arc;
use std::time::Duration;

use bliss_node::publish::{NewChannel, ScanPublisher};
use pickle::encode;
use pickle::numpy::Dtype;
use published_scan::{Beamline, array, doubles, publish, texts};
use writer::WriterThread;
use writer::options::SaveOptions;
use writer::report::ScanOutcome;
use writer::scan::NexusScanWriter;
use writer::source::ScanId;
use writer::source::node::scan_store;

fn run<T>(test: impl Future<Output = T>) -> T {
    hub::Hub::new().unwrap().run(test)
}

fn channel(name: &str, dtype: &str, shape: &[u64]) -> NewChannel {
    NewChannel::numbers(name, Dtype::parse(dtype).unwrap(), shape)
}

fn text_channel(name: &str, shape: &[u64]) -> NewChannel {
    NewChannel {
        dtype: encode::global("builtins", "str"),
        ..NewChannel::numbers(name, Dtype::TEXT, shape)
    }
}

fn mentions(warnings: &[String], words: &[&str]) -> bool {
    let has_all = |warning: &String| words.iter().all(|word| warning.contains(word));
    warnings.iter().any(has_all)
}

#[test]
fn texts_are_saved_as_texts() {
    run(async {
        let beamline = Beamline::new().await;
        let single = texts(&[3], &["a", "", "日本 µ"]);
        let pairs = texts(&[3, 2], &["a", "b", "c", "d", "e", "f"]);
        let channels = vec![
            (text_channel("dev:label", &[]), single),
            (text_channel("dev:pair", &[2]), pairs),
        ];
        publish(&beamline, channels).await;
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        let label = beamline.found("1.1/measurement/label").unwrap();
        assert_eq!(label.dtype, "object");
        assert_eq!(label.values, "['a', '', '日本 µ']");
        let pair = beamline.values("1.1/measurement/pair");
        assert_eq!(pair, "[['a', 'b'], ['c', 'd'], ['e', 'f']]");
    });
}

#[test]
fn texts_of_a_writer_that_was_stopped_are_continued() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:label"])]);
        let id = ScanId::new(scan.key.as_str());
        let label = scan
            .add_channel("timer:dev", text_channel("dev:label", &[]))
            .unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let first = texts(&[2], &["a", "b"]);
        publisher.publish(&[(label, 2, &first)]).await.unwrap();
        let store = scan_store(&beamline.store);
        let thread = WriterThread::start(Arc::default()).unwrap();
        let options = SaveOptions::default();
        let writer =
            NexusScanWriter::start(&thread, &store, id.clone(), None, options.clone()).unwrap();
        while writer.progress().points() < 2 {
            hub::sleep(Duration::from_millis(10)).await;
        }
        writer.subscriber().stop_and_join(None).await;
        let rest = texts(&[], &["c"]);
        publisher.publish(&[(label, 1, &rest)]).await.unwrap();
        publisher.end(None).await.unwrap();
        let next = NexusScanWriter::resume(&thread, &store, id, None, options).unwrap();
        let report = next.report().await;
        thread.stop().await.unwrap();
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/measurement/label"), "['a', 'b', 'c']");
    });
}

#[test]
fn texts_that_hdf5_cannot_have_are_lost_alone() {
    run(async {
        let beamline = Beamline::new().await;
        let label = texts(&[3], &["a", "b\0c", "d"]);
        publish(&beamline, vec![(text_channel("dev:label", &[]), label)]).await;
        let report = beamline.save().await;
        assert_ne!(report.outcome, ScanOutcome::Complete);
        assert!(
            mentions(&report.warnings, &["dev:label", "NUL"]),
            "{report:?}"
        );
        assert_eq!(beamline.values("1.1/measurement/label"), "['a', '', 'd']");
    });
}

#[test]
fn channels_with_the_same_name_are_saved_in_their_subscans() {
    run(async {
        let beamline = Beamline::new().await;
        // One name is a prefix of the other.
        let channels: &[&str] = &["ctl:diode"];
        let mut scan = beamline.scan(&[("timer", channels), ("timer2", channels)]);
        let diode = || channel("ctl:diode", "<f8", &[]);
        // The announcement of the second subscan may come first.
        let second = scan.add_channel("timer2:ctl", diode()).unwrap();
        let first = scan.add_channel("timer:ctl", diode()).unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let (ones, twos) = (doubles(&[2], &[1.0; 2]), doubles(&[3], &[2.0; 3]));
        let points = [(second, 3, &twos), (first, 2, &ones)];
        publisher.publish(&points).await.unwrap();
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/measurement/diode"), "[1.0, 1.0]");
        assert_eq!(beamline.values("1.2/measurement/diode"), "[2.0, 2.0, 2.0]");
        let record = beamline.values("1.2/writer/data");
        assert!(record.contains("\"timer2:ctl:diode\""), "{record}");
    });
}

#[test]
fn channels_with_the_same_name_in_one_subscan_are_both_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["ctl:diode"])]);
        let diode = || channel("ctl:diode", "<f8", &[]);
        let one = scan.add_channel("timer:ctl", diode()).unwrap();
        let other = scan.add_channel("timer:dev:ctl", diode()).unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let (ones, twos) = (doubles(&[2], &[1.0; 2]), doubles(&[2], &[2.0; 2]));
        let points = [(one, 2, &ones), (other, 2, &twos)];
        publisher.publish(&points).await.unwrap();
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        let names = beamline.members("1.1/measurement");
        let values = names
            .iter()
            .map(|name| beamline.values(&format!("1.1/measurement/{name}")));
        let mut values: Vec<String> = values.collect();
        values.sort();
        assert_eq!(values, ["[1.0, 1.0]", "[2.0, 2.0]"], "{names:?}");
    });
}

#[test]
fn every_type_of_numbers_is_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let complex = [[1.0, -2.0], [3.0, 0.0], [0.0, 4.0]];
        let double = complex
            .iter()
            .flatten()
            .flat_map(|part: &f64| part.to_le_bytes());
        let single = complex
            .iter()
            .flatten()
            .flat_map(|part| (*part as f32).to_le_bytes());
        let big = [1i32, -2, 3].into_iter().flat_map(i32::to_be_bytes);
        let channels = vec![
            (
                channel("dev:flag", "|b1", &[]),
                array("|b1", &[3], vec![1, 0, 1]),
            ),
            (
                channel("dev:complex", "<c16", &[]),
                array("<c16", &[3], double.collect()),
            ),
            (
                channel("dev:single", "<c8", &[]),
                array("<c8", &[3], single.collect()),
            ),
            (
                NewChannel {
                    dtype: encode::dtype(Dtype::parse(">i4").unwrap()),
                    ..channel("dev:big", "<i4", &[])
                },
                array(">i4", &[3], big.collect()),
            ),
        ];
        publish(&beamline, channels).await;
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        let found = |name: &str| {
            let found = beamline.found(&format!("1.1/measurement/{name}")).unwrap();
            (found.dtype, found.values)
        };
        let expected = |dtype: &str, values: &str| (dtype.to_owned(), values.to_owned());
        assert_eq!(found("flag"), expected("bool", "[True, False, True]"));
        let values = "[(1-2j), (3+0j), 4j]";
        assert_eq!(found("complex"), expected("complex128", values));
        assert_eq!(found("single"), expected("complex64", values));
        assert_eq!(found("big"), expected(">i4", "[1, -2, 3]"));
    });
}

#[test]
fn numbers_of_another_type_are_converted_to_the_announced_one() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:a", "dev:b", "dev:c"])]);
        let a = scan.add_channel("timer:dev", channel("dev:a", "<i4", &[]));
        let b = scan.add_channel("timer:dev", channel("dev:b", "<f8", &[]));
        let c = scan.add_channel("timer:dev", channel("dev:c", "|b1", &[]));
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let [a, b, c] = [a, b, c].map(|id| publisher.key(id.unwrap()).clone());
        let pickled = |array| encode::encode(&encode::array(&array), encode::Protocol::V4);
        let fractions = doubles(&[3], &[1.7, -2.9, 1e12]);
        beamline.publish_raw(&a, 0, 3, &pickled(fractions)).await;
        let small = array("|u1", &[3], vec![1, 2, 255]);
        beamline.publish_raw(&b, 0, 3, &pickled(small)).await;
        let numbers = doubles(&[3], &[0.0, 1.0, 2.5]);
        beamline.publish_raw(&c, 0, 3, &pickled(numbers)).await;
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/measurement/a"), "[1, -2, 2147483647]");
        assert_eq!(beamline.values("1.1/measurement/b"), "[1.0, 2.0, 255.0]");
        let flags = "[False, True, True]";
        assert_eq!(beamline.values("1.1/measurement/c"), flags);
    });
}

#[test]
fn data_that_a_channel_cannot_have_are_reported_and_others_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:diode"])]);
        let diode = scan
            .add_channel("timer:dev", channel("dev:diode", "<f8", &[]))
            .unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let key = publisher.key(diode).clone();
        let pickled = |value| encode::encode(&value, encode::Protocol::V4);
        // Texts, an object whose unpickling would run a program, a spectrum, and points in a list.
        let text = pickled("off".into());
        beamline.publish_raw(&key, 0, 1, &text).await;
        let system = encode::global("os", "system");
        let object = pickled(encode::object(system, vec!["false".into()]));
        beamline.publish_raw(&key, 1, 1, &object).await;
        let spectrum = pickled(encode::array(&doubles(&[4], &[1.0; 4])));
        beamline.publish_raw(&key, 2, 1, &spectrum).await;
        let list = pickled(encode::array(&doubles(&[1], &[5.0])));
        beamline.publish_raw(&key, 3, 1, &list).await;
        let number = pickled(pickle::Value::Int(6));
        beamline.publish_raw(&key, 4, 1, &number).await;
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_ne!(report.outcome, ScanOutcome::Complete);
        for words in [["dev:diode", "text"], ["dev:diode", "[4]"]] {
            assert!(mentions(&report.warnings, &words), "{words:?}: {report:?}");
        }
        assert_eq!(
            beamline.values("1.1/measurement/diode"),
            "[nan, nan, nan, 5.0, 6.0]"
        );
    });
}

#[test]
fn a_channel_that_says_nothing_about_its_points_has_numbers() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:diode"])]);
        let unknown = NewChannel {
            dtype: pickle::Value::None,
            ..channel("dev:diode", "<f8", &[])
        };
        let diode = scan.add_channel("timer:dev", unknown).unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let numbers = array("<i2", &[2], vec![1, 0, 2, 0]);
        publisher.publish(&[(diode, 2, &numbers)]).await.unwrap();
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        let found = beamline.found("1.1/measurement/diode").unwrap();
        assert_eq!(found.dtype, "float64");
        assert_eq!(found.values, "[1.0, 2.0]");
    });
}

#[test]
fn a_scan_that_was_never_prepared_is_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:diode", "dev:label"])]);
        let diode = scan.add_channel("timer:dev", channel("dev:diode", "<f8", &[]));
        let label = scan.add_channel("timer:dev", text_channel("dev:label", &[]));
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        let (numbers, label_texts) = (doubles(&[2], &[1.0, 2.0]), texts(&[2], &["a", "b"]));
        let points = [
            (diode.unwrap(), 2, &numbers),
            (label.unwrap(), 2, &label_texts),
        ];
        publisher.publish(&points).await.unwrap();
        let error = Some("<class 'RuntimeError'>");
        publisher.end(error).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/measurement/diode"), "[1.0, 2.0]");
        assert_eq!(beamline.values("1.1/measurement/label"), "['a', 'b']");
    });
}

#[test]
fn a_scan_that_is_aborted_before_its_first_point_has_an_entry() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:diode"])]);
        let diode = channel("dev:diode", "<f8", &[]);
        scan.add_channel("timer:dev", diode).unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let abort = Some("<class 'bliss.scanning.scan.ScanAbort'>");
        publisher.end(abort).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/title"), "test");
        assert_eq!(beamline.found("1.1/measurement/diode"), None);
    });
}

#[test]
fn names_and_metadata_of_any_kind_are_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("zähler", &["gerät:µ diode"])]);
        let name = "gerät:µ diode";
        let diode = scan
            .add_channel("zähler:gerät", channel(name, "<f8", &[]))
            .unwrap();
        let speed = array("<f4", &[], 1.5f32.to_le_bytes().to_vec());
        let flag = array("|b1", &[], vec![1]);
        let matrix = array("<i2", &[2, 2], vec![1, 0, 2, 0, 3, 0, 4, 0]);
        let instrument = encode::dict([
            ("@NX_class", "NXinstrument".into()),
            ("speed", encode::array(&speed)),
            ("flag", encode::array(&flag)),
            ("matrix", encode::array(&matrix)),
            ("unknown", pickle::Value::Float(f64::NAN)),
            ("raw", pickle::Value::Bytes(b"raw \xff"[..].into())),
            ("müller", "größe".into()),
        ]);
        let categories = encode::from_json(&serde_json::json!(["instrument"]));
        scan.info.insert("instrument".to_owned(), instrument);
        scan.info
            .insert("scan_meta_categories".to_owned(), categories);
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let numbers = doubles(&[1], &[1.0]);
        publisher.publish(&[(diode, 1, &numbers)]).await.unwrap();
        publisher.end(None).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        let member = |name: &str| beamline.values(&format!("1.1/instrument/{name}"));
        assert_eq!(member("speed"), "1.5");
        assert_eq!(member("matrix"), "[[1, 2], [3, 4]]");
        assert_eq!(member("müller"), "größe");
        assert!(beamline.found("1.1/instrument/raw").is_some());
        assert_eq!(beamline.values("1.1/measurement/_diode"), "[1.0]");
    });
}

#[test]
fn info_that_cannot_be_read_is_reported_and_the_rest_saved() {
    run(async {
        let beamline = Beamline::new().await;
        let mut scan = beamline.scan(&[("timer", &["dev:diode"])]);
        let diode = scan
            .add_channel("timer:dev", channel("dev:diode", "<f8", &[]))
            .unwrap();
        let mut publisher = ScanPublisher::create(&beamline.store, scan).await.unwrap();
        publisher.prepare().await.unwrap();
        let numbers = doubles(&[1], &[1.0]);
        publisher.publish(&[(diode, 1, &numbers)]).await.unwrap();
        publisher.end(None).await.unwrap();
        let broken = ["HSET", "demo:data:1_test_info", "comments", "no pickle"];
        let broken = redis_client::Command::new(broken[0]).args(&broken[1..]);
        let mut connection = beamline.store.open().await.unwrap();
        connection.call(&broken).await.unwrap();
        let report = beamline.save().await;
        assert_eq!(report.outcome, ScanOutcome::Complete, "{report:?}");
        assert_eq!(beamline.values("1.1/measurement/diode"), "[1.0]");
    });
}
