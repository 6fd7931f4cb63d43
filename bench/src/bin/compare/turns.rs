//! Processor time, in rounds in which everyone gets every load and another one begins each time.

use bench::Trouble;
use bench::client::Job;
use bench::load::{self, Pace};
use bench::process::Family;

use crate::report::Measure;
use crate::workloads::Price;

/// One load, and who takes it.
pub(crate) struct Row {
    pub(crate) measure: Measure,
    pub(crate) pace: Pace,
    pub(crate) price: Price,
    pub(crate) seats: Vec<Seat>,
}

/// A process and what it is asked.
pub(crate) struct Seat {
    pub(crate) column: String,
    pub(crate) family: Family,
    pub(crate) job: Job,
}

/// The prices of all rows, one for each round and seat.
pub(crate) async fn take_turns(mut rows: Vec<Row>, rounds: usize) -> Result<Vec<Measure>, Trouble> {
    // Pools fill, pages are touched, before anything counts.
    for Row { pace, seats, .. } in &rows {
        for seat in seats {
            load::closed_loop(&seat.job, Pace { requests: pace.connections, ..*pace }).await?;
        }
    }
    for round in 0..rounds {
        for Row { measure, pace, price, seats } in &mut rows {
            let (later, sooner) = seats.split_at(round % seats.len().max(1));
            for seat in sooner.iter().chain(later) {
                measure.note(&seat.column, seat.pay(*pace, *price).await?);
            }
        }
    }
    Ok(rows.into_iter().map(|row| row.measure).collect())
}

impl Seat {
    async fn pay(&self, pace: Pace, price: Price) -> Result<f64, Trouble> {
        let before = self.family.cpu()?;
        load::closed_loop(&self.job, pace).await?;
        let spent = (self.family.cpu()? - before).as_secs_f64();
        Ok(match price {
            Price::Requests => spent * 1e3 / pace.requests as f64,
            Price::Chunks => spent * 1e5 / (pace.requests * self.job.expected.chunks) as f64,
        })
    }
}

impl Price {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Requests => "CPU s per 1,000 requests",
            Self::Chunks => "CPU s per 100,000 chunks",
        }
    }
}
