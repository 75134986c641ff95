//! The syntax tree of the supported language: small, owned, without anything of the parser's.
//!
//! Every expression and name knows its place in the SQL text. AND and OR chains are flat lists,
//! so that a long condition is not a deep tree.

use crate::error::Position;
use crate::types::{DataType, Value};

/// An identifier as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: String,
    /// In double quotes, which many take for those of a text.
    pub double_quoted: bool,
    pub at: Position,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // There is one a text.
pub enum Statement {
    Query(Query),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    CreateTable(CreateTable),
    CreateIndex(CreateIndex),
    CreateView(CreateView),
    AlterTable(AlterTable),
    DropTable {
        names: Vec<Name>,
        if_exists: bool,
    },
    DropView {
        names: Vec<Name>,
        if_exists: bool,
    },
    DropIndex {
        names: Vec<Name>,
        if_exists: bool,
    },
    /// Of an index, of all indexes of a table, or of all there are.
    Reindex(Option<Name>),
    Begin {
        immediate: bool,
    },
    Commit,
    Rollback {
        to: Option<Name>,
    },
    Savepoint(Name),
    Release(Name),
    Explain {
        statement: Box<Statement>,
        analyze: bool,
    },
    /// SET; without a value it goes back to its default.
    Set {
        name: Name,
        value: Option<Name>,
    },
    /// SHOW of one setting, or of all.
    Show(Option<Name>),
    Pragma {
        name: Name,
        argument: Option<Name>,
    },
}

/// A query with everything around its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub with: Vec<Cte>,
    pub body: SetExpr,
    pub order_by: Vec<OrderItem>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
}

/// A named query before the main one.
#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    pub name: Name,
    pub columns: Vec<Name>,
    /// In WITH RECURSIVE: may read what it has given so far.
    pub recursive: bool,
    pub query: Query,
}

/// What a query gives before ordering.
#[derive(Clone, Debug, PartialEq)]
pub enum SetExpr {
    Select(Box<Select>),
    Query(Box<Query>),
    Values(Vec<Vec<Expr>>),
    Operation { op: SetOp, all: bool, left: Box<SetExpr>, right: Box<SetExpr>, at: Position },
}

/// An operation on two results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOp {
    Union,
    Intersect,
    Except,
}

/// SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    pub distinct: bool,
    /// DISTINCT ON: the first row for each of these.
    pub distinct_on: Vec<Expr>,
    pub items: Vec<SelectItem>,
    pub from: Vec<TableRef>,
    pub filter: Option<Expr>,
    pub group_by: Vec<Expr>,
    pub having: Option<Expr>,
    pub at: Position,
}

/// One item after SELECT or RETURNING.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    All(Position),
    AllOf(Name),
    Expr { expr: Expr, alias: Option<Name> },
}

/// A table in FROM.
#[derive(Clone, Debug, PartialEq)]
pub enum TableRef {
    Table { name: Name, alias: Option<TableAlias> },
    Query { query: Box<Query>, alias: Option<TableAlias>, at: Position },
    Function { name: Name, args: Vec<Expr>, alias: Option<TableAlias> },
    Join { left: Box<TableRef>, right: Box<TableRef>, kind: JoinKind, condition: JoinCondition, at: Position },
}

/// A table's other name, and other names for its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct TableAlias {
    pub name: Name,
    pub columns: Vec<Name>,
}

/// Which rows without a partner a join keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// What makes two rows partners.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    None,
    On(Expr),
    Using(Vec<Name>),
    Natural,
}

/// One ORDER BY item.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    pub expr: Expr,
    pub descending: bool,
    pub nulls_first: Option<bool>,
}

/// INSERT.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    pub table: Name,
    pub alias: Option<Name>,
    pub columns: Vec<Name>,
    /// None: DEFAULT VALUES.
    pub source: Option<Query>,
    pub on_conflict: Option<OnConflict>,
    pub returning: Vec<SelectItem>,
}

/// What to do with a row whose key is there already.
#[derive(Clone, Debug, PartialEq)]
pub enum OnConflict {
    /// Of OR IGNORE: rows that break a constraint are left out.
    Ignore,
    /// INSERT OR REPLACE.
    Replace,
    /// DO NOTHING.
    Nothing { target: ConflictTarget },
    /// DO UPDATE.
    Update { target: ConflictTarget, assignments: Vec<Assignment>, filter: Option<Expr>, at: Position },
}

/// The key that may be there already.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictTarget {
    Any,
    Columns(Vec<Name>),
    Constraint(Name),
}

/// One `column = expression`; no expression is DEFAULT.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    pub column: Name,
    pub value: Expr,
}

/// UPDATE.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    pub with: Vec<Cte>,
    pub table: Name,
    pub alias: Option<Name>,
    pub assignments: Vec<Assignment>,
    pub from: Vec<TableRef>,
    pub filter: Option<Expr>,
    pub returning: Vec<SelectItem>,
}

/// DELETE.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    pub with: Vec<Cte>,
    pub table: Name,
    pub alias: Option<Name>,
    pub using: Vec<TableRef>,
    pub filter: Option<Expr>,
    pub returning: Vec<SelectItem>,
}

/// CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    pub name: Name,
    pub if_not_exists: bool,
    pub columns: Vec<ColumnDef>,
    pub constraints: Vec<TableConstraint>,
    /// Of CREATE TABLE AS, which has no columns of its own.
    pub query: Option<Box<Query>>,
}

/// One column of CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    pub name: Name,
    pub data_type: DataType,
    pub not_null: bool,
    pub default: Option<Expr>,
    /// The same as it is written.
    pub default_text: Option<String>,
    /// SERIAL, GENERATED AS IDENTITY.
    pub identity: bool,
}

