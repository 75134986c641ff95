//! CREATE VIEW and DROP VIEW.
//!
//! A view is kept as its CREATE statement and bound anew wherever it is used. A temporary one
//! belongs to its connection and stands in no file; it comes and goes with the transaction that
//! makes it, like any other.

use super::control::Control;
use super::schema::is_free;
use crate::bind;
use crate::catalog::{Catalog, ObjectKind, View, create_object, drop_object};
use crate::error::{Error, ErrorKind, Result, state};
use crate::parse::ast::{self, Name};
use crate::storage::Transaction;
use std::sync::Arc;

impl Control {
    /// CREATE TEMP VIEW.
    pub(super) fn create_temporary_view(
        &mut self,
        catalog: &Catalog,
        create: &ast::CreateView,
        sql: &str,
    ) -> Result<()> {
        let known = self.temporary.iter().position(|view| view.name.eq_ignore_ascii_case(&create.name.text));
        let replaced = known.filter(|_| create.or_replace);
        if replaced.is_none() && !is_free(catalog, &create.name, create.if_not_exists)? {
            return Ok(());
        }
        let view = checked(catalog, 0, create, sql)?;
        let mut views = Vec::clone(&self.temporary);
        if let Some(index) = replaced {
            views.remove(index);
        }
        views.push(Arc::new(view));
        self.set_temporary(views);
        Ok(())
    }

    /// DROP VIEW where the view is a temporary one. False: it is not.
    pub(super) fn drop_temporary_view(&mut self, name: &Name) -> bool {
        let Some(index) = self.temporary.iter().position(|view| view.name.eq_ignore_ascii_case(&name.text))
        else {
            return false;
        };
        let mut views = Vec::clone(&self.temporary);
        views.remove(index);
        self.set_temporary(views);
        true
    }
}

/// The view, if its query means something.
fn checked(catalog: &Catalog, id: u32, create: &ast::CreateView, sql: &str) -> Result<View> {
    let view = View::define(id, create, sql);
    bind::check_view(catalog, create)?;
    Ok(view)
}

pub(super) fn create_view(
    transaction: &mut Transaction,
    catalog: &Catalog,
    create: &ast::CreateView,
    sql: &str,
) -> Result<()> {
    let old = catalog.view(&create.name.text).filter(|view| create.or_replace && !view.temporary);
    if old.is_none() && !is_free(catalog, &create.name, create.if_not_exists)? {
        return Ok(());
    }
    checked(catalog, 0, create, sql)?;
    if let Some(old) = old {
        drop_object(transaction, ObjectKind::View, old.id, 0)?;
    }
    create_object(transaction, ObjectKind::View, sql, 0)?;
    Ok(())
}

pub(super) fn drop_view(
    transaction: &mut Transaction,
    catalog: &Catalog,
    name: &Name,
    may_miss: bool,
) -> Result<()> {
    if let Some(view) = catalog.view(&name.text) {
        return drop_object(transaction, ObjectKind::View, view.id, 0);
    }
    if catalog.find(&name.text).is_some() {
        let error = Error::new(ErrorKind::Name, state::WRONG_OBJECT, format!("{} is a table", name.text));
        return Err(error.at(name.at).hint("DROP TABLE removes it"));
    }
    if may_miss {
        return Ok(());
    }
    Err(Error::name(state::NO_TABLE, format!("there is no view {}", name.text)).at(name.at))
}
