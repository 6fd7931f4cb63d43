//! Where AWS credentials come from, and the ones there are now.

#[cfg(feature = "aws-config")]
mod cache;
#[cfg(feature = "aws-config")]
mod chain;
#[cfg(feature = "aws-config")]
mod http_client;
mod keys;
pub(super) mod short_term;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use hyper_util::client::proxy::matcher::Matcher;
use routectl_auth::{Secret, SecretSource};
use routectl_core::Failure;

use super::environment::Environment;
use super::region::Region;
use crate::{ConnectLimit, Trust};
use keys::Mark;
pub use keys::{AwsCredential, Keys};
use trouble::Trouble;

/// The variable with a Bedrock API key. Only the default chain looks at it: keys that somebody
/// configured are the ones to use. (facts: Bedrock, section 3.2)
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";

const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// Where configuration says that AWS credentials come from.
#[derive(Debug)]
pub enum Source {
    /// Keys by reference. Files are read anew when they change.
    Static(Box<StaticKeys>),
    /// A profile of AWS's files: keys, a role, a process, a login.
    Profile(String),
    /// The environment, then whatever AWS's own tools would find.
    DefaultChain,
    /// A Bedrock API key by reference.
    BearerKey(SecretSource),
}

/// Keys by reference.
#[derive(Debug)]
pub struct StaticKeys {
    pub access_key: SecretSource,
    pub secret_key: SecretSource,
    pub session_token: Option<SecretSource>,
}

impl StaticKeys {
    fn current(&self, now: Instant) -> Result<Keys, Arc<Trouble>> {
        let read = |source: &SecretSource| {
            source.current(now).map_err(|error| Arc::new(Trouble::Secret(error)))
        };
        let token = self.session_token.as_ref().map(read).transpose()?;
        Ok(Keys::new(&read(&self.access_key)?, &read(&self.secret_key)?, token.as_ref()))
    }
}

/// What credentials need of the world around them. Cheap to clone.
#[derive(Clone)]
pub struct Surroundings {
    pub environment: Environment,
    /// The provider's region, if it is known: roles are assumed there.
    pub region: Option<Region>,
    pub trust: Arc<Trust>,
    pub connect_limit: ConnectLimit,
    /// The environment's proxies.
    pub proxies: Arc<Matcher>,
}

/// One moment, on both clocks: deadlines are counted on the steady one, expiry dates on the wall's.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub steady: Instant,
    pub wall: SystemTime,
}

impl Now {
    /// This moment.
    pub fn read() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }
}

/// A provider's AWS credentials. Shared by all threads: nobody asks twice.
pub struct Credentials {
    origin: Origins,
    /// The short-term key whose end has been announced.
    announced: Mutex<Option<Mark>>,
}

/// Where they really come from.
enum Origins {
    Static(Box<StaticKeys>),
    BearerKey(SecretSource),
    /// Of the environment, which does not change.
    Fixed(AwsCredential),
    #[cfg(feature = "aws-config")]
    Chain(Arc<cache::Cache<chain::Chain>>),
    /// There can be none.
    None(Arc<Trouble>),
}

impl Credentials {
    /// Credentials from a source. Nobody is asked yet.
    pub fn new(source: Source, surroundings: &Surroundings) -> Self {
        let origin = match source {
            Source::Static(keys) => Origins::Static(keys),
            Source::BearerKey(key) => Origins::BearerKey(key),
            Source::Profile(name) => chain(Some(&name), surroundings),
            Source::DefaultChain => match of_environment(&surroundings.environment) {
                Ok(Some(credential)) => Origins::Fixed(credential),
                Ok(None) => chain(None, surroundings),
                Err(trouble) => Origins::None(Arc::new(trouble)),
            },
        };
        Self { origin, announced: Mutex::default() }
    }

    /// The credential as it is now, unless somebody has to be asked for it.
    pub fn ready(&self, now: Now) -> Option<Result<AwsCredential, Failure>> {
        let found = match &self.origin {
            Origins::Static(keys) => keys.current(now.steady).map(AwsCredential::Keys),
            Origins::BearerKey(key) => key
                .current(now.steady)
                .map(AwsCredential::Bearer)
                .map_err(|error| Arc::new(Trouble::Secret(error))),
            Origins::Fixed(credential) => Ok(credential.clone()),
            #[cfg(feature = "aws-config")]
            Origins::Chain(cache) => cache.ready(now)?.map(AwsCredential::Keys),
            Origins::None(trouble) => Err(Arc::clone(trouble)),
        };
        Some(self.told(found, now))
    }

