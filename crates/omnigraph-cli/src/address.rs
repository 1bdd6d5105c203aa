//! Which graph a command means.

use std::fmt;

use crate::error::Failure;

/// The place of one graph, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// The one address among what was typed: `named` stands where the command takes a URI itself, `store` is `--store`.
    ///
    /// # Errors
    ///
    /// If there is none, two, or one that is not a storage.
    pub(crate) fn resolve(named: Option<&str>, store: Option<&str>) -> Result<Self, Failure> {
        let given = match (named, store) {
            (Some(_), Some(_)) => {
                let problem = "a graph URI and --store are mutually exclusive: name the graph once";
                return Err(Failure::Address(problem.to_owned()));
            }
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => {
                let problem = "no graph addressed: pass --store <uri>, or the URI as this command's help shows";
                return Err(Failure::Address(problem.to_owned()));
            }
        };
        Self::new(given)
    }

    /// An address of a storage.
    ///
    /// # Errors
    ///
    /// If it is the URL of a server.
    pub(crate) fn new(given: &str) -> Result<Self, Failure> {
        match scheme(given) {
            Some("http" | "https") => Err(Failure::Address(format!(
                "{given} is a server, and a served graph must be addressed with `--server <url>`; a URI here is a \
                 storage: a folder or s3://bucket/prefix"
            ))),
            _ => Ok(Self(given.to_owned())),
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is on this machine: a path, or `file://`.
    pub(crate) fn is_local(&self) -> bool {
        matches!(scheme(&self.0), None | Some("file"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn scheme(given: &str) -> Option<&str> {
    given.split_once("://").map(|(scheme, _)| scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_address_is_taken() {
        assert_eq!(Address::resolve(Some("a"), None).unwrap().as_str(), "a");
        assert_eq!(Address::resolve(None, Some("b")).unwrap().as_str(), "b");
        assert!(Address::resolve(Some("a"), Some("b")).unwrap_err().to_string().contains("mutually exclusive"));
        assert!(Address::resolve(None, None).unwrap_err().to_string().contains("no graph addressed"));
    }

    #[test]
    fn a_server_is_no_storage() {
        let refused = Address::new("http://host/graphs/k").unwrap_err().to_string();
        assert!(refused.contains("must be addressed with `--server <url>`"), "{refused}");
    }

    #[test]
    fn paths_and_file_urls_are_local() {
        let local = |given| Address::new(given).unwrap().is_local();
        assert!(local("graph.omni") && local("/a/b") && local("file:///a/b"));
        assert!(!local("s3://bucket/graph") && !local("gs://bucket/graph"));
    }
}
