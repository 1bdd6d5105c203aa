//! Ids of graphs, branches, commits, operations and schemas. Each is its own type, so the compiler detects a wrong id.

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Ulid);

        impl $name {
            /// Wraps a ULID.
            #[must_use]
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ulid::DecodeError;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                let ulid = Ulid::from_string(text)?;
                // 26 digits of 5 bits have 2 bits more than a ULID.
                match text.as_bytes().first() {
                    Some(b'0'..=b'7') => Ok(Self(ulid)),
                    _ => Err(ulid::DecodeError::InvalidChar),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let id: Self = text.parse().map_err(serde::de::Error::custom)?;
                // Users may type an id in either case. Stored ids have one spelling.
                if id.to_string() == text {
                    Ok(id)
                } else {
                    Err(serde::de::Error::custom(format!("`{text}` is not the canonical form of the id")))
                }
            }
        }
    };
}

ulid_id! {
    /// The id of a graph. It stays the same for all copies.
    GraphId
}
ulid_id! {
    /// The id of a branch. A name that is deleted and created again gets a new id.
    BranchId
}
ulid_id! {
    /// The id of a commit. See [`CommitId::mint`] for its content.
    CommitId
}
ulid_id! {
    /// The id of one write of a caller. A commit record may contain several.
    OperationId
}

/// Bits of the sequence in a commit id.
const SEQUENCE_BITS: u32 = 40;
/// Bits of the branch id in a commit id.
const BRANCH_BITS: u32 = 40;
const SEQUENCE_MASK: u128 = (1 << SEQUENCE_BITS) - 1;
const BRANCH_MASK: u128 = (1 << BRANCH_BITS) - 1;

impl CommitId {
    /// Returns the id of the commit at `sequence` of `branch`, created at `micros` (Unix microseconds).
    ///
    /// The id is a ULID. Its 48 time bits are milliseconds. Its other 80 bits are the low 40 bits of the branch id and 40 bits of
    /// sequence. One read finds a commit by its id, without an index, and two commits of a graph never share an id.
    #[must_use]
    pub fn mint(micros: i64, branch: BranchId, sequence: u64) -> Self {
        let millis = u128::from(micros.max(0).unsigned_abs() / 1000) & ((1 << 48) - 1);
        let bits = (millis << 80) | (branch.low_bits() << SEQUENCE_BITS) | (u128::from(sequence) & SEQUENCE_MASK);
        Self(Ulid(bits))
    }

    /// Returns the sequence of the commit in its branch.
    #[must_use]
    pub fn sequence(self) -> u64 {
        u64::try_from(self.0.0 & SEQUENCE_MASK).unwrap_or(u64::MAX)
    }

    /// Returns true if the commit may be on `branch`.
    #[must_use]
    pub fn may_belong_to(self, branch: BranchId) -> bool {
        (self.0.0 >> SEQUENCE_BITS) & BRANCH_MASK == branch.low_bits()
    }
}

impl BranchId {
    fn low_bits(self) -> u128 {
        self.0.0 & BRANCH_MASK
    }
}

/// The greatest sequence that fits a commit id: a trillion commits on one branch.
pub const MAX_SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;

/// The SHA-256 of an accepted schema's bytes, as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SchemaHash(String);

impl SchemaHash {
    /// Computes the hash of the bytes of a schema object.
    #[must_use]
    pub fn compute(bytes: &[u8]) -> Self {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(bytes);
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SchemaHash {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let valid = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if valid { Ok(Self(text)) } else { Err(format!("`{text}` is not a SHA-256 in lower-case hexadecimal")) }
    }
}

impl From<SchemaHash> for String {
    fn from(hash: SchemaHash) -> Self {
        hash.0
    }
}

impl fmt::Display for SchemaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SchemaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_id_contains_branch_and_sequence() {
        let branch = BranchId::new(Ulid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        let other = BranchId::new(Ulid(42));
        let commit = CommitId::mint(1_700_000_000_123_456, branch, 77);
        assert_eq!(commit.sequence(), 77);
        assert!(commit.may_belong_to(branch));
        assert!(!commit.may_belong_to(other));
        assert_eq!(commit.to_string().parse::<CommitId>().unwrap(), commit);
        let later = CommitId::mint(1_700_000_000_124_456, branch, 78);
        assert!(later > commit);
    }

    #[test]
    fn schema_hash_rejects_other_text() {
        assert!(SchemaHash::try_from("abc".to_owned()).is_err());
        let hash = SchemaHash::compute(b"");
        assert!(hash.as_str().starts_with("e3b0c442"));
        assert!(SchemaHash::try_from(hash.as_str().to_uppercase()).is_err());
    }
}
