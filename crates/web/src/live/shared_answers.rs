//! Answers that viewers who ask for the same at the same time have in common.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

/// How long an answer is given again. The page asks twice per second.
const FRESH_TIME: Duration = Duration::from_millis(250);

/// The most answers that are kept. Most have less than a megabyte, those with 16 long curves 3 MB.
const MAX_ANSWERS: usize = 4;

/// The last answers with data.
///
/// An answer with eight curves or an image takes some milliseconds, during which the writer may miss a processor. With
/// many viewers it is made four times per second, and not for each of them.
#[derive(Default)]
pub struct SharedAnswers {
    last: Mutex<VecDeque<KeptAnswer>>,
}

struct KeptAnswer {
    question: String,
    made: Instant,
    answer: DataAnswer,
}

/// An answer with data. Clones share the data.
#[derive(Clone)]
pub struct DataAnswer {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl IntoResponse for DataAnswer {
    fn into_response(self) -> Response {
        (self.headers, self.body).into_response()
    }
}

impl SharedAnswers {
    /// Returns the answer to a question: that which was given to somebody else just now, or else the one that `make`
    /// returns. What is no answer with data is not kept.
    pub fn answer<E>(
        &self,
        question: &Uri,
        make: impl FnOnce() -> Result<Option<DataAnswer>, E>,
    ) -> Result<Option<DataAnswer>, E> {
        let question = question.to_string();
        if let Some(answer) = self.find(&question) {
            return Ok(Some(answer));
        }
        let made = Instant::now();
        let answer = make()?;
        if let Some(answer) = &answer {
            let mut last = self.last();
            last.retain(|kept| kept.question != question);
            last.truncate(MAX_ANSWERS - 1);
            last.push_front(KeptAnswer {
                question,
                made,
                answer: answer.clone(),
            });
        }
        Ok(answer)
    }

    /// Forgets all answers.
    pub fn clear(&self) {
        self.last().clear();
    }

    fn find(&self, question: &str) -> Option<DataAnswer> {
        let last = self.last();
        let mut fresh = last.iter().filter(|kept| kept.made.elapsed() < FRESH_TIME);
        let kept = fresh.find(|kept| kept.question == question)?;
        Some(kept.answer.clone())
    }

    /// No code runs under the lock that could leave the list half changed.
    fn last(&self) -> MutexGuard<'_, VecDeque<KeptAnswer>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedAnswers")
            .field("answers", &self.last().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(number: usize) -> Uri {
        format!("/image?channel=frames&size={number}")
            .parse()
            .unwrap()
    }

    fn ask(answers: &SharedAnswers, number: usize, body: &'static [u8]) -> Bytes {
        let answer = DataAnswer {
            headers: HeaderMap::new(),
            body: Bytes::from_static(body),
        };
        let answer = answers.answer(&question(number), || Ok::<_, ()>(Some(answer)));
        answer.unwrap().unwrap().body
    }

    #[test]
    fn those_who_ask_for_the_same_get_the_same() {
        let answers = SharedAnswers::default();
        assert_eq!(ask(&answers, 1, b"first"), "first");
        assert_eq!(ask(&answers, 1, b"second"), "first");
        assert_eq!(ask(&answers, 2, b"other"), "other");
        answers.clear();
        assert_eq!(ask(&answers, 1, b"third"), "third");
    }

    #[test]
    fn an_old_answer_is_not_given() {
        let answers = SharedAnswers::default();
        ask(&answers, 1, b"old");
        answers.last()[0].made -= FRESH_TIME;
        assert_eq!(ask(&answers, 1, b"new"), "new");
        assert_eq!(answers.last().len(), 1);
    }

    #[test]
    fn few_answers_are_kept() {
        let answers = SharedAnswers::default();
        for number in 0..2 * MAX_ANSWERS {
            ask(&answers, number, b"data");
        }
        assert_eq!(answers.last().len(), MAX_ANSWERS);
    }

    #[test]
    fn what_is_no_answer_with_data_is_not_kept() {
        let answers = SharedAnswers::default();
        assert!(answers.answer(&question(1), || Err(())).is_err());
        let none = answers.answer(&question(1), || Ok::<_, ()>(None));
        assert!(none.unwrap().is_none());
        assert_eq!(ask(&answers, 1, b"data"), "data");
    }
}
