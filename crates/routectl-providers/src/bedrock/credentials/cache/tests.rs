#![expect(clippy::disallowed_methods, reason = "what is spawned ends with the test's runtime")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use tokio::sync::Semaphore;

use super::{AGAIN_AFTER, AHEAD, Answer, Ask, Asked, Cache, NO_FOR, REFUSED_FOR};
use crate::bedrock::credentials::keys::Keys;
use crate::bedrock::credentials::{Now, Trouble};

/// Answers in order, the last one again and again; each waits for a permit.
#[derive(Clone)]
struct Fake(Arc<Inside>);

struct Inside {
    answers: Mutex<VecDeque<Option<Keys>>>,
    asked: AtomicUsize,
    anew: AtomicUsize,
    changed: AtomicBool,
    gate: Semaphore,
}

impl Ask for Fake {
    fn ask(&self, anew: bool) -> Asked {
        let inside = Arc::clone(&self.0);
        inside.asked.fetch_add(1, Ordering::SeqCst);
        inside.anew.fetch_add(usize::from(anew), Ordering::SeqCst);
        Box::pin(async move {
            inside.gate.acquire().await.unwrap().forget();
            let mut answers = inside.answers.lock().unwrap();
            let answer =
                if answers.len() > 1 { answers.pop_front() } else { answers[0].clone().into() };
            answer.flatten().ok_or_else(nothing)
        })
    }

    fn has_changed(&self, _now: Instant) -> bool {
        self.0.changed.swap(false, Ordering::SeqCst)
    }

    fn ended(&self, ended: SystemTime) -> Trouble {
        Trouble::Ended { who: "fake".to_owned(), ended, way_out: "None.".to_owned() }
    }

    fn too_slow(&self, limit: Duration) -> Trouble {
        Trouble::TooSlow { who: "fake".to_owned(), limit, way_out: "None.".to_owned() }
    }
}

fn nothing() -> Trouble {
    let [who, why, way_out] = ["fake", "nothing", "None."].map(str::to_owned);
    Trouble::NotFound { who, why, way_out }
}

/// A cache over these answers, which come at once.
fn cache(answers: &[Option<Keys>]) -> (Arc<Cache<Fake>>, Fake) {
    let inside = Inside {
        answers: Mutex::new(answers.iter().cloned().collect()),
        asked: AtomicUsize::new(0),
        anew: AtomicUsize::new(0),
        changed: AtomicBool::new(false),
        gate: Semaphore::new(1_000),
    };
    let fake = Fake(Arc::new(inside));
    (Arc::new(Cache::new(fake.clone())), fake)
}

fn keys(id: &str, end: Option<SystemTime>) -> Option<Keys> {
    Some(Keys::from(Credentials::new(id, "secret", None, end, "test")))
}

fn after(now: Now, seconds: u64) -> Now {
    let later = Duration::from_secs(seconds);
    Now { steady: now.steady + later, wall: now.wall + later }
}

async fn current(cache: &Arc<Cache<Fake>>, now: Now) -> Answer {
    match cache.ready(now) {
        Some(answer) => answer,
        None => cache.asked(now).await,
    }
}

async fn id(cache: &Arc<Cache<Fake>>, now: Now) -> String {
    match current(cache, now).await {
        Ok(keys) => keys.access_key_id().to_owned(),
        Err(trouble) => trouble.to_string(),
    }
}

/// Lets what goes on in the background come to its end.
async fn settle(cache: &Arc<Cache<Fake>>) {
    while cache.state().in_flight().is_some() {
        tokio::task::yield_now().await;
    }
}

