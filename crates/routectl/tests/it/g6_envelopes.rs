//! G6: thinking that a client got through a translation never reaches a vendor that did not mint it,
//! whichever lane the conversation goes on.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::*;

fn messages(model: &str, conversation: &[Value]) -> Bytes {
    let body = json!({
        "model": model, "max_tokens": 9_000, "thinking": {"type": "adaptive"}, "messages": conversation
    });
    body.to_string().into()
}

#[tokio::test]
async fn g6_a_conversation_that_another_vendor_thought_in_goes_on_at_claude() {
    for saying in ["says-thoughts", "says-sealed-thoughts", "says-thoughts-twice"] {
        let plan = Plan::brisk().target("abroad", Chat, saying).target(
            "claude",
            Messages,
            "claude-opus-4-6",
        );
        let house = House::open(plan).await;
        let mut conversation = vec![json!({"role": "user", "content": "hi"})];
        let first = house.ask(post(Messages, messages("abroad", &conversation))).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let answer: Value = serde_json::from_slice(&first.body).unwrap();
        assert!(answer.to_string().contains("\"rctl1."), "{saying} was not thought: {answer}");
        conversation.push(json!({"role": "assistant", "content": answer["content"]}));
        conversation.push(json!({"role": "user", "content": "and now?"}));
        let second = house.ask(post(Messages, messages("claude", &conversation))).await;
        assert_eq!(second.status, 200, "{saying}: {}", second.text());
        assert_eq!(second.headers["x-routectl-lane"], "native");
        let told = second.headers["x-routectl-loss"].to_str().unwrap();
        assert!(told.starts_with("messages[1].content[0]=dropped"), "{told}");
        let arrived = house.hosts.requests().pop().unwrap();
        let arrived = String::from_utf8(arrived.body.to_vec()).unwrap();
        assert!(!arrived.contains("rctl1."), "{arrived}");
    }
}
