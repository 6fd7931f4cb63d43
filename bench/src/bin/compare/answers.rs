//! What the emulator's hosts answer when asked directly: what everyone's answers are held against.

use std::collections::HashMap;
use std::sync::Arc;

use bench::answer::Expected;
use bench::body::{self, Wanted};
use bench::client::Job;
use bench::{Format, Trouble};
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::contenders::{Contender, Running, Site};
use crate::workloads::{Ask, FIRST_CONTENT, HELD, HELD_OPEN, KIB, WORKLOADS};

/// The hosts' own answers.
pub(crate) struct Answers(HashMap<Ask, Arc<Expected>>);

impl Answers {
    /// Asks for everything that a run asks for.
    pub(crate) async fn learn(site: &Site) -> Result<Self, Trouble> {
        let mut asks = vec![Ask::stream(FIRST_CONTENT, KIB)];
        asks.extend(HELD.iter().map(|held| Ask::stream(HELD_OPEN, held.size)));
        for workload in &WORKLOADS {
            let asked = Format::ALL.map(|format| workload.ask(format));
            asks.extend(asked.into_iter().flat_map(|ask| [ask, upstream_of(ask)]));
        }
        let mut learning = JoinSet::new();
        for ask in asks {
            let Ask { model, wanted } = ask;
            let (host, body) =
                (site.host(wanted.format), Bytes::from(body::request(model, wanted)));
            learning.spawn(async move {
                let expected = Expected::learn(wanted.format, host, body).await?;
                if wanted.streamed && expected.chunks == 0 {
                    return Err(format!("the emulator streams no content for {model}").into());
                }
                Ok::<_, Trouble>((ask, Arc::new(expected)))
            });
        }
        let mut answers = HashMap::new();
        while let Some(learned) = learning.join_next().await {
            answers.extend([learned??]);
        }
        Ok(Self(answers))
    }

    /// A request that reaches the host of the client's own format, whose answer is to arrive as
    /// it is.
    pub(crate) fn job(
        &self,
        contender: &Contender,
        running: &Running,
        ask: Ask,
    ) -> Result<Job, Trouble> {
        let format = ask.wanted.format;
        let expected = self.0.get(&ask).ok_or("an answer nobody has learned")?;
        let body = body::request(&contender.spelling(ask.model, format), ask.wanted).into();
        Ok(Job { format, to: running.address, body, expected: Arc::clone(expected) })
    }

    /// A request that reaches the host of the other format. What is expected is what this routectl
    /// answers first, once it has been seen to say what the host says.
    pub(crate) async fn translated(
        &self,
        contender: &Contender,
        running: &Running,
        ask: Ask,
    ) -> Result<Job, Trouble> {
        let (format, to) = (ask.wanted.format, running.address);
        let name = contender.spelling(ask.model, format.other());
        let body = Bytes::from(body::request(&name, ask.wanted));
        let told = self.0.get(&upstream_of(ask)).ok_or("an answer nobody has learned")?;
        let answer = Expected::learn(format, to, body.clone()).await?;
        let expected = answer
            .translates(format, told)
            .map_err(|trouble| format!("{} for {name}: {trouble}", contender.name))?;
        Ok(Job { format, to, body, expected: Arc::new(expected) })
    }
}

/// What a translating router asks the host of the other format for: always a stream. How long the
/// question was does not change the answer.
fn upstream_of(ask: Ask) -> Ask {
    let format = ask.wanted.format.other();
    Ask { model: ask.model, wanted: Wanted { format, streamed: true, size: KIB } }
}
