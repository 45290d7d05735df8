//! The parts of an expression.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// The value of a query.
    Id(String),
    /// An operator between two values.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// A call of a function.
    Call(Function, Vec<Expression>),
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`. A division by zero has no value.
    Divide,
    /// `<`. Comparisons give 1 or 0.
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `AND`, `&&`
    And,
    /// `OR`, `||`
    Or,
}

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `FILL(x, value)`: the value where `x` is missing.
    Fill,
    /// `IF(condition, x, y)`: `x` where the condition is not 0, else `y`.
    If,
    /// `MAX([x, y])`
    Max,
    /// `MIN([x, y])`
    Min,
    /// `SUM([x, y])`
    Sum,
    /// `AVG([x, y])`
    Average,
    /// `DIFF(x)`: the difference from the datapoint before.
    Difference,
}
