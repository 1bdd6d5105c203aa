//! The names of things. Each is its own type, so that none can be taken for another.

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
                // Twenty-six digits of five bits have room for two bits more than a ULID has.
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
                // People may type an id in either case; what we wrote ourselves has one spelling.
                if id.to_string() == text {
                    Ok(id)
                } else {
                    Err(serde::de::Error::custom(format!("`{text}` is not how this id is written")))
                }
            }
        }
    };
}

ulid_id! {
    /// One graph, for its whole life and wherever it is copied to.
    GraphId
}
ulid_id! {
    /// One incarnation of a branch: deleting a name and creating it again gives another id.
    BranchId
}
ulid_id! {
    /// One commit. See [`CommitId::mint`] for what is inside.
    CommitId
}
ulid_id! {
    /// One write as its caller asked for it; a commit record may carry several.
    OperationId
}

/// Bits of a commit id that hold the sequence.
const SEQUENCE_BITS: u32 = 40;
/// Bits of a commit id that hold a tag of the branch id.
const BRANCH_BITS: u32 = 40;
const SEQUENCE_MASK: u128 = (1 << SEQUENCE_BITS) - 1;
const BRANCH_MASK: u128 = (1 << BRANCH_BITS) - 1;

impl CommitId {
    /// The id of the commit at `sequence` of `branch`, made at `micros` (Unix microseconds).
    ///
    /// A ULID whose 48 time bits are milliseconds, as always, and whose 80 other bits are the low 40 bits of the branch
    /// id and 40 bits of sequence. So a commit is found by its id in one read, without an index that would have to be
    /// kept, and two commits of one graph never share an id.
    #[must_use]
    pub fn mint(micros: i64, branch: BranchId, sequence: u64) -> Self {
        let millis = u128::from(micros.max(0).unsigned_abs() / 1000) & ((1 << 48) - 1);
        let bits = (millis << 80) | (branch.tag() << SEQUENCE_BITS) | (u128::from(sequence) & SEQUENCE_MASK);
        Self(Ulid(bits))
    }

    /// The sequence of the commit within its branch.
    #[must_use]
    pub fn sequence(self) -> u64 {
        u64::try_from(self.0.0 & SEQUENCE_MASK).unwrap_or(u64::MAX)
    }

    /// Whether the commit can be one of `branch`.
    #[must_use]
    pub fn may_belong_to(self, branch: BranchId) -> bool {
        (self.0.0 >> SEQUENCE_BITS) & BRANCH_MASK == branch.tag()
    }
}

impl BranchId {
    fn tag(self) -> u128 {
        self.0.0 & BRANCH_MASK
    }
}

/// Sequences end here: what fits a commit id, a trillion commits on one branch.
pub const MAX_SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;

/// The SHA-256 of an accepted schema's bytes, as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SchemaHash(String);

impl SchemaHash {
    /// Hashes the bytes of a schema object.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(bytes);
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
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
    fn commit_id_carries_its_place() {
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
    fn schema_hash_refuses_other_text() {
        assert!(SchemaHash::try_from("abc".to_owned()).is_err());
        let hash = SchemaHash::of(b"");
        assert!(hash.as_str().starts_with("e3b0c442"));
        assert!(SchemaHash::try_from(hash.as_str().to_uppercase()).is_err());
    }
}
