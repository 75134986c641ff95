//! Translation of queries.

use super::ast::{
    Cte, Expr, ExprKind, JoinCondition, JoinKind, Name, OrderItem, Query, Select, SelectItem, SetExpr, SetOp,
    TableAlias, TableRef,
};
use super::dialect::SCHEMA;
use super::{Translator, refuse, tokens};
use crate::error::{Error, ErrorKind, Position, Result, state};
use crate::types::Value;
use sqlparser::ast::{self as sp};

/// How many set operations and queries may nest in each other.
const QUERY_DEPTH_MAX: usize = 100;

impl Translator {
    pub(super) fn query(&mut self, query: sp::Query) -> Result<Query> {
        self.deeper()?;
        let result = self.any_query(query);
        self.depth -= 1;
        result
    }

    fn deeper(&mut self) -> Result<()> {
        if self.depth >= QUERY_DEPTH_MAX {
            let message = format!("queries nest more than {QUERY_DEPTH_MAX} deep");
            return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message).at(self.last));
        }
        self.depth += 1;
        Ok(())
    }

    fn any_query(&mut self, query: sp::Query) -> Result<Query> {
        let sp::Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let with = with.map(|with| self.with(with)).transpose()?.unwrap_or_default();
        let body = self.set_expr(*body)?;
        let order_by = order_by.map(|order| self.order_by(order)).transpose()?.unwrap_or_default();
        let (mut limit, offset) = match limit_clause {
            Some(clause) => self.limit(clause)?,
            None => (None, None),
        };
        if let Some(sp::Fetch { with_ties, percent, quantity }) = fetch {
            refuse(with_ties, "FETCH .. WITH TIES", self.last)?;
            refuse(percent, "FETCH .. PERCENT", self.last)?;
            let one = Expr { kind: ExprKind::Literal(Value::Integer(1)), at: self.last };
            refuse(limit.is_some(), "LIMIT together with FETCH", self.last)?;
            limit = Some(quantity.map(|e| self.expr(e)).transpose()?.unwrap_or(one));
        }
        refuse(!locks.is_empty(), "FOR UPDATE", self.last)?;
        refuse(for_clause.is_some(), "FOR", self.last)?;
        refuse(settings.is_some(), "SETTINGS", self.last)?;
        refuse(format_clause.is_some(), "FORMAT", self.last)?;
        refuse(!pipe_operators.is_empty(), "|>", self.last)?;
        Ok(Query { with, body, order_by, limit, offset })
    }

    fn with(&mut self, with: sp::With) -> Result<Vec<Cte>> {
        let sp::With { with_token, recursive, cte_tables } = with;
        self.last = tokens::position(with_token.0.span.start);
        cte_tables.into_iter().map(|cte| self.cte(cte, recursive)).collect()
    }

    fn cte(&mut self, cte: sp::Cte, recursive: bool) -> Result<Cte> {
        let sp::Cte { alias, query, from, materialized: _, closing_paren_token: _ } = cte;
        let TableAlias { name, columns } = self.alias(alias)?;
        refuse(from.is_some(), "FROM in WITH", name.at)?;
        let query = self.query(*query)?;
        Ok(Cte { name, columns, recursive, query })
    }

    fn set_expr(&mut self, body: sp::SetExpr) -> Result<SetExpr> {
        match body {
            sp::SetExpr::Select(select) => Ok(SetExpr::Select(Box::new(self.select(*select)?))),
            sp::SetExpr::Query(query) => Ok(SetExpr::Query(Box::new(self.query(*query)?))),
            sp::SetExpr::Values(sp::Values { explicit_row, value_keyword, rows }) => {
                refuse(explicit_row || value_keyword, "VALUES ROW", self.last)?;
                let mut out = Vec::with_capacity(rows.len());
                for sp::Parens { opening_token, content, closing_token: _ } in rows {
                    self.last = tokens::position(opening_token.0.span.start);
                    out.push(self.exprs(content)?);
                }
                Ok(SetExpr::Values(out))
            }
            sp::SetExpr::SetOperation { left, op, set_quantifier, right } => {
                self.deeper()?;
                let left = Box::new(self.set_expr(*left)?);
                let at = self.last;
                let right = Box::new(self.set_expr(*right)?);
                self.depth -= 1;
                let all = match set_quantifier {
                    sp::SetQuantifier::All => true,
                    sp::SetQuantifier::Distinct | sp::SetQuantifier::None => false,
                    _ => return Err(Error::unsupported("BY NAME").at(at)),
                };
                let op = match op {
                    sp::SetOperator::Union => SetOp::Union,
                    sp::SetOperator::Intersect => SetOp::Intersect,
                    sp::SetOperator::Except | sp::SetOperator::Minus => SetOp::Except,
                };
                Ok(SetExpr::Operation { op, all, left, right, at })
            }
            sp::SetExpr::Table(table) => self.whole_table(*table),
            sp::SetExpr::Insert(_)
            | sp::SetExpr::Update(_)
            | sp::SetExpr::Delete(_)
            | sp::SetExpr::Merge(_) => Err(Error::unsupported("a change inside a query").at(self.last)),
        }
    }

    /// `TABLE main.t` is `SELECT * FROM t`. After `TABLE t` the parser skips two words unseen, so that
    /// is refused.
    fn whole_table(&mut self, table: sp::Table) -> Result<SetExpr> {
        let sp::Table { table_name, schema_name } = table;
        let at = self.last;
        refuse(schema_name.is_none(), "TABLE as a query", at)?;
        let other = schema_name.is_some_and(|schema| !schema.eq_ignore_ascii_case(SCHEMA));
        refuse(other, "a schema other than main", at)?;
        let text = table_name.ok_or_else(|| Error::syntax("TABLE needs a name").at(at))?;
        let name = Name { text, double_quoted: false, at };
        Ok(SetExpr::Select(Box::new(Select {
            distinct: false,
            distinct_on: vec![],
            items: vec![SelectItem::All(at)],
            from: vec![TableRef::Table { name, alias: None }],
            filter: None,
            group_by: vec![],
            having: None,
            at,
        })))
    }

    pub(super) fn select(&mut self, select: sp::Select) -> Result<Select> {
        let sp::Select {
            select_token,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        let at = tokens::position(select_token.0.span.start);
        self.last = at;
        refuse(!optimizer_hints.is_empty(), "an optimizer hint", at)?;
        refuse(select_modifiers.is_some_and(|m| m.is_any_set()), "a SELECT modifier", at)?;
        refuse(top.is_some(), "TOP", at)?;
        refuse(exclude.is_some(), "EXCLUDE", at)?;
        refuse(into.is_some(), "SELECT INTO", at)?;
        refuse(!lateral_views.is_empty(), "LATERAL VIEW", at)?;
        refuse(prewhere.is_some(), "PREWHERE", at)?;
        refuse(!connect_by.is_empty(), "CONNECT BY", at)?;
        refuse(!cluster_by.is_empty(), "CLUSTER BY", at)?;
        refuse(!distribute_by.is_empty(), "DISTRIBUTE BY", at)?;
        refuse(!sort_by.is_empty(), "SORT BY", at)?;
        refuse(!named_window.is_empty(), "WINDOW", at)?;
        refuse(qualify.is_some(), "QUALIFY", at)?;
        refuse(value_table_mode.is_some(), "SELECT AS", at)?;
        refuse(flavor != sp::SelectFlavor::Standard, "FROM before SELECT", at)?;
        let (distinct, distinct_on) = match distinct {
            None | Some(sp::Distinct::All) => (false, vec![]),
            Some(sp::Distinct::Distinct) => (true, vec![]),
            Some(sp::Distinct::On(list)) => (false, self.exprs(list)?),
        };
        let items = self.select_items(projection)?;
        let from = from.into_iter().map(|table| self.table_with_joins(table)).collect::<Result<_>>()?;
        let filter = selection.map(|e| self.expr(e)).transpose()?;
        let group_by = self.group_by(group_by)?;
        let having = having.map(|e| self.expr(e)).transpose()?;
        Ok(Select { distinct, distinct_on, items, from, filter, group_by, having, at })
    }

    fn group_by(&mut self, group_by: sp::GroupByExpr) -> Result<Vec<Expr>> {
        match group_by {
            sp::GroupByExpr::All(_) => Err(Error::unsupported("GROUP BY ALL").at(self.last)),
            sp::GroupByExpr::Expressions(list, modifiers) => {
                let list = self.exprs(list)?;
                refuse(!modifiers.is_empty(), "GROUP BY .. WITH", self.last)?;
                Ok(list)
            }
        }
    }

    pub(super) fn select_items(&mut self, items: Vec<sp::SelectItem>) -> Result<Vec<SelectItem>> {
        items.into_iter().map(|item| self.select_item(item)).collect()
    }

    fn select_item(&mut self, item: sp::SelectItem) -> Result<SelectItem> {
        match item {
            sp::SelectItem::UnnamedExpr(expr) => Ok(SelectItem::Expr { expr: self.expr(expr)?, alias: None }),
            sp::SelectItem::ExprWithAlias { expr, alias } => {
                let expr = self.expr(expr)?;
                Ok(SelectItem::Expr { expr, alias: Some(self.name(alias)) })
            }
            sp::SelectItem::ExprWithAliases { .. } => {
                Err(Error::unsupported("several aliases").at(self.last))
            }
            sp::SelectItem::Wildcard(options) => Ok(SelectItem::All(self.wildcard(options)?)),
            sp::SelectItem::QualifiedWildcard(kind, options) => {
                let name = match kind {
                    sp::SelectItemQualifiedWildcardKind::ObjectName(name) => self.object(name)?,
                    sp::SelectItemQualifiedWildcardKind::Expr(_) => {
                        return Err(Error::unsupported("* after an expression").at(self.last));
                    }
                };
                self.wildcard(options)?;
                Ok(SelectItem::AllOf(name))
            }
        }
    }

    fn wildcard(&mut self, options: sp::WildcardAdditionalOptions) -> Result<Position> {
        let sp::WildcardAdditionalOptions {
            wildcard_token,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        let at = tokens::position(wildcard_token.0.span.start);
        let any = opt_ilike.is_some()
            || opt_exclude.is_some()
            || opt_except.is_some()
            || opt_replace.is_some()
            || opt_rename.is_some()
            || opt_alias.is_some();
        refuse(any, "an option after *", at)?;
        Ok(at)
    }

    pub(super) fn table_with_joins(&mut self, table: sp::TableWithJoins) -> Result<TableRef> {
        let sp::TableWithJoins { relation, joins } = table;
        let mut left = self.table(relation)?;
        refuse(joins.len() > QUERY_DEPTH_MAX, "joining more than 100 tables", self.last)?;
        for sp::Join { relation, global, join_operator } in joins {
            refuse(global, "GLOBAL JOIN", self.last)?;
            let right = self.table(relation)?;
            let at = self.last;
            let (kind, condition) = self.join(join_operator)?;
            left = TableRef::Join { left: Box::new(left), right: Box::new(right), kind, condition, at };
        }
        Ok(left)
    }

    fn join(&mut self, operator: sp::JoinOperator) -> Result<(JoinKind, JoinCondition)> {
        use sp::JoinOperator as J;
        let (kind, constraint) = match operator {
            J::Join(c) | J::Inner(c) | J::CrossJoin(c) => (JoinKind::Inner, c),
            J::Left(c) | J::LeftOuter(c) => (JoinKind::Left, c),
            J::Right(c) | J::RightOuter(c) => (JoinKind::Right, c),
            J::FullOuter(c) => (JoinKind::Full, c),
            _ => return Err(Error::unsupported("this kind of join").at(self.last)),
        };
        let condition = match constraint {
            sp::JoinConstraint::On(expr) => JoinCondition::On(self.expr(expr)?),
            sp::JoinConstraint::Using(names) => {
                JoinCondition::Using(names.into_iter().map(|name| self.object(name)).collect::<Result<_>>()?)
            }
            sp::JoinConstraint::Natural => JoinCondition::Natural,
            sp::JoinConstraint::None => JoinCondition::None,
        };
        if kind != JoinKind::Inner && condition == JoinCondition::None {
            return Err(Error::syntax("an outer join needs ON or USING").at(self.last));
        }
        Ok((kind, condition))
    }

    fn table(&mut self, factor: sp::TableFactor) -> Result<TableRef> {
        match factor {
            sp::TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let name = self.object(name)?;
                let at = name.at;
                // NOT INDEXED leaves the way to the rows to the optimizer, where it is anyway.
                let hinted = with_hints.iter().any(|hint| !tokens::is_not_indexed(hint));
                refuse(hinted || !index_hints.is_empty(), "a table hint", at)?;
                refuse(version.is_some(), "a table version", at)?;
                refuse(with_ordinality, "WITH ORDINALITY", at)?;
                refuse(!partitions.is_empty(), "PARTITION", at)?;
                refuse(json_path.is_some(), "a path after a table", at)?;
                refuse(sample.is_some(), "TABLESAMPLE", at)?;
                let args = args.map(|args| self.table_arguments(args, at)).transpose()?;
                let alias = alias.map(|alias| self.alias(alias)).transpose()?;
                Ok(match args {
                    None => TableRef::Table { name, alias },
                    Some(args) => TableRef::Function { name, args, alias },
                })
            }
            sp::TableFactor::Derived { lateral, subquery, alias, sample } => {
                let at = self.last;
                refuse(lateral, "LATERAL", at)?;
                refuse(sample.is_some(), "TABLESAMPLE", at)?;
                let query = Box::new(self.query(*subquery)?);
                let alias = alias.map(|alias| self.alias(alias)).transpose()?;
                Ok(TableRef::Query { query, alias, at })
            }
            sp::TableFactor::NestedJoin { table_with_joins, alias } => {
                self.deeper()?;
                refuse(alias.is_some(), "an alias of a join", self.last)?;
                let table = self.table_with_joins(*table_with_joins)?;
                self.depth -= 1;
                Ok(table)
            }
            _ => Err(Error::unsupported("this kind of table in FROM").at(self.last)),
        }
    }

    /// The arguments of a function in FROM.
    fn table_arguments(&mut self, args: sp::TableFunctionArgs, at: Position) -> Result<Vec<Expr>> {
        let sp::TableFunctionArgs { args, settings } = args;
        refuse(settings.is_some(), "SETTINGS", at)?;
        let mut out = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                sp::FunctionArg::Unnamed(sp::FunctionArgExpr::Expr(expr)) => out.push(self.expr(expr)?),
                _ => return Err(Error::unsupported("a named or qualified argument").at(at)),
            }
        }
        Ok(out)
    }

    pub(super) fn alias(&mut self, alias: sp::TableAlias) -> Result<TableAlias> {
        let sp::TableAlias { explicit: _, name, columns, at } = alias;
        let name = self.name(name);
        refuse(at.is_some(), "AT after an alias", name.at)?;
        let mut names: Vec<Name> = Vec::with_capacity(columns.len());
        for sp::TableAliasColumnDef { name, data_type } in columns {
            let name = self.name(name);
            refuse(data_type.is_some(), "a type in an alias", name.at)?;
            names.push(name);
        }
        Ok(TableAlias { name, columns: names })
    }

    fn order_by(&mut self, order: sp::OrderBy) -> Result<Vec<OrderItem>> {
        let sp::OrderBy { kind, interpolate } = order;
        refuse(interpolate.is_some(), "INTERPOLATE", self.last)?;
        match kind {
            sp::OrderByKind::All(_) => Err(Error::unsupported("ORDER BY ALL").at(self.last)),
            sp::OrderByKind::Expressions(items) => self.order_items(items),
        }
    }

    pub(super) fn order_items(&mut self, items: Vec<sp::OrderByExpr>) -> Result<Vec<OrderItem>> {
        items.into_iter().map(|item| self.order_item(item)).collect()
    }

    pub(super) fn order_item(&mut self, item: sp::OrderByExpr) -> Result<OrderItem> {
        let sp::OrderByExpr { expr, options, with_fill } = item;
        let sp::OrderByOptions { sort, nulls_first } = options;
        let expr = self.expr(expr)?;
        refuse(with_fill.is_some(), "WITH FILL", expr.at)?;
        let descending = match sort {
            None | Some(sp::OrderBySort::Asc) => false,
            Some(sp::OrderBySort::Desc) => true,
            Some(sp::OrderBySort::Using(_)) => {
                return Err(Error::unsupported("ORDER BY .. USING").at(expr.at));
            }
        };
        Ok(OrderItem { expr, descending, nulls_first })
    }

    fn limit(&mut self, clause: sp::LimitClause) -> Result<(Option<Expr>, Option<Expr>)> {
        match clause {
            sp::LimitClause::LimitOffset { limit, offset, limit_by } => {
                refuse(!limit_by.is_empty(), "LIMIT .. BY", self.last)?;
                let limit = limit.map(|e| self.expr(e)).transpose()?;
                let offset = match offset {
                    Some(sp::Offset { value, rows: _ }) => Some(self.expr(value)?),
                    None => None,
                };
                Ok((limit, offset))
            }
            sp::LimitClause::OffsetCommaLimit { offset, limit } => {
                let offset = self.expr(offset)?;
                Ok((Some(self.expr(limit)?), Some(offset)))
            }
        }
    }
}
