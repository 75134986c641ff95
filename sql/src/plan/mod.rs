//! Plans: what a bound statement is as a tree of relational operators, logical and physical.
//!
//! | file       | what                                                                  |
//! |------------|-----------------------------------------------------------------------|
//! | `logical`  | what is asked: the binder makes it, the optimizer rewrites it          |
//! | `physical` | how it is answered: the optimizer makes it, `execute` runs it          |
//! | `explain`  | a physical plan as text                                               |
//!
//! In both, column indexes of an expression refer to the operator's input: of a join to the left
//! columns followed by the right ones. Conditions keep only rows for which they are true.

mod explain;
mod logical;
mod physical;

pub use explain::explain;
pub use logical::{ColumnId, Logical, Relation};
pub use physical::{
    Access, Assignment, Bound, Change, ChangeKind, ChildCheck, Conflict, Dependent, JoinType, OutputColumn,
    ParentCheck, Path, Physical, Plan, Statement, UniqueKey,
};