impl Fake {
    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let (cache, fake) = cache(&[keys("one", None)]);
    fake.0.gate.forget_permits(1_000);
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let cache = Arc::clone(&cache);
            let now = Now::read();
            tokio::task::spawn(async move { id(&cache, now).await })
        })
        .collect();
    tokio::task::yield_now().await;
    fake.0.gate.add_permits(50);
    for one in waiting {
        assert_eq!(one.await.unwrap(), "one");
    }
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_ends_nothing_for_the_others() {
    let (cache, fake) = cache(&[keys("one", None)]);
    fake.0.gate.forget_permits(1_000);
    let now = Now::read();
    let leaves = tokio::task::spawn({
        let cache = Arc::clone(&cache);
        async move { id(&cache, now).await }
    });
    tokio::task::yield_now().await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    fake.0.gate.add_permits(1);
    assert_eq!(id(&cache, now).await, "one");
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn the_next_keys_are_asked_for_before_the_old_ones_end_and_nobody_waits() {
    let now = Now::read();
    let hour = now.wall + Duration::from_secs(3_600);
    let (cache, fake) = cache(&[keys("old", Some(hour)), keys("new", Some(hour + AHEAD * 12))]);
    assert_eq!(id(&cache, now).await, "old");
    let due = 3_600 - AHEAD.as_secs();
    assert_eq!(id(&cache, after(now, due - 1)).await, "old");
    assert_eq!(fake.asked(), 1);
    fake.0.gate.forget_permits(1_000);
    for seconds in [due, due + 1, due + 100] {
        assert!(cache.ready(after(now, seconds)).is_some(), "nobody waits");
        assert_eq!(id(&cache, after(now, seconds)).await, "old");
    }
    tokio::task::yield_now().await;
    assert_eq!(fake.asked(), 2, "one at a time");
    fake.0.gate.add_permits(1);
    settle(&cache).await;
    assert_eq!(id(&cache, after(now, due + 101)).await, "new");
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn while_no_new_keys_are_to_be_had_the_old_ones_serve_to_their_end() {
    let now = Now::read();
    let end = now.wall + Duration::from_secs(3_600);
    let (cache, fake) = cache(&[keys("old", Some(end)), None]);
    assert_eq!(id(&cache, now).await, "old");
    for seconds in [3_400, 3_401, 3_429, 3_500, 3_580] {
        assert_eq!(id(&cache, after(now, seconds)).await, "old");
        settle(&cache).await;
    }
    // At 3400, 3500 and 3580: not more often than this.
    assert_eq!(AGAIN_AFTER.as_secs(), 30);
    assert_eq!(fake.asked(), 4);
    assert_eq!(id(&cache, after(now, 3_595)).await, "fake: nothing. None.");
}

#[tokio::test]
async fn keys_that_last_shorter_than_the_time_ahead_are_not_asked_for_with_every_request() {
    let now = Now::read();
    let end = |seconds| Some(now.wall + Duration::from_secs(seconds));
    let (cache, fake) = cache(&[keys("one", end(120)), keys("two", end(240))]);
    assert_eq!(id(&cache, now).await, "one");
    assert_eq!(id(&cache, after(now, 59)).await, "one");
    settle(&cache).await;
    assert_eq!(fake.asked(), 1);
    assert_eq!(id(&cache, after(now, 61)).await, "one");
    settle(&cache).await;
    assert_eq!(id(&cache, after(now, 62)).await, "two");
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn that_there_are_none_is_believed_for_a_moment() {
    let now = Now::read();
    let (cache, fake) = cache(&[None, keys("logged in", None)]);
    for seconds in [0, 1, 4] {
        assert_eq!(id(&cache, after(now, seconds)).await, "fake: nothing. None.");
    }
    assert_eq!(fake.asked(), 1);
    assert_eq!(id(&cache, after(now, NO_FOR.as_secs() + 1)).await, "logged in");
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn keys_that_ended_before_they_came_are_none() {
    let now = Now::read();
    let (cache, _fake) = cache(&[keys("old", Some(now.wall - Duration::from_secs(1)))]);
    let said = id(&cache, now).await;
    assert!(said.starts_with("fake: the keys it gives ended at "), "{said}");
}

#[tokio::test]
async fn refused_keys_are_replaced_once() {
    let now = Now::read();
    let (cache, fake) = cache(&[keys("old", None), keys("new", None)]);
    let old = current(&cache, now).await.unwrap();
    let (one, two) =
        tokio::join!(cache.renew(old.mark(), now), cache.renew(old.mark(), after(now, 1)));
    for renewed in [one, two] {
        assert_eq!(renewed.unwrap().access_key_id(), "new");
    }
    assert_eq!(fake.asked(), 2);
    assert_eq!(fake.0.anew.load(Ordering::SeqCst), 1, "files are read anew");
    // One that was refused late finds the new value there.
    assert_eq!(cache.renew(old.mark(), now).await.unwrap().access_key_id(), "new");
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn keys_that_stay_refused_are_not_asked_for_again_and_again() {
    let now = Now::read();
    let (cache, fake) = cache(&[keys("bad", None)]);
    let bad = current(&cache, now).await.unwrap();
    for seconds in [0, 1, 30, REFUSED_FOR.as_secs() - 1] {
        let renewed = cache.renew(bad.mark(), after(now, seconds)).await;
        assert!(renewed.is_none_or(|keys| keys.mark() == bad.mark()));
        assert_eq!(id(&cache, after(now, seconds)).await, "bad");
    }
    assert_eq!(fake.asked(), 2);
    let _same = cache.renew(bad.mark(), after(now, REFUSED_FOR.as_secs())).await;
    assert_eq!(fake.asked(), 3);
}

#[tokio::test]
async fn files_that_changed_are_read_before_the_next_request_goes() {
    let now = Now::read();
    let (cache, fake) = cache(&[keys("old", None), keys("new", None)]);
    assert_eq!(id(&cache, now).await, "old");
    fake.0.changed.store(true, Ordering::SeqCst);
    assert_eq!(id(&cache, now).await, "new");
}

#[test]
fn a_question_whose_runtime_ended_is_asked_anew() {
    let (cache, fake) = cache(&[keys("one", None)]);
    fake.0.gate.forget_permits(1_000);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    let now = Now::read();
    first.block_on(async {
        let cache = Arc::clone(&cache);
        tokio::task::spawn(async move { id(&cache, now).await });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    });
    assert_eq!(fake.asked(), 1);
    drop(first);
    fake.0.gate.add_permits(1);
    assert_eq!(runtime().block_on(id(&cache, now)), "one");
    assert_eq!(fake.asked(), 2);
}
