//! The schema: tables, their columns, keys, indexes and references.
//!
//! | file     | what                                                                  |
//! |----------|-----------------------------------------------------------------------|
//! | `mod`    | `Table`, `Column`, `Index`, `ForeignKey`, `Catalog`                    |
//! | `define` | a parsed CREATE statement to a `Table` or `Index`                      |
//! | `store`  | the catalog tree: one entry an object, holding its CREATE statement    |
//!
//! Names are found whatever their case, and kept as written. A `Catalog` is immutable once
//! loaded; a change loads a new one with another `stamp`, which is what plans are cached by.

mod define;
mod store;

pub use define::{define_index, define_table};
pub use store::{
    ObjectKind, TREE, create_catalog, create_object, drop_object, load, mark, redefine_object, sequence,
    set_mark, set_sequence, version,
};

pub(crate) use crate::error::nearest;
use crate::error::{Error, ErrorKind, Result, state};
pub use crate::parse::ast::Action;
use crate::parse::ast::{CreateView, Expr, Name, Query};
use crate::storage::TreeId;
use crate::types::DataType;
use std::sync::Arc;
use store::next_stamp;

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
    pub not_null: bool,
    /// NOT NULL is written there, and does not only follow from the key.
    pub declared_not_null: bool,
    pub default: Option<Expr>,
    /// The DEFAULT expression as it is written.
    pub default_text: Option<String>,
}

/// How the rows of a table are keyed in its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKey {
    /// By a number nobody sees.
    Rowid,
    /// By the one INTEGER PRIMARY KEY column, which is not in the row's value.
    Integer(usize),
    /// By the encoded primary key columns, which are in the row's value too.
    Columns(Vec<usize>),
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub id: u32,
    pub name: String,
    pub columns: Vec<Column>,
    pub key: RowKey,
    /// The constraint name of the primary key.
    pub primary_key_name: Option<String>,
    /// Numbers are never given twice (AUTOINCREMENT).
    pub autoincrement: bool,
    pub indexes: Vec<Arc<Index>>,
    pub foreign_keys: Vec<ForeignKey>,
    pub checks: Vec<Check>,
    pub tree: TreeId,
    /// The CREATE TABLE statement.
    pub sql: String,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// 0 for the index of a UNIQUE constraint.
    pub id: u32,
    pub name: String,
    /// Columns of the table, and whether each is descending.
    pub columns: Vec<(usize, bool)>,
    pub unique: bool,
    pub tree: TreeId,
    /// The CREATE INDEX statement; none for the index of a UNIQUE constraint.
    pub sql: Option<String>,
}

/// A reference from columns of one table to a key of another.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    pub name: Option<String>,
    pub columns: Vec<usize>,
    pub table: String,
    /// The columns of the other table; none means its primary key.
    pub parents: Vec<String>,
    pub on_delete: Action,
    pub on_update: Action,
    /// Checked at the end of the transaction.
    pub deferred: bool,
}

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub name: Option<String>,
    pub expr: Expr,
}

impl Table {
    /// The number of the hidden rowid where columns are numbered.
    pub fn rowid_column(&self) -> usize {
        self.columns.len()
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The type of a column, or of the hidden rowid.
    pub fn column_type(&self, column: usize) -> DataType {
        self.columns.get(column).map_or(DataType::BigInt, |column| column.data_type)
    }

    /// Where a column stands among the fields of a row's value; `None`: it is the tree's key.
    pub fn field(&self, column: usize) -> Option<usize> {
        match self.key {
            _ if column >= self.columns.len() => None,
            RowKey::Integer(key) if column == key => None,
            RowKey::Integer(key) if column > key => Some(column - 1),
            _ => Some(column),
        }
    }

    /// The column that is a field of a row's value: the other way round.
    pub fn column_of(&self, field: usize) -> usize {
        match self.key {
            RowKey::Integer(key) if field >= key => field + 1,
            _ => field,
        }
    }

    /// The types of the fields of a row's value.
    pub fn field_types(&self) -> Vec<DataType> {
        let stored = self.columns.iter().enumerate().filter(|(i, _)| self.field(*i).is_some());
        stored.map(|(_, column)| column.data_type).collect()
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> &[usize] {
        match &self.key {
            RowKey::Rowid => &[],
            RowKey::Integer(column) => std::slice::from_ref(column),
            RowKey::Columns(columns) => columns,
        }
    }

    /// The types of the columns of the tree's key.
    pub fn key_types(&self) -> Vec<DataType> {
        match &self.key {
            RowKey::Rowid => vec![DataType::BigInt],
            _ => self.primary_key().iter().map(|&column| self.column_type(column)).collect(),
        }
    }
}

/// A view.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub id: u32,
    pub name: String,
    /// Other names for the columns of its query; none: as they are.
    pub columns: Vec<Name>,
    pub query: Query,
    /// It belongs to one connection.
    pub temporary: bool,
    /// The CREATE VIEW statement.
    pub sql: String,
}

impl View {
    /// A view as its CREATE VIEW statement says.
    pub fn define(id: u32, create: &CreateView, sql: &str) -> View {
        View {
            id,
            name: create.name.text.clone(),
            columns: create.columns.clone(),
            query: create.query.clone(),
            temporary: create.temporary,
            sql: sql.to_owned(),
        }
    }
}

/// The schema as of one version.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Differs between any two catalogs of this process.
    pub stamp: u64,
    /// Raised by every change of the schema.
    pub version: u64,
    /// In the order of their creation.
    pub tables: Vec<Arc<Table>>,
    /// The temporary ones last.
    pub views: Vec<Arc<View>>,
}

impl Catalog {
    /// A table by name.
    pub fn find(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// A table by name, or the error that says it is not there, with the nearest name as a hint.
    pub fn table(&self, name: &str) -> Result<&Arc<Table>> {
        self.find(name).ok_or_else(|| {
            if let Some(view) = self.view(name) {
                let message = format!("{} is a view", view.name);
                return Error::new(ErrorKind::Name, state::WRONG_OBJECT, message);
            }
            let error = Error::name(state::NO_TABLE, format!("there is no table {name}"));
            match nearest(name, self.names()) {
                Some(near) => error.hint(format!("is {near} meant?")),
                None => error,
            }
        })
    }

    /// The names of tables and views.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let views = self.views.iter().map(|view| view.name.as_str());
        self.tables.iter().map(|table| table.name.as_str()).chain(views)
    }

    /// A view by name; temporary ones hide others.
    pub fn view(&self, name: &str) -> Option<&Arc<View>> {
        self.views.iter().rev().find(|view| view.name.eq_ignore_ascii_case(name))
    }

    /// The same schema with the views of one connection.
    #[must_use]
    pub fn with_views(&self, temporary: &[Arc<View>]) -> Catalog {
        let mut catalog = Catalog { stamp: next_stamp(), ..self.clone() };
        catalog.views.extend(temporary.iter().cloned());
        catalog
    }

    /// An index by name, with its table.
    pub fn index(&self, name: &str) -> Option<(&Arc<Table>, &Arc<Index>)> {
        self.tables.iter().find_map(|table| {
            let index = table.indexes.iter().find(|index| index.name.eq_ignore_ascii_case(name))?;
            Some((table, index))
        })
    }
}
