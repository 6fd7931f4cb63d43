//! G13: a bad configuration never replaces a good one; requests finish on the one they began with.

use std::fs;

use rustix::process::Signal;

use crate::harness::*;
use crate::process::{Home, with_hosts};

/// The same providers and models in every version, so that only what a test changes is new.
fn plan(keys: &str) -> Plan {
    Plan::brisk()
        .target_with("shaky", Chat, "once-server-error", keys)
        .target("good", Chat, "mock-1")
        .alias("all", &["shaky", "good"])
}

impl House {
    fn replace(&self, plan: Plan) {
        let text = String::from(plan);
        self.app().replace(snapshot_after(&self.hosts, &text, &self.app().snapshot()));
    }

    async fn fates(&self, model: &str) -> Vec<String> {
        self.ask(post(Chat, body(Chat, model, false))).await.fates()
    }
}

#[tokio::test]
async fn g13_breakers_of_unchanged_providers_survive_a_reload() {
    let opens = "circuit_failures = 1\ncircuit_cooldown_ms = 3600000";
    let house = House::open(plan(opens)).await;
    assert_eq!(house.fates("all").await, ["server-error", "ok"]);
    assert_eq!(house.fates("all").await, ["parked", "ok"]);
    house.replace(plan(opens).target("new", Chat, "mock-1"));
    assert_eq!(house.fates("new").await, ["ok"], "the new configuration is there");
    assert_eq!(house.fates("all").await, ["parked", "ok"], "and the breaker is open still");
    let other = format!("{opens}\nuser_agent = \"another/1\"");
    house.replace(plan(&other));
    assert_eq!(house.fates("all").await, ["ok"], "a changed provider begins anew");
}

#[tokio::test]
async fn g13_rate_buckets_of_unchanged_providers_survive_a_reload() {
    let house = |keys: &str| Plan::brisk().target_with("scarce", Chat, "mock-1", keys);
    let open = House::open(house("rpm_limit = 1")).await;
    assert_eq!(open.fates("scarce").await, ["ok"]);
    open.replace(house("rpm_limit = 1").target("new", Chat, "mock-1"));
    assert_eq!(open.fates("scarce").await, ["parked"]);
    open.replace(house("rpm_limit = 2"));
    assert_eq!(open.fates("scarce").await, ["ok"]);
}

#[tokio::test]
async fn g13_requests_in_flight_finish_on_the_configuration_they_began_with() {
    for format in FORMATS {
        let house = House::open(Plan::brisk().target("old", format, "slow-300")).await;
        let mut client = Client::connect(house.address()).await;
        let request = |model: &str| post(format, body(format, model, true));
        let replace = async {
            while house.hosts.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            house.replace(Plan::brisk().target("new", format, "mock-1"));
            assert_eq!(house.ask(request("new")).await.status, 200);
            assert_eq!(house.ask(request("old")).await.status, 404, "it is gone for others");
        };
        let (response, ()) = tokio::join!(client.send(request("old")), replace);
        let answer = read(response).await;
        assert_eq!((answer.status, answer.end), (200, End::Whole));
        assert!(answer.body == good(format, &body(format, "mock-1", true)).bytes);
        assert_eq!(answer.header("x-routectl-model"), "old");
    }
}

/// A configuration with one model of this name, and a router that serves it.
fn named(model: &str) -> Plan {
    Plan::brisk().target(model, Chat, "mock-1")
}

#[tokio::test]
async fn g13_a_signal_reloads_and_a_bad_file_changes_nothing() {
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let serving = home.serve(&with_hosts(&hosts, named("first")), &[]).await;
    let ask = |model: &str| ask(serving.address, post(Chat, body(Chat, model, true)));
    assert_eq!(ask("first").await.status, 200);

    let bad = with_hosts(&hosts, named("second")) + "\n[server]\nprot = 1\n";
    let line = bad.lines().count();
    let path = home.write("routectl.toml", &bad);
    serving.signal(Signal::HUP);
    serving.says("the configuration stays as it was").await;
    serving.says(&format!("{}:{line}:1: server: unknown key \"prot\"", path.display())).await;
    assert_eq!(ask("first").await.status, 200, "the old one serves on");
    assert_eq!(ask("second").await.status, 404);

    fs::remove_file(&path).unwrap();
    serving.signal(Signal::HUP);
    serving.says("cannot be read").await;
    assert_eq!(ask("first").await.status, 200);

    home.write("routectl.toml", &with_hosts(&hosts, named("second")));
    serving.signal(Signal::HUP);
    serving.says("reloaded").await;
    assert_eq!(ask("second").await.status, 200);
    assert_eq!(ask("first").await.status, 404);
}