/// A rule for the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraint {
    PrimaryKey { name: Option<Name>, columns: Vec<KeyColumn>, autoincrement: bool, at: Position },
    Unique { name: Option<Name>, columns: Vec<KeyColumn>, at: Position },
    ForeignKey(ForeignKey),
    Check { name: Option<Name>, expr: Expr },
}

/// A reference to another table's key.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    pub name: Option<Name>,
    pub columns: Vec<Name>,
    pub table: Name,
    pub parents: Vec<Name>,
    pub on_delete: Action,
    pub on_update: Action,
    /// INITIALLY DEFERRED: checked at the end of the transaction.
    pub deferred: bool,
}

/// What happens to rows whose foreign key loses its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::enum_variant_names)] // The words are SQL's.
pub enum Action {
    /// They must be gone at the end of the statement.
    #[default]
    NoAction,
    /// There must be none.
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl Action {
    /// Does it change the rows?
    pub fn acts(self) -> bool {
        matches!(self, Action::Cascade | Action::SetNull | Action::SetDefault)
    }

    /// As SQL has it.
    pub fn name(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
            Action::SetDefault => "SET DEFAULT",
        }
    }
}

/// A column of a key, with its order.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyColumn {
    pub name: Name,
    pub descending: bool,
}

/// CREATE INDEX.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    pub name: Name,
    pub if_not_exists: bool,
    pub unique: bool,
    pub table: Name,
    pub columns: Vec<KeyColumn>,
}

/// ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    pub table: Name,
    pub if_exists: bool,
    pub action: AlterAction,
}

/// What changes in a table.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    /// The text is that of the definition.
    AddColumn {
        column: ColumnDef,
        constraints: Vec<TableConstraint>,
        text: String,
        if_not_exists: bool,
    },
    DropColumn {
        column: Name,
        if_exists: bool,
    },
    RenameColumn {
        from: Name,
        to: Name,
    },
    RenameTable {
        to: Name,
    },
}

/// CREATE VIEW.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    pub name: Name,
    pub columns: Vec<Name>,
    pub query: Query,
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub temporary: bool,
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub at: Position,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal that has its value already; text is an unknown literal until it meets a type.
    Literal(Value),
    /// `DATE '...'` and the like.
    Typed {
        data_type: DataType,
        text: String,
    },
    /// A parameter, numbered from 0.
    Parameter(usize),
    /// `column`, `table.column`.
    Column(Vec<Name>),
    /// DEFAULT in VALUES and SET.
    Default,
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Is {
        operand: Box<Expr>,
        test: Test,
        negated: bool,
    },
    Distinct {
        left: Box<Expr>,
        right: Box<Expr>,
        negated: bool,
    },
    InList {
        operand: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    InQuery {
        operand: Box<Expr>,
        query: Box<Query>,
        negated: bool,
    },
    /// `operand op ANY (query)`, or ALL.
    Quantified {
        op: BinaryOp,
        operand: Box<Expr>,
        query: Box<Query>,
        all: bool,
    },
    /// `operand COLLATE name`.
    Collate {
        operand: Box<Expr>,
        collation: Collation,
    },
    Between {
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    Like(Box<Like>),
    Cast {
        operand: Box<Expr>,
        data_type: DataType,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Function(Box<Function>),
    Exists {
        query: Box<Query>,
        negated: bool,
    },
    Subquery(Box<Query>),
    /// `(a, b)`: only in comparisons and IN.
    Row(Vec<Expr>),
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// By their bytes.
    Binary,
    /// By their bytes after A to Z became a to z.
    NoCase,
    /// By their bytes without the spaces at the end.
    TrimEnd,
}

impl Expr {
    /// The expressions directly in it, those of subqueries left out.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Typed { .. }
            | ExprKind::Parameter(_)
            | ExprKind::Column(_)
            | ExprKind::Default
            | ExprKind::Exists { .. }
            | ExprKind::Subquery(_) => vec![],
            ExprKind::Unary { operand, .. }
            | ExprKind::Is { operand, .. }
            | ExprKind::InQuery { operand, .. }
            | ExprKind::Quantified { operand, .. }
            | ExprKind::Collate { operand, .. }
            | ExprKind::Cast { operand, .. } => vec![operand],
            ExprKind::Binary { left, right, .. } | ExprKind::Distinct { left, right, .. } => {
                vec![left, right]
            }
            ExprKind::And(list) | ExprKind::Or(list) | ExprKind::Row(list) => list.iter().collect(),
            ExprKind::InList { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
            ExprKind::Between { operand, low, high, .. } => vec![operand, low, high],
            ExprKind::Like(like) => [&like.operand, &like.pattern].into_iter().chain(&like.escape).collect(),
            ExprKind::Case { operand, branches, otherwise } => {
                let branches = branches.iter().flat_map(|(when, then)| [when, then]);
                operand.as_deref().into_iter().chain(branches).chain(otherwise.as_deref()).collect()
            }
            ExprKind::Function(call) => {
                let order = call.order_by.iter().map(|item| &item.expr);
                call.args.iter().chain(&call.filter).chain(order).collect()
            }
        }
    }
}

/// LIKE and ILIKE.
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    pub operand: Expr,
    pub pattern: Expr,
    pub escape: Option<Expr>,
    pub insensitive: bool,
    pub negated: bool,
}

/// A call, of an aggregate too.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: Name,
    pub args: Vec<Expr>,
    pub star: bool,
    pub distinct: bool,
    pub filter: Option<Expr>,
    pub order_by: Vec<OrderItem>,
}

/// What IS asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Null,
    True,
    False,
    Unknown,
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Not,
    Minus,
    Plus,
    BitNot,
}

/// An operator between its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Concat,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}
