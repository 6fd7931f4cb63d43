//! Hosts are told by their domains, models by the words of their names.

use std::collections::HashSet;

use routectl_core::{CacheMarks, CallIds, Choice, Dialect, Quirks, ToolUse, Turns, UserMember};
use routectl_wire::dialects;

use super::hosts::HOSTS;
use super::quirks;

fn at(url: &str, upstream: &str) -> Quirks {
    quirks(&url.parse().unwrap(), upstream)
}

/// Whether a model can be told not to think.
fn can_be_off(dialect: Dialect) -> bool {
    dialect.control.switch.is_some_and(|switch| switch.off.is_some())
}

#[test]
fn a_host_that_nothing_is_known_of_has_no_quirks() {
    for url in [
        "http://127.0.0.1:11435/v1",
        "http://10.0.0.7:11434/v1",
        "http://[::1]:8080",
        "https://llm.example.com/v1",
        "https://api.openai.com.example.com/v1",
        "https://notapi.openai.com/v1",
        "https://openrouter.ai.example/api",
    ] {
        assert_eq!(at(url, "some-model"), Quirks::NONE, "{url}");
    }
    assert!(!can_be_off(at("http://127.0.0.1:8000/v1", "openai/gpt-oss-20b").dialect));
}

#[test]
fn ollama_is_asked_to_think_where_its_model_can() {
    for (url, upstream, thinks) in [
        ("http://127.0.0.1:11434/v1", "qwen3:8b", true),
        ("http://localhost:11434/v1", "hf.co/unsloth/Qwen3.5-9B-GGUF", true),
        ("http://[::1]:11434/v1", "gpt-oss:20b", true),
        ("http://127.0.0.1:11434/v1", "qwen3-coder:30b", false),
        ("http://127.0.0.1:11434/v1", "qwen3:4b-instruct", false),
        ("http://127.0.0.1:11434/v1", "qwen3:4b-thinking", true),
        ("http://127.0.0.1:11434/v1", "llama3.3", false),
        ("http://127.0.0.1:11434/v1", "deepseek-r1:14b", true),
        ("http://127.0.0.1:8000/v1", "llama3.3", true),
        ("http://10.0.0.7:11434/v1", "llama3.3", true),
    ] {
        let dialect = at(url, upstream).dialect;
        assert_eq!(dialect.control.effort.is_some(), thinks, "{url} {upstream}");
        assert!(dialect.hands_off, "clients of the same format know their server: {url}");
    }
    assert!(!can_be_off(at("http://localhost:11434/v1", "gpt-oss:20b").dialect));
}

#[test]
fn openai_models_differ_by_their_generation() {
    let quirks = |model| at("https://api.openai.com/v1", model);
    for (model, developer, effort, tools) in [
        ("gpt-4o-mini", false, false, ToolUse::Free),
        ("gpt-5-mini-2026-08-07", true, true, ToolUse::Free),
        ("gpt-5-chat-latest", true, false, ToolUse::Free),
        ("gpt-5.2", true, true, ToolUse::Free),
        ("gpt-5.6-mini", true, true, ToolUse::WithoutThinking),
        ("gpt-6-astra", true, true, ToolUse::Refused),
        ("o3-mini", true, true, ToolUse::Free),
    ] {
        let given = quirks(model);
        let efforts = given.dialect.control.effort.is_some();
        let seen = (given.developer_role, efforts, given.tools);
        assert_eq!(seen, (developer, effort, tools), "{model}");
        assert_eq!(given.refuses_sampling, developer, "{model}");
        assert_eq!(given.refuses_stop, developer, "{model}");
        assert!(given.completion_limit, "{model}");
        assert_eq!(given.user, UserMember::SafetyIdentifier, "{model}");
    }
    for (model, off, unasked) in
        [("gpt-5", false, true), ("gpt-5.1", true, false), ("gpt-5.5", true, true)]
    {
        let dialect = quirks(model).dialect;
        assert_eq!((can_be_off(dialect), dialect.control.unasked), (off, unasked), "{model}");
        assert_eq!((dialect.echo.turns, dialect.hands_off), (Turns::None, false), "{model}");
    }
    assert!(!quirks("o4-mini").takes_parallel_calls);
}

