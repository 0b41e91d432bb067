//! A subscriber behaves the same in each of its modes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::{Budget, Event, Hub, Queue, Thread};
use writer::subscriber::{Consumer, Context, Fault, Listener, Mode, Sink, State, Subscriber};

/// Listens to a queue of numbers until it is closed.
struct NumberListener {
    source: Queue<u32>,
    reports_ready: bool,
}

impl Listener for NumberListener {
    type Event = u32;

    async fn listen<C: Consumer<Event = u32>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        if self.reports_ready {
            context.ready();
        }
        loop {
            let number = tokio::select! {
                () = context.stopping().wait() => return Ok(()),
                number = self.source.get() => number,
            };
            match number {
                None => return Ok(()),
                Some(404) => return Err(Fault::internal("nothing to hear")),
                Some(666) => panic!("the listener cannot bear this"),
                Some(number) => sink.put(number, 4).await?,
            }
        }
    }
}

/// Records the events that it consumes, and its end.
struct RecordingConsumer {
    entries: Arc<Mutex<Vec<String>>>,
    ticked: Event,
}

impl Consumer for RecordingConsumer {
    type Event = u32;

    const PERIOD: Option<Duration> = Some(Duration::from_millis(1));

    async fn consume(&mut self, number: u32) -> Result<(), Fault> {
        match number {
            500 => return Err(Fault::internal("indigestible")),
            999 => panic!("the consumer cannot bear this"),
            _ => self.entries.lock().unwrap().push(number.to_string()),
        }
        Ok(())
    }

    async fn tick(&mut self) {
        self.ticked.send();
    }

    async fn finish(self, end: Result<(), Fault>) -> Result<(), Fault> {
        let entry = end.as_ref().map_err(ToString::to_string);
        self.entries.lock().unwrap().push(format!("{entry:?}"));
        end
    }
}

struct Fixture {
    subscriber: Subscriber,
    source: Queue<u32>,
    entries: Arc<Mutex<Vec<String>>>,
    ticked: Event,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture {
            subscriber: Subscriber::new("esrf:scan:test"),
            source: Queue::new(1 << 20),
            entries: Arc::default(),
            ticked: Event::new(),
        }
    }

    fn start(&self, mode: Mode, reports_ready: bool) {
        let listener = NumberListener {
            source: self.source.clone(),
            reports_ready,
        };
        let consumer = RecordingConsumer {
            entries: self.entries.clone(),
            ticked: self.ticked.clone(),
        };
        self.subscriber
            .start(mode, listener, move || consumer)
            .unwrap();
    }

    async fn send(&self, numbers: &[u32]) {
        for &number in numbers {
            self.source.put(number, 4).await.unwrap();
        }
    }

    async fn end(&self) -> (State, Option<String>, Vec<String>) {
        assert!(
            self.subscriber.join(Some(Duration::from_secs(30))).await,
            "the subscriber does not end"
        );
        assert!(self.subscriber.done());
        let fault = self.subscriber.fault().map(|fault| fault.to_string());
        (
            self.subscriber.state(),
            fault,
            self.entries.lock().unwrap().clone(),
        )
    }
}

/// Runs a fixture once in every mode.
fn in_each_mode(check: impl AsyncFn(Mode)) {
    Hub::new().unwrap().run(async {
        let thread = Thread::serving("consumer").unwrap();
        check(Mode::Sequential).await;
        check(Mode::Concurrent(Budget::new(8))).await;
        check(Mode::Parallel(&thread, Budget::new(8))).await;
        thread.stop(Some(Duration::from_secs(30))).await.unwrap();
    });
}

#[test]
fn events_are_consumed_in_order_and_then_it_is_off() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        assert_eq!(fixture.subscriber.state(), State::Init);
        assert_eq!(fixture.subscriber.duration(), None);
        fixture.start(mode, true);
        fixture.send(&[1, 2, 3, 4, 5, 6]).await;
        fixture.source.close();
        let entries = ["1", "2", "3", "4", "5", "6", "Ok(())"]
            .map(String::from)
            .to_vec();
        assert_eq!(fixture.end().await, (State::Off, None, entries));
        let duration = fixture.subscriber.duration();
        assert!(duration.is_some());
        assert_eq!(
            fixture.subscriber.duration(),
            duration,
            "time stops at the end"
        );
    });
}

#[test]
fn a_subscriber_is_on_once_it_has_subscribed() {
    in_each_mode(async |mode| {
        for (reports_ready, state) in [(false, State::Init), (true, State::On)] {
            let fixture = Fixture::new();
            fixture.start(mode.clone(), reports_ready);
            // Ticks come while it waits for events, so the listener was there before.
            fixture.ticked.wait().await;
            assert_eq!(fixture.subscriber.state(), state);
            assert!(!fixture.subscriber.done());
            fixture.subscriber.stop();
            assert_eq!(fixture.end().await.0, State::Off);
        }
    });
}

