//! The benchmark: the same loads on nginx, on a bare hyper proxy and on routectl, in turns, against
//! one emulator; processor time, first content and memory, as a table and as JSON. And routectl's
//! translated lane beside its native one.
//!
//! `run.sh` builds what is needed and calls this.

mod answers;
mod contenders;
mod lanes;
mod measures;
mod report;
mod turns;
mod workloads;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use bench::Trouble;
use bench::arguments::Arguments;
use tokio::runtime::Builder;

use crate::contenders::{Contender, Site};
use crate::report::{Report, Setting};
use crate::workloads::Sizes;

fn main() -> ExitCode {
    let run = || Builder::new_current_thread().enable_all().build()?.block_on(run());
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("compare: {trouble}");
            ExitCode::FAILURE
        }
    }
}

/// What `run.sh` or a person asked for.
struct Options {
    emulator: PathBuf,
    nginx: PathBuf,
    routectl: Vec<PathBuf>,
    only: Option<String>,
    work: PathBuf,
    results: PathBuf,
    revision: String,
    quick: bool,
    sizes: Sizes,
}

impl Options {
    fn read() -> Result<Self, Trouble> {
        let mut arguments = Arguments::read();
        let quick = arguments.switch("--quick");
        let mut sizes = if quick { Sizes::QUICK } else { Sizes::FULL };
        if let Some(rounds) = arguments.value("--rounds")? {
            sizes.rounds = rounds;
        }
        let options = Self {
            emulator: arguments.required("--emulator")?,
            nginx: arguments.value("--nginx")?.unwrap_or_else(|| "nginx".into()),
            routectl: arguments.all("--routectl")?,
            only: arguments.value("--only")?,
            work: arguments.required("--work")?,
            results: arguments.required("--results")?,
            revision: arguments.value("--revision")?.unwrap_or_default(),
            quick,
            sizes,
        };
        arguments.finish()?;
        Ok(options)
    }
}

async fn run() -> Result<(), Trouble> {
    let options = Options::read()?;
    let start = Instant::now();
    let site = Site::open(&options.emulator, &options.nginx, &options.work)?;
    let mut setting = Setting::of_this_machine(&options.revision, options.sizes);
    if options.quick {
        let note =
            "A quick run: it shows that everything works; its figures are too coarse to use.";
        setting.notes.push(note.to_owned());
    }
    let contenders = ready(&site, &options, &mut setting.notes)?;
    let (sheet, lanes) = measures::take(&site, &contenders, options.sizes).await?;
    setting.seconds = start.elapsed().as_secs();
    let names = contenders.into_iter().map(|contender| contender.name).collect();
    let report = Report { setting, contenders: names, sheet, lanes };
    fs::create_dir_all(&options.results)?;
    fs::write(options.results.join("latest.json"), report.json())?;
    Ok(io::stdout().write_all(report.markdown().as_bytes())?)
}

/// The contenders that start; a routectl that does not is left out, and the report says why.
fn ready(
    site: &Site,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Vec<Contender>, Trouble> {
    let mut contenders = contenders::all(&options.routectl);
    if let Some(only) = &options.only {
        contenders.retain(|contender| only.split(',').any(|name| name == contender.name));
    }
    if options.routectl.is_empty() {
        notes.push("routectl was left out: its binary was not built.".to_owned());
    }
    let mut ready = Vec::new();
    for contender in contenders {
        match contender.start(site) {
            Ok(_running) => ready.push(contender),
            Err(trouble) if contender.may_be_missing() => {
                notes.push(format!("{} was left out: {trouble}.", contender.name));
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(ready)
}