#[test]
fn the_same_models_at_azure_are_known_by_their_deployment() {
    let given = at("https://mine.openai.azure.com/openai/v1?api-version=preview", "my-gpt-5-mini");
    assert!(given.developer_role && given.completion_limit && !given.takes_tier);
    assert_eq!(given.user, UserMember::User);
    let old = at("https://mine.openai.azure.com/openai/v1", "gpt-4o");
    assert!(!old.completion_limit);
    assert_eq!(old.dialect.control.effort, None);
}

#[test]
fn each_host_has_what_is_different_about_it() {
    let mistral = at("https://api.mistral.ai/v1", "mistral-large-latest");
    assert_eq!((mistral.call_ids, mistral.choice), (CallIds::Nine, Choice::Any));
    assert!(mistral.refuses_user_after_results && !mistral.takes_stream_options);
    let openrouter = at("https://openrouter.ai/api/v1", "anthropic/claude-opus-5");
    assert_eq!(openrouter.dialect.seals, ["anthropic-claude-v1"]);
    assert_eq!(openrouter.cache_marks, CacheMarks::Control);
    let openai = |model: &str| at("https://api.openai.com/v1", model);
    assert_eq!(openai("gpt-5.6-mini").cache_marks, CacheMarks::Breakpoints);
    assert_eq!(openai("gpt-5.5").cache_marks, CacheMarks::None);
    assert!(openai("gpt-5.5").takes_cache_key);
    let deepseek = at("https://api.deepseek.com", "deepseek-reasoner");
    assert!(!deepseek.takes_json_schema && !deepseek.takes_cache_key);
    assert!(at("https://api.x.ai/v1", "grok-4-0709").refuses_stop);
    assert!(!at("https://api.x.ai/v1", "grok-4-fast-non-reasoning").refuses_stop);
    assert!(at("https://integrate.api.nvidia.com/v1", "meta/llama").blank_content);
    assert!(!at("https://api.minimax.io/v1", "MiniMax-M2.1").takes_json_object);
}

#[test]
fn a_host_that_is_known_has_its_dialect() {
    for (url, upstream, dialect) in [
        ("https://api.openai.com/v1", "gpt-5.5", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "my-deepseek-v4", "deepseek"),
        ("https://openrouter.ai/api/v1", "z-ai/glm-5", "openrouter"),
        ("https://api.deepseek.com", "deepseek-reasoner", "deepseek"),
        ("https://api.groq.com/openai/v1", "openai/gpt-oss-120b", "groq"),
        ("https://api.mistral.ai/v1", "magistral-medium", "mistral"),
        ("https://api.x.ai/v1", "grok-4.3", "xai"),
        ("https://api.moonshot.ai/v1", "kimi-k3", "kimi"),
        ("https://api.z.ai/api/paas/v4", "glm-5.3", "zai"),
        ("https://api.cerebras.ai/v1", "qwen-3-32b", "cerebras"),
        ("https://api.fireworks.ai/inference/v1", "accounts/x/models/glm-5", "fireworks"),
        ("https://api.together.xyz/v1", "openai/gpt-oss-20b", "together"),
        ("https://integrate.api.nvidia.com/v1", "nvidia/nemotron-3", "nim"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-3-pro", "gemini"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen-plus", "qwen"),
        ("https://api.minimax.io/v1", "MiniMax-M2.1", "minimax"),
        ("https://api.githubcopilot.com", "gemini-3-pro", "copilot"),
    ] {
        assert_eq!(at(url, upstream).dialect.name, dialect, "{url}");
    }
    let row = dialects::named("deepseek").unwrap();
    assert_eq!(at("https://api.deepseek.com", "deepseek-r1").dialect, row.for_model("deepseek-r1"));
}

#[test]
fn no_two_hosts_have_a_domain_in_common_and_no_two_rows_a_word() {
    let domains: Vec<_> = HOSTS.iter().flat_map(|host| host.domains).collect();
    assert_eq!(domains.iter().collect::<HashSet<_>>().len(), domains.len());
    for host in HOSTS {
        let words: HashSet<_> = host.models.iter().map(|(word, _)| word).collect();
        assert_eq!(words.len(), host.models.len(), "{:?}", host.domains);
        let known = host.dialect.is_empty() || dialects::named(host.dialect).is_some();
        assert!(known, "{}", host.dialect);
    }
}
