//! One account's way to Bedrock: credentials, clock, region and address.

use http::Uri;
use routectl_core::{Class, Failure, Origin};
use routectl_wire::refusal;

use super::credentials::{AwsCredential, Credentials, Now};
use super::environment::Environment;
use super::region::{self, Region};
use super::signing::{Skew, is_about_the_time};
use crate::Denial;

/// A way to Bedrock, shared by all threads.
#[derive(Debug)]
pub struct Access {
    pub credentials: Credentials,
    pub skew: Skew,
    pub regions: Regions,
    /// What configuration says in place of AWS's own address.
    pub endpoint: Option<Uri>,
    pub environment: Environment,
}

/// Which region is asked, as far as it is known.
#[derive(Debug, Default)]
pub struct Regions {
    /// The configuration's word: above a model's own.
    pub configured: Option<Region>,
    /// That of the environment or the profile.
    pub usual: Option<Region>,
}

impl Regions {
    /// The region for a model.
    fn of(&self, upstream: &str) -> Option<Region> {
        let of_model = || region::of_model(upstream).ok().flatten();
        self.configured.clone().or_else(of_model).or_else(|| self.usual.clone())
    }
}

impl Access {
    /// The credential as it is now, with the region found where nobody said it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn current(&self, upstream: &str) -> Result<AwsCredential, Failure> {
        let credential = self.credentials.current(Now::read()).await?;
        if self.known_region(upstream).is_none() {
            self.credentials.instance_region().await;
        }
        Ok(credential)
    }

    /// Another credential than the one that was denied, or the same one where our clock was wrong.
    pub async fn renewed(
        &self,
        refused: &AwsCredential,
        denial: Denial<'_>,
    ) -> Option<AwsCredential> {
        let now = Now::read();
        let name = denial.failure.words.kind.as_deref().unwrap_or_default();
        if is_about_the_time(name) && self.skew.learn(denial.clock, denial.signed, now.wall) {
            tracing::warn!(
                "this machine's clock is wrong by minutes; requests to AWS are signed with AWS's time"
            );
            return Some(refused.clone());
        }
        // A permission that is missing is missing for new keys of the same role too.
        if !refusal::is_stale_credential(denial.failure) {
            return None;
        }
        self.credentials.renew(refused, now).await
    }

    fn known_region(&self, upstream: &str) -> Option<Region> {
        self.regions.of(upstream).or_else(|| self.credentials.found_region())
    }

    /// The region that requests for a model are signed for.
    ///
    /// # Errors
    /// When nobody says one.
    pub(super) fn region(&self, upstream: &str) -> Result<Region, Failure> {
        self.known_region(upstream).ok_or_else(|| {
            let message = "no AWS region is known. Set region = \"…\" in the provider's table, or \
                           AWS_REGION.";
            Failure::new(Class::Auth, Origin::Router, message)
        })
    }

    /// The address for a model. Without any region the answer is a host that does not exist, and
    /// signing says why.
    pub(super) fn endpoint(&self, upstream: &str) -> Uri {
        let region = self.known_region(upstream);
        let known = region.and_then(|region| {
            region::endpoint(self.endpoint.as_ref(), &region, &self.environment).ok()
        });
        known.or_else(|| self.endpoint.clone()).unwrap_or_default()
    }
}
