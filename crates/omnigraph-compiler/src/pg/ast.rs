//! The syntax tree of a `.pg` source, before any check.
//!
//! The tree keeps every comment. A comment inside a member or a header moves in front of it.

use crate::span::{Span, Spanned};
use crate::types::ScalarType;

/// A whole source, or several joined by imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaDocument {
    /// Imports in source order; empty once resolved.
    pub imports: Vec<ImportDecl>,
    /// Declarations in source order.
    pub declarations: Vec<TypeDecl>,
    /// Comments after the last declaration.
    pub tail: Vec<SourceComment>,
}

/// `import "other.pg"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportDecl {
    /// The path as written, escapes decoded.
    pub path: Spanned<String>,
    /// Comments before it and on its line.
    pub comments: ItemComments,
}

/// A node type, an edge type or an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDecl {
    /// Kind of the type, with its own parts.
    pub kind: TypeDeclKind,
    /// Its name.
    pub name: Spanned<String>,
    /// Annotations of the header, cardinalities included, in source order.
    pub annotations: Vec<AnnotationSyntax>,
    /// Properties and constraints in source order.
    pub members: Vec<MemberDecl>,
    /// Comments before it and on its last line.
    pub comments: ItemComments,
    /// Comments between the last member and the closing brace.
    pub tail: Vec<SourceComment>,
    /// The header: from the keyword to before the opening brace.
    pub span: Span,
}

/// Kind of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeDeclKind {
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

impl TypeDeclKind {
    /// Returns the keyword: `interface`, `node` or `edge`.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node { .. } => "node",
            Self::Edge { .. } => "edge",
        }
    }
}

/// A member of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberDecl {
    /// `name: Type @annotation …`
    Property(PropertyDecl),
    /// `@key(a, b)` and other constraints.
    Constraint(ConstraintDecl),
}

/// `name: Type @annotation …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDecl {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub ty: TypeExpr,
    /// Its annotations in source order.
    pub annotations: Vec<AnnotationSyntax>,
    /// Comments before it and on its line.
    pub comments: ItemComments,
}

/// A constraint on a line of its own: an annotation called `key`, `unique`, `index`, `range` or `check`, with arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintDecl {
    /// Name and arguments.
    pub annotation: AnnotationSyntax,
    /// Comments before it and on its line.
    pub comments: ItemComments,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeExpr {
    /// Without brackets and question mark.
    pub base: BaseType,
    /// `true` for a type in brackets.
    pub list: bool,
    /// `true` if a question mark follows.
    pub nullable: bool,
    /// The whole type.
    pub span: Span,
}

/// The innermost part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseType {
    /// A named type other than a vector.
    Scalar(ScalarType),
    /// `enum(a, b)`, words as written.
    Enum(Vec<Spanned<String>>),
    /// `Vector(n)`, any `n`.
    Vector(Spanned<i64>),
    /// An invalid type, which the parser has reported.
    Invalid,
}

/// `@name`, `@name(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationSyntax {
    /// The name without `@`.
    pub name: Spanned<String>,
    /// Arguments in parentheses; `None` without parentheses.
    pub arguments: Option<Vec<AnnotationArg>>,
    /// From `@` to the last token.
    pub span: Span,
}

impl AnnotationSyntax {
    /// Returns the arguments without a name, in order.
    pub fn positional(&self) -> impl Iterator<Item = &Spanned<ArgValue>> {
        self.arguments.iter().flatten().filter(|argument| argument.name.is_none()).map(|argument| &argument.value)
    }

    /// Returns the arguments with a name, in order.
    pub fn named(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<ArgValue>)> {
        self.arguments
            .iter()
            .flatten()
            .filter_map(|argument| argument.name.as_ref().map(|name| (name, &argument.value)))
    }
}

/// `value` or `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationArg {
    /// Its name, if it has one.
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Spanned<ArgValue>,
}

/// Value of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgValue {
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
pub struct ItemComments {
    /// Comments on the lines before it.
    pub leading: Vec<SourceComment>,
    /// The comment after it on its last line.
    pub trailing: Option<String>,
}

/// A comment with its delimiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceComment {
    /// `// …` or `/* … */`.
    pub text: String,
    /// `true` if an empty line follows.
    pub blank_after: bool,
}

impl SchemaDocument {
    /// Sets every span to zero, so that trees can be compared without positions.
    pub fn erase_spans(&mut self) {
        for import in &mut self.imports {
            import.path.span = Span::default();
        }
        for declaration in &mut self.declarations {
            declaration.erase_spans();
        }
    }
}

impl TypeDecl {
    fn erase_spans(&mut self) {
        self.span = Span::default();
        self.name.span = Span::default();
        match &mut self.kind {
            TypeDeclKind::Interface => {}
            TypeDeclKind::Node { implements } => implements.iter_mut().for_each(|name| name.span = Span::default()),
            TypeDeclKind::Edge { from, to } => {
                from.span = Span::default();
                to.span = Span::default();
            }
        }
        self.annotations.iter_mut().for_each(AnnotationSyntax::erase_spans);
        for member in &mut self.members {
            match member {
                MemberDecl::Constraint(constraint) => constraint.annotation.erase_spans(),
                MemberDecl::Property(property) => property.erase_spans(),
            }
        }
    }
}

impl PropertyDecl {
    fn erase_spans(&mut self) {
        self.name.span = Span::default();
        self.ty.span = Span::default();
        match &mut self.ty.base {
            BaseType::Enum(words) => words.iter_mut().for_each(|word| word.span = Span::default()),
            BaseType::Vector(dimension) => dimension.span = Span::default(),
            BaseType::Scalar(_) | BaseType::Invalid => {}
        }
        self.annotations.iter_mut().for_each(AnnotationSyntax::erase_spans);
    }
}

impl AnnotationSyntax {
    fn erase_spans(&mut self) {
        self.span = Span::default();
        self.name.span = Span::default();
        for argument in self.arguments.iter_mut().flatten() {
            if let Some(name) = &mut argument.name {
                name.span = Span::default();
            }
            argument.value.span = Span::default();
            if let ArgValue::List(items) = &mut argument.value.node {
                items.iter_mut().for_each(|item| item.span = Span::default());
            }
        }
    }
}
