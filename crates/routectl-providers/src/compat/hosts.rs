//! Hosts that speak Chat, and what is different about them. Data only: a new host is a new row,
//! and a host without one works too. (facts: provider quirks, sections 5 and 6)

use routectl_core::{
    CacheMarks, CallIds, Choice, Control, Dialect, Echo, Quirks, ToolUse, Turns, UserMember,
};
use routectl_wire::dialects::openai;

/// A host, and what is different about it.
pub(super) struct Host {
    /// Its domains; what is below them is it too.
    pub(super) domains: &'static [&'static str],
    /// How its models speak of thinking; empty where the quirks say it.
    pub(super) dialect: &'static str,
    pub(super) quirks: Quirks,
    /// Models that differ from the rest of the host, by a word of their names.
    pub(super) models: &'static [(&'static str, Quirks)],
}

/// Every host with a row.
pub(super) const HOSTS: &[Host] = &[
    OPENAI, AZURE, OPENROUTER, DEEPSEEK, GROQ, MISTRAL, XAI, MOONSHOT, ZAI, CEREBRAS, FIREWORKS,
    TOGETHER, NIM, GEMINI, DASHSCOPE, MINIMAX, COPILOT,
];

const OPENAI: Host = Host {
    domains: &["api.openai.com"],
    dialect: "",
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
        ("gpt-5.6", marked(Quirks { tools: ToolUse::WithoutThinking, ..THINKS })),
        ("gpt-6", marked(Quirks { tools: ToolUse::Refused, ..ALWAYS_THINKS })),
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
    takes_cache_key: true,
    user: UserMember::SafetyIdentifier,
    dialect: openai::SILENT,
    ..Quirks::NONE
};
/// Takes cache marks. (facts: provider quirks, section 6)
const fn marked(quirks: Quirks) -> Quirks {
    Quirks { cache_marks: CacheMarks::Breakpoints, ..quirks }
}

/// Thinks, and can be told not to.
const THINKS: Quirks = Quirks {
    developer_role: true,
    refuses_sampling: true,
    refuses_stop: true,
    dialect: openai::THINKS,
    ..OFFICIAL
};
const ALWAYS_THINKS: Quirks = Quirks { dialect: openai::ALWAYS_THINKS, ..THINKS };
const THINKS_WHEN_ASKED: Quirks = Quirks { dialect: openai::THINKS_WHEN_ASKED, ..THINKS };
/// Nobody tells it how much to think.
const CHATS: Quirks = Quirks { dialect: openai::SILENT, ..THINKS };
const FIRST_TO_THINK: Quirks = Quirks { takes_parallel_calls: false, ..ALWAYS_THINKS };

/// The same models. Deployments have any name: of one that says nothing, nothing is known, and it
/// is not told how much to think, since models that do not think refuse that.
const AZURE: Host = Host {
    domains: &["openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"],
    dialect: "",
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
        ("deepseek", DEEPSEEK_ON_AZURE),
    ],
};

const DEPLOYMENT: Quirks = Quirks { system_first: false, dialect: openai::UNTOLD, ..Quirks::NONE };
const DEEPSEEK_ON_AZURE: Quirks = Quirks {
    takes_json_schema: false,
    dialect: Dialect {
        name: "deepseek",
        control: Control::NOTHING,
        echo: Echo { turns: Turns::Loop, ..Echo::NEVER },
        ..Dialect::OPENAI
    },
    ..DEPLOYMENT
};

const fn at_azure(quirks: Quirks) -> Quirks {
    Quirks { user: UserMember::User, takes_tier: false, takes_cache_key: false, ..quirks }
}

/// A gateway: what a model refuses it leaves out itself. It stands before Anthropic and Bedrock,
/// which want the tools of earlier calls defined.
const OPENROUTER: Host =
    Host { domains: &["openrouter.ai"], dialect: "openrouter", quirks: GATEWAY, models: &[] };

const GATEWAY: Quirks = Quirks {
    system_first: false,
    takes_top_k: true,
    cache_marks: CacheMarks::Control,
    wants_known_tools: true,
    ..Quirks::NONE
};

