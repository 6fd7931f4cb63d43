//! What is said in an agent's session: instructions, tools with schemas, and exchanges of words,
//! tool calls and results, which are code and terminal output.

use std::fmt::Write;

use super::text::quote;

/// How many tools the agent has.
const TOOLS: usize = 40;

/// Parts of the instructions, about 12 KiB together.
pub(super) fn instructions() -> [String; 3] {
    let rules = |from: usize, to: usize| {
        let rule = |n| {
            format!("{n}. Use \"apply_patch\" for edits; never touch C:\\build\\{n}.\n\tSay why.\n")
        };
        (from..to).map(rule).collect::<String>()
    };
    [
        "You are an agent that mends programs.".to_owned(),
        format!("# Rules\n{}", rules(0, 100)),
        format!("# Habits of this project — größtenteils\n{}", rules(100, 160)),
    ]
}

/// One of the agent's tools.
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    /// JSON.
    pub(super) schema: String,
}

/// Tools with the nested schemas that agents send, 1.3 KiB each.
pub(super) fn tools() -> impl Iterator<Item = Tool> {
    (0..TOOLS).map(|n| Tool {
        name: tool_name(n),
        description: "Reads a file of the project; answers at most 2000 lines.\n- \"path\" must be absolute\n".repeat(6),
        schema: format!(
            r#"{{"type":"object","properties":{{"path":{{"type":"string","description":"The absolute path, such as \"C:\\src\\{n}\""}},"offset":{{"type":"integer","minimum":0}},"limit":{{"type":"integer","default":2000,"maximum":1e4}},"follow":{{"type":"boolean"}},"ranges":{{"type":"array","items":{{"type":"object","properties":{{"from":{{"type":"integer"}},"to":{{"type":["integer","null"]}},"note":{{"type":"string","enum":["keep","drop","ask"]}}}},"required":["from"]}}}}}},"required":["path"],"additionalProperties":false}}"#
        ),
    })
}

fn tool_name(n: usize) -> String {
    format!("read_file_{n}")
}

/// A call that the model made, what it said before, and what came of it.
pub(super) struct Exchange {
    pub(super) words: String,
    pub(super) call: String,
    pub(super) tool: String,
    /// JSON.
    pub(super) arguments: String,
    pub(super) result: String,
    pub(super) failed: bool,
    /// What the person says to it, every tenth time.
    pub(super) remark: Option<String>,
}

/// As many as anyone wants; 300 are 1 MiB with all the rest.
pub(super) fn exchanges() -> impl Iterator<Item = Exchange> {
    (0..).map(|turn| {
        let path = format!("src/módulo_{turn}/日本語.rs");
        let mut arguments = String::from(r#"{"path":"#);
        quote(&mut arguments, &path);
        let _ = write!(arguments, r#","offset":{turn},"limit":4e2,"follow":true}}"#);
        Exchange {
            words: format!("I look at `{path}` — line {turn} says \"not yet\".\n"),
            call: format!("toolu_{turn:06}"),
            tool: tool_name(turn % TOOLS),
            arguments,
            result: (0..24 + turn * 7 % 55).map(|line| printed(turn, line)).collect(),
            failed: turn % 25 == 24,
            remark: (turn % 10 == 9).then(|| format!("Why does {path} fail? 🤔")),
        }
    })
}

/// A line of what a tool prints.
fn printed(turn: usize, line: usize) -> String {
    match (turn + line) % 8 {
        0 => format!("{line:>6}\tuse std::collections::{{BTreeMap, HashMap}};\n"),
        1 => format!(
            "{line:>6}\tlet name = path.file_name().and_then(|it| it.to_str()).unwrap_or(\"größe\");\n"
        ),
        2 => format!(
            "{line:>6}\tassert_eq!(parse(\"{{\\\"a\\\": [1, {turn}]}}\")?, vec![\"a\", \"b\"]);\n"
        ),
        3 => format!(
            "{line:>6}\t  \"version\": \"1.{turn}.0\", \"files\": [\"dist\\\\index.js\", \"README.md\"],\n"
        ),
        4 => {
            format!("\u{1b}[32m   ok\u{1b}[0m parser::tests::case_{turn}_{line} ... 1.{line} ms\n")
        }
        5 => format!("{line:>6}\tconsole.log(\"C:\\\\src\\\\\" + name + '\\n'); // 🤔\n"),
        6 => format!("{line:>6}\n"),
        _ => format!("{line:>6}\t    }}\n"),
    }
}
