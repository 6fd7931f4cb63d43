//! A loop of tools stays with the target that began it.

use bytes::Bytes;

use crate::harness::*;

/// A conversation about one tool, turn by turn.
struct Talk {
    format: Format,
    streamed: bool,
    /// As JSON.
    messages: Vec<String>,
}

impl Talk {
    fn new(format: Format, streamed: bool) -> Self {
        Self { format, streamed, messages: Vec::new() }
    }

    /// The person asks for a call.
    fn says(&mut self, text: &str) {
        self.messages.push(format!(r#"{{"role":"user","content":"{text}"}}"#));
    }

    /// The client brings what the tool gave for the call of this answer.
    fn brings_result_of(&mut self, answer: &Answer) {
        let text = answer.text();
        let id = called(&text).unwrap_or_else(|| panic!("no call in {text}"));
        let [call, result] = match self.format {
            Chat => [
                format!(
                    r#""assistant","tool_calls":[{{"id":"{id}","type":"function","function":{{"name":"look","arguments":"{{}}"}}}}]"#
                ),
                format!(r#""tool","tool_call_id":"{id}","content":"found""#),
            ],
            Messages => [
                format!(
                    r#""assistant","content":[{{"type":"tool_use","id":"{id}","name":"look","input":{{}}}}]"#
                ),
                format!(
                    r#""user","content":[{{"type":"tool_result","tool_use_id":"{id}","content":"found"}}]"#
                ),
            ],
        };
        self.messages.extend([call, result].map(|rest| format!("{{\"role\":{rest}}}")));
    }

    fn body(&self) -> Bytes {
        let tool = match self.format {
            Chat => {
                r#"{"type":"function","function":{"name":"look","parameters":{"type": "object", "properties": {}}}}"#
            }
            Messages => r#"{"name":"look","input_schema":{"type": "object", "properties": {}}}"#,
        };
        let messages = self.messages.join(",");
        format!(
            r#"{{"model":"all","max_tokens":500,"stream":{},"tools":[{tool}],"messages":[{messages}]}}"#,
            self.streamed
        )
        .into()
    }

    async fn asks(&self, house: &House) -> Answer {
        let answer = house.ask(post(self.format, self.body())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }
}

/// The id of the call in an answer.
fn called(answer: &str) -> Option<&str> {
    let at = answer.find("\"call_").or_else(|| answer.find("\"toolu_"))?;
    answer[at + 1..].split('"').next()
}

/// A first target that is overloaded once, and a second one behind it.
fn plan(tables: &str, formats: [Format; 2], second: &str) -> Plan {
    let retry = "[retry]\nmax_attempts = 1\ninitial_backoff_ms = 1\njitter_ms = 0\n";
    Plan::new(&format!("{retry}{tables}"))
        .target("first", formats[0], "once-overloaded")
        .target_with("second", formats[1], second, "circuit_failures = 1")
        .alias("all", &["first", "second"])
}

async fn who_answers(house: &House, talk: &Talk) -> String {
    talk.asks(house).await.header("x-routectl-model").to_owned()
}

#[tokio::test]
async fn a_loop_stays_with_who_called_and_a_new_turn_starts_from_the_top() {
    for format in FORMATS {
        for targets in [[Chat, Chat], [Messages, Messages], [Chat, Messages], [Messages, Chat]] {
            for streamed in [false, true] {
                let house = House::open(plan("", targets, "mock-1")).await;
                let mut talk = Talk::new(format, streamed);
                talk.says("[[tool]]");
                let answer = talk.asks(&house).await;
                let case = format!("{format:?} {targets:?} {streamed}");
                assert_eq!(answer.fates(), ["overloaded", "ok"], "{case}");
                talk.brings_result_of(&answer);
                let answer = talk.asks(&house).await;
                assert_eq!(answer.hops(), [("second".to_owned(), "ok".to_owned())], "{case}");
                talk.messages.push(r#"{"role":"assistant","content":"done"}"#.to_owned());
                talk.says("and now?");
                assert_eq!(who_answers(&house, &talk).await, "first", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_loop_goes_on_at_another_target_when_its_own_is_gone() {
    for format in FORMATS {
        // It calls the tool, is overloaded for the result, and rests.
        let plan = plan("", [format, format], "mock-1");
        let house = House::open(plan).await;
        let mut talk = Talk::new(format, false);
        talk.says("[[tool]]");
        let answer = talk.asks(&house).await;
        talk.brings_result_of(&answer);
        let target = &house.app().snapshot().targets[1];
        let now = std::time::Instant::now();
        let permit = target.gates.admit(routectl_policy::Ask::Admit, now).unwrap();
        let failure = routectl_core::Failure::new(
            routectl_core::Class::Overloaded,
            routectl_core::Origin::Upstream,
            "busy",
        );
        let rules = routectl_policy::Rules::default();
        let judgement =
            routectl_policy::verdict(&failure, &rules, routectl_policy::Terms::default());
        permit.fail(&judgement, now);
        let answer = talk.asks(&house).await;
        assert_eq!(answer.fates(), ["parked", "ok"], "{format:?}");
        assert_eq!(answer.header("x-routectl-model"), "first", "{format:?}");
    }
}

#[tokio::test]
async fn affinity_can_be_turned_off() {
    let off = "[server]\nloop_affinity = false";
    let house = House::open(plan(off, [Chat, Chat], "mock-1")).await;
    let mut talk = Talk::new(Chat, false);
    talk.says("[[tool]]");
    let answer = talk.asks(&house).await;
    assert_eq!(answer.fates(), ["overloaded", "ok"]);
    talk.brings_result_of(&answer);
    assert_eq!(who_answers(&house, &talk).await, "first");
}

#[tokio::test]
async fn affinity_outlives_a_reload() {
    let text: String = plan("", [Chat, Chat], "mock-1").into();
    let house = House::open(text.as_str()).await;
    let mut talk = Talk::new(Chat, false);
    talk.says("[[tool]]");
    let answer = talk.asks(&house).await;
    talk.brings_result_of(&answer);
    let before = house.app().snapshot();
    let more = format!("[models.other]\nprovider = \"p-first\"\nupstream = \"mock-1\"\n{text}");
    house.app().replace(snapshot_after(&house.hosts, &more, &before));
    assert_eq!(who_answers(&house, &talk).await, "second");
}
