//! S3 and servers with its protocol: endpoint, credentials, TLS.

use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut, S3CopyIfNotExists};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::{Error, Result};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The endpoint and the credentials of a bucket. `None` takes the default of the protocol. Without an access key the credentials
/// of the machine's role apply.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Config {
    /// The URL of the service, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region of the bucket; `us-east-1` by default.
    pub region: Option<String>,
    /// The id of the access key.
    pub access_key_id: Option<String>,
    /// The secret of the access key.
    pub secret_access_key: Option<String>,
    /// The token of a temporary session.
    pub session_token: Option<String>,
    /// Permission to use plain HTTP. `None` allows it if the endpoint begins with `http://`.
    pub allow_http: Option<bool>,
    /// Path-style requests, with the bucket in the path and not in the host. `None` uses them if an endpoint is set.
    pub path_style: Option<bool>,
}

impl S3Config {
    /// Reads the standard `AWS_*` variables from pairs of name and value. Other names and empty values are ignored, so the caller
    /// can pass a whole environment.
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
                    config.allow_http = parse_flag(&value.into()).or(config.allow_http);
                    continue;
                }
                "AWS_S3_FORCE_PATH_STYLE" => {
                    config.path_style = parse_flag(&value.into()).or(config.path_style);
                    continue;
                }
                "AWS_VIRTUAL_HOSTED_STYLE_REQUEST" => {
                    config.path_style = parse_flag(&value.into()).map(|hosted| !hosted).or(config.path_style);
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
        let client = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_connect_timeout(CONNECT_TIMEOUT);
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
        builder.build().map_err(|e| Error::InvalidOptions { location: format!("s3://{bucket}"), reason: e.to_string() })
    }
}

/// Returns the retries of the transport: requests that are safe to repeat. [`crate::Store`] resolves unknown outcomes.
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

/// Installs a provider of cryptography unless the process has one. The HTTP client is built without a provider and needs one
/// before its first use.
fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A lost race means that another thread has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl fmt::Debug for S3Config {
    /// Prints no secrets.
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
