//! The registry of stable codes. A published code never changes its meaning.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable diagnostic code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the code printed as `text`.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// Returns the code as printed.
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

    // The schema language: parser and catalog.
    /// A number does not fit its 64 bits.
    S001 = "S001",
    /// A string holds an unknown escape.
    S002 = "S002",
    /// An import follows a declaration, or has not been resolved before the catalog is built.
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
    /// A property has a reserved name.
    S013 = "S013",
    /// A vector has no dimension, or too many.
    S020 = "S020",
    /// A list of a type that cannot be a list item.
    S021 = "S021",
    /// An enum has the same word twice.
    S022 = "S022",
    /// A node type implements an interface that is not declared.
    S030 = "S030",
    /// A property has another type than its interface declares.
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
    /// A constraint cannot apply to its property's type.
    S053 = "S053",
    /// An edge's key does not name both ends.
    S054 = "S054",
    /// A constraint has a value instead of a property name.
    S055 = "S055",
    /// An annotation or constraint has too many, too few or the wrong arguments.
    S056 = "S056",
    /// An annotation or constraint is repeated.
    S057 = "S057",
    /// An annotation or constraint is misplaced.
    S058 = "S058",
    /// `@range` on a property that is not a number.
    S059 = "S059",
    /// A range or cardinality whose lower bound exceeds its upper bound.
    S060 = "S060",
    /// `@check` on a property that is not text.
    S061 = "S061",
    /// The pattern of a `@check` is not a regular expression.
    S062 = "S062",
    /// A required text is blank.
    S063 = "S063",
    /// `@embed` does not describe a vector computed from a text of the same type.
    S064 = "S064",
    /// `@rename_from` does not give exactly one former name.
    S065 = "S065",
    /// A cardinality is not a pair of small non-negative integers.
    S066 = "S066",
    /// The value of `@default` does not fit its property.
    S067 = "S067",
    /// An unknown metric or analyzer, or one on an index that does not support it.
    S068 = "S068",
    /// `@rename_from` does not name exactly one declaration of the accepted schema.
    S070 = "S070",
    /// `@rename_from` has no effect because its declaration exists already (info).
    S071 = "S071",
    /// An annotation without a meaning whose name is close to one with a meaning (warning).
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
    /// Two schemas differ in a way that no step describes (destructive).
    OgMf111 = "OG-MF-111",

    // The query language: type checker, selection, lint.
    /// The file holds no query of the given name.
    Q001 = "Q001",
    /// The file holds several queries and none was named.
    Q002 = "Q002",
    /// The file holds no query.
    Q003 = "Q003",
    /// Two queries of a file have the same name.
    Q004 = "Q004",
    /// A binding to a name that is neither a node type nor an interface.
    T1 = "T1",
    /// An inline property that the type does not have.
    T2 = "T2",
    /// A literal that does not fit its property.
    T3 = "T3",
    /// An edge type that does not exist.
    T4 = "T4",
    /// An endpoint of a traversal that the edge type does not have.
    T5 = "T5",
    /// A variable that is not bound, or a property that it does not have.
    T6 = "T6",
    /// Operands of incompatible types.
    T7 = "T7",
    /// An aggregate over a type that it does not support.
    T8 = "T8",
    /// A column next to aggregates that is not constant in each group, or a block that reads no outer variable.
    T9 = "T9",
    /// A statement on a type that does not exist.
    T10 = "T10",
    /// A statement on a property that does not exist or cannot be used there.
    T11 = "T11",
    /// An insertion without a required property or endpoint.
    T12 = "T12",
    /// A property assigned twice.
    T13 = "T13",
    /// A variable in a statement that is not bound.
    T14 = "T14",
    /// Bounds that admit nothing, or a `nearest` that cannot be computed.
    T15 = "T15",
    /// `nearest` without `limit`.
    T17 = "T17",
    /// `search` or `fuzzy` over a property that is not text.
    T19 = "T19",
    /// `match_text`, `match_all`, `phrase` or `bm25` over a property that is not text.
    T20 = "T20",
    /// `rrf` over too few or invalid ranks, with an invalid `k`, or without `limit`.
    T21 = "T21",
    /// An undirected traversal of an edge type between different node types.
    T22 = "T22",
    /// An edge variable in an invalid place.
    T23 = "T23",
    /// A blob in place of a value.
    T24 = "T24",
    /// A bare variable that is not bound.
    T101 = "T101",
    /// A variable bound to two types.
    T102 = "T102",
    /// A list within a list.
    T103 = "T103",
    /// A list of items without a common type.
    T104 = "T104",
    /// A parameter with a reserved name.
    T105 = "T105",
    /// A parameter of a type that does not exist.
    T106 = "T106",
    /// Two parameters with the same name.
    T107 = "T107",
    /// A variable with the name of a parameter.
    T108 = "T108",
    /// Two columns with the same name.
    T109 = "T109",
    /// A bare name that is neither a column nor a property.
    T110 = "T110",
    /// An order key that the returned rows do not determine.
    T111 = "T111",
    /// An aggregate in an invalid place.
    T112 = "T112",
    /// A condition that is not a Bool.
    T113 = "T113",
    /// A function that does not exist.
    T114 = "T114",
    /// A call with too few or too many arguments.
    T115 = "T115",
    /// An argument that does not fit.
    T116 = "T116",
    /// A system field that does not exist.
    T117 = "T117",
    /// An assignment to a key property.
    T118 = "T118",
    /// A path that cannot be searched.
    T119 = "T119",
    /// A hop count or path used as something else.
    T120 = "T120",
    /// Bodies of a union that do not have the same columns.
    T121 = "T121",
    /// `union` and `union all` in one query.
    T122 = "T122",
    /// `limit`, `offset` or `after` with a parameter of the wrong type.
    T123 = "T123",
    /// A rank in an invalid place.
    T124 = "T124",
    /// A block in an invalid place.
    T125 = "T125",
    /// A statement's variable that cannot be bound or read there.
    T126 = "T126",
    /// A function called with an invalid constant: a pattern, a duration, a unit.
    T127 = "T127",
    /// A condition on the edges of a traversal without an edge variable.
    T128 = "T128",
    /// An item of a value without items.
    T129 = "T129",
    /// A variable name that is already bound.
    T130 = "T130",
    /// A setting that does not exist.
    T131 = "T131",
    /// A setting with a value of the wrong type.
    T132 = "T132",
    /// An unused parameter (warning).
    W001 = "W001",
    /// An unused variable (warning).
    W002 = "W002",
    /// Unconnected patterns (warning).
    W003 = "W003",
    /// A walk without an upper bound in a query without a limit (warning).
    W004 = "W004",
    /// A comparison that can never be true (warning).
    W005 = "W005",
    /// A search or condition that an index would help (warning).
    W006 = "W006",
    /// A mutation without parameters (warning).
    L101 = "L101",
    /// A nullable property that no update of the file sets (warning).
    L201 = "L201",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
