//! A prepared statement.

use super::connection::Connection;
use super::convert::{Bound, Params};
use super::prepare::Prepared;
use super::rows::{MappedRows, Row, Rows, no_rows};
use super::run::values;
use crate::error::{Error, Result};
use crate::execute::Spare;
use crate::plan::OutputColumn;
use crate::types::{DataType, Value};
use std::sync::Arc;

/// A statement that can be run again and again. Its plan is made anew when the schema changes.
pub struct Statement<'c> {
    connection: &'c Connection,
    prepared: Arc<Prepared>,
    columns: Arc<[OutputColumn]>,
    /// What is used again at the next run.
    parameters: Vec<Value>,
    spare: Spare,
}

impl<'c> Statement<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        prepared: Arc<Prepared>,
        columns: Arc<[OutputColumn]>,
    ) -> Self {
        Statement { connection, prepared, columns, parameters: Vec::new(), spare: Spare::default() }
    }

    /// Runs a statement that gives no rows; gives the number of rows it changed.
    ///
    /// # Errors
    /// What goes wrong, and when the statement gives rows.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        if self.columns.is_empty() {
            return match params.bind_over(&mut self.parameters) {
                None => self.connection.run_for_count(&self.prepared, &mut self.parameters),
                Some(named) => self.connection.run_for_count(&self.prepared, &mut self.ordered(named)?),
            };
        }
        Err(Error::usage("the statement gives rows").hint("use query, query_row or query_map"))
    }

    /// Runs a statement that gives no rows once for each row of parameters; gives the number of
    /// rows it changed in all. Everything is done or nothing, in one transaction, or inside the one
    /// that is open. Rows of a plain INSERT with a primary key are put in the order of their keys,
    /// which is faster; a key that numbers itself keeps the order given.
    ///
    /// ```
    /// # let db = drystone::Connection::open_in_memory()?;
    /// db.execute("CREATE TABLE t (name TEXT PRIMARY KEY, n INTEGER)", ())?;
    /// let rows = [("b", 2), ("a", 1)];
    /// assert_eq!(db.prepare("INSERT INTO t VALUES (?, ?)")?.execute_many(rows)?, 2);
    /// # Ok::<(), drystone::Error>(())
    /// ```
    ///
    /// # Errors
    /// What goes wrong with one of the rows, and when the statement gives rows.
    pub fn execute_many<P: Params>(&mut self, rows: impl IntoIterator<Item = P>) -> Result<usize> {
        if self.columns.is_empty() {
            let mut rows = rows.into_iter().map(Params::bind);
            return self.connection.run_many(&self.prepared, &mut rows);
        }
        Err(Error::usage("the statement gives rows").hint("use query, query_row or query_map"))
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What goes wrong at its start; what goes wrong later comes with the rows.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        if let Some(named) = params.bind_over(&mut self.parameters) {
            self.parameters = self.ordered(named)?;
        }
        let source = self.connection.run(&self.prepared, &mut self.parameters, &mut self.spare)?;
        Ok(Rows::new(source, &mut self.spare))
    }

    /// The values of parameters by their numbers.
    fn ordered(&self, named: Bound) -> Result<Vec<Value>> {
        values(named, &self.prepared)
    }

    /// Runs a query and makes something else of each row.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub fn query_map<T, F: FnMut(&Row) -> Result<T>>(
        &mut self,
        params: impl Params,
        map: F,
    ) -> Result<MappedRows<'_, F>> {
        Ok(MappedRows::new(self.query(params)?, map))
    }

    /// Runs a query and makes something of its first row.
    ///
    /// # Errors
    /// What goes wrong; of kind `NoRows` when there is no row.
    pub fn query_row<T>(&mut self, params: impl Params, map: impl FnOnce(&Row) -> Result<T>) -> Result<T> {
        let mut rows = self.query(params)?;
        match rows.next()? {
            Some(row) => map(row),
            None => Err(no_rows()),
        }
    }

    /// Whether a query has a row.
    ///
    /// # Errors
    /// What goes wrong.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// How many columns the result has; 0 for a statement that gives no rows.
    pub fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// The names of the result's columns.
    pub fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The types of the result's columns.
    pub fn column_types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type).collect()
    }

    /// How many parameters the statement has.
    pub fn parameter_count(&self) -> usize {
        self.prepared.parsed.as_ref().map_or(0, |parsed| parsed.parameters.len())
    }
}

impl std::fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement").field("sql", &self.prepared.sql).finish_non_exhaustive()
    }
}
