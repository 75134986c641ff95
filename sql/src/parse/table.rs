//! Translation of CREATE TABLE and CREATE INDEX.

use super::ast::{Action, ColumnDef, CreateIndex, CreateTable, ForeignKey, KeyColumn, Name, TableConstraint};
use super::{Translator, refuse, type_name};
use crate::error::{Error, Position, Result, state};
use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use sqlparser::ast::{self as sp};

impl Translator {
    pub(super) fn create_table(&mut self, create: sp::CreateTable) -> Result<CreateTable> {
        refuse_table_options(&create).map_err(|e| e.at(self.last))?;
        let sp::CreateTable { name, columns, constraints, if_not_exists, query, .. } = create;
        let name = self.object(name)?;
        let query = query.map(|query| self.query(*query).map(Box::new)).transpose()?;
        let odd = query.is_some() && !(columns.is_empty() && constraints.is_empty());
        refuse(odd, "CREATE TABLE with both columns and AS", name.at)?;
        let mut out =
            CreateTable { name, if_not_exists, columns: Vec::new(), constraints: Vec::new(), query };
        for column in columns {
            let column = self.column(column, &mut out.constraints)?;
            out.columns.push(column);
        }
        for constraint in constraints {
            let constraint = self.constraint(constraint)?;
            out.constraints.push(constraint);
        }
        Ok(out)
    }

    pub(super) fn column(
        &mut self,
        column: sp::ColumnDef,
        constraints: &mut Vec<TableConstraint>,
    ) -> Result<ColumnDef> {
        let sp::ColumnDef { name, data_type, options } = column;
        let name = self.name(name);
        let identity = type_name::is_serial(&data_type);
        if data_type == sp::DataType::Unspecified {
            let message = format!("the column {} has no type", name.text);
            return Err(Error::syntax(message)
                .at(name.at)
                .hint("write the type after the name, e.g. INTEGER or TEXT"));
        }
        let data_type = self.data_type(data_type)?;
        let mut out =
            ColumnDef { name, data_type, not_null: identity, default: None, default_text: None, identity };
        for sp::ColumnOptionDef { name, option } in options {
            let name = name.map(|name| self.name(name));
            self.column_option(&mut out, name, option, constraints)?;
        }
        Ok(out)
    }

    fn column_option(
        &mut self,
        column: &mut ColumnDef,
        name: Option<Name>,
        option: sp::ColumnOption,
        constraints: &mut Vec<TableConstraint>,
    ) -> Result<()> {
        use sp::ColumnOption as O;
        let at = column.name.at;
        let own = || vec![KeyColumn { name: column.name.clone(), descending: false }];
        match option {
            O::Null => {}
            O::NotNull => column.not_null = true,
            O::Default(expr) => {
                column.default_text = Some(expr.to_string());
                column.default = Some(self.expr(expr)?);
            }
            O::PrimaryKey(key) => {
                let columns = own();
                self.plain_key(&key.include, &key.index_options, key.characteristics.as_ref())?;
                constraints.push(TableConstraint::PrimaryKey { name, columns, autoincrement: false, at });
            }
            O::Unique(key) => {
                let columns = own();
                self.plain_key(&key.include, &key.index_options, key.characteristics.as_ref())?;
                refuse(key.nulls_distinct == sp::NullsDistinctOption::NotDistinct, "NULLS NOT DISTINCT", at)?;
                constraints.push(TableConstraint::Unique { name, columns, at });
            }
            O::ForeignKey(key) => {
                let mut key = self.foreign_key(key)?;
                key.name = key.name.or(name);
                key.columns = vec![column.name.clone()];
                constraints.push(TableConstraint::ForeignKey(key));
            }
            O::Check(check) => {
                let constraint = self.check(check, name)?;
                constraints.push(constraint);
            }
            O::DialectSpecific(tokens) => self.dialect_option(&tokens, at, constraints)?,
            O::Generated { generated_as, sequence_options, generation_expr, .. } => {
                refuse(generation_expr.is_some(), "a generated column", at)?;
                refuse(sequence_options.is_some_and(|o| !o.is_empty()), "an option of IDENTITY", at)?;
                refuse(generated_as == sp::GeneratedAs::ExpStored, "a generated column", at)?;
                column.identity = true;
                column.not_null = true;
            }
            other => return Err(Error::unsupported(format!("the column option {other}")).at(at)),
        }
        Ok(())
    }

