//! The translated lane beside the native one: the same loads from clients of both formats, each to
//! the host that speaks its format and to the other one, through the same routectl.

use bench::load::Pace;
use bench::{Format, Trouble};

use crate::answers::Answers;
use crate::contenders::{Contender, Running};
use crate::report::{Measure, NATIVE, Sheet, TRANSLATED};
use crate::turns::{Row, Seat, take_turns};
use crate::workloads::{Sizes, WORKLOADS, Workload};

/// What each workload costs on both lanes of every routectl that takes part as it is shipped.
pub(crate) async fn take(
    running: &[(&Contender, Running)],
    sizes: Sizes,
    answers: &Answers,
) -> Result<Sheet, Trouble> {
    let routectl: Vec<_> = running.iter().filter(|(it, _)| it.is_shipped_routectl()).collect();
    let mut rows = Vec::new();
    for (workload, client) in WORKLOADS.iter().flat_map(|it| Format::ALL.map(|format| (it, format)))
    {
        let ask = workload.ask(client);
        let mut seats = Vec::new();
        for (contender, running) in &routectl {
            let family = running.family;
            let job = answers.job(contender, running, ask)?;
            seats.push(Seat { column: format!("{}{NATIVE}", contender.name), family, job });
            let job = answers.translated(contender, running, ask).await?;
            seats.push(Seat { column: format!("{}{TRANSLATED}", contender.name), family, job });
        }
        rows.push(Row {
            measure: measure(workload, client),
            pace: pace(workload, sizes),
            price: workload.price,
            seats,
        });
    }
    let names = routectl.iter().map(|(contender, _)| &contender.name);
    let columns = names.flat_map(|name| [NATIVE, TRANSLATED].map(|lane| format!("{name}{lane}")));
    let columns = columns.collect();
    if routectl.is_empty() {
        rows.clear();
    }
    Ok(Sheet { columns, measures: take_turns(rows, sizes.rounds).await? })
}

fn measure(workload: &Workload, client: Format) -> Measure {
    let client = match client {
        Format::Chat => "Chat client",
        Format::Messages => "Messages client",
    };
    let label = format!("{}, {client}", workload.label);
    Measure::of_lanes(label, workload.price.unit(), workload.translated)
}

/// Half of what the contenders get: there are four times as many loads here.
fn pace(workload: &Workload, sizes: Sizes) -> Pace {
    let pace = workload.pace(sizes);
    Pace { requests: (pace.requests / 2).max(pace.connections), ..pace }
}
