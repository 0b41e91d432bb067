//! A subscriber behaves the same in each of its modes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::{Budget, Event, Hub, Queue, Thread};
use writer::subscriber::{Consumer, Context, Fault, Listener, Mode, Sink, State, Subscriber};

/// Listens to a queue of numbers until it is closed.
struct Numbers {
    source: Queue<u32>,
    stands: bool,
}

impl Listener for Numbers {
    type Event = u32;

    async fn listen<C: Consumer<Event = u32>>(
        self,
        context: Context,
        sink: Sink<C>,
    ) -> Result<(), Fault> {
        if self.stands {
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

/// Writes down what it consumes and how it ends.
struct Diary {
    pages: Arc<Mutex<Vec<String>>>,
    ticked: Event,
}

impl Consumer for Diary {
    type Event = u32;

    const PERIOD: Option<Duration> = Some(Duration::from_millis(1));

    async fn consume(&mut self, number: u32) -> Result<(), Fault> {
        match number {
            500 => return Err(Fault::internal("indigestible")),
            999 => panic!("the consumer cannot bear this"),
            _ => self.pages.lock().unwrap().push(number.to_string()),
        }
        Ok(())
    }

    async fn tick(&mut self) {
        self.ticked.send();
    }

    async fn finish(self, end: Result<(), Fault>) -> Result<(), Fault> {
        let page = end.as_ref().map_err(ToString::to_string);
        self.pages.lock().unwrap().push(format!("{page:?}"));
        end
    }
}

struct Scene {
    subscriber: Subscriber,
    source: Queue<u32>,
    pages: Arc<Mutex<Vec<String>>>,
    ticked: Event,
}

impl Scene {
    fn new() -> Scene {
        Scene {
            subscriber: Subscriber::new("esrf:scan:test"),
            source: Queue::new(1 << 20),
            pages: Arc::default(),
            ticked: Event::new(),
        }
    }

    fn start(&self, mode: Mode, stands: bool) {
        let listener = Numbers {
            source: self.source.clone(),
            stands,
        };
        let diary = Diary {
            pages: self.pages.clone(),
            ticked: self.ticked.clone(),
        };
        self.subscriber
            .start(mode, listener, move || diary)
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
            "it does not end"
        );
        assert!(self.subscriber.done());
        let fault = self.subscriber.fault().map(|fault| fault.to_string());
        (
            self.subscriber.state(),
            fault,
            self.pages.lock().unwrap().clone(),
        )
    }
}

/// Runs a scene once in every mode.
fn in_each_mode(play: impl AsyncFn(Mode)) {
    Hub::new().unwrap().run(async {
        let thread = Thread::serving("consumer").unwrap();
        play(Mode::Sequential).await;
        play(Mode::Concurrent(Budget::new(8))).await;
        play(Mode::Parallel(&thread, Budget::new(8))).await;
        thread.stop(Some(Duration::from_secs(30))).await.unwrap();
    });
}

#[test]
fn what_is_heard_is_consumed_in_order_and_then_it_is_off() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        assert_eq!(scene.subscriber.state(), State::Init);
        assert_eq!(scene.subscriber.duration(), None);
        scene.start(mode, true);
        scene.send(&[1, 2, 3, 4, 5, 6]).await;
        scene.source.close();
        let pages = ["1", "2", "3", "4", "5", "6", "Ok(())"]
            .map(String::from)
            .to_vec();
        assert_eq!(scene.end().await, (State::Off, None, pages));
        let duration = scene.subscriber.duration();
        assert!(duration.is_some());
        assert_eq!(
            scene.subscriber.duration(),
            duration,
            "time stops at the end"
        );
    });
}

#[test]
fn it_is_on_once_the_subscription_stands() {
    in_each_mode(async |mode| {
        for (stands, state) in [(false, State::Init), (true, State::On)] {
            let scene = Scene::new();
            scene.start(mode.clone(), stands);
            // Ticks come while it waits for events, so the listener was there before.
            scene.ticked.wait().await;
            assert_eq!(scene.subscriber.state(), state);
            assert!(!scene.subscriber.done());
            scene.subscriber.stop();
            assert_eq!(scene.end().await.0, State::Off);
        }
    });
}

