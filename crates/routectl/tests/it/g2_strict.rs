//! G2: `strict_translation` refuses exactly what would lose something, and names each member.

use crate::abroad::other;
use crate::conversations::asked;
use crate::harness::*;
use crate::recordings::recordings;

async fn house(server: &str) -> House {
    let plan = FORMATS
        .into_iter()
        .fold(Plan::new(&format!("{server}\n[retry]\nmax_attempts = 1")), |plan, format| {
            plan.target(&format!("{format:?}"), format, "lenient-1")
        });
    House::open(plan).await
}

#[tokio::test]
async fn g2_strict_translation_refuses_exactly_what_would_lose_something() {
    let (lax, strict) = (house("").await, house("[server]\nstrict_translation = true").await);
    let (mut refused, mut served) = (0, 0);
    for recording in recordings() {
        let target = format!("{:?}", other(recording.format));
        let told = lax.ask(asked(&recording, &target)).await;
        let judged = strict.ask(asked(&recording, &target)).await;
        let name = &recording.name;
        if told.status != 200 {
            // What cannot be said at all is refused either way.
            assert_eq!((told.status, judged.status), (400, 400), "{name} {}", told.text());
            continue;
        }
        let losses = told.header("x-routectl-loss");
        if losses.is_empty() {
            assert_eq!(judged.status, 200, "{name} loses nothing: {}", judged.text());
            served += 1;
            continue;
        }
        assert_eq!(judged.status, 400, "{name} loses {losses}");
        assert!(is_error(recording.format, &judged.body), "{name} {}", judged.text());
        for loss in losses.split(", ").filter(|loss| !loss.starts_with('+')) {
            let (path, fate) = loss.rsplit_once('=').unwrap();
            assert!(judged.message().contains(path), "{name}: {path} in {}", judged.message());
            assert!(judged.message().contains(fate), "{name}: {fate} in {}", judged.message());
        }
        refused += 1;
    }
    assert!(refused > 10 && served > 10, "{refused} refused, {served} served");
    assert_eq!(strict.hosts.requests().len(), served, "nobody is asked for what is refused");
}
