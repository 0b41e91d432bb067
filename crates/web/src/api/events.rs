//! `/api/v1/state`, and `/api/v1/events`, which sends it whenever it has changed.
//!
//! The state is made once for all viewers, at most four times per second, and only while there is one. A viewer that is
//! slow misses states: each is complete, so none of them has to be sent again.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::local_time;
use super::snapshot::snapshot;
use crate::guard::problem;
use crate::state::{HttpFigures, WebState};

/// Shortest time between two states.
const PERIOD: Duration = Duration::from_millis(250);

/// How often something is sent when nothing changes, so that both sides see whether the other is there.
const COMMENT_PERIOD: Duration = Duration::from_secs(15);

/// Those who receive events, and what they receive.
#[derive(Debug)]
pub struct Viewers {
    places: Arc<Semaphore>,
    /// The most viewers at the same time.
    limit: usize,
    /// Sent when there is a new viewer.
    arrived: Notify,
    last: Mutex<LastState>,
    texts: watch::Sender<Arc<str>>,
}

#[derive(Debug, Default)]
struct LastState {
    seq: u64,
    state: Value,
    text: Arc<str>,
}

impl Viewers {
    /// Creates places for this number of viewers.
    pub fn new(limit: usize) -> Viewers {
        Viewers {
            places: Arc::new(Semaphore::new(limit)),
            limit,
            arrived: Notify::new(),
            last: Mutex::default(),
            texts: watch::Sender::new(Arc::from("")),
        }
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.limit - self.places.available_permits()
    }

    /// No code runs under the lock that could leave the state half changed.
    fn last(&self) -> MutexGuard<'_, LastState> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one viewer. It is counted until this is dropped.
struct ViewerPlace {
    _permit: OwnedSemaphorePermit,
    http: Arc<HttpFigures>,
}

impl ViewerPlace {
    fn new(permit: OwnedSemaphorePermit, http: &Arc<HttpFigures>) -> ViewerPlace {
        http.viewers.add(1.0);
        ViewerPlace {
            _permit: permit,
            http: http.clone(),
        }
    }
}

impl Drop for ViewerPlace {
    fn drop(&mut self) {
        self.http.viewers.add(-1.0);
    }
}

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/api/v1/state", get(state))
        .route("/api/v1/events", get(events))
}

async fn state(State(state): State<Arc<WebState>>) -> Response {
    let text = refreshed(&state).to_string();
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

async fn events(State(state): State<Arc<WebState>>) -> Response {
    let viewers = &state.api.viewers;
    let Ok(place) = viewers.places.clone().try_acquire_owned() else {
        let text = format!(
            "there are {} viewers already; /api/v1/state can be asked",
            viewers.limit
        );
        return problem(StatusCode::SERVICE_UNAVAILABLE, &text);
    };
    let place = ViewerPlace::new(place, &state.http);
    refreshed(&state);
    let mut texts = viewers.texts.subscribe();
    texts.mark_changed();
    viewers.arrived.notify_one();
    let stream = futures_util::stream::unfold((texts, place), |(mut texts, place)| async move {
        texts.changed().await.ok()?;
        let text = texts.borrow_and_update().clone();
        let event = Event::default().event("state").data(&*text);
        Some((Ok::<_, Infallible>(event), (texts, place)))
    });
    let comments = KeepAlive::new().interval(COMMENT_PERIOD);
    Sse::new(stream).keep_alive(comments).into_response()
}

/// Sends the state to all viewers whenever it has changed. Runs for ever.
pub async fn publish(state: &WebState) {
    loop {
        state.api.viewers.arrived.notified().await;
        let mut clock = interval(PERIOD);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while state.api.viewers.count() > 0 {
            clock.tick().await;
            refreshed(state);
        }
    }
}

/// Makes the state anew, and sends it to all viewers if it has changed. Returns it as JSON.
fn refreshed(state: &WebState) -> Arc<str> {
    let viewers = &state.api.viewers;
    let now = {
        let mut rates = state.api.rates();
        snapshot(
            &state.observation,
            &state.build,
            &mut rates,
            viewers.count(),
        )
    };
    let mut last = viewers.last();
    if last.state == now {
        return last.text.clone();
    }
    last.seq += 1;
    let mut whole = now.clone();
    last.state = now;
    whole["seq"] = json!(last.seq);
    whole["time"] = json!(local_time(SystemTime::now()));
    last.text = whole.to_string().into();
    viewers.texts.send_replace(last.text.clone());
    last.text.clone()
}
