//! The one registry of stable codes. A code, once published, keeps its meaning for ever.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable diagnostic code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as printed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// A query file does not parse.
    Q000 = "Q000",
    /// A schema file does not parse.
    S000 = "S000",

    // The schema language: parser and catalogue.
    /// A number does not fit its 64 bits.
    S001 = "S001",
    /// A string holds an escape that means nothing.
    S002 = "S002",
    /// An import stands after a declaration, or has not been resolved before the catalogue is built.
    S003 = "S003",
    /// An imported file cannot be read.
    S004 = "S004",
    /// Files import each other in a circle.
    S005 = "S005",
    /// Two declarations of one kind have the same name.
    S010 = "S010",
    /// Two edge types have names that differ only in case, which traversals ignore.
    S011 = "S011",
    /// Two properties of one type have the same name.
    S012 = "S012",
    /// A property has a name that the system uses itself.
    S013 = "S013",
    /// A vector has no dimension or more than can be stored.
    S020 = "S020",
    /// A list of a type that lists cannot hold.
    S021 = "S021",
    /// An enum has the same word twice.
    S022 = "S022",
    /// A node type implements an interface that is not declared.
    S030 = "S030",
    /// A property has another type than the interface that asks for it declares.
    S031 = "S031",
    /// A node type implements the same interface twice.
    S032 = "S032",
    /// An end of an edge type is not a node type.
    S040 = "S040",
    /// A type has more than one key.
    S050 = "S050",
    /// A constraint names a property that its type does not have.
    S051 = "S051",
    /// A key component may be null.
    S052 = "S052",
    /// A constraint is put on a property whose type it cannot apply to.
    S053 = "S053",
    /// An edge's key does not name both ends.
    S054 = "S054",
    /// A constraint has a value where it needs a property's name.
    S055 = "S055",
    /// An annotation or constraint has too many, too few or the wrong arguments.
    S056 = "S056",
    /// An annotation or constraint stands more than once where it may stand once.
    S057 = "S057",
    /// An annotation or constraint stands where it has no meaning.
    S058 = "S058",
    /// `@range` on something that is not a number.
    S059 = "S059",
    /// A range or cardinality whose lower bound exceeds its upper bound.
    S060 = "S060",
    /// `@check` on something that is not text.
    S061 = "S061",
    /// The pattern of a `@check` is no regular expression.
    S062 = "S062",
    /// A text that must say something is blank.
    S063 = "S063",
    /// `@embed` does not describe a vector computed from a text of the same type.
    S064 = "S064",
    /// `@rename_from` does not give exactly one former name.
    S065 = "S065",
    /// A cardinality is not a pair of small non-negative integers.
    S066 = "S066",
    /// The value of `@default` does not fit its property.
    S067 = "S067",
    /// An unknown metric or analyzer, or one on an index that has no use for it.
    S068 = "S068",
    /// `@rename_from` does not lead to exactly one declaration of the accepted schema.
    S070 = "S070",
    /// `@rename_from` has no effect because its declaration exists already (info).
    S071 = "S071",
    /// An annotation without meaning whose name is close to one that has (warning).
    S072 = "S072",
    /// Reserved: a graph with data is dropped (destructive).
    OgDs101 = "OG-DS-101",
    /// A node type with rows is dropped (destructive).
    OgDs102 = "OG-DS-102",
    /// An edge type with rows is dropped (destructive).
    OgDs103 = "OG-DS-103",
    /// A property of a type with rows is dropped (destructive).
    OgDs104 = "OG-DS-104",
    /// A vector property of a type with rows is dropped (destructive).
    OgDs105 = "OG-DS-105",
    /// A required property without a default is added to a type (validated).
    OgMf103 = "OG-MF-103",
    /// A property that may be null becomes required (validated).
    OgMf104 = "OG-MF-104",
    /// A property's type changes into one that cannot hold every old value unchanged (destructive).
    OgMf106 = "OG-MF-106",
    /// An end of an edge type becomes another node type (destructive).
    OgMf107 = "OG-MF-107",
    /// The interfaces a node type implements change (destructive).
    OgMf108 = "OG-MF-108",
    /// An interface is removed (destructive).
    OgMf109 = "OG-MF-109",
    /// The text or the model a vector is computed from changes (destructive).
    OgMf110 = "OG-MF-110",
    /// Two schemas differ in a way no step describes (destructive).
    OgMf111 = "OG-MF-111",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
