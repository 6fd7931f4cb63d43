//! Takes every measure: memory on fresh processes, then processor time in rounds in which the
//! contenders take turns, then the time to the first content, in turns as well; and the same for
//! the lanes of routectl.

use std::time::Duration;

use bench::client::Connection;
use bench::load::{self, OpenStreams};
use bench::{Format, Trouble};

use crate::answers::Answers;
use crate::contenders::{Contender, Running, Site};
use crate::lanes;
use crate::report::{Aim, Measure, Sheet};
use crate::turns::{Row, Seat, take_turns};
use crate::workloads::{Ask, FIRST_CONTENT, HELD, HELD_OPEN, Held, KIB, Sizes, WORKLOADS};

/// All measures of a run, each with its values by contender, and those of routectl's lanes.
pub(crate) async fn take(
    site: &Site,
    contenders: &[Contender],
    sizes: Sizes,
) -> Result<(Vec<Measure>, Sheet), Trouble> {
    let answers = Answers::learn(site).await?;
    let mut sheet = fresh(site, contenders, sizes, &answers).await?;
    let mut running = Vec::new();
    for contender in contenders {
        running.push((contender, contender.start(site)?));
    }
    let mut priced = prices(&running, sizes, &answers).await?;
    priced.extend(first_contents(&running, sizes, &answers).await?);
    priced.append(&mut sheet);
    let lanes = lanes::take(&running, sizes, &answers).await?;
    Ok((priced, lanes))
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
                let job = answers.job(contender, &running, Ask::stream(HELD_OPEN, held.size))?;
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
    let job = answers.job(contender, running, Ask::small())?;
    Connection::open(job.format, job.to).await?.exchange(job.body, &job.expected).await?;
    running.family.resident()
}

/// What each workload costs each contender.
async fn prices(
    running: &[(&Contender, Running)],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Vec<Measure>, Trouble> {
    let mut rows = Vec::new();
    for workload in &WORKLOADS {
        let mut seats = Vec::new();
        for (contender, running) in running {
            let job = answers.job(contender, running, workload.ask(Format::Chat))?;
            seats.push(Seat { column: contender.name.clone(), family: running.family, job });
        }
        let measure = Measure::new(workload.label, workload.price.unit(), workload.aim);
        rows.push(Row { measure, pace: workload.pace(sizes), price: workload.price, seats });
    }
    take_turns(rows, sizes.rounds).await
}

async fn first_contents(
    running: &[(&Contender, Running)],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Vec<Measure>, Trouble> {
    let mut jobs = Vec::new();
    for (contender, running) in running {
        jobs.push(answers.job(contender, running, Ask::stream(FIRST_CONTENT, KIB))?);
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
