//! Claude Code's word about itself: left alone towards Claude, and no noise elsewhere.

use crate::harness::*;

const BODY: &str = r#"{"model": "there","max_tokens":9, "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.a1b; cc_entrypoint=cli;"} , {"type":"text","text":"be of help"}],"messages":[{"role":"user","content":"hi"}]}"#;

/// What a host of this format got, what became of the block, and the lane.
async fn sent(host: Format, upstream: &str, server: &str) -> (String, String) {
    let plan = Plan::new(server).target("there", host, upstream);
    let house = House::open(plan).await;
    let answer = house.ask(post(Messages, BODY)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let loss = answer.headers.get("x-routectl-loss");
    let loss = loss.map_or_else(String::new, |it| it.to_str().unwrap().to_owned());
    let arrived = house.hosts.requests().pop().unwrap().body;
    (String::from_utf8(arrived.to_vec()).unwrap(), loss)
}

#[tokio::test]
async fn claude_gets_the_attribution_as_it_came() {
    for server in ["", "[server]\nclient_attribution = \"freeze\""] {
        let (body, loss) = sent(Messages, "claude-opus-4-6", server).await;
        assert_eq!(body, BODY.replace("there", "claude-opus-4-6"));
        assert_eq!(loss, "");
    }
}

#[tokio::test]
async fn a_model_that_may_be_claude_by_another_name_gets_the_attribution_in_its_own_format() {
    let (body, loss) = sent(Messages, "our-best-model", "").await;
    assert_eq!((body, &*loss), (BODY.replace("there", "our-best-model"), ""));
    let (body, loss) = sent(Chat, "our-best-model", "").await;
    assert!(!body.contains("x-anthropic-billing-header"), "{body}");
    assert!(loss.starts_with("system[0]=dropped"), "{loss}");
}

#[tokio::test]
async fn another_model_gets_what_the_operator_says_on_both_lanes() {
    const NOISE: &str = "x-anthropic-billing-header";
    for host in FORMATS {
        let (body, loss) = sent(host, "glm-5", "").await;
        assert!(!body.contains(NOISE) && body.contains("be of help"), "{body}");
        assert!(loss.starts_with("system[0]=dropped"), "{loss}");

        let (body, loss) = sent(host, "glm-5", "[server]\nclient_attribution = \"freeze\"").await;
        assert!(body.contains("cc_version=2.1.330; cc_entrypoint=cli;"), "{body}");
        assert!(loss.starts_with("system[0].text=degraded"), "{loss}");

        let (body, loss) = sent(host, "glm-5", "[server]\nclient_attribution = \"keep\"").await;
        assert!(body.contains("cc_version=2.1.330.a1b;"), "{body}");
        assert!(!loss.contains("system"), "{loss}");
    }
    let (body, _) = sent(Messages, "glm-5", "").await;
    let block = BODY.split_once("[{\"type\"").unwrap().1.split_once("} , ").unwrap().0;
    let expected = BODY.replace(&format!("{{\"type\"{block}}} , "), "").replace("there", "glm-5");
    assert_eq!(body, expected);
}