const DEEPSEEK: Host = Host {
    domains: &["api.deepseek.com"],
    dialect: "deepseek",
    quirks: Quirks {
        system_first: false,
        takes_json_schema: false,
        takes_strict: false,
        takes_parallel_calls: false,
        blank_content: true,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

/// Refuses members that it does not know.
const GROQ: Host =
    Host { domains: &["api.groq.com"], dialect: "groq", quirks: Quirks::NONE, models: &[] };

const MISTRAL: Host = Host {
    domains: &["api.mistral.ai"],
    dialect: "mistral",
    quirks: Quirks {
        choice: Choice::Any,
        names_results: true,
        refuses_user_after_results: true,
        takes_stream_options: false,
        user: UserMember::Nobody,
        call_ids: CallIds::Nine,
        ..Quirks::NONE
    },
    models: &[],
};

/// Models that think refuse stops.
const XAI: Host = Host {
    domains: &["api.x.ai"],
    dialect: "xai",
    quirks: GROK,
    models: &[
        ("grok-2", Quirks { refuses_stop: false, ..GROK }),
        ("grok-3", Quirks { refuses_stop: false, ..GROK }),
        ("grok-3-mini", GROK),
        ("non-reasoning", Quirks { refuses_stop: false, ..GROK }),
    ],
};

const GROK: Quirks =
    Quirks { system_first: false, refuses_stop: true, takes_cache_key: true, ..Quirks::NONE };

const MOONSHOT: Host = Host {
    domains: &["api.moonshot.ai", "api.moonshot.cn"],
    dialect: "kimi",
    quirks: Quirks {
        system_first: false,
        takes_cache_key: true,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

const ZAI: Host = Host {
    domains: &["api.z.ai", "open.bigmodel.cn"],
    dialect: "zai",
    quirks: Quirks {
        system_first: false,
        takes_json_schema: false,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

/// Either all tools are strict there or none is.
const CEREBRAS: Host = Host {
    domains: &["api.cerebras.ai"],
    dialect: "cerebras",
    quirks: Quirks { takes_strict: false, ..Quirks::NONE },
    models: &[],
};

const FIREWORKS: Host = Host {
    domains: &["api.fireworks.ai"],
    dialect: "fireworks",
    quirks: Quirks { takes_top_k: true, ..Quirks::NONE },
    models: &[],
};

const TOGETHER: Host = Host {
    domains: &["api.together.xyz", "api.together.ai"],
    dialect: "together",
    quirks: Quirks { takes_top_k: true, ..Quirks::NONE },
    models: &[],
};

/// Refuses members that it does not know.
const NIM: Host = Host {
    domains: &["integrate.api.nvidia.com"],
    dialect: "nim",
    quirks: Quirks {
        blank_content: true,
        takes_parallel_calls: false,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

const GEMINI: Host = Host {
    domains: &["generativelanguage.googleapis.com"],
    dialect: "gemini",
    quirks: Quirks {
        names_results: true,
        takes_strict: false,
        takes_parallel_calls: false,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

/// Qwen.
const DASHSCOPE: Host = Host {
    domains: &["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"],
    dialect: "qwen",
    quirks: Quirks {
        takes_top_k: true,
        cache_marks: CacheMarks::Control,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

const MINIMAX: Host = Host {
    domains: &["api.minimax.io", "api.minimaxi.com"],
    dialect: "minimax",
    quirks: Quirks {
        completion_limit: true,
        choice: Choice::Free,
        takes_parallel_calls: false,
        takes_strict: false,
        takes_json_schema: false,
        takes_json_object: false,
        user: UserMember::Nobody,
        ..Quirks::NONE
    },
    models: &[],
};

const COPILOT: Host = Host {
    domains: &["githubcopilot.com"],
    dialect: "copilot",
    quirks: Quirks { user: UserMember::Nobody, ..Quirks::NONE },
    models: &[],
};

/// Whether a model in Ollama's library thinks, by a word of its name.
pub(super) const OLLAMA_THINKERS: &[(&str, bool)] = &[
    ("deepseek-r1", true),
    ("deepseek-v3.1", true),
    ("deepseek-v3.2", true),
    ("deepseek-v4", true),
    ("glm-4.6", true),
    ("glm-4.7", true),
    ("glm-5", true),
    ("gpt-oss", true),
    ("instruct", false),
    ("magistral", true),
    ("minimax-m2", true),
    ("nemotron-3", true),
    ("qwen3", true),
    ("qwen3-coder", false),
    ("qwq", true),
    ("thinking", true),
];