#[test]
fn callers_can_wait_until_it_has_subscribed_and_until_it_has_ended() {
    in_each_mode(async |mode| {
        let long = Some(Duration::from_secs(30));
        let fixture = Fixture::new();
        fixture.start(mode.clone(), true);
        assert!(fixture.subscriber.subscribed(long).await);
        assert!(fixture.subscriber.stop_and_join(long).await);
        assert_eq!(fixture.subscriber.state(), State::Off);
        assert!(!fixture.subscriber.subscribed(long).await, "it has ended");

        fixture.start(mode.clone(), false);
        let short = Some(Duration::from_millis(1));
        assert!(
            !fixture.subscriber.subscribed(short).await,
            "it has not subscribed"
        );
        assert!(fixture.subscriber.kill_and_join("enough", long).await);
        assert_eq!(fixture.subscriber.state(), State::Fault);
    });
}

#[test]
fn a_failing_listener_is_a_fault_with_its_reason() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        fixture.start(mode, true);
        fixture.send(&[1, 404]).await;
        let entries = vec!["1".to_owned(), "Err(\"nothing to hear\")".to_owned()];
        let fault = Some("nothing to hear".to_owned());
        assert_eq!(fixture.end().await, (State::Fault, fault, entries));
    });
}

#[test]
fn a_failing_consumer_is_a_fault_and_ends_the_listener() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        fixture.start(mode, true);
        fixture.send(&[1, 500]).await;
        let (state, fault, entries) = fixture.end().await;
        assert_eq!(
            (state, fault),
            (State::Fault, Some("indigestible".to_owned()))
        );
        assert_eq!(entries, ["1", "Err(\"indigestible\")"]);
    });
}

#[test]
fn a_panic_is_a_fault_too() {
    in_each_mode(async |mode| {
        for number in [666, 999] {
            let fixture = Fixture::new();
            fixture.start(mode.clone(), true);
            fixture.send(&[number]).await;
            let (state, fault, _) = fixture.end().await;
            assert_eq!(state, State::Fault);
            assert!(fault.unwrap().contains("cannot bear this"));
        }
    });
}

#[test]
fn a_kill_is_a_fault_and_the_consumer_still_finishes() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        fixture.start(mode, true);
        fixture.send(&[1]).await;
        fixture.ticked.wait().await;
        fixture.subscriber.kill("enough");
        let (state, fault, entries) = fixture.end().await;
        assert_eq!(
            (state, fault),
            (State::Fault, Some("killed: enough".to_owned()))
        );
        assert_eq!(entries.last().unwrap(), "Err(\"killed: enough\")");
        assert!(fixture.subscriber.info().contains("FAULT: killed: enough"));
    });
}

#[test]
fn an_abort_on_request_of_a_user_has_its_own_reason() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        assert_eq!(fixture.subscriber.reason(), "instantiation");
        fixture.start(mode, false);
        assert_eq!(fixture.subscriber.reason(), "Starting");
        fixture.send(&[1]).await;
        fixture.ticked.wait().await;
        fixture.subscriber.abort();
        let (state, fault, entries) = fixture.end().await;
        let reason = "Stop requested".to_owned();
        assert_eq!((state, fault), (State::Fault, Some(reason.clone())));
        assert_eq!(entries.last().unwrap(), "Err(\"Stop requested\")");
        assert_eq!(fixture.subscriber.reason(), reason);
    });
}

#[test]
fn observers_see_each_state_when_they_are_called() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (observed, states) = (fixture.subscriber.clone(), seen.clone());
        assert!(fixture.subscriber.observe(move || {
            let state = (observed.state(), observed.done());
            states.lock().unwrap().push(state);
        }));
        assert!(!fixture.subscriber.observe(|| {}));
        fixture.start(mode, true);
        fixture.ticked.wait().await;
        fixture.subscriber.stop();
        fixture.end().await;
        let states = [(State::Init, false), (State::On, false), (State::Off, true)];
        assert_eq!(*seen.lock().unwrap(), states);
    });
}

#[test]
fn a_subscriber_can_be_restarted_only_when_off() {
    in_each_mode(async |mode| {
        let fixture = Fixture::new();
        fixture.start(mode.clone(), true);
        let listener = || NumberListener {
            source: fixture.source.clone(),
            reports_ready: true,
        };
        let consumer = || RecordingConsumer {
            entries: fixture.entries.clone(),
            ticked: Event::new(),
        };
        let second = consumer();
        fixture
            .subscriber
            .start(mode.clone(), listener(), move || second)
            .unwrap_err();
        fixture.subscriber.stop();
        assert_eq!(fixture.end().await.0, State::Off);

        fixture.start(mode.clone(), true);
        fixture.send(&[7, 404]).await;
        let (state, _, entries) = fixture.end().await;
        assert_eq!(state, State::Fault);
        assert!(entries.contains(&"7".to_owned()));
        let third = consumer();
        fixture
            .subscriber
            .start(mode, listener(), move || third)
            .unwrap_err();
    });
}
