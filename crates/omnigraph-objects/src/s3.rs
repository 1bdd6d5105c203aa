//! S3 and whatever speaks its protocol: endpoint, credentials, TLS.

use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut, S3CopyIfNotExists};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::{Error, Result};

/// How a bucket is reached. Whatever is `None` takes the default of the protocol; without an access key the
/// credentials of the machine's own role are used.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Config {
    /// URL of the service, for anything that is not Amazon's.
    pub endpoint: Option<String>,
    /// Region of the bucket; `us-east-1` if absent.
    pub region: Option<String>,
    /// Access key id.
    pub access_key_id: Option<String>,
    /// Secret that belongs to the access key.
    pub secret_access_key: Option<String>,
    /// Token of a temporary session.
    pub session_token: Option<String>,
    /// Whether plain HTTP may be used; `None` allows it when the endpoint itself begins with `http://`.
    pub allow_http: Option<bool>,
    /// Whether the bucket is named in the path and not in the host; `None` does so when an endpoint is set.
    pub path_style: Option<bool>,
}

impl S3Config {
    /// Reads the usual `AWS_*` names from pairs, as a process finds them in its environment. Other names and empty
    /// values are ignored, so a whole environment may be passed.
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut config = Self::default();
        let mut endpoint_of_s3 = None;
        let mut default_region = None;
        for (name, value) in pairs {
            let slot = match name.as_ref() {
                "AWS_ACCESS_KEY_ID" => &mut config.access_key_id,
                "AWS_SECRET_ACCESS_KEY" => &mut config.secret_access_key,
                "AWS_SESSION_TOKEN" => &mut config.session_token,
                "AWS_REGION" => &mut config.region,
                "AWS_DEFAULT_REGION" => &mut default_region,
                "AWS_ENDPOINT_URL_S3" => &mut endpoint_of_s3,
                "AWS_ENDPOINT_URL" | "AWS_ENDPOINT" => &mut config.endpoint,
                "AWS_ALLOW_HTTP" => {
                    config.allow_http = truth(&value.into()).or(config.allow_http);
                    continue;
                }
                "AWS_S3_FORCE_PATH_STYLE" => {
                    config.path_style = truth(&value.into()).or(config.path_style);
                    continue;
                }
                "AWS_VIRTUAL_HOSTED_STYLE_REQUEST" => {
                    config.path_style = truth(&value.into()).map(|hosted| !hosted).or(config.path_style);
                    continue;
                }
                _ => continue,
            };
            *slot = Some(value.into()).filter(|text| !text.is_empty()).or(slot.take());
        }
        config.region = config.region.or(default_region);
        config.endpoint = endpoint_of_s3.or(config.endpoint);
        config
    }

    pub(crate) fn open(&self, bucket: &str) -> Result<AmazonS3> {
        install_tls();
        let http_endpoint = self.endpoint.as_deref().is_some_and(|url| url.starts_with("http://"));
        let allow_http = self.allow_http.unwrap_or(http_endpoint);
        let path_style = self.path_style.unwrap_or(self.endpoint.is_some());
        let client =
            ClientOptions::new().with_timeout(Duration::from_secs(120)).with_connect_timeout(Duration::from_secs(5));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(self.region.as_deref().unwrap_or("us-east-1"))
            .with_client_options(client)
            .with_allow_http(allow_http)
            .with_virtual_hosted_style_request(!path_style)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
            .with_retry(transport_retry());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(key) = &self.access_key_id {
            builder = builder.with_access_key_id(key);
        }
        if let Some(secret) = &self.secret_access_key {
            builder = builder.with_secret_access_key(secret);
        }
        if let Some(token) = &self.session_token {
            builder = builder.with_token(token);
        }
        builder.build().map_err(|e| Error::InvalidOptions { at: format!("s3://{bucket}"), reason: e.to_string() })
    }
}

/// The transport repeats what it can prove harmless; everything of a doubtful outcome is ours to settle.
fn transport_retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(3),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(30),
    }
}

/// The HTTP client is built without a provider of cryptography, so one must stand before its first use. Whoever
/// installed one before us keeps it.
fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing this race means that another thread has just installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl fmt::Debug for S3Config {
    /// Leaves the secrets out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id.is_some())
            .field("secret_access_key", &self.secret_access_key.is_some())
            .field("session_token", &self.session_token.is_some())
            .field("allow_http", &self.allow_http)
            .field("path_style", &self.path_style)
            .finish()
    }
}
