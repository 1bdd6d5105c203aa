//! From an operation of the compiler and the types of its operands to a kernel.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, Type, UnaryOp};
use omnigraph_compiler::types::{PropType, Scalar};

use crate::failure::KernelError;
use crate::kernel::{Kernel, Program};
use crate::logic::Connective;
use crate::types::scalar_of;
use crate::{arithmetic, compare, convert, functions, json, list, logic, temporal, text};

/// How operations are made; each returns an error if it is not defined for the types, which the type checker prevents.
impl Kernel {
    /// An operator of two operands.
    ///
    /// # Errors
    /// It is not defined for these types.
    pub fn binary(op: BinaryOp, left: &Type, right: &Type, result: &Type) -> Result<Self, KernelError> {
        let texts = || is_text(left) && is_text(right);
        let null = *left == Type::Null || *right == Type::Null;
        let program = match op {
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => compare::program(op, left, right),
            BinaryOp::ContainsText | BinaryOp::StartsWith | BinaryOp::EndsWith | BinaryOp::Concat
                if null && texts() =>
            {
                Some(Program::Null)
            }
            BinaryOp::ContainsText | BinaryOp::StartsWith | BinaryOp::EndsWith => {
                texts().then(|| Program::strict(move |batch| text::part(op, batch)))
            }
            BinaryOp::Concat => texts().then(|| Program::strict(text::concat)),
            BinaryOp::AddDuration | BinaryOp::SubtractDuration if null => Some(Program::Null),
            BinaryOp::AddDuration | BinaryOp::SubtractDuration => temporal::add(op, left, right),
            _ => arithmetic::program(op, left, right, result),
        };
        Self::new(arithmetic::symbol(op), &[left, right], result, program)
    }

    /// An operator of one operand.
    ///
    /// # Errors
    /// It is not defined for this type.
    pub fn unary(op: UnaryOp, operand: &Type, result: &Type) -> Result<Self, KernelError> {
        let (name, program) = match op {
            UnaryOp::Not if *operand == Type::Null => ("not", Some(Program::Null)),
            UnaryOp::Not => ("not", is_bool(operand).then(|| Program::strict(logic::not))),
            UnaryOp::Negate => ("-", arithmetic::negate(operand, result)),
        };
        Self::new(name, &[operand], result, program)
    }

    /// Three-valued `and` or `or` of so many operands, all of them evaluated. See [`crate::connect`] for the lazy form.
    #[must_use]
    pub fn connective(connective: Connective, operands: usize) -> Self {
        let bool_type = Type::Value(PropType { nullable: true, ..PropType::of(Scalar::Bool) });
        let program = Program::lenient(move |columns, rows| logic::connect(connective, columns, rows));
        Self::certain(connective.symbol(), &vec![&bool_type; operands], &bool_type, program)
    }

    /// Whether the operand is null; never null itself.
    #[must_use]
    pub fn is_null(operand: &Type) -> Self {
        let program = Program::lenient(|columns, _| logic::is_null(columns));
        Self::certain("is null", &[operand], &Type::scalar(Scalar::Bool), program)
    }

    /// A function of the table. `if` and `coalesce` evaluate all arguments this way; see [`crate::choose`] and
    /// [`crate::coalesce`] for the lazy forms.
    ///
    /// # Errors
    /// It is not defined for these types.
    pub fn call(function: FunctionId, args: &[Type], result: &Type) -> Result<Self, KernelError> {
        let operands: Vec<&Type> = args.iter().collect();
        Self::new(function.function().name, &operands, result, functions::program(function, args, result))
    }

    /// Membership by equality; of the empty list false.
    ///
    /// # Errors
    /// It is not defined for these types.
    pub fn is_in(item: &Type, list: &Type, result: &Type) -> Result<Self, KernelError> {
        Self::new("in", &[item, list], result, list::membership(item, list, list::Operands { item: 0, list: 1 }))
    }

    /// A list of so many expressions, in order; null where an item is. Numbers widen to the type of the items.
    ///
    /// # Errors
    /// An item is of another type than the list.
    pub fn list(items: &[Type], result: &Type) -> Result<Self, KernelError> {
        let operands: Vec<&Type> = items.iter().collect();
        Self::new("[…]", &operands, result, list::build(&operands, result))
    }

    /// The item of a list at an index from 0; null outside of it. Lists of nodes and edges are Arrow lists of whatever
    /// the engine carries them in.
    ///
    /// # Errors
    /// It is not defined for these types.
    pub fn list_item(list: &Type, index: &Type, result: &Type) -> Result<Self, KernelError> {
        Self::new("list[…]", &[list, index], result, list::item(list, index))
    }

    /// The member of a JSON object or item of a JSON array; null where there is none. A member that is JSON's `null` is
    /// there: it is the JSON value `null`.
    ///
    /// # Errors
    /// It is not defined for these types.
    pub fn json_item(json: &Type, key: &Type, result: &Type) -> Result<Self, KernelError> {
        Self::new("json[…]", &[json, key], result, json::item_program(json, key))
    }

    /// A lossless change of representation, as before storing.
    ///
    /// # Errors
    /// There is no such conversion.
    pub fn convert(from: &Type, to: &Type) -> Result<Self, KernelError> {
        Self::new("conversion", &[from], to, convert::program(from, to))
    }
}

fn is_text(ty: &Type) -> bool {
    *ty == Type::Null || scalar_of(ty) == Some(Scalar::String)
}

fn is_bool(ty: &Type) -> bool {
    scalar_of(ty) == Some(Scalar::Bool)
}