#[tokio::test]
async fn g13_a_changed_file_is_noticed_however_it_is_written() {
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let serving = home.serve(&with_hosts(&hosts, named("first")), &[]).await;
    let ask = |model: &str| ask(serving.address, post(Chat, body(Chat, model, false)));
    // In place, as a shell does.
    home.write("routectl.toml", &with_hosts(&hosts, named("second")));
    serving.says_times("reloaded", 1).await;
    assert_eq!(ask("second").await.status, 200);
    // A new file in the old one's place, as editors do.
    let beside = home.write("routectl.toml.new", &with_hosts(&hosts, named("third")));
    fs::rename(beside, home.file("routectl.toml")).unwrap();
    serving.says_times("reloaded", 2).await;
    assert_eq!(ask("third").await.status, 200);
    // And a bad one is told and changes nothing.
    home.write("routectl.toml", "[models\n");
    serving.says("the configuration stays as it was").await;
    serving.says("routectl.toml:1:").await;
    assert_eq!(ask("third").await.status, 200);
}

#[tokio::test]
async fn g13_what_needs_a_restart_is_said() {
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let serving = home.serve(&with_hosts(&hosts, named("first")), &[]).await;
    let locked = "\n[server]\nauth.tokens = [\"literal:long-enough\"]\n";
    home.write("routectl.toml", &(with_hosts(&hosts, named("first")) + locked));
    serving.signal(Signal::HUP);
    serving.says("server.auth has changed: restart routectl to use it").await;
    serving.says("reloaded").await;
    assert!(!serving.log().contains("server.port has changed"), "{}", serving.log());
    let answer = ask(serving.address, post(Chat, body(Chat, "first", false))).await;
    assert_eq!(answer.status, 200, "until then it is as it was");
}

#[tokio::test]
async fn g13_a_secret_file_that_changes_is_read_anew() {
    use std::os::unix::fs::PermissionsExt as _;
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let secret = home.write("key", "first-key-of-all\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let keys = format!("api_key_ref = \"file://{}\"", secret.display());
    let plan = Plan::brisk().target_with("it", Messages, "mock-1", &keys);
    let serving = home.serve(&with_hosts(&hosts, plan), &[]).await;
    let ask = || ask(serving.address, post(Messages, body(Messages, "it", false)));
    let key = || hosts.requests().pop().unwrap().headers["x-api-key"].clone();
    assert_eq!(ask().await.status, 200);
    assert_eq!(key(), "first-key-of-all");
    let beside = home.write("key.new", "second-key");
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(beside, &secret).unwrap();
    let renewed = async {
        while ask().await.status != 200 || key() != "second-key" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.expect("the new key is used");
}

#[tokio::test]
async fn g13_told_to_stop_it_lets_streams_finish_and_takes_no_more() {
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let plan = Plan::brisk().target("slow", Chat, "slow-400");
    let mut serving = home.serve(&with_hosts(&hosts, plan), &[]).await;
    let mut client = Client::connect(serving.address).await;
    let stop = async {
        while hosts.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        serving.signal(Signal::TERM);
        serving.says("stopping").await;
    };
    let request = post(Chat, body(Chat, "slow", true));
    let (response, ()) = tokio::join!(client.send(request), stop);
    let answer = read(response).await;
    assert_eq!((answer.status, answer.end), (200, End::Whole));
    assert!(answer.body == good(Chat, &body(Chat, "mock-1", true)).bytes);
    drop(client);
    assert!(serving.ends().await.success());
    assert!(tokio::net::TcpStream::connect(serving.address).await.is_err());
}

#[tokio::test]
async fn g13_a_corrected_upstream_is_tried_at_once() {
    let plan = |upstream: &str| Plan::brisk().target("fast", Chat, upstream);
    let house = House::open(plan("fault-model-missing")).await;
    assert_eq!(house.fates("fast").await, ["model-missing"]);
    house.replace(plan("mock-1"));
    assert_eq!(house.fates("fast").await, ["ok"]);
}

#[tokio::test]
async fn g3_a_stream_that_outlives_the_grace_is_told_that_the_server_goes() {
    let hosts = routectl_emulator::Emulator::start().await.unwrap();
    let plan = Plan::new("[server]\nshutdown_grace_ms = 60000").target(
        "slow",
        Chat,
        "fault-stall-after-content",
    );
    let mut serving = Home::new().serve(&with_hosts(&hosts, plan), &[]).await;
    let mut client = Client::connect(serving.address).await;
    let response = client.send(post(Chat, body(Chat, "slow", true))).await;
    serving.signal(Signal::TERM);
    serving.says("a second signal cuts").await;
    serving.signal(Signal::TERM);
    let answer = read(response).await;
    assert!(answer.text().contains("routectl is stopping"), "{}", answer.text());
    assert_ne!(answer.end, End::Whole, "and cut, so that nobody takes it for a whole answer");
    assert!(serving.ends().await.success());
}