    /// AUTOINCREMENT, ASC and DESC after PRIMARY KEY.
    fn dialect_option(
        &mut self,
        tokens: &[sqlparser::tokenizer::Token],
        at: Position,
        constraints: &mut [TableConstraint],
    ) -> Result<()> {
        let word = tokens.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        match (word.as_str(), constraints.last_mut()) {
            ("AUTOINCREMENT", Some(TableConstraint::PrimaryKey { autoincrement, .. })) => {
                *autoincrement = true
            }
            ("ASC", Some(TableConstraint::PrimaryKey { .. })) => {}
            _ => return Err(Error::unsupported(format!("the column option {word}")).at(at)),
        }
        Ok(())
    }

    fn plain_key(
        &mut self,
        include: &[sp::Ident],
        options: &[sp::IndexOption],
        characteristics: Option<&sp::ConstraintCharacteristics>,
    ) -> Result<()> {
        refuse(!include.is_empty(), "INCLUDE", self.last)?;
        refuse(!options.is_empty(), "an index option", self.last)?;
        self.characteristics(characteristics)
    }

    fn characteristics(&mut self, characteristics: Option<&sp::ConstraintCharacteristics>) -> Result<()> {
        let Some(sp::ConstraintCharacteristics { deferrable, initially, enforced }) = characteristics else {
            return Ok(());
        };
        let deferred = *deferrable == Some(true) || *initially == Some(sp::DeferrableInitial::Deferred);
        refuse(deferred, "a deferred constraint that is no foreign key", self.last)?;
        refuse(*enforced == Some(false), "NOT ENFORCED", self.last)
    }

    /// Whether a foreign key is checked only when its transaction ends.
    fn deferred(&mut self, characteristics: Option<sp::ConstraintCharacteristics>) -> Result<bool> {
        let Some(sp::ConstraintCharacteristics { deferrable, initially, enforced }) = characteristics else {
            return Ok(false);
        };
        refuse(enforced == Some(false), "NOT ENFORCED", self.last)?;
        let deferred = initially == Some(sp::DeferrableInitial::Deferred);
        if deferred && deferrable == Some(false) {
            return Err(Error::syntax("what is INITIALLY DEFERRED must be DEFERRABLE").at(self.last));
        }
        Ok(deferred)
    }

    fn constraint(&mut self, constraint: sp::TableConstraint) -> Result<TableConstraint> {
        match constraint {
            sp::TableConstraint::PrimaryKey(key) => {
                let sp::PrimaryKeyConstraint {
                    name,
                    index_name,
                    index_type,
                    columns,
                    include,
                    index_options,
                    characteristics,
                } = key;
                refuse(index_name.is_some() || index_type.is_some(), "an index name or type", self.last)?;
                self.plain_key(&include, &index_options, characteristics.as_ref())?;
                let name = name.map(|name| self.name(name));
                let (columns, at) = (self.key_columns(columns)?, self.last);
                Ok(TableConstraint::PrimaryKey { name, columns, autoincrement: false, at })
            }
            sp::TableConstraint::Unique(key) => {
                let sp::UniqueConstraint {
                    name,
                    index_name,
                    index_type_display: _,
                    index_type,
                    columns,
                    include,
                    index_options,
                    characteristics,
                    nulls_distinct,
                } = key;
                refuse(index_name.is_some() || index_type.is_some(), "an index name or type", self.last)?;
                refuse(
                    nulls_distinct == sp::NullsDistinctOption::NotDistinct,
                    "NULLS NOT DISTINCT",
                    self.last,
                )?;
                self.plain_key(&include, &index_options, characteristics.as_ref())?;
                let name = name.map(|name| self.name(name));
                let (columns, at) = (self.key_columns(columns)?, self.last);
                Ok(TableConstraint::Unique { name, columns, at })
            }
            sp::TableConstraint::ForeignKey(key) => Ok(TableConstraint::ForeignKey(self.foreign_key(key)?)),
            sp::TableConstraint::Check(check) => self.check(check, None),
            other => Err(Error::unsupported(format!("the constraint {other}")).at(self.last)),
        }
    }

    fn check(&mut self, check: sp::CheckConstraint, outer: Option<Name>) -> Result<TableConstraint> {
        let sp::CheckConstraint { name, expr, no_inherit, enforced } = check;
        refuse(no_inherit, "NO INHERIT", self.last)?;
        refuse(enforced == Some(false), "NOT ENFORCED", self.last)?;
        let name = name.map(|name| self.name(name)).or(outer);
        Ok(TableConstraint::Check { name, expr: self.expr(*expr)? })
    }

