//! Token counters that are disjoint, so that they add up. Unknown is `None`, never 0.

/// Disjoint token counters of one answer.
///
/// The prompt is `input + cache_read + cache_write_5m + cache_write_1h`; `reasoning` is the part
/// of `output` that was thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens neither read from nor written to a cache.
    pub input: Option<u64>,
    /// Prompt tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Prompt tokens written to a cache that lives five minutes (or as long as the host says).
    pub cache_write_5m: Option<u64>,
    /// Prompt tokens written to a cache that lives an hour.
    pub cache_write_1h: Option<u64>,
    /// Everything the model wrote, thinking included.
    pub output: Option<u64>,
    /// The part of `output` that was thinking.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// These counters with every one that `later` knows replaced: counters in streams are
    /// cumulative, so they overwrite and never add.
    #[must_use]
    pub fn overlaid(self, later: Self) -> Self {
        Self {
            input: later.input.or(self.input),
            cache_read: later.cache_read.or(self.cache_read),
            cache_write_5m: later.cache_write_5m.or(self.cache_write_5m),
            cache_write_1h: later.cache_write_1h.or(self.cache_write_1h),
            output: later.output.or(self.output),
            reasoning: later.reasoning.or(self.reasoning),
        }
    }
}
