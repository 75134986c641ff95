//! Binding of one SELECT.
//!
//! The items, HAVING and ORDER BY are bound over the columns of FROM first. When the query is
//! grouped, what equals a group expression is then replaced by the group's column, and what is
//! left over of FROM's columns must depend on a whole primary key among the groups.

use super::Binder;
use super::collate::{collate, collated};
use super::query::{Output, OutputId, ordinal, sort_key};
use super::scope::{Named, ScopeColumn};
use crate::error::{Error, ErrorKind, Position, Result, state};
use crate::expression::{self as build, Aggregate, Expression, SortKey};
use crate::parse::ast::{Expr, ExprKind, Name, OrderItem, Select, SelectItem};
use crate::plan::{ColumnId, Logical};

/// An item of the result.
struct Item {
    name: String,
    expression: Expression,
    at: Position,
}

/// A SELECT bound over FROM, before grouping.
struct Parts {
    items: Vec<Item>,
    groups: Vec<(Expression, Position)>,
    having: Option<(Expression, Position)>,
    order: Vec<(SortKey, Position)>,
    distinct: bool,
    /// DISTINCT ON.
    distinct_on: Vec<(Expression, Position)>,
    aggregates: Vec<(ColumnId, Aggregate)>,
}

impl<'a> Binder<'a> {
    pub(super) fn select(&mut self, select: &'a Select, order_by: &'a [OrderItem]) -> Result<Output> {
        let block = self.level()?.enter();
        let output = self.select_block(select, order_by);
        self.level()?.leave(block);
        output.map_err(|error| error.at(select.at))
    }

    fn select_block(&mut self, select: &'a Select, order_by: &'a [OrderItem]) -> Result<Output> {
        let (plan, tables) = self.from(&select.from)?;
        self.level()?.tables = tables;
        self.level()?.place = "WHERE";
        let filter = select.filter.as_ref().map(|expr| self.condition(expr, "WHERE")).transpose()?;
        let mut plan = plan.filter(filter);
        let mut parts = self.parts(select, order_by)?;
        let grouped = !parts.groups.is_empty() || !parts.aggregates.is_empty() || parts.having.is_some();
        if grouped {
            plan = self.group(plan, &mut parts)?;
        }
        self.project(plan, parts)
    }

    fn parts(&mut self, select: &'a Select, order_by: &'a [OrderItem]) -> Result<Parts> {
        self.level()?.aggregates = Some(Vec::new());
        let mut items = Vec::new();
        let mut aliases = Vec::new();
        for item in &select.items {
            self.item(item, select.at, &mut items, &mut aliases)?;
        }
        let found = self.level()?.aggregates.take();
        self.level()?.aliases = aliases;
        self.level()?.place = "GROUP BY";
        let mut groups = Vec::with_capacity(select.group_by.len());
        for expr in &select.group_by {
            let (expr, collation) = collated(expr);
            let expression = match ordinal(expr, items.len())?.and_then(|index| items.get(index)) {
                Some(item) => item.expression.clone(),
                None => self.expr(expr)?,
            };
            groups.push((build::settle(collate(expression, collation)?)?, expr.at));
        }
        self.level()?.aggregates = found;
        let having = match &select.having {
            Some(expr) => Some((self.condition(expr, "HAVING")?, expr.at)),
            None => None,
        };
        let mut order = Vec::with_capacity(order_by.len());
        for item in order_by {
            order.push((self.order_item(item, &items)?, item.expr.at));
        }
        let mut distinct_on = Vec::with_capacity(select.distinct_on.len());
        for expr in &select.distinct_on {
            distinct_on.push((build::settle(self.order_expr(expr, &items)?)?, expr.at));
        }
        let aggregates = self.level()?.aggregates.take().unwrap_or_default();
        for (group, at) in &groups {
            let of = |id: usize| aggregates.iter().any(|(known, _)| *known == id);
            if uses(group, of).is_some() {
                return Err(grouping("an aggregate is not allowed in GROUP BY").at(*at));
            }
        }
        Ok(Parts { items, groups, having, order, distinct: select.distinct, distinct_on, aggregates })
    }

