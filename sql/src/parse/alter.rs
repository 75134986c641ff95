//! Translation of ALTER TABLE.

use super::ast::{AlterAction, AlterTable};
use super::{Translator, refuse};
use crate::error::{Error, Result};
use sqlparser::ast::{self as sp};

impl Translator {
    pub(super) fn alter_table(&mut self, alter: sp::AlterTable) -> Result<AlterTable> {
        let sp::AlterTable {
            name,
            if_exists,
            only: _,
            mut operations,
            location,
            on_cluster,
            table_type,
            end_token: _,
        } = alter;
        let table = self.object(name)?;
        let at = table.at;
        let odd = location.is_some() || on_cluster.is_some() || table_type.is_some();
        refuse(odd, "this form of ALTER TABLE", at)?;
        let operation = operations.pop().filter(|_| operations.is_empty());
        let operation = operation.ok_or_else(|| {
            Error::unsupported("several changes in one ALTER TABLE")
                .at(at)
                .hint("write one statement for each")
        })?;
        Ok(AlterTable { table, if_exists, action: self.alteration(operation)? })
    }

    fn alteration(&mut self, operation: sp::AlterTableOperation) -> Result<AlterAction> {
        use sp::AlterTableOperation as O;
        match operation {
            O::AddColumn { column_keyword: _, if_not_exists, column_def, column_position } => {
                refuse(column_position.is_some(), "FIRST and AFTER", self.last)?;
                let text = column_def.to_string();
                let mut constraints = Vec::new();
                let column = self.column(column_def, &mut constraints)?;
                Ok(AlterAction::AddColumn { column, constraints, text, if_not_exists })
            }
            O::DropColumn { has_column_keyword: _, mut column_names, if_exists, drop_behavior } => {
                let cascade = drop_behavior == Some(sp::DropBehavior::Cascade);
                refuse(cascade, "DROP COLUMN .. CASCADE", self.last)?;
                let name = column_names.pop().filter(|_| column_names.is_empty());
                let name =
                    name.ok_or_else(|| Error::unsupported("dropping several columns").at(self.last))?;
                Ok(AlterAction::DropColumn { column: self.name(name), if_exists })
            }
            O::RenameColumn { old_column_name, new_column_name } => {
                let from = self.name(old_column_name);
                Ok(AlterAction::RenameColumn { from, to: self.name(new_column_name) })
            }
            O::RenameTable {
                table_name: sp::RenameTableNameKind::To(name) | sp::RenameTableNameKind::As(name),
            } => Ok(AlterAction::RenameTable { to: self.object(name)? }),
            other => {
                let text = other.to_string();
                let words: Vec<&str> = text.split_whitespace().take(2).collect();
                let error = Error::unsupported(format!("ALTER TABLE .. {}", words.join(" "))).at(self.last);
                Err(error.hint("there are ADD COLUMN, DROP COLUMN, RENAME COLUMN and RENAME TO"))
            }
        }
    }
}
