//! Hosts that speak Chat, and what is different about them. Data only: a new host is a new row,
//! and a host without one works too. (facts: provider quirks, sections 5 and 6; reasoning,
//! sections 2 and 11)

use routectl_core::{CallIds, Choice, Echo, Knob, Quirks, ToolUse, UserMember};

/// A host, and what is different about it.
pub(super) struct Host {
    /// Its domains; what is below them is it too.
    pub(super) domains: &'static [&'static str],
    pub(super) quirks: Quirks,
    /// Models that differ from the rest of the host, by a word of their names.
    pub(super) models: &'static [(&'static str, Quirks)],
}

/// Any host without a row: a server on this machine, most of the time.
pub(super) const EVERYWHERE: Host = Host {
    domains: &[],
    quirks: Quirks::NONE,
    models: &[("gpt-oss", Quirks { takes_no_effort: false, ..Quirks::NONE })],
};

/// Every host with a row.
pub(super) const HOSTS: &[Host] = &[
    OPENAI, AZURE, OPENROUTER, DEEPSEEK, GROQ, MISTRAL, XAI, MOONSHOT, ZAI, CEREBRAS, FIREWORKS,
    TOGETHER, NIM, GEMINI, DASHSCOPE, MINIMAX,
];

const OPENAI: Host = Host {
    domains: &["api.openai.com"],
    quirks: OFFICIAL,
    models: &[
        ("gpt-5", ALWAYS_THINKS),
        ("gpt-5-chat", CHATS),
        ("gpt-5.1", THINKS_WHEN_ASKED),
        ("gpt-5.1-chat", CHATS),
        ("gpt-5.2", THINKS_WHEN_ASKED),
        ("gpt-5.2-chat", CHATS),
        ("gpt-5.3", THINKS_WHEN_ASKED),
        ("gpt-5.3-chat", CHATS),
        ("gpt-5.4", THINKS_WHEN_ASKED),
        ("gpt-5.5", THINKS),
        ("gpt-5.6", Quirks { tools: ToolUse::WithoutThinking, ..THINKS }),
        ("gpt-6", Quirks { tools: ToolUse::Refused, ..ALWAYS_THINKS }),
        ("o1", FIRST_TO_THINK),
        ("o3", FIRST_TO_THINK),
        ("o4", FIRST_TO_THINK),
    ],
};

/// What all models of the vendor take; those before GPT-5 do not think.
const OFFICIAL: Quirks = Quirks {
    system_first: false,
    completion_limit: true,
    takes_tier: true,
    user: UserMember::SafetyIdentifier,
    knob: Knob::Nothing,
    ..Quirks::NONE
};
/// Thinks, and can be told not to.
const THINKS: Quirks = Quirks {
    developer_role: true,
    refuses_sampling: true,
    refuses_stop: true,
    knob: Knob::Effort,
    ..OFFICIAL
};
const ALWAYS_THINKS: Quirks = Quirks { takes_no_effort: false, ..THINKS };
const THINKS_WHEN_ASKED: Quirks = Quirks { thinks_unasked: false, ..THINKS };
/// Nobody tells it how much to think.
const CHATS: Quirks = Quirks { knob: Knob::Nothing, ..THINKS };
const FIRST_TO_THINK: Quirks = Quirks { takes_parallel_calls: false, ..ALWAYS_THINKS };

/// The same models. Deployments have any name: of one that says nothing, nothing is known, and it
/// is not told how much to think, since models that do not think refuse that.
const AZURE: Host = Host {
    domains: &["openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"],
    quirks: DEPLOYMENT,
    models: &[
        ("gpt-5", at_azure(ALWAYS_THINKS)),
        ("gpt-5-chat", at_azure(CHATS)),
        ("gpt-5.1", at_azure(THINKS_WHEN_ASKED)),
        ("gpt-5.1-chat", at_azure(CHATS)),
        ("gpt-5.2", at_azure(THINKS_WHEN_ASKED)),
        ("gpt-5.2-chat", at_azure(CHATS)),
        ("gpt-5.3", at_azure(THINKS_WHEN_ASKED)),
        ("gpt-5.3-chat", at_azure(CHATS)),
        ("gpt-5.4", at_azure(THINKS_WHEN_ASKED)),
        ("gpt-5.5", at_azure(THINKS)),
        ("gpt-5.6", at_azure(Quirks { tools: ToolUse::WithoutThinking, ..THINKS })),
        ("gpt-6", at_azure(Quirks { tools: ToolUse::Refused, ..ALWAYS_THINKS })),
        ("o1", at_azure(FIRST_TO_THINK)),
        ("o3", at_azure(FIRST_TO_THINK)),
        ("o4", at_azure(FIRST_TO_THINK)),
        ("deepseek", Quirks { takes_json_schema: false, echo: Echo::Content, ..DEPLOYMENT }),
    ],
};