    fn foreign_key(&mut self, key: sp::ForeignKeyConstraint) -> Result<ForeignKey> {
        let sp::ForeignKeyConstraint {
            name,
            index_name,
            columns,
            foreign_table,
            referred_columns,
            on_delete,
            on_update,
            match_kind,
            characteristics,
        } = key;
        let name = name.map(|name| self.name(name));
        refuse(index_name.is_some(), "an index name", self.last)?;
        let columns = columns.into_iter().map(|name| self.name(name)).collect();
        let table = self.object(foreign_table)?;
        let parents = referred_columns.into_iter().map(|name| self.name(name)).collect();
        let (on_delete, on_update) = (action(on_delete), action(on_update));
        let simple = matches!(match_kind, None | Some(sp::ConstraintReferenceMatchKind::Simple));
        refuse(!simple, "MATCH FULL and PARTIAL", table.at)?;
        let deferred = self.deferred(characteristics)?;
        Ok(ForeignKey { name, columns, table, parents, on_delete, on_update, deferred })
    }

    fn key_columns(&mut self, columns: Vec<sp::IndexColumn>) -> Result<Vec<KeyColumn>> {
        columns.into_iter().map(|column| self.key_column(column)).collect()
    }

    fn key_column(&mut self, column: sp::IndexColumn) -> Result<KeyColumn> {
        let sp::IndexColumn { column, operator_class } = column;
        let sp::OrderByExpr { expr, options, with_fill } = column;
        refuse(operator_class.is_some(), "an operator class", self.last)?;
        refuse(with_fill.is_some(), "WITH FILL", self.last)?;
        let sp::OrderByOptions { sort, nulls_first } = options;
        let descending = sort == Some(sp::OrderBySort::Desc);
        refuse(
            nulls_first.is_some_and(|first| first != descending),
            "NULLS FIRST or LAST in an index",
            self.last,
        )?;
        match expr {
            sp::Expr::Identifier(name) => Ok(KeyColumn { name: self.name(name), descending }),
            other => {
                let at = self.expr(other)?.at;
                Err(Error::unsupported("an expression in an index").at(at))
            }
        }
    }

    pub(super) fn create_index(&mut self, create: sp::CreateIndex) -> Result<CreateIndex> {
        let sp::CreateIndex {
            name,
            table_name,
            using,
            columns,
            unique,
            concurrently,
            r#async,
            if_not_exists,
            include,
            nulls_distinct,
            with,
            predicate,
            index_options,
            alter_options,
        } = create;
        let name = name.map(|name| self.object(name)).transpose()?;
        let table = self.object(table_name)?;
        let at = table.at;
        let name = name.ok_or_else(|| {
            Error::new(crate::ErrorKind::Syntax, state::SYNTAX, "the index has no name").at(at)
        })?;
        refuse(using.is_some_and(|kind| kind != sp::IndexType::BTree), "this index type", at)?;
        refuse(concurrently || r#async, "CONCURRENTLY", at)?;
        refuse(!include.is_empty(), "INCLUDE", at)?;
        refuse(nulls_distinct == Some(false), "NULLS NOT DISTINCT", at)?;
        refuse(
            !with.is_empty() || !index_options.is_empty() || !alter_options.is_empty(),
            "an index option",
            at,
        )?;
        refuse(predicate.is_some(), "a partial index (WHERE)", at)?;
        let columns = self.key_columns(columns)?;
        Ok(CreateIndex { name, if_not_exists, unique, table, columns })
    }
}

fn action(action: Option<sp::ReferentialAction>) -> Action {
    match action {
        None | Some(sp::ReferentialAction::NoAction) => Action::NoAction,
        Some(sp::ReferentialAction::Restrict) => Action::Restrict,
        Some(sp::ReferentialAction::Cascade) => Action::Cascade,
        Some(sp::ReferentialAction::SetNull) => Action::SetNull,
        Some(sp::ReferentialAction::SetDefault) => Action::SetDefault,
    }
}

/// Refuses what CREATE TABLE can say in other databases: whatever differs from a statement that
/// says none of it.
fn refuse_table_options(create: &sp::CreateTable) -> Result<()> {
    let at = Position::default();
    refuse(create.or_replace, "CREATE OR REPLACE TABLE", at)?;
    refuse(create.temporary || create.global.is_some(), "a temporary table", at)?;
    refuse(create.like.is_some() || create.clone.is_some(), "CREATE TABLE LIKE", at)?;
    refuse(create.inherits.is_some() || create.partition_of.is_some(), "inheritance", at)?;
    let mut plain = CreateTableBuilder::new(create.name.clone())
        .columns(create.columns.clone())
        .constraints(create.constraints.clone())
        .if_not_exists(create.if_not_exists)
        .build();
    if create.hive_formats == Some(sp::HiveFormat::default()) {
        plain.hive_formats = Some(sp::HiveFormat::default());
    }
    // STRICT is how every table here is; WITHOUT ROWID chooses a storage this database chooses itself.
    plain.strict = create.strict;
    plain.without_rowid = create.without_rowid;
    plain.query.clone_from(&create.query);
    refuse(plain != *create, "a table option", at)
}
