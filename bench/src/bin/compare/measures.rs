//! Takes every measure: memory on fresh processes, then processor time in rounds in which the
//! contenders take turns, then the time to the first content, in turns as well.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bench::Trouble;
use bench::body;
use bench::client::{Connection, Expected};
use bench::load::{self, Job, OpenStreams, Pace};
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::contenders::{Contender, Running, Site};
use crate::report::{Aim, Measure};
use crate::workloads::{FIRST_CONTENT, HELD, HELD_OPEN, Held, Price, Sizes, WORKLOADS, Workload};

const KIB: usize = 1 << 10;

/// All measures of a run, each with its values by contender.
pub(crate) async fn take(
    site: &Site,
    contenders: &[Contender],
    sizes: Sizes,
) -> Result<Vec<Measure>, Trouble> {
    let answers = Answers::learn(site).await?;
    let mut sheet = fresh(site, contenders, sizes, &answers).await?;
    let mut running = Vec::new();
    for contender in contenders {
        running.push((contender, contender.start(site)?));
    }
    let mut priced = prices(&running, sizes, &answers).await?;
    priced.extend(first_contents(&running, sizes, &answers).await?);
    priced.append(&mut sheet);
    Ok(priced)
}

/// What the emulator answers to each model when asked directly.
struct Answers(HashMap<(&'static str, usize), Arc<Expected>>);

impl Answers {
    async fn learn(site: &Site) -> Result<Self, Trouble> {
        let upstream = site.upstream;
        let mut wanted = vec![(FIRST_CONTENT, true, KIB)];
        wanted.extend(WORKLOADS.iter().map(|load| (load.model, load.streamed, load.size)));
        wanted.extend(HELD.iter().map(|held| (HELD_OPEN, true, held.size)));
        let mut learning = JoinSet::new();
        for (model, streamed, size) in wanted {
            let body = Bytes::from(body::request(model, streamed, size));
            learning.spawn(async move {
                let expected = Expected::learn(upstream, body).await?;
                if streamed && expected.chunks == 0 {
                    return Err(format!("the emulator streams no content for {model}").into());
                }
                Ok::<_, Trouble>(((model, size), Arc::new(expected)))
            });
        }
        let mut answers = HashMap::new();
        while let Some(learned) = learning.join_next().await {
            answers.extend([learned??]);
        }
        Ok(Self(answers))
    }

    fn job(
        &self,
        contender: &Contender,
        running: &Running,
        (model, streamed, size): (&'static str, bool, usize),
    ) -> Result<Job, Trouble> {
        let expected = self.0.get(&(model, size)).ok_or("a model nobody asked for")?;
        let body = body::request(&contender.spelling(model), streamed, size).into();
        Ok(Job { to: running.address, body, expected: Arc::clone(expected) })
    }
}

/// Processor time of a start, idle memory, and memory with streams open; each on a new process.
async fn fresh(
    site: &Site,
    contenders: &[Contender],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Vec<Measure>, Trouble> {
    let mut start = Measure::new("processor time of a start", "ms", Aim::AtMost(50.0));
    let mut idle = Measure::new("memory, idle after one request", "MiB", Aim::AtMost(12.0));
    let mut held: Vec<_> = HELD.iter().map(|held| (held, measure_of(held))).collect();
    for _ in 0..sizes.starts {
        for contender in contenders {
            for (held, measure) in &mut held {
                let running = contender.start(site)?;
                start.note(&contender.name, milliseconds(running.family.fine_cpu()?));
                let before = warm(contender, &running, answers).await?;
                idle.note(&contender.name, before as f64 / 1024.0);
                let job = answers.job(contender, &running, (HELD_OPEN, true, held.size))?;
                let count = (held.count)(sizes);
                let streams = OpenStreams::open(&job, count).await?;
                let during = running.family.resident()?;
                drop(streams);
                let each = (during as f64 - before as f64) / count as f64;
                measure.note(&contender.name, each);
            }
        }
    }
    let held = held.into_iter().map(|(_, measure)| measure);
    Ok([start, idle].into_iter().chain(held).collect())
}

fn measure_of(held: &Held) -> Measure {
    Measure::new(held.label, "KiB", held.aim.map_or(Aim::None, Aim::AtMost))
}

/// Memory in KiB after one answered request.
async fn warm(contender: &Contender, running: &Running, answers: &Answers) -> Result<u64, Trouble> {
    let job = answers.job(contender, running, ("bench-1024", false, KIB))?;
    Connection::open(job.to).await?.exchange(job.body, &job.expected).await?;
    running.family.resident()
}

/// Rounds of all workloads; in every round another contender begins.
async fn prices(
    running: &[(&Contender, Running)],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Vec<Measure>, Trouble> {
    let mut measures = Vec::new();
    for workload in &WORKLOADS {
        measures.push(Measure::new(
            workload.label,
            workload.price.unit(),
            Aim::Floor(workload.aim),
        ));
        // Pools fill, pages are touched, before anything counts.
        for (contender, running) in running {
            let job = answers.job(contender, running, workload.request())?;
            let requests = workload.connections;
            let pace = Pace { requests, ..workload.pace(sizes) };
            load::closed_loop(&job, pace).await?;
        }
    }
    for round in 0..sizes.rounds {
        for (workload, measure) in WORKLOADS.iter().zip(&mut measures) {
            let (later, sooner) = running.split_at(round % running.len().max(1));
            for (contender, running) in sooner.iter().chain(later) {
                let job = answers.job(contender, running, workload.request())?;
                let price = price(workload, running, &job, workload.pace(sizes)).await?;
                measure.note(&contender.name, price);
            }
        }
    }
    Ok(measures)
}

async fn price(
    workload: &Workload,
    running: &Running,
    job: &Job,
    pace: Pace,
) -> Result<f64, Trouble> {
    let before = running.family.cpu()?;
    load::closed_loop(job, pace).await?;
    let spent = (running.family.cpu()? - before).as_secs_f64();
    Ok(match workload.price {
        Price::Requests => spent * 1e3 / pace.requests as f64,
        Price::Chunks => spent * 1e5 / (pace.requests * job.expected.chunks) as f64,
    })
}

async fn first_contents(
    running: &[(&Contender, Running)],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Vec<Measure>, Trouble> {
    let mut jobs = Vec::new();
    for (contender, running) in running {
        jobs.push(answers.job(contender, running, (FIRST_CONTENT, true, KIB))?);
    }
    let times = load::first_content(&jobs, sizes.first_contents).await?;
    let mut median = Measure::new("first content, p50", "ms", Aim::NginxPlus(0.3));
    let mut slowest = Measure::new("first content, p99", "ms", Aim::None);
    for ((contender, _), mut times) in running.iter().zip(times) {
        times.sort_unstable();
        let at = |percent| times.get((times.len() - 1) * percent / 100).copied();
        median.note(&contender.name, milliseconds(at(50).unwrap_or_default()));
        slowest.note(&contender.name, milliseconds(at(99).unwrap_or_default()));
    }
    Ok(vec![median, slowest])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Price {
    fn unit(self) -> &'static str {
        match self {
            Self::Requests => "CPU s per 1,000 requests",
            Self::Chunks => "CPU s per 100,000 chunks",
        }
    }
}

impl Workload {
    fn request(&self) -> (&'static str, bool, usize) {
        (self.model, self.streamed, self.size)
    }
}
