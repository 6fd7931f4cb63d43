//! Values with a rule: each is a string that only its rule lets through, so that whoever holds
//! one need not look again. The rule's name stands in the schema as `format`; the walk over the
//! file applies it where the string stands, and so does reading.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use routectl_auth::{BadReference, SecretRef};
use routectl_core::Class;
use routectl_wire::dialects;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::rules;

/// Declares a string type with a rule.
macro_rules! ruled {
    ($(#[doc = $doc:literal])+ $name:ident, $format:literal $(, $derive:path)*) => {
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema $(, $derive)*)]
        #[serde(try_from = "String")]
        #[schemars(with = "String", inline, extend("format" = $format))]
        pub struct $name(String);

        impl $name {
            /// As it stands in the file.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                rules::check($format, &text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::try_from(text.to_owned())
            }
        }
    };
}

ruled! {
    /// Where an upstream is: https, or http on this machine; no userinfo, query or fragment.
    BaseUrl, "base-url", Debug, Serialize
}

ruled! {
    /// The same, with a query or without: Azure has its `api-version` there.
    BaseUrlWithQuery, "base-url-with-query", Debug, Serialize
}

ruled! {
    /// An HTTP, HTTPS or SOCKS5 proxy; may hold a password, which is never shown.
    ProxyUrl, "proxy-url"
}

ruled! {
    /// The name of an HTTP header.
    HeaderName, "header-name", Debug, Serialize
}

ruled! {
    /// A browser's origin: scheme, host and port.
    BrowserOrigin, "origin", Debug, Serialize
}

ruled! {
    /// A host, with a port or without.
    HostName, "host", Debug, Serialize
}

ruled! {
    /// An IP address, or `localhost`.
    BindHost, "bind-address", Debug, Serialize
}

ruled! {
    /// An AWS region.
    Region, "region", Debug, Serialize
}

ruled! {
    /// A feature that a request may need: a tool type without its date suffix, `images`, …
    Feature, "feature", Debug, Serialize
}

impl BaseUrl {
    /// Anthropic's own API.
    pub(super) fn anthropic() -> Self {
        Self("https://api.anthropic.com".to_owned())
    }
}

impl BindHost {
    /// This machine only.
    pub(super) fn loopback() -> Self {
        Self("127.0.0.1".to_owned())
    }

    /// The address to bind.
    pub fn address(&self) -> IpAddr {
        self.0.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

/// Where a secret is. What a `literal:` holds is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline, extend("format" = "secret-reference"))]
pub struct SecretText(SecretRef);

impl SecretText {
    /// The reference, by which the secret is read.
    pub fn reference(&self) -> &SecretRef {
        &self.0
    }
}

impl TryFrom<String> for SecretText {
    type Error = BadReference;

    fn try_from(text: String) -> Result<Self, BadReference> {
        text.parse()
    }
}

impl FromStr for SecretText {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        SecretRef::parse(text).map(Self)
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl ProxyUrl {
    /// The URL as it may be shown: without user and password.
    pub fn shown(&self) -> String {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
            _ => self.0.clone(),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for ProxyUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

/// How a host on the Chat format speaks of reasoning; one of [`dialects::DIALECTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dialect(&'static str);

impl Dialect {
    /// The dialect with this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        dialects::named(name).map(|row| Self(row.dialect.name))
    }

    /// The name as it stands in the file.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom("no such dialect"))
    }
}

impl JsonSchema for Dialect {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Dialect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = dialects::DIALECTS.iter().map(|row| row.dialect.name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

/// The schema of a failure class.
pub(super) struct ClassName;

impl JsonSchema for ClassName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Class".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Class::ALL.map(Class::name) })
    }
}

/// HTTP status to failure class.
pub(super) mod overrides {
    use std::collections::BTreeMap;

    use routectl_core::Class;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        classes: &BTreeMap<u16, Class>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(classes.iter().map(|(code, class)| (code.to_string(), class.name())))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u16, Class>, D::Error> {
        let named = BTreeMap::<String, String>::deserialize(deserializer)?;
        named
            .into_iter()
            .map(|(code, name)| {
                let code = code.parse().map_err(D::Error::custom)?;
                let class = Class::named(&name).ok_or_else(|| D::Error::custom("no such class"))?;
                Ok((code, class))
            })
            .collect()
    }
}

/// A duration as a whole number of milliseconds.
pub(super) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// The same for a duration that need not be set.
pub(super) mod optional_millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::millis::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
