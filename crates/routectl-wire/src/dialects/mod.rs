//! How hosts that speak Chat speak of thinking: one small file of data each, and the functions that
//! say a client's wishes and history in their words, in translated requests.
//!
//! A row holds what most models of a host have in common, and what the others have by a word of
//! their names. (facts: reasoning, sections 2, 6, 7 and 11)

mod cerebras;
pub mod control;
mod copilot;
mod deepseek;
pub mod echo;
mod fireworks;
pub(crate) mod gemini;
mod groq;
mod kimi;
mod llamacpp;
mod lmstudio;
mod minimax;
mod mistral;
pub mod native;
mod nim;
mod ollama;
pub mod openai;
mod openrouter;
mod passthrough;
mod qwen;
mod raw_think_tag;
mod sglang;
#[cfg(test)]
mod tests;
mod together;
mod vllm;
mod xai;
mod zai;

use routectl_core::Dialect;

/// A dialect, and how models differ in it.
#[derive(Debug)]
pub struct Row {
    /// What a model speaks that no word below is in the name of.
    pub dialect: Dialect,
    /// Models that differ, by a word of their names; the longest one decides.
    models: &'static [(&'static str, Dialect)],
}

/// Every dialect, by its name in configuration; first the six that came first.
pub const DIALECTS: &[&Row] = &[
    &openai::ROW,
    &deepseek::ROW,
    &vllm::ROW,
    &raw_think_tag::ROW,
    &openrouter::ROW,
    &passthrough::ROW,
    &cerebras::ROW,
    &copilot::ROW,
    &fireworks::ROW,
    &gemini::ROW,
    &groq::ROW,
    &kimi::ROW,
    &llamacpp::ROW,
    &lmstudio::ROW,
    &minimax::ROW,
    &mistral::ROW,
    &nim::ROW,
    &ollama::ROW,
    &qwen::ROW,
    &sglang::ROW,
    &together::ROW,
    &xai::ROW,
    &zai::ROW,
];

/// The dialect with this name.
pub fn named(name: &str) -> Option<&'static Row> {
    DIALECTS.iter().find(|row| row.dialect.name == name).copied()
}

impl Row {
    /// What this model speaks, by the upstream's name for it.
    pub fn for_model(&self, upstream: &str) -> Dialect {
        by_word(&upstream.to_ascii_lowercase(), self.models).unwrap_or(self.dialect)
    }
}

/// What stands beside the longest word that is in a name: `o3` is in `o3-mini` and not in `foo3`.
pub fn by_word<T: Copy>(name: &str, words: &[(&str, T)]) -> Option<T> {
    let named = words.iter().filter(|(word, _)| has_word(name, word));
    named.max_by_key(|(word, _)| word.len()).map(|(_, it)| *it)
}

fn has_word(name: &str, word: &str) -> bool {
    let borders = |text: Option<char>| !text.is_some_and(|next| next.is_ascii_alphanumeric());
    name.match_indices(word).any(|(at, _)| {
        let before = name.get(..at).and_then(|text| text.chars().next_back());
        let behind = name.get(at + word.len()..).and_then(|text| text.chars().next());
        borders(before) && borders(behind)
    })
}
