//! Binding of views: their queries, out of sight of the statement that uses them.

use super::Binder;
use super::from::rename;
use super::query::Output;
use super::scope::{Level, Named};
use crate::catalog::View;
use crate::error::{Error, ErrorKind, Result, state};
use crate::parse::ast::{Name, Query};
use crate::plan::Logical;
use std::sync::Arc;

/// How deep views may stand in views.
const VIEWS_MAX: usize = 32;

impl<'a> Binder<'a> {
    /// A view in FROM, under the name it has there.
    pub(super) fn view(&mut self, view: &'a Arc<View>, shown: &str) -> Result<(Logical, Named)> {
        let output = self.view_query(&view.name, &view.columns, &view.query).map_err(|error| {
            // Its places are in another text than the statement's.
            error.within(format_args!("in the view {}", view.name))
        })?;
        rename(output, shown, &[])
    }

    pub(super) fn view_query(&mut self, name: &str, columns: &[Name], query: &'a Query) -> Result<Output> {
        if self.views >= VIEWS_MAX {
            let message = format!("the view {name} is used more than {VIEWS_MAX} views deep");
            return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message));
        }
        self.views += 1;
        self.elsewhere += 1;
        let ctes = std::mem::take(&mut self.ctes);
        let levels = std::mem::replace(&mut self.levels, vec![Level::default()]);
        let output = self.query(query).and_then(|output| self.settled(output));
        self.levels = levels;
        self.ctes = ctes;
        self.views -= 1;
        self.elsewhere -= 1;
        let mut output = output?;
        if !columns.is_empty() && columns.len() != output.columns.len() {
            let message = format!(
                "the view {name} names {} columns, its query has {}",
                columns.len(),
                output.columns.len()
            );
            let error = Error::syntax(message);
            return Err(columns.first().map_or(error.clone(), |column| error.at(column.at)));
        }
        for (column, name) in output.columns.iter_mut().zip(columns) {
            column.name.clone_from(&name.text);
        }
        Ok(output)
    }
}
