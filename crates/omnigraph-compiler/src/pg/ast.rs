//! The syntax tree of a `.pg` source: what was written, before anything is known to make sense.
//!
//! The tree keeps every comment. One inside a member or a header moves in front of it; otherwise it stays where it was.

use crate::span::{Span, Spanned};
use crate::types::Scalar;

/// A whole source, or several joined by imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Imports in source order; empty once resolved.
    pub imports: Vec<Import>,
    /// Declarations in source order.
    pub declarations: Vec<Declaration>,
    /// Comments after the last declaration.
    pub tail: Vec<Comment>,
}

/// `import "other.pg"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The path as written, escapes decoded.
    pub path: Spanned<String>,
    /// Comments before it and on its line.
    pub comments: Comments,
}

/// A node type, an edge type or an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Which of the three, with what only that one has.
    pub kind: DeclarationKind,
    /// Its name.
    pub name: Spanned<String>,
    /// Annotations of the header, cardinalities included, in source order.
    pub annotations: Vec<Annotation>,
    /// Properties and constraints in source order.
    pub members: Vec<Member>,
    /// Comments before it and on its last line.
    pub comments: Comments,
    /// Comments between the last member and the closing brace.
    pub tail: Vec<Comment>,
    /// The header: from the keyword to before the opening brace.
    pub span: Span,
}

/// What a declaration declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclarationKind {
    /// `interface Name { … }`
    Interface,
    /// `node Name implements A, B { … }`
    Node {
        /// The interfaces, as written.
        implements: Vec<Spanned<String>>,
    },
    /// `edge Name: From -> To { … }`
    Edge {
        /// Source type.
        from: Spanned<String>,
        /// Target type.
        to: Spanned<String>,
    },
}

impl DeclarationKind {
    /// The keyword: `interface`, `node` or `edge`.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node { .. } => "node",
            Self::Edge { .. } => "edge",
        }
    }
}

/// Something between the braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// `name: Type @annotation …`
    Property(Property),
    /// `@key(a, b)` and its like.
    Constraint(Constraint),
}

/// `name: Type @annotation …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub ty: TypeExpr,
    /// Its annotations in source order.
    pub annotations: Vec<Annotation>,
    /// Comments before it and on its line.
    pub comments: Comments,
}

/// A constraint of its own line: an annotation called `key`, `unique`, `index`, `range` or `check`, with arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Name and arguments.
    pub annotation: Annotation,
    /// Comments before it and on its line.
    pub comments: Comments,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeExpr {
    /// Without brackets and question mark.
    pub base: BaseType,
    /// Whether it stands in brackets.
    pub list: bool,
    /// Whether a question mark follows.
    pub nullable: bool,
    /// The whole type.
    pub span: Span,
}

/// The innermost part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseType {
    /// A named type other than a vector.
    Scalar(Scalar),
    /// `enum(a, b)`, words as written.
    Enum(Vec<Spanned<String>>),
    /// `Vector(n)`, any `n`.
    Vector(Spanned<i64>),
    /// Something that is no type; the parser has said so and nobody need say it again.
    Invalid,
}

/// `@name`, `@name(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The name without `@`.
    pub name: Spanned<String>,
    /// What stands in the parentheses; `None` without parentheses.
    pub arguments: Option<Vec<Argument>>,
    /// From `@` to the last token.
    pub span: Span,
}

impl Annotation {
    /// Arguments without a name, in order.
    pub fn positional(&self) -> impl Iterator<Item = &Spanned<Value>> {
        self.arguments.iter().flatten().filter(|argument| argument.name.is_none()).map(|argument| &argument.value)
    }

    /// Arguments with a name, in order.
    pub fn named(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<Value>)> {
        self.arguments
            .iter()
            .flatten()
            .filter_map(|argument| argument.name.as_ref().map(|name| (name, &argument.value)))
    }
}

/// `value` or `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name, if it has one.
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Spanned<Value>,
}

/// What an argument can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `"text"`, escapes decoded.
    String(String),
    /// A number, sign included, as written; known to fit 64 bits.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// A bare word that begins with a lower-case letter or `_`.
    Name(String),
    /// `@src` or `@dst`: a system field of an edge.
    System(String),
    /// `lo..hi`, either side open; numbers as written.
    Bounds(Option<String>, Option<String>),
    /// `[a, b]` of scalar values.
    List(Vec<Spanned<Self>>),
    /// `now()`, `date("…")`: a name and at most one text.
    Call(String, Option<String>),
}

/// The comments that belong to one item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    /// On the lines before it.
    pub leading: Vec<Comment>,
    /// After it on its last line.
    pub trailing: Option<String>,
}

/// A comment with its delimiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// `// …` or `/* … */`.
    pub text: String,
    /// Whether an empty line separates it from what follows.
    pub blank_after: bool,
}

impl Schema {
    /// Sets every span to zero, so that two trees can be compared for what they say.
    pub fn erase_spans(&mut self) {
        for import in &mut self.imports {
            import.path.span = Span::default();
        }
        for declaration in &mut self.declarations {
            declaration.erase_spans();
        }
    }
}

impl Declaration {
    fn erase_spans(&mut self) {
        self.span = Span::default();
        self.name.span = Span::default();
        match &mut self.kind {
            DeclarationKind::Interface => {}
            DeclarationKind::Node { implements } => implements.iter_mut().for_each(|name| name.span = Span::default()),
            DeclarationKind::Edge { from, to } => {
                from.span = Span::default();
                to.span = Span::default();
            }
        }
        self.annotations.iter_mut().for_each(Annotation::erase_spans);
        for member in &mut self.members {
            match member {
                Member::Constraint(constraint) => constraint.annotation.erase_spans(),
                Member::Property(property) => property.erase_spans(),
            }
        }
    }
}

impl Property {
    fn erase_spans(&mut self) {
        self.name.span = Span::default();
        self.ty.span = Span::default();
        match &mut self.ty.base {
            BaseType::Enum(words) => words.iter_mut().for_each(|word| word.span = Span::default()),
            BaseType::Vector(dimension) => dimension.span = Span::default(),
            BaseType::Scalar(_) | BaseType::Invalid => {}
        }
        self.annotations.iter_mut().for_each(Annotation::erase_spans);
    }
}

impl Annotation {
    fn erase_spans(&mut self) {
        self.span = Span::default();
        self.name.span = Span::default();
        for argument in self.arguments.iter_mut().flatten() {
            if let Some(name) = &mut argument.name {
                name.span = Span::default();
            }
            argument.value.span = Span::default();
            if let Value::List(items) = &mut argument.value.node {
                items.iter_mut().for_each(|item| item.span = Span::default());
            }
        }
    }
}
