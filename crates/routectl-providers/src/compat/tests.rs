//! Hosts are told by their domains, models by the words of their names.

use std::collections::HashSet;

use routectl_core::{CallIds, Choice, Echo, Knob, Quirks, ToolUse, UserMember};

use super::hosts::HOSTS;
use super::quirks;

fn at(url: &str, upstream: &str) -> Quirks {
    quirks(&url.parse().unwrap(), upstream)
}

#[test]
fn a_host_that_nothing_is_known_of_has_no_quirks() {
    for url in [
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8080",
        "https://llm.example.com/v1",
        "https://api.openai.com.example.com/v1",
        "https://notapi.openai.com/v1",
        "https://openrouter.ai.example/api",
    ] {
        assert_eq!(at(url, "some-model"), Quirks::NONE, "{url}");
    }
    assert!(!at("http://127.0.0.1:8000/v1", "openai/gpt-oss-20b").takes_no_effort);
}

#[test]
fn openai_models_differ_by_their_generation() {
    let quirks = |model| at("https://api.openai.com/v1", model);
    for (model, developer, knob, tools) in [
        ("gpt-4o-mini", false, Knob::Nothing, ToolUse::Free),
        ("gpt-5-mini-2026-08-07", true, Knob::Effort, ToolUse::Free),
        ("gpt-5-chat-latest", true, Knob::Nothing, ToolUse::Free),
        ("gpt-5.2", true, Knob::Effort, ToolUse::Free),
        ("gpt-5.6-mini", true, Knob::Effort, ToolUse::WithoutThinking),
        ("gpt-6-astra", true, Knob::Effort, ToolUse::Refused),
        ("o3-mini", true, Knob::Effort, ToolUse::Free),
    ] {
        let given = quirks(model);
        let seen = (given.developer_role, given.knob, given.tools);
        assert_eq!(seen, (developer, knob, tools), "{model}");
        assert_eq!(given.refuses_sampling, developer, "{model}");
        assert_eq!(given.refuses_stop, developer, "{model}");
        assert!(given.completion_limit, "{model}");
        assert_eq!(given.user, UserMember::SafetyIdentifier, "{model}");
    }
    assert!(!quirks("gpt-5").takes_no_effort && quirks("gpt-5").thinks_unasked);
    assert!(quirks("gpt-5.1").takes_no_effort && !quirks("gpt-5.1").thinks_unasked);
    assert!(quirks("gpt-5.5").takes_no_effort && quirks("gpt-5.5").thinks_unasked);
    assert!(!quirks("o4-mini").takes_parallel_calls);
}

#[test]
fn the_same_models_at_azure_are_known_by_their_deployment() {
    let given = at("https://mine.openai.azure.com/openai/v1?api-version=preview", "my-gpt-5-mini");
    assert!(given.developer_role && given.completion_limit && !given.takes_tier);
    assert_eq!(given.user, UserMember::User);
    let old = at("https://mine.openai.azure.com/openai/v1", "gpt-4o");
    assert!(!old.completion_limit);
    assert_eq!(old.knob, Knob::Nothing);
}

#[test]
fn each_host_has_what_is_different_about_it() {
    let mistral = at("https://api.mistral.ai/v1", "mistral-large-latest");
    assert_eq!((mistral.call_ids, mistral.choice), (CallIds::Nine, Choice::Any));
    assert!(mistral.refuses_user_after_results && !mistral.takes_stream_options);
    let openrouter = at("https://openrouter.ai/api/v1", "anthropic/claude-opus-5");
    assert_eq!((openrouter.knob, openrouter.echo), (Knob::Unified, Echo::Details));
    assert!(openrouter.takes_cache_marks && !openrouter.blank_reasoning);
    assert!(at("https://openrouter.ai/api/v1", "deepseek/deepseek-v4").blank_reasoning);
    let deepseek = at("https://api.deepseek.com", "deepseek-reasoner");
    assert_eq!(deepseek.echo, Echo::Content);
    assert!(deepseek.blank_reasoning && !deepseek.takes_json_schema);
    assert_eq!(at("https://api.deepseek.com", "deepseek-r1").echo, Echo::Nothing);
    assert_eq!(at("https://api.groq.com/openai/v1", "llama-4").knob, Knob::Nothing);
    assert_eq!(at("https://api.groq.com/openai/v1", "openai/gpt-oss-120b").knob, Knob::Effort);
    assert!(at("https://api.x.ai/v1", "grok-4-0709").refuses_stop);
    assert!(!at("https://api.x.ai/v1", "grok-4-fast-non-reasoning").refuses_stop);
    assert_eq!(at("https://api.x.ai/v1", "grok-3-mini").knob, Knob::Effort);
    assert_eq!(at("https://api.moonshot.ai/v1", "kimi-k3").knob, Knob::Effort);
    assert!(at("https://integrate.api.nvidia.com/v1", "meta/llama").blank_content);
    assert!(!at("https://api.minimax.io/v1", "MiniMax-M2.1").takes_json_object);
}

#[test]
fn no_two_hosts_have_a_domain_in_common_and_no_two_rows_a_word() {
    let domains: Vec<_> = HOSTS.iter().flat_map(|host| host.domains).collect();
    assert_eq!(domains.iter().collect::<HashSet<_>>().len(), domains.len());
    for host in HOSTS {
        let words: HashSet<_> = host.models.iter().map(|(word, _)| word).collect();
        assert_eq!(words.len(), host.models.len(), "{:?}", host.domains);
    }
}