#[test]
fn whoever_starts_it_can_wait_until_it_stands_and_until_it_has_ended() {
    in_each_mode(async |mode| {
        let long = Some(Duration::from_secs(30));
        let scene = Scene::new();
        scene.start(mode.clone(), true);
        assert!(scene.subscriber.subscribed(long).await);
        assert!(scene.subscriber.stop_and_join(long).await);
        assert_eq!(scene.subscriber.state(), State::Off);
        assert!(!scene.subscriber.subscribed(long).await, "it has ended");

        scene.start(mode.clone(), false);
        let short = Some(Duration::from_millis(1));
        assert!(
            !scene.subscriber.subscribed(short).await,
            "it does not stand"
        );
        assert!(scene.subscriber.kill_and_join("enough", long).await);
        assert_eq!(scene.subscriber.state(), State::Fault);
    });
}

#[test]
fn a_failing_listener_is_a_fault_with_its_reason() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        scene.start(mode, true);
        scene.send(&[1, 404]).await;
        let pages = vec!["1".to_owned(), "Err(\"nothing to hear\")".to_owned()];
        let fault = Some("nothing to hear".to_owned());
        assert_eq!(scene.end().await, (State::Fault, fault, pages));
    });
}

#[test]
fn a_failing_consumer_is_a_fault_and_ends_the_listener() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        scene.start(mode, true);
        scene.send(&[1, 500]).await;
        let (state, fault, pages) = scene.end().await;
        assert_eq!(
            (state, fault),
            (State::Fault, Some("indigestible".to_owned()))
        );
        assert_eq!(pages, ["1", "Err(\"indigestible\")"]);
    });
}

#[test]
fn a_panic_is_a_fault_too() {
    in_each_mode(async |mode| {
        for number in [666, 999] {
            let scene = Scene::new();
            scene.start(mode.clone(), true);
            scene.send(&[number]).await;
            let (state, fault, _) = scene.end().await;
            assert_eq!(state, State::Fault);
            assert!(fault.unwrap().contains("cannot bear this"));
        }
    });
}

#[test]
fn a_kill_is_a_fault_and_the_consumer_still_finishes() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        scene.start(mode, true);
        scene.send(&[1]).await;
        scene.ticked.wait().await;
        scene.subscriber.kill("enough");
        let (state, fault, pages) = scene.end().await;
        assert_eq!(
            (state, fault),
            (State::Fault, Some("killed: enough".to_owned()))
        );
        assert_eq!(pages.last().unwrap(), "Err(\"killed: enough\")");
        assert!(scene.subscriber.info().contains("FAULT: killed: enough"));
    });
}

#[test]
fn whoever_gives_it_up_for_a_user_says_so() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        assert_eq!(scene.subscriber.reason(), "instantiation");
        scene.start(mode, false);
        assert_eq!(scene.subscriber.reason(), "Starting");
        scene.send(&[1]).await;
        scene.ticked.wait().await;
        scene.subscriber.abort();
        let (state, fault, pages) = scene.end().await;
        let reason = "Stop requested".to_owned();
        assert_eq!((state, fault), (State::Fault, Some(reason.clone())));
        assert_eq!(pages.last().unwrap(), "Err(\"Stop requested\")");
        assert_eq!(scene.subscriber.reason(), reason);
    });
}

#[test]
fn observers_see_each_state_when_they_are_told() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (observed, told) = (scene.subscriber.clone(), seen.clone());
        assert!(scene.subscriber.observe(move || {
            let state = (observed.state(), observed.done());
            told.lock().unwrap().push(state);
        }));
        assert!(!scene.subscriber.observe(|| {}));
        scene.start(mode, true);
        scene.ticked.wait().await;
        scene.subscriber.stop();
        scene.end().await;
        let states = [(State::Init, false), (State::On, false), (State::Off, true)];
        assert_eq!(*seen.lock().unwrap(), states);
    });
}

#[test]
fn it_can_be_started_again_once_it_is_off_and_only_then() {
    in_each_mode(async |mode| {
        let scene = Scene::new();
        scene.start(mode.clone(), true);
        let listener = || Numbers {
            source: scene.source.clone(),
            stands: true,
        };
        let diary = || Diary {
            pages: scene.pages.clone(),
            ticked: Event::new(),
        };
        let second = diary();
        scene
            .subscriber
            .start(mode.clone(), listener(), move || second)
            .unwrap_err();
        scene.subscriber.stop();
        assert_eq!(scene.end().await.0, State::Off);

        scene.start(mode.clone(), true);
        scene.send(&[7, 404]).await;
        let (state, _, pages) = scene.end().await;
        assert_eq!(state, State::Fault);
        assert!(pages.contains(&"7".to_owned()));
        let third = diary();
        scene
            .subscriber
            .start(mode, listener(), move || third)
            .unwrap_err();
    });
}
