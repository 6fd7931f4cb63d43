//! One load by hand, for looking closer than `compare` does.
//!
//! ```text
//! load requests    --to ADDR [--model bench-1024] [--body 1024] [--n 20000] [--connections 16]
//! load streams     --to ADDR [--model bench-stream-100-8] [--n 600] [--connections 100]
//! load first-token --to ADDR [--to ADDR ...] [--model bench-stream-2-10] [--n 500]
//! load open        --to ADDR --pid PID [--model bench-stream-10-1000] [--n 1000] [--body 1024]
//! ```
//! The client speaks Chat, or Messages with `--client messages`. The answer must be what
//! `--reference ADDR` answers (default: the first `--to`) to the same model, or to
//! `--reference-model`. With `--pid` it tells what the load cost that process.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::answer::Expected;
use bench::arguments::Arguments;
use bench::body::{self, Wanted};
use bench::client::Job;
use bench::load::{self, OpenStreams, Pace};
use bench::process::Family;
use bench::{Format, Trouble};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let run = || Builder::new_current_thread().enable_all().build()?.block_on(run());
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("load: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Trouble> {
    let mut arguments = Arguments::read();
    let kind = arguments.word().unwrap_or_default();
    let Some(usual) = Usual::of(&kind) else {
        return Err("say which load: requests, streams, first-token or open".into());
    };
    let pace = Pace {
        requests: arguments.value("--n")?.unwrap_or(usual.requests),
        connections: arguments.value("--connections")?.unwrap_or(usual.connections),
        stagger: usual.stagger,
    };
    let family = arguments.value("--pid")?.map(Family);
    let jobs = jobs(&mut arguments, &usual).await?;
    arguments.finish()?;
    let job = jobs.first().ok_or("--to is required")?;
    match kind.as_str() {
        "first-token" => print_times(&load::first_content(&jobs, pace.requests).await?),
        "open" => hold_open(job, pace.requests, family.ok_or("--pid is required")?).await,
        _ => drive(job, pace, family).await,
    }
}

/// The defaults of a load.
struct Usual {
    model: &'static str,
    streamed: bool,
    requests: usize,
    connections: usize,
    stagger: Duration,
}

impl Usual {
    fn of(kind: &str) -> Option<Self> {
        let none = Duration::ZERO;
        let (model, streamed, requests, connections, stagger) = match kind {
            "requests" => ("bench-1024", false, 20_000, 16, none),
            "streams" => ("bench-stream-100-8", true, 600, 100, Duration::from_millis(1)),
            "first-token" => ("bench-stream-2-10", true, 500, 1, none),
            "open" => ("bench-stream-10-1000", true, 1000, 1000, none),
            _ => return None,
        };
        Some(Self { model, streamed, requests, connections, stagger })
    }
}

async fn jobs(arguments: &mut Arguments, usual: &Usual) -> Result<Vec<Job>, Trouble> {
    let routers: Vec<SocketAddr> = arguments.all("--to")?;
    let first = *routers.first().ok_or("--to is required")?;
    let reference = arguments.value("--reference")?.unwrap_or(first);
    let model = arguments.value("--model")?.unwrap_or_else(|| usual.model.to_owned());
    let known = arguments.value("--reference-model")?.unwrap_or_else(|| model.clone());
    let format = arguments.value("--client")?.unwrap_or(Format::Chat);
    let size = arguments.value("--body")?.unwrap_or(1024);
    let wanted = Wanted { format, streamed: usual.streamed, size };
    let asked = body::request(&known, wanted).into();
    let expected = Arc::new(Expected::learn(format, reference, asked).await?);
    let body = bytes::Bytes::from(body::request(&model, wanted));
    let job = |to| Job { format, to, body: body.clone(), expected: Arc::clone(&expected) };
    Ok(routers.into_iter().map(job).collect())
}

async fn drive(job: &Job, pace: Pace, family: Option<Family>) -> Result<(), Trouble> {
    let before = family.map(Family::cpu).transpose()?;
    let start = Instant::now();
    load::closed_loop(job, pace).await?;
    let wall = start.elapsed();
    let chunks = pace.requests * job.expected.chunks;
    say(&format!("{} answers, {chunks} chunks in {wall:.2?}, all as expected", pace.requests))?;
    let (Some(family), Some(before)) = (family, before) else { return Ok(()) };
    let cpu = (family.cpu()? - before).as_secs_f64();
    say(&format!("{:.4} CPU s per 1,000 requests", cpu * 1e3 / pace.requests as f64))?;
    if chunks > 0 {
        say(&format!("{:.4} CPU s per 100,000 chunks", cpu * 1e5 / chunks as f64))?;
    }
    Ok(())
}

async fn hold_open(job: &Job, count: usize, family: Family) -> Result<(), Trouble> {
    let before = family.resident()?;
    let streams = OpenStreams::open(job, count).await?;
    let during = family.resident()?;
    drop(streams);
    let each = (during as f64 - before as f64) / count as f64;
    say(&format!("{before} KiB before, {during} KiB with {count} streams: {each:.1} KiB each"))
}

fn print_times(routers: &[Vec<Duration>]) -> Result<(), Trouble> {
    for (index, times) in routers.iter().enumerate() {
        let mut times = times.clone();
        times.sort_unstable();
        let at =
            |part: usize| times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
        say(&format!("--to #{}: p50 {:.1?}, p99 {:.1?}", index + 1, at(50), at(99)))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), Trouble> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
