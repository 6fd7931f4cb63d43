//! Bedrock in a configuration: what its targets are believed to take. What goes over the wire is
//! held against the judge in `tests/guests`.

use routectl::config::{self, Flags};
use routectl::snapshot::Snapshot;
use routectl_wire::{CHAT, MESSAGES};

fn snapshot(models: &[(&str, &str)]) -> Snapshot {
    let mut text = String::new();
    for shape in ["invoke", "converse"] {
        text += &format!(
            "[providers.{shape}]\nkind = \"bedrock\"\nregion = \"us-east-1\"\napi_shape = \"{shape}\"\n\
             creds = {{ kind = \"bearer-key\", key_ref = \"literal:not-needed\" }}\n"
        );
        for (name, upstream) in models {
            text += &format!(
                "[models.{shape}-{name}]\nprovider = \"{shape}\"\nupstream = \"{upstream}\"\n"
            );
        }
    }
    let loaded = config::parse(&text, "test.toml", Flags::default());
    Snapshot::new(loaded.unwrap_or_else(|errors| panic!("{errors}")).config, None).unwrap()
}

#[test]
fn claude_hears_its_thinking_again_in_every_shape_and_other_vendors_models_do_not() {
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x";
    let models = [
        ("claude", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("profile", profile),
        ("qwen", "qwen.qwen3-32b-v1:0"),
    ];
    for target in &snapshot(&models).targets {
        let name = target.model.nickname.as_str();
        let other = name == "converse-qwen";
        assert_eq!(target.hears_thinking(CHAT), !other, "{name}, for clients of Chat");
        // Clients of Messages know what they have to send back to a host of their own format.
        let translated = name.starts_with("converse") && !other;
        assert_eq!(target.hears_thinking(MESSAGES), translated, "{name}, for clients of Messages");
    }
}

#[test]
fn a_refusal_by_name_is_mended_at_bedrock() {
    let snapshot = snapshot(&[("claude", "us.anthropic.claude-sonnet-4-5-20250929-v1:0")]);
    assert!(snapshot.targets.iter().all(|target| target.abilities.mends_members));
}
