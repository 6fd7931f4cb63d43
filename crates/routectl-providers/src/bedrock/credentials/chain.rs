//! AWS's own chain: profiles with roles, processes and logins, web identity, containers, instances.
//! What it finds is kept by the cache around it.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::BehaviorVersion;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use routectl_auth::Stamp;
use routectl_wire::refusal;
use tokio::sync::OnceCell;

use super::super::region::{self, Region};
use super::cache::{Ask, Asked};
use super::http_client::HttpClient;
use super::keys::Keys;
use super::trouble::{NO_CREDENTIALS, way_out, whose};
use super::{Surroundings, Trouble};

/// How often the profile files are looked at: two `stat`s.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How AWS's chain says of a source that it is not set up. What follows says the same.
const NOT_ENABLED: &str = "the credential provider was not enabled";

/// AWS's chain, or one profile of it.
#[derive(Clone)]
pub(super) struct Chain(Arc<Inner>);

struct Inner {
    /// `None` for the whole chain.
    profile: Option<String>,
    surroundings: Surroundings,
    http: SharedHttpClient,
    /// With the files it was made of. Kept, since it holds the tokens of logins.
    built: Mutex<Option<(SharedCredentialsProvider, Stamps)>>,
    looked: Mutex<Option<Instant>>,
    /// The region of the instance we run on. It does not move, and to find that there is none takes
    /// seconds: asked once.
    instance: OnceCell<Option<Region>>,
}

/// Both profile files as they were; `None` for one that is not there.
type Stamps = [Option<Stamp>; 2];

impl Chain {
    pub(super) fn new(profile: Option<String>, surroundings: Surroundings) -> Self {
        let http = SharedHttpClient::new(HttpClient::new(&surroundings));
        let (built, looked) = (Mutex::default(), Mutex::default());
        let instance = OnceCell::new();
        Self(Arc::new(Inner { profile, surroundings, http, built, looked, instance }))
    }

    /// The region of the instance, if it has been asked for.
    pub(super) fn found_region(&self) -> Option<Region> {
        self.0.instance.get().cloned().flatten()
    }

    /// The region of the instance we run on.
    pub(super) async fn instance_region(&self) -> Option<Region> {
        let asked = self.0.instance.get_or_init(|| async {
            let imds = ImdsRegionProvider::builder().configure(&self.0.config()).build();
            let name = imds.region().await?;
            Region::parse(name.as_ref(), "EC2 instance").ok()
        });
        asked.await.clone()
    }
}

impl Ask for Chain {
    fn ask(&self, anew: bool) -> Asked {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.ask(anew).await })
    }

    fn has_changed(&self, now: Instant) -> bool {
        let mut looked = lock(&self.0.looked);
        if looked.is_some_and(|before| now.saturating_duration_since(before) < LOOK_EVERY) {
            return false;
        }
        *looked = Some(now);
        let built = lock(&self.0.built);
        built.as_ref().is_some_and(|(_, stamps)| *stamps != self.0.stamps())
    }

    fn ended(&self, ended: SystemTime) -> Trouble {
        let who = whose(self.0.profile.as_deref());
        Trouble::Ended { who, ended, way_out: self.0.way_out("") }
    }

    fn too_slow(&self, limit: Duration) -> Trouble {
        let who = whose(self.0.profile.as_deref());
        Trouble::TooSlow { who, limit, way_out: self.0.way_out("") }
    }
}

impl Inner {
    async fn ask(&self, anew: bool) -> Result<Keys, Trouble> {
        let stamps = self.stamps();
        let kept = lock(&self.built).take().filter(|(_, made_of)| !anew && *made_of == stamps);
        let provider = match kept {
            Some((provider, _)) => provider,
            None => self.build().await,
        };
        let found = provider.provide_credentials().await;
        // After a failure the next question starts from the files: somebody may have logged in.
        let keep = found.is_ok().then_some(provider);
        *lock(&self.built) = keep.map(|provider| (provider, stamps));
        found.map(Keys::from).map_err(|error| {
            let why = sentence(&error);
            let way_out = self.way_out(&why);
            Trouble::NotFound { who: whose(self.profile.as_deref()), why, way_out }
        })
    }

    async fn build(&self) -> SharedCredentialsProvider {
        let files = self.files();
        if let Some(profile) = &self.profile {
            // Not the whole chain: it would take the environment's keys first.
            let profile = ProfileFileCredentialsProvider::builder()
                .configure(&self.config())
                .profile_files(files)
                .profile_name(profile)
                .build();
            return SharedCredentialsProvider::new(profile);
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .profile_files(files);
        if let Some(profile) = self.surroundings.environment.get("AWS_PROFILE") {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.region() {
            loader = loader.region(region);
        }
        let config = Box::pin(loader.load()).await;
        // The loader always gives one unless it is told not to.
        config.credentials_provider().unwrap_or_else(|| {
            SharedCredentialsProvider::new(ProfileFileCredentialsProvider::builder().build())
        })
    }

    fn config(&self) -> ProviderConfig {
        let environment = &self.surroundings.environment;
        ProviderConfig::without_region()
            .with_behavior_version(Some(BehaviorVersion::latest()))
            .with_http_client(self.http.clone())
            .with_region(self.region())
            .with_use_fips(Some(environment.says_true("AWS_USE_FIPS_ENDPOINT")))
            .with_use_dual_stack(Some(environment.says_true("AWS_USE_DUALSTACK_ENDPOINT")))
    }

    /// Where roles are assumed: in the profile's region, else the provider's.
    fn region(&self) -> Option<aws_config::Region> {
        let surroundings = &self.surroundings;
        let of_profile = region::of_profile(&surroundings.environment, self.profile.as_deref());
        let region = of_profile.ok().flatten().or_else(|| surroundings.region.clone());
        region.map(|region| aws_config::Region::new(region.as_str().to_owned()))
    }

    /// The profile files' text: read here, so that a missing one is no error, whatever its place.
    fn files(&self) -> EnvConfigFiles {
        let files = self.surroundings.environment.profile_files();
        let text = |path: Option<&Path>| {
            path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
        };
        EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, text(files.config.as_deref()))
            .with_contents(EnvConfigFileKind::Credentials, text(files.credentials.as_deref()))
            .build()
    }

    fn stamps(&self) -> Stamps {
        let files = self.surroundings.environment.profile_files();
        [files.config, files.credentials].map(|path| Stamp::now(&path?))
    }

    fn way_out(&self, why: &str) -> String {
        let named = || self.surroundings.environment.get("AWS_PROFILE");
        way_out(why, self.profile.clone().or_else(named).as_deref())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its causes, each once, in one sentence that names no account.
fn sentence(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = error.source();
    }
    // The chain lists what it tried, one source to a line.
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = lines
        .join("; ")
        .replace("Attempted:;", "Attempted:")
        .replace(&format!("{NOT_ENABLED}: "), "");
    match said.trim_end_matches('.') {
        NOT_ENABLED => NO_CREDENTIALS.to_owned(),
        said => refusal::redact(said),
    }
}
