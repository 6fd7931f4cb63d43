//! What is sent, how much of it, and what routectl aims at: the figures of the benchmark as data.

use std::time::Duration;

use bench::Format;
use bench::body::Wanted;
use bench::load::Pace;

use crate::report::Aim;

pub(crate) const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// A load whose price in processor time is taken in every round.
pub(crate) struct Workload {
    pub(crate) label: &'static str,
    pub(crate) model: &'static str,
    pub(crate) streamed: bool,
    pub(crate) size: usize,
    pub(crate) connections: usize,
    pub(crate) stagger: Duration,
    pub(crate) price: Price,
    pub(crate) aim: Aim,
    /// For the translated lane.
    pub(crate) translated: Aim,
    requests: fn(Sizes) -> usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Price {
    /// For each 1,000 requests.
    Requests,
    /// For each 100,000 streamed chunks.
    Chunks,
}

pub(crate) const WORKLOADS: [Workload; 4] = [
    Workload {
        label: "1 KiB request",
        model: "bench-1024",
        streamed: false,
        size: KIB,
        connections: 16,
        stagger: Duration::ZERO,
        price: Price::Requests,
        aim: Aim::Floor(1.4),
        translated: Aim::Native(2.0),
        requests: |sizes| sizes.small,
    },
    Workload {
        label: "1 MiB request",
        model: "bench-1024",
        streamed: false,
        size: MIB,
        connections: 16,
        stagger: Duration::ZERO,
        price: Price::Requests,
        aim: Aim::Floor(1.4),
        // 8 ms for each.
        translated: Aim::AtMost(8.0),
        requests: |sizes| sizes.large,
    },
    // 100 streams, each a chunk every 8 ms.
    Workload {
        label: "paced chunks",
        model: "bench-stream-100-8",
        streamed: true,
        size: KIB,
        connections: 100,
        stagger: Duration::from_millis(1),
        price: Price::Chunks,
        aim: Aim::Floor(1.3),
        translated: Aim::Native(2.0),
        requests: |sizes| sizes.paced,
    },
    // 100 streams, each eight chunks at once every 40 ms.
    Workload {
        label: "chunks in bursts of 8",
        model: "bench-stream-200-40-8",
        streamed: true,
        size: KIB,
        connections: 100,
        stagger: Duration::from_millis(1),
        price: Price::Chunks,
        aim: Aim::Floor(1.3),
        translated: Aim::Native(2.0),
        requests: |sizes| sizes.bursts,
    },
];

impl Workload {
    pub(crate) fn pace(&self, sizes: Sizes) -> Pace {
        let requests = (self.requests)(sizes);
        Pace { requests, connections: self.connections, stagger: self.stagger }
    }

    /// What clients of this format ask for.
    pub(crate) fn ask(&self, format: Format) -> Ask {
        let Self { model, streamed, size, .. } = *self;
        Ask { model, wanted: Wanted { format, streamed, size } }
    }
}

/// What is asked of one of the emulator's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    pub(crate) model: &'static str,
    pub(crate) wanted: Wanted,
}

impl Ask {
    /// A stream for an OpenAI client.
    pub(crate) fn stream(model: &'static str, size: usize) -> Self {
        Self { model, wanted: Wanted { format: Format::Chat, streamed: true, size } }
    }

    /// The least there is to ask.
    pub(crate) fn small() -> Self {
        let wanted = Wanted { format: Format::Chat, streamed: false, size: KIB };
        Self { model: "bench-1024", wanted }
    }
}

/// Time to the first content is taken on a stream of two chunks: a late one shows in full.
pub(crate) const FIRST_CONTENT: &str = "bench-stream-2-10";

/// Streams that are held open last 10 s, far longer than it takes to open them.
pub(crate) const HELD_OPEN: &str = "bench-stream-10-1000";

/// Streams held open while memory is looked at.
pub(crate) struct Held {
    pub(crate) label: &'static str,
    pub(crate) size: usize,
    pub(crate) count: fn(Sizes) -> usize,
    /// KiB for each stream.
    pub(crate) aim: Option<f64>,
}

pub(crate) const HELD: [Held; 2] = [
    Held {
        label: "memory for each open stream, after a 1 KiB request",
        size: KIB,
        count: |sizes| sizes.held,
        aim: Some(32.0),
    },
    Held {
        label: "memory for each open stream, after a 1 MiB request",
        size: MIB,
        count: |sizes| sizes.held / 10,
        aim: None,
    },
];

/// Every model the emulator is asked for.
pub(crate) fn models() -> impl Iterator<Item = &'static str> {
    let mut models: Vec<_> = WORKLOADS.iter().map(|workload| workload.model).collect();
    models.extend([FIRST_CONTENT, HELD_OPEN]);
    models.sort_unstable();
    models.dedup();
    models.into_iter()
}

/// How much of everything.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) rounds: usize,
    /// Fresh starts for memory and for the processor time of a start.
    pub(crate) starts: usize,
    pub(crate) first_contents: usize,
    small: usize,
    large: usize,
    paced: usize,
    bursts: usize,
    held: usize,
}

impl Sizes {
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        starts: 3,
        first_contents: 500,
        small: 20_000,
        large: 1_000,
        paced: 600,
        bursts: 400,
        held: 1_000,
    };
    /// For seeing that everything works; the figures of such a run mean little.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        starts: 1,
        first_contents: 30,
        small: 2_000,
        large: 50,
        paced: 100,
        bursts: 100,
        held: 200,
    };
}
