//! Stable identities: distinct types over a ULID.

use std::fmt;
use std::str::FromStr;

macro_rules! stable_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// Wraps a new ULID.
            #[must_use]
            pub const fn new(ulid: ulid::Ulid) -> Self {
                Self(ulid)
            }

            /// Returns the ULID itself.
            #[must_use]
            pub const fn ulid(self) -> ulid::Ulid {
                self.0
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

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ulid::Ulid::from_string(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

stable_id! {
    /// A node type, edge type or interface; survives renames.
    TypeId
}
stable_id! {
    /// A property of a type; survives renames.
    PropertyId
}
stable_id! {
    /// One incarnation of a type's table; dropping a type and adding its name again mints a new id.
    TableId
}

/// Returns ids for a catalog that is checked and dropped: small numbers, which no clock generates. Stored catalogs need real
/// ULIDs.
pub fn provisional_ids() -> impl FnMut() -> ulid::Ulid {
    let mut last = 0u128;
    move || {
        last += 1;
        ulid::Ulid::from(last)
    }
}