    fn order_item(&mut self, item: &'a OrderItem, items: &[Item]) -> Result<SortKey> {
        let (expr, collation) = collated(&item.expr);
        let expression = self.order_expr(expr, items)?;
        sort_key(item, collate(expression, collation)?)
    }

    fn order_expr(&mut self, expr: &'a Expr, items: &[Item]) -> Result<Expression> {
        if let Some(found) = ordinal(expr, items.len())?.and_then(|index| items.get(index)) {
            return Ok(found.expression.clone());
        }
        if let ExprKind::Column(names) = &expr.kind
            && let [name] = names.as_slice()
            && let Some(expression) = alias_of(&self.level()?.aliases, name)
        {
            return Ok(expression);
        }
        self.expr(expr)
    }

    fn item(
        &mut self,
        item: &'a SelectItem,
        start: Position,
        items: &mut Vec<Item>,
        aliases: &mut Vec<(String, Expression)>,
    ) -> Result<()> {
        let all = |table: &Named, at: Position| -> Vec<Item> {
            let visible = table.columns.iter().filter(|column| !column.merged && !column.hidden);
            visible.map(|column| star_item(column, column.meant(), at)).collect()
        };
        match item {
            SelectItem::All(at) => {
                let tables = &self.level()?.tables;
                if tables.is_empty() {
                    return Err(Error::syntax("* needs a table in FROM").at(*at));
                }
                items.extend(tables.iter().flat_map(|table| all(table, *at)));
            }
            SelectItem::AllOf(name) => {
                let tables = &self.level()?.tables;
                let table = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&name.text));
                let Some(table) = table else {
                    let message = format!("there is no table {} in FROM", name.text);
                    return Err(Error::name(state::NO_TABLE, message).at(name.at));
                };
                let visible = table.columns.iter().filter(|column| !column.hidden);
                items.extend(visible.map(|column| star_item(column, column.own(), name.at)));
            }
            SelectItem::Expr { expr, alias } => {
                self.level()?.place = "SELECT";
                let expression = self.expr(expr)?;
                let name = match alias {
                    Some(alias) => {
                        aliases.push((alias.text.clone(), expression.clone()));
                        alias.text.clone()
                    }
                    None => self.item_name(expr, &expression),
                };
                let at = if expr.at.line > 0 { expr.at } else { start };
                items.push(Item { name, expression, at });
            }
        }
        Ok(())
    }

    /// What an item without an alias is called.
    fn item_name(&self, expr: &Expr, bound: &Expression) -> String {
        if let Expression::Column { index, .. } = bound
            && let Some(level) = self.levels.last()
        {
            let mut columns = level.tables.iter().flat_map(|table| &table.columns);
            if let Some(column) = columns.find(|column| column.id == *index) {
                return column.name.clone();
            }
        }
        match &expr.kind {
            ExprKind::Column(names) => names.last().map_or_else(String::new, |name| name.text.clone()),
            ExprKind::Function(call) => call.name.text.to_lowercase(),
            ExprKind::Cast { operand, data_type } => match &operand.kind {
                ExprKind::Column(_) => self.item_name(operand, bound),
                _ => data_type.name().to_owned(),
            },
            ExprKind::Case { .. } => "case".to_owned(),
            ExprKind::Exists { .. } => "exists".to_owned(),
            _ => "?column?".to_owned(),
        }
    }

    /// Puts the grouping on the plan and rewrites what stands above it.
    fn group(&mut self, plan: Logical, parts: &mut Parts) -> Result<Logical> {
        let mut groups: Vec<(ColumnId, Expression)> = Vec::with_capacity(parts.groups.len());
        for (expression, _) in std::mem::take(&mut parts.groups) {
            if !groups.iter().any(|(_, known)| *known == expression) {
                groups.push((self.fresh()?, expression));
            }
        }
        self.add_dependent(&mut groups, parts)?;
        let aggregates = std::mem::take(&mut parts.aggregates);
        let known = |id: ColumnId| {
            groups.iter().any(|(group, _)| *group == id)
                || aggregates.iter().any(|(aggregate, _)| *aggregate == id)
        };
        let items = parts.items.iter_mut().map(|item| (&mut item.expression, item.at));
        let having = parts.having.iter_mut().map(|(expression, at)| (expression, *at));
        let order = parts.order.iter_mut().map(|(key, at)| (&mut key.expression, *at));
        let on = parts.distinct_on.iter_mut().map(|(expression, at)| (expression, *at));
        for (expression, at) in items.chain(having).chain(order).chain(on) {
            regroup(expression, &groups);
            if let Some(id) = uses(expression, |id| !known(id)) {
                return Err(self.not_grouped(id).at(at));
            }
        }
        let plan = Logical::Aggregate { input: Box::new(plan), groups, aggregates };
        Ok(plan.filter(parts.having.take().map(|(expression, _)| expression)))
    }

    /// Columns of a table whose whole primary key is grouped by are groups, too.
    fn add_dependent(&mut self, groups: &mut Vec<(ColumnId, Expression)>, parts: &Parts) -> Result<()> {
        let mut used = Vec::new();
        let mut note = |expression: &Expression| expression.columns(|id| used.push(id));
        parts.items.iter().for_each(|item| note(&item.expression));
        parts.having.iter().for_each(|(expression, _)| note(expression));
        parts.order.iter().for_each(|(key, _)| note(&key.expression));
        parts.distinct_on.iter().for_each(|(expression, _)| note(expression));
        let mut extra = Vec::new();
        let is_group = |groups: &[(ColumnId, Expression)], id: ColumnId| {
            groups.iter().any(|(_, g)| matches!(g, Expression::Column { index, .. } if *index == id))
        };
        for named in &self.level()?.tables {
            let Some(table) = &named.table else { continue };
            let key = table.primary_key();
            let id_of = |column: &usize| named.columns.get(*column).map(|column| column.id);
            let whole =
                !key.is_empty() && key.iter().all(|c| id_of(c).is_some_and(|id| is_group(groups, id)));
            if whole {
                let wanted = named.columns.iter().filter(|c| used.contains(&c.id) && !is_group(groups, c.id));
                extra.extend(wanted.map(|c| Expression::column(c.id, c.data_type)));
            }
        }
        for expression in extra {
            groups.push((self.fresh()?, expression));
        }
        Ok(())
    }

    fn not_grouped(&mut self, id: ColumnId) -> Error {
        let tables = self.levels.last().map_or(&[][..], |level| &level.tables);
        let name = tables.iter().find_map(|table| {
            let column = table.columns.iter().find(|column| column.id == id)?;
            Some(format!("{}.{}", table.name, column.name))
        });
        let name = name.unwrap_or_else(|| "a column".to_owned());
        grouping(&format!("{name} is neither in GROUP BY nor inside an aggregate"))
            .hint("add it to GROUP BY, or take min() or max() of it")
    }

    /// Projection, DISTINCT and ORDER BY.
    fn project(&mut self, plan: Logical, parts: Parts) -> Result<Output> {
        let distinct = parts.distinct;
        let mut columns = Vec::with_capacity(parts.items.len());
        let mut expressions: Vec<(ColumnId, Expression)> = Vec::with_capacity(parts.items.len());
        for mut item in parts.items {
            let id = self.fresh()?;
            if distinct && !matches!(item.expression, Expression::Parameter { .. }) {
                // What rows are told apart by, and ordered by, has a type; a parameter's is that
                // of its value.
                item.expression = build::settle(item.expression)?;
            }
            columns.push(OutputId { name: item.name, id, data_type: item.expression.data_type() });
            expressions.push((id, item.expression));
        }
        let mut keys = Vec::with_capacity(parts.order.len());
        for (key, at) in parts.order {
            let data_type = key.expression.data_type();
            let known = expressions.iter().find(|(_, expression)| *expression == key.expression);
            let id = match known {
                Some((id, _)) => *id,
                None if distinct => {
                    let message = "with DISTINCT, ORDER BY can only use what is selected";
                    return Err(Error::new(ErrorKind::Syntax, "42P10", message).at(at));
                }
                None => {
                    let id = self.fresh()?;
                    expressions.push((id, key.expression));
                    id
                }
            };
            keys.push(SortKey { expression: Expression::column(id, data_type), ..key });
        }
        if !parts.distinct_on.is_empty() {
            let plan = self.first_of_each(plan, expressions, keys, parts.distinct_on)?;
            return Ok(Output { plan, columns });
        }
        let mut plan = Logical::Project { input: Box::new(plan), expressions };
        if distinct {
            let output = self.settled(Output { plan, columns })?;
            columns = output.columns;
            let ids = columns.iter().map(|column| column.id).collect();
            plan = Logical::Distinct { input: Box::new(output.plan), columns: ids, on: vec![] };
        }
        if !keys.is_empty() {
            plan = Logical::Sort { input: Box::new(plan), keys };
        }
        Ok(Output { plan, columns })
    }

    /// DISTINCT ON: the first row in the order for each value of some expressions.
    fn first_of_each(
        &mut self,
        plan: Logical,
        mut expressions: Vec<(ColumnId, Expression)>,
        keys: Vec<SortKey>,
        on: Vec<(Expression, Position)>,
    ) -> Result<Logical> {
        let mut ids = Vec::with_capacity(on.len());
        for (expression, _) in &on {
            let known = expressions.iter().find(|(_, known)| known == expression);
            let id = match known {
                Some((id, _)) => *id,
                None => {
                    let id = self.fresh()?;
                    expressions.push((id, expression.clone()));
                    id
                }
            };
            ids.push(id);
        }
        let leading = keys.iter().take(ids.len()).map(|key| &key.expression);
        let mut leading = leading.zip(&on);
        let wrong =
            leading.find(|(key, _)| !matches!(key, Expression::Column { index, .. } if ids.contains(index)));
        if let Some((_, (_, at))) = wrong {
            let message = "ORDER BY must begin with the expressions of DISTINCT ON";
            return Err(Error::new(ErrorKind::Syntax, "42P10", message).at(*at));
        }
        let columns = expressions.iter().map(|(id, _)| *id).collect();
        let plan = Logical::Project { input: Box::new(plan), expressions };
        let sorted = |plan: Logical| match keys.is_empty() {
            true => plan,
            false => Logical::Sort { input: Box::new(plan), keys: keys.clone() },
        };
        let first = Logical::Distinct { input: Box::new(sorted(plan)), columns, on: ids };
        Ok(sorted(first))
    }
}

fn star_item(column: &ScopeColumn, expression: Expression, at: Position) -> Item {
    Item { name: column.name.clone(), expression, at }
}

fn alias_of(aliases: &[(String, Expression)], name: &Name) -> Option<Expression> {
    let mut matching = aliases.iter().filter(|(alias, _)| alias.eq_ignore_ascii_case(&name.text));
    matching.next().map(|(_, expression)| expression.clone())
}

/// Replaces whatever equals a group expression by the group's column, outermost first.
fn regroup(expression: &mut Expression, groups: &[(ColumnId, Expression)]) {
    match groups.iter().find(|(_, group)| group == expression) {
        Some((id, group)) => *expression = Expression::column(*id, group.data_type()),
        None => expression.for_each_child_mut(|child| regroup(child, groups)),
    }
}

/// A column used for which the test holds.
fn uses(expression: &Expression, test: impl Fn(ColumnId) -> bool) -> Option<ColumnId> {
    let mut found = None;
    expression.columns(|id| {
        if found.is_none() && test(id) {
            found = Some(id);
        }
    });
    found
}

fn grouping(message: &str) -> Error {
    Error::new(ErrorKind::Name, state::GROUPING, message)
}
