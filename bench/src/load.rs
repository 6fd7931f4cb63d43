//! The loads: a closed loop, first-content times among several routers, and streams held open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time;

use crate::Trouble;
use crate::answer::Answer;
use crate::client::{Connection, Job};

/// How many of the streams that are to stay open may be opening at one time.
const OPENING: usize = 50;

/// An answer must not take longer than this, whatever the load.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a load is driven: so many requests over so many connections, one after another on each.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub requests: usize,
    pub connections: usize,
    /// Between the starts of the connections, so that paced streams do not tick together.
    pub stagger: Duration,
}

/// Sends requests over keep-alive connections until all were answered as expected.
pub async fn closed_loop(job: &Job, pace: Pace) -> Result<(), Trouble> {
    let left = Arc::new(AtomicUsize::new(pace.requests));
    let mut workers = JoinSet::new();
    for worker in 0..pace.connections.min(pace.requests) {
        let (job, left) = (job.clone(), Arc::clone(&left));
        let wait = pace.stagger * u32::try_from(worker)?;
        workers.spawn(async move {
            time::sleep(wait).await;
            work(&job, &left).await
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn work(job: &Job, left: &AtomicUsize) -> Result<(), Trouble> {
    let mut connection = Connection::open(job.format, job.to).await?;
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        time::timeout(PATIENCE, connection.exchange(job.body.clone(), &job.expected)).await??;
    }
    Ok(())
}

/// Time to the first content, `samples` of each job. The jobs take turns, and each begins as often
/// as every other, so that whatever disturbs the machine disturbs all alike.
pub async fn first_content(jobs: &[Job], samples: usize) -> Result<Vec<Vec<Duration>>, Trouble> {
    let mut seats = Vec::new();
    for job in jobs {
        seats.push((job, Connection::open(job.format, job.to).await?, Vec::with_capacity(samples)));
    }
    for round in 0..samples {
        let turn = round % jobs.len().max(1);
        let (later, sooner) = seats.split_at_mut(turn);
        for (job, connection, times) in sooner.iter_mut().chain(later) {
            let wait = connection.first_content(job.body.clone(), &job.expected);
            times.push(time::timeout(PATIENCE, wait).await??);
        }
    }
    Ok(seats.into_iter().map(|(_, _, times)| times).collect())
}

/// Streams that have all shown content and are still running; dropping it leaves them.
pub struct OpenStreams {
    _readers: JoinSet<Result<(), Trouble>>,
}

impl OpenStreams {
    pub async fn open(job: &Job, count: usize) -> Result<Self, Trouble> {
        let (begun, mut progress) = watch::channel(0_usize);
        let begun = Arc::new(begun);
        let gate = Arc::new(Semaphore::new(OPENING));
        let mut readers = JoinSet::new();
        for _ in 0..count {
            let (job, begun, gate) = (job.clone(), Arc::clone(&begun), Arc::clone(&gate));
            readers.spawn(async move {
                let permit = gate.acquire_owned().await?;
                let mut connection = Connection::open(job.format, job.to).await?;
                let mut answer = Answer::new(connection.ask(job.body).await?, &job.expected);
                answer.until_content().await?;
                drop(permit);
                begun.send_modify(|n| *n += 1);
                while answer.more().await? {}
                Err("a stream that was to stay open has ended; ask for longer ones".into())
            });
        }
        tokio::select! {
            all = time::timeout(PATIENCE, progress.wait_for(|&n| n == count)) => drop(all??),
            Some(ended) = readers.join_next() => ended??,
        }
        Ok(Self { _readers: readers })
    }
}
