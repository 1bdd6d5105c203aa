//! Documentation of forms that look like functions and have rules of their own.

/// A form written like a call that the table of functions cannot describe.
#[derive(Clone, Copy, Debug)]
pub struct SpecialForm {
    /// Heading in the manual.
    pub group: &'static str,
    /// Its spelling.
    pub form: &'static str,
    /// Its result type.
    pub result: &'static str,
    /// Documentation.
    pub doc: &'static str,
}

const AGGREGATES: &str = "Aggregates";
const TEXT: &str = "Text search";
const RANKS: &str = "Ranking";
const PATHS: &str = "Paths";

const fn special(group: &'static str, form: &'static str, result: &'static str, doc: &'static str) -> SpecialForm {
    SpecialForm { group, form, result, doc }
}

/// Aggregates, text predicates, ranks and parts of paths.
pub static SPECIAL_FORMS: &[SpecialForm] = &[
    special(AGGREGATES, "count(*)", "I64", "The number of rows; 0 of none."),
    special(
        AGGREGATES,
        "count(x), count(distinct x)",
        "I64",
        "The number of rows, or of different values, in which `x` is not null. Nodes and edges count by identity.",
    ),
    special(
        AGGREGATES,
        "sum(x)",
        "I64, U64 or F64",
        "The sum, exact for integers (overflow is an error); null of nothing.",
    ),
    special(AGGREGATES, "avg(x)", "F64", "The mean; null of nothing."),
    special(AGGREGATES, "min(x), max(x)", "type of x", "The least or greatest number or text; null of nothing."),
    special(
        AGGREGATES,
        "collect(x), collect(distinct x)",
        "list",
        "The values that are not null, in ascending order (nodes and edges by `@id`); the empty list of nothing.",
    ),
    special(
        TEXT,
        "search(field, text)",
        "Bool",
        "Whether the field holds any token of the text, as the field's analyzer sees both.",
    ),
    special(TEXT, "match_text(field, text)", "Bool", "The same as `search`."),
    special(TEXT, "match_all(field, text)", "Bool", "Whether the field holds every token of the text."),
    special(
        TEXT,
        "phrase(field, text)",
        "Bool",
        "Whether the field holds the tokens of the text side by side in order.",
    ),
    special(
        TEXT,
        "fuzzy(field, text[, edits])",
        "Bool",
        "Whether the field holds a token within `edits` (2 if left out) insertions, deletions or substitutions of any token of the text.",
    ),
    special(
        RANKS,
        "nearest(field, query)",
        "F64",
        "Distance of a vector from a query vector, or from text that is embedded, in the field's metric. As first order item: ascending, rows \
         without a vector left out; needs `limit`.",
    ),
    special(RANKS, "distance(field, query)", "F64", "The same distance as a plain value, for filters."),
    special(
        RANKS,
        "bm25(field, text), bm25([field: weight, …], text)",
        "F64",
        "Relevance of one field or of several of one variable. As first order item: best first, rows that do not match left out.",
    ),
    special(
        RANKS,
        "rrf(rank, rank, …[, k=60][, weights=[…]])",
        "F64",
        "Fuses two or more ranks: the sum of weight / (k + rank). As first order item: best first; needs `limit`.",
    ),
    special(PATHS, "nodes($p), edges($p)", "list", "The nodes or edges of a path in order."),
    special(PATHS, "length($p)", "I64", "The number of edges of a path."),
    special(PATHS, "cost($p)", "F64", "The summed cost of a path found by `cheapest`, otherwise its length."),
];
