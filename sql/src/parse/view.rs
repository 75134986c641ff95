//! Translation of CREATE VIEW.

use super::ast::{CreateView, Name};
use super::{Translator, refuse};
use crate::error::Result;
use sqlparser::ast::{self as sp};

impl Translator {
    pub(super) fn create_view(&mut self, create: sp::CreateView) -> Result<CreateView> {
        let sp::CreateView {
            or_alter,
            or_replace,
            materialized,
            secure,
            name,
            name_before_not_exists: _,
            columns,
            query,
            options,
            cluster_by,
            comment,
            with_no_schema_binding,
            if_not_exists,
            temporary,
            copy_grants,
            to,
            params,
        } = create;
        let name = self.object(name)?;
        let at = name.at;
        refuse(materialized, "a materialized view", at)?;
        let odd = or_alter
            || secure
            || options != sp::CreateTableOptions::None
            || !cluster_by.is_empty()
            || comment.is_some()
            || with_no_schema_binding
            || copy_grants
            || to.is_some()
            || params.is_some();
        refuse(odd, "an option of CREATE VIEW", at)?;
        let mut names: Vec<Name> = Vec::with_capacity(columns.len());
        for sp::ViewColumnDef { name, data_type, options } in columns {
            let name = self.name(name);
            refuse(data_type.is_some() || options.is_some(), "a type or option of a view's column", name.at)?;
            names.push(name);
        }
        let query = self.query(*query)?;
        Ok(CreateView { name, columns: names, query, or_replace, if_not_exists, temporary })
    }
}