const DEPLOYMENT: Quirks = Quirks { system_first: false, knob: Knob::Nothing, ..Quirks::NONE };

const fn at_azure(quirks: Quirks) -> Quirks {
    Quirks { user: UserMember::User, takes_tier: false, ..quirks }
}

/// A gateway: what a model refuses it leaves out itself. It stands before Anthropic and Bedrock,
/// which want the tools of earlier calls defined.
const OPENROUTER: Host = Host {
    domains: &["openrouter.ai"],
    quirks: GATEWAY,
    models: &[("deepseek", Quirks { blank_reasoning: true, ..GATEWAY })],
};

const GATEWAY: Quirks = Quirks {
    system_first: false,
    takes_top_k: true,
    takes_cache_marks: true,
    wants_known_tools: true,
    knob: Knob::Unified,
    echo: Echo::Details,
    ..Quirks::NONE
};

/// Thinking goes back since V3.2, at V4 on every message, and never to R1.
const DEEPSEEK: Host = Host {
    domains: &["api.deepseek.com"],
    quirks: Quirks { echo: Echo::Content, blank_reasoning: true, ..DEEPSEEK_R1 },
    models: &[("deepseek-r1", DEEPSEEK_R1)],
};

const DEEPSEEK_R1: Quirks = Quirks {
    system_first: false,
    takes_json_schema: false,
    takes_strict: false,
    takes_parallel_calls: false,
    takes_no_effort: false,
    blank_content: true,
    user: UserMember::Nobody,
    ..Quirks::NONE
};

/// Refuses members that it does not know, and the effort where a model has none.
const GROQ: Host = Host {
    domains: &["api.groq.com"],
    quirks: Quirks { knob: Knob::Nothing, ..Quirks::NONE },
    models: &[("gpt-oss", Quirks { takes_no_effort: false, ..Quirks::NONE })],
};

/// Efforts are `high` and `none` there, at some models only.
const MISTRAL: Host = Host {
    domains: &["api.mistral.ai"],
    quirks: Quirks {
        choice: Choice::Any,
        names_results: true,
        refuses_user_after_results: true,
        takes_stream_options: false,
        user: UserMember::Nobody,
        call_ids: CallIds::Nine,
        knob: Knob::Nothing,
        ..Quirks::NONE
    },
    models: &[],
};

/// Models that think refuse stops, and most of them the effort.
const XAI: Host = Host {
    domains: &["api.x.ai"],
    quirks: GROK,
    models: &[
        ("grok-2", Quirks { refuses_stop: false, ..GROK }),
        ("grok-3", Quirks { refuses_stop: false, ..GROK }),
        ("grok-3-mini", Quirks { knob: Knob::Effort, takes_no_effort: false, ..GROK }),
        ("non-reasoning", Quirks { refuses_stop: false, ..GROK }),
        ("grok-4.3", Quirks { knob: Knob::Effort, ..GROK }),
        ("grok-4.5", Quirks { knob: Knob::Effort, takes_no_effort: false, ..GROK }),
    ],
};

const GROK: Quirks =
    Quirks { system_first: false, refuses_stop: true, knob: Knob::Nothing, ..Quirks::NONE };

/// Wants the thinking back on every message that calls a tool.
const MOONSHOT: Host = Host {
    domains: &["api.moonshot.ai", "api.moonshot.cn"],
    quirks: KIMI,
    models: &[
        ("k3", Quirks { knob: Knob::Effort, takes_no_effort: false, ..KIMI }),
        ("thinking", Quirks { refuses_sampling: true, ..KIMI }),
    ],
};