    /// The credential as it is now.
    ///
    /// # Errors
    /// When there is none: why, and what to do about it.
    pub async fn current(&self, now: Now) -> Result<AwsCredential, Failure> {
        if let Some(ready) = self.ready(now) {
            return ready;
        }
        match &self.origin {
            #[cfg(feature = "aws-config")]
            Origins::Chain(cache) => {
                let keys = cache.asked(now).await.map(AwsCredential::Keys);
                self.told(keys, now)
            }
            Origins::Static(_) | Origins::BearerKey(_) | Origins::Fixed(_) | Origins::None(_) => {
                Err(Trouble::Interrupted.failure())
            }
        }
    }

    /// Another credential than the one that AWS refused, if there is one by now. Sources that may
    /// have a new one are asked, once for each refused value and minute.
    pub async fn renew(&self, refused: &AwsCredential, now: Now) -> Option<AwsCredential> {
        let refused = refused.mark();
        let found = match &self.origin {
            #[cfg(feature = "aws-config")]
            Origins::Chain(cache) => cache.renew(refused, now).await.map(AwsCredential::Keys),
            Origins::Static(_) | Origins::BearerKey(_) => {
                // Its files are looked at with every request: what is there now is all there is.
                self.ready(now).and_then(Result::ok)
            }
            Origins::Fixed(_) | Origins::None(_) => None,
        };
        found.filter(|credential| credential.mark() != refused)
    }

    /// The region of the EC2 instance we run on, if it is one. Asked once; it takes seconds to find
    /// that it is none.
    pub async fn instance_region(&self) -> Option<Region> {
        match &self.origin {
            #[cfg(feature = "aws-config")]
            Origins::Chain(cache) => cache.source().instance_region().await,
            Origins::Static(_) | Origins::BearerKey(_) | Origins::Fixed(_) | Origins::None(_) => {
                None
            }
        }
    }

    /// What `instance_region` has found, if it was asked.
    pub(super) fn found_region(&self) -> Option<Region> {
        match &self.origin {
            #[cfg(feature = "aws-config")]
            Origins::Chain(cache) => cache.source().found_region(),
            Origins::Static(_) | Origins::BearerKey(_) | Origins::Fixed(_) | Origins::None(_) => {
                None
            }
        }
    }

    fn told(
        &self,
        found: Result<AwsCredential, Arc<Trouble>>,
        now: Now,
    ) -> Result<AwsCredential, Failure> {
        let credential = found.map_err(|trouble| trouble.failure())?;
        if let AwsCredential::Bearer(key) = &credential
            && let Some(left) = short_term::nearly_over(key, now.wall)
            && self.announce(credential.mark())
        {
            tracing::warn!(minutes = left.as_secs() / 60, "the Bedrock API key runs out soon");
        }
        Ok(credential)
    }

    /// Whether this has not been announced before.
    fn announce(&self, mark: Mark) -> bool {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.replace(mark) != Some(mark)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// What stands in the environment itself: a Bedrock API key, else keys.
fn of_environment(environment: &Environment) -> Result<Option<AwsCredential>, Trouble> {
    let secret = |name: &str| environment.get(name).map(Secret::new);
    if let Some(key) = secret(BEARER) {
        return Ok(Some(AwsCredential::Bearer(key)));
    }
    let secret_key = secret(SECRET_KEY).or_else(|| secret("SECRET_ACCESS_KEY"));
    match (secret(ACCESS_KEY), secret_key) {
        (Some(access_key), Some(secret_key)) => {
            let token = secret("AWS_SESSION_TOKEN");
            let keys = Keys::new(&access_key, &secret_key, token.as_ref());
            Ok(Some(AwsCredential::Keys(keys)))
        }
        (Some(_), None) => Err(Trouble::Half { set: ACCESS_KEY, unset: SECRET_KEY }),
        (None, Some(_)) => Err(Trouble::Half { set: SECRET_KEY, unset: ACCESS_KEY }),
        (None, None) => Ok(None),
    }
}

#[cfg(feature = "aws-config")]
fn chain(profile: Option<&str>, surroundings: &Surroundings) -> Origins {
    let chain = chain::Chain::new(profile.map(str::to_owned), surroundings.clone());
    Origins::Chain(Arc::new(cache::Cache::new(chain)))
}

#[cfg(not(feature = "aws-config"))]
fn chain(profile: Option<&str>, _surroundings: &Surroundings) -> Origins {
    Origins::None(Arc::new(Trouble::NotBuilt { who: trouble::whose(profile) }))
}