const KIMI: Quirks = Quirks {
    system_first: false,
    user: UserMember::Nobody,
    knob: Knob::Nothing,
    echo: Echo::Content,
    blank_reasoning: true,
    ..Quirks::NONE
};

/// The effort came with GLM 5.2; to 5.3 the word `none` means all it can.
const ZAI: Host = Host {
    domains: &["api.z.ai", "open.bigmodel.cn"],
    quirks: GLM,
    models: &[
        ("glm-5.2", Quirks { knob: Knob::Effort, ..GLM }),
        ("glm-5.3", Quirks { knob: Knob::Effort, takes_no_effort: false, ..GLM }),
    ],
};

const GLM: Quirks = Quirks {
    system_first: false,
    takes_json_schema: false,
    user: UserMember::Nobody,
    knob: Knob::Nothing,
    echo: Echo::Content,
    ..Quirks::NONE
};

/// Either all tools are strict there or none is.
const CEREBRAS: Host = Host {
    domains: &["api.cerebras.ai"],
    quirks: WAFER,
    models: &[("gpt-oss", Quirks { takes_no_effort: false, ..WAFER })],
};

const WAFER: Quirks = Quirks { takes_strict: false, ..Quirks::NONE };

const FIREWORKS: Host = Host {
    domains: &["api.fireworks.ai"],
    quirks: Quirks { takes_top_k: true, echo: Echo::Content, ..Quirks::NONE },
    models: &[],
};

/// The effort is known to some models only.
const TOGETHER: Host = Host {
    domains: &["api.together.xyz", "api.together.ai"],
    quirks: Quirks { knob: Knob::Nothing, ..TOGETHER_EFFORT },
    models: &[
        ("gpt-oss", Quirks { takes_no_effort: false, ..TOGETHER_EFFORT }),
        ("glm", TOGETHER_EFFORT),
    ],
};

const TOGETHER_EFFORT: Quirks = Quirks { takes_top_k: true, echo: Echo::Both, ..Quirks::NONE };

/// Refuses members that it does not know.
const NIM: Host = Host {
    domains: &["integrate.api.nvidia.com"],
    quirks: Quirks { knob: Knob::Nothing, ..NIM_EFFORT },
    models: &[
        ("gpt-oss", Quirks { takes_no_effort: false, ..NIM_EFFORT }),
        ("deepseek-v4", Quirks { thinks_unasked: false, ..NIM_EFFORT }),
    ],
};

const NIM_EFFORT: Quirks = Quirks {
    blank_content: true,
    takes_parallel_calls: false,
    user: UserMember::Nobody,
    ..Quirks::NONE
};

/// Only the smaller models of 2.5 can be told not to think.
const GEMINI: Host = Host {
    domains: &["generativelanguage.googleapis.com"],
    quirks: Quirks { takes_no_effort: false, ..GEMINI_FLASH },
    models: &[("gemini-2.5-flash", GEMINI_FLASH), ("gemini-2.5-flash-lite", GEMINI_FLASH)],
};

const GEMINI_FLASH: Quirks = Quirks {
    names_results: true,
    takes_strict: false,
    takes_parallel_calls: false,
    user: UserMember::Nobody,
    ..Quirks::NONE
};

/// Qwen: thinking is switched by members of its own, and read back by no model.
const DASHSCOPE: Host = Host {
    domains: &["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"],
    quirks: Quirks {
        takes_top_k: true,
        takes_cache_marks: true,
        user: UserMember::Nobody,
        knob: Knob::Nothing,
        ..Quirks::NONE
    },
    models: &[],
};

const MINIMAX: Host = Host {
    domains: &["api.minimax.io", "api.minimaxi.com"],
    quirks: Quirks {
        completion_limit: true,
        choice: Choice::Free,
        takes_parallel_calls: false,
        takes_strict: false,
        takes_json_schema: false,
        takes_json_object: false,
        user: UserMember::Nobody,
        knob: Knob::Nothing,
        ..Quirks::NONE
    },
    models: &[],
};
