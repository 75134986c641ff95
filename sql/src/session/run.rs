//! One statement through to its result.

use super::control::{Control, State};
use super::convert::Bound;
use super::prepare::{Cache, Prepared, Ready};
use super::rows::{Feed, Source};
use super::schema::change_schema;
use super::setting::Choices;
use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind, Result, state};
use crate::execute::{
    Changed, Direct, Execution, Held, Measures, Outcome, Scratch, Settings, Spare, Stop, run_change,
};
use crate::functions::SessionNumbers;
use crate::parse::{Parameters, ast};
use crate::plan::{self, OutputColumn, Plan, explain};
use crate::storage::Transaction;
use crate::types::{DataType, Value};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What a connection owns.
pub(super) struct Session {
    pub(super) control: Control,
    pub(super) cache: Cache,
    /// Rows changed by the last INSERT, UPDATE or DELETE, and by all.
    pub(super) changes: u64,
    pub(super) total_changes: u64,
    pub(super) last_rowid: i64,
    pub(super) circumstances: Circumstances,
    scratch: Scratch,
    /// Whether statements may be run without operators.
    pub(super) directly: bool,
}

/// What the settings of a statement are made of.
pub(super) struct Circumstances {
    pub(super) choices: Choices,
    pub(super) stop: Arc<Stop>,
    random: RandomState,
    /// While EXPLAIN ANALYZE runs.
    measures: Option<Arc<Measures>>,
    statements: u64,
}

impl Circumstances {
    fn settings(&mut self, session: SessionNumbers, defer_foreign_keys: bool) -> Settings {
        self.statements += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Settings {
            memory_limit: self.choices.memory_limit,
            division_by_zero_is_null: self.choices.division_by_zero_is_null,
            defer_foreign_keys,
            deadline: self.choices.statement_timeout.and_then(|time| Instant::now().checked_add(time)),
            interrupts_seen: self.stop.interrupts(),
            stop: self.stop.clone(),
            now_us: i64::try_from(now.as_micros()).unwrap_or(i64::MAX),
            random: self.random.hash_one(self.statements),
            session,
            measures: self.measures.clone(),
        }
    }

    /// An error when the statement was interrupted.
    fn look_up(&self) -> Result<()> {
        self.stop.check(self.stop.interrupts())
    }
}

impl Session {
    pub(super) fn new(control: Control) -> Self {
        let circumstances = Circumstances {
            choices: Choices::new(&control.shared.options),
            stop: Arc::default(),
            random: RandomState::new(),
            measures: None,
            statements: 0,
        };
        Session {
            circumstances,
            control,
            cache: Cache::default(),
            changes: 0,
            total_changes: 0,
            last_rowid: 0,
            scratch: Scratch::default(),
            directly: true,
        }
    }

    fn settings(&mut self) -> Settings {
        let numbers = self.numbers();
        let defers = self.control.defers_foreign_keys;
        self.circumstances.settings(numbers, defers)
    }

    fn numbers(&self) -> SessionNumbers {
        SessionNumbers {
            last_rowid: self.last_rowid,
            changes: i64::try_from(self.changes).unwrap_or(i64::MAX),
            total_changes: i64::try_from(self.total_changes).unwrap_or(i64::MAX),
        }
    }

    /// The columns of a statement's result.
    pub(super) fn columns(&mut self, prepared: &Prepared) -> Result<Arc<[OutputColumn]>> {
        let Some(parsed) = &prepared.parsed else { return Ok(Arc::from([])) };
        match &parsed.statement {
            ast::Statement::Query(_)
            | ast::Statement::Insert(_)
            | ast::Statement::Update(_)
            | ast::Statement::Delete(_) => Ok(self.plan(prepared, &[])?.columns.clone()),
            ast::Statement::Explain { .. } => {
                self.plan(prepared, &[])?;
                Ok(Arc::from([OutputColumn { name: "plan".to_owned(), data_type: DataType::TEXT }]))
            }
            ast::Statement::Show(Some(name)) => Ok(texts(&[self.circumstances.choices.show(name)?.0])),
            ast::Statement::Pragma { name, argument } => self.pragma_columns(name, argument.as_ref()),
            ast::Statement::Show(None) => Ok(texts(&["name", "setting", "description"])),
            _ => Ok(Arc::from([])),
        }
    }

    /// The schema as of now.
    pub(super) fn catalog(&self) -> Result<Arc<Catalog>> {
        self.reading(|transaction| self.control.catalog(transaction))
    }

    /// Looks at something as of now, without touching the transaction.
    pub(super) fn reading<T>(&self, look: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        match &self.control.state {
            State::Writing(transaction) => look(transaction),
            State::Reading(snapshot) => look(snapshot),
            State::Idle | State::Deferred => look(&self.control.shared.store.read()?),
        }
    }

    /// The plan as of now, without touching the transaction.
    pub(super) fn plan(&mut self, prepared: &Prepared, values: &[Value]) -> Result<Arc<Ready>> {
        self.reading(|transaction| {
            let catalog = self.control.catalog(transaction)?;
            prepared.plan(&catalog, transaction, values)
        })
    }

    /// Runs a statement. The parameters are given away or not; the row of a point is in the spare
    /// values.
    pub(super) fn run(
        &mut self,
        prepared: &Prepared,
        parameters: &mut Vec<Value>,
        spare: &mut Spare,
    ) -> Result<Source> {
        let wanted = prepared.parsed.as_ref().map_or(0, |parsed| parsed.parameters.len());
        if parameters.len() != wanted {
            return Err(wrong_count(wanted, parameters.len()));
        }
        let Some(parsed) = &prepared.parsed else { return Ok(Source::none()) };
        self.run_statement(prepared, &parsed.statement, parameters, spare)
            .map_err(|error| error.locate(&prepared.sql))
    }

    fn run_statement(
        &mut self,
        prepared: &Prepared,
        statement: &ast::Statement,
        parameters: &mut Vec<Value>,
        spare: &mut Spare,
    ) -> Result<Source> {
        use ast::Statement as S;
        match statement {
            S::Query(_) => match self.query_directly(prepared, parameters, spare)? {
                Some(source) => Ok(source),
                None => self.query(prepared, std::mem::take(parameters)),
            },
            S::Insert(_) | S::Update(_) | S::Delete(_) => self.change(prepared, parameters),
            S::CreateView(create) if create.temporary => {
                self.no_parameters(prepared)?;
                let catalog = self.catalog()?;
                self.control.create_temporary_view(&catalog, create, &prepared.sql).map(|()| Source::none())
            }
            S::DropView { names, .. } if self.drops_temporary(names) => Ok(Source::none()),
            S::CreateTable(_)
            | S::AlterTable(_)
            | S::CreateIndex(_)
            | S::CreateView(_)
            | S::DropTable { .. }
            | S::DropView { .. }
            | S::DropIndex { .. }
            | S::Reindex(_) => self.define(prepared, statement),
            S::Begin { immediate } => self.control.begin(*immediate).map(|()| Source::none()),
            S::Commit => self.control.commit().map(|()| Source::none()),
            S::Rollback { to: None } => self.control.rollback().map(|()| Source::none()),
            S::Rollback { to: Some(name) } => {
                self.control.rollback_to(&name.text).map_err(|e| e.at(name.at)).map(|()| Source::none())
            }
            S::Savepoint(name) => self.control.savepoint(&name.text).map(|()| Source::none()),
            S::Release(name) => {
                self.control.release(&name.text).map_err(|e| e.at(name.at)).map(|()| Source::none())
            }
            S::Set { name, value } => {
                self.circumstances.choices.set(name, value.as_ref(), &self.control.shared.options)?;
                Ok(Source::none())
            }
            S::Show(Some(name)) => {
                let (name, value) = self.circumstances.choices.show(name)?;
                Source::of(texts(&[name]), &[vec![Value::Text(value)]])
            }
            S::Show(None) => {
                let rows: Vec<Vec<Value>> =
                    self.circumstances.choices.all().map(|row| row.map(Value::Text).to_vec()).collect();
                Source::of(self.columns(prepared)?, &rows)
            }
            S::Pragma { name, argument } => self.pragma(name, argument.as_ref()),
            S::Explain { analyze: false, .. } => {
                let plan = self.plan(prepared, parameters)?;
                self.lines(prepared, explain(&plan, |_| None))
            }
            S::Explain { analyze: true, .. } => {
                let shared = self.control.shared.clone();
                let measures = Arc::new(Measures::new(move || shared.store.pages_seen()));
                self.circumstances.measures = Some(measures.clone());
                let result = self.analyze(prepared, std::mem::take(parameters), &measures);
                self.circumstances.measures = None;
                result
            }
        }
    }

    /// Runs a statement to its end and tells what its operators did.
    fn analyze(
        &mut self,
        prepared: &Prepared,
        parameters: Vec<Value>,
        measures: &Measures,
    ) -> Result<Source> {
        let (plan, start) = (self.plan(prepared, &parameters)?, Instant::now());
        let mut rows = 0;
        match &plan.plan {
            Plan::Query(_) => {
                let mut source = self.query(prepared, parameters)?;
                while let Some(batch) = source.next()? {
                    rows += batch.len() as u64;
                }
            }
            Plan::Change(_) => {
                self.change(prepared, &parameters)?;
                rows = self.changes;
            }
        }
        let time = start.elapsed().as_secs_f64() * 1000.0;
        let mut lines = explain(&plan, |part| Some(measures.of(part)));
        lines.push(format!("In all: rows {rows}, {time:.3} ms"));
        self.lines(prepared, lines)
    }

    /// Lines of text as rows.
    fn lines(&mut self, prepared: &Prepared, lines: Vec<String>) -> Result<Source> {
        let rows: Vec<Vec<Value>> = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
        Source::of(self.columns(prepared)?, &rows)
    }

    /// Changes the schema.
    fn define(&mut self, prepared: &Prepared, statement: &ast::Statement) -> Result<Source> {
        self.no_parameters(prepared)?;
        if let ast::Statement::AlterTable(alter) = statement {
            let table = &alter.table;
            let checked = self.control.none_pending(&*self.catalog()?, &table.text);
            checked.map_err(|error| error.at(table.at))?;
        }
        let settings = self.settings();
        let change = |transaction: &mut _, catalog: &_| {
            change_schema(transaction, catalog, statement, &prepared.sql, &settings)
        };
        self.control.write_schema(change).map(|()| Source::none())
    }

    /// Definitions are kept as they are written, and parameters would be missing in them.
    fn no_parameters(&self, prepared: &Prepared) -> Result<()> {
        match &prepared.parsed {
            Some(parsed) if parsed.parameters.len() > 0 => Err(Error::new(
                ErrorKind::Usage,
                state::UNDEFINED_PARAMETER,
                "a definition cannot have parameters",
            )),
            _ => Ok(()),
        }
    }

    /// Drops the one view that is named, if it is a temporary one.
    fn drops_temporary(&mut self, names: &[ast::Name]) -> bool {
        match names {
            [name] => self.control.drop_temporary_view(name),
            _ => false,
        }
    }

    /// Whether a statement may be run without operators. Those look at the clock and can be measured;
    /// what is done directly sees interrupts alone.
    fn may_directly(&self) -> bool {
        let Circumstances { measures, choices, .. } = &self.circumstances;
        self.directly && measures.is_none() && choices.statement_timeout.is_none()
    }

    /// Runs a query without operators, if it can be.
    fn query_directly(
        &mut self,
        prepared: &Prepared,
        parameters: &[Value],
        spare: &mut Spare,
    ) -> Result<Option<Source>> {
        if !self.may_directly() {
            return Ok(None);
        }
        let begun = match &self.control.state {
            // The writer's own changes may go on while the rows of a range are read.
            State::Writing(transaction) => {
                let begun = self.point(transaction, prepared, parameters, spare)?;
                return Ok(begun.and_then(|(ready, there)| Some(Source::point(&ready, there?))));
            }
            State::Idle => {
                let own = self.control.shared.store.read()?;
                self.point(&own, prepared, parameters, spare)?.map(|begun| (begun, Held::Own(own)))
            }
            State::Deferred | State::Reading(_) => {
                let Some(shared) = self.control.snapshot()? else { return Ok(None) };
                self.point(&shared, prepared, parameters, spare)?.map(|begun| (begun, Held::Shared(shared)))
            }
        };
        let Some(((ready, there), held)) = begun else { return Ok(None) };
        if let Some(there) = there {
            return Ok(Some(Source::point(&ready, there)));
        }
        if let Some(Direct::Read(read)) = &ready.direct {
            read.begin(held, parameters, &self.circumstances.stop, spare)?;
        }
        let columns = ready.columns.clone();
        Ok(Some(Source { columns, feed: Feed::Range(ready) }))
    }

    /// The plan, if it needs no operators, and whether the row of a point is there; none inside: it is
    /// a range.
    fn point(
        &self,
        transaction: &Transaction,
        prepared: &Prepared,
        parameters: &[Value],
        spare: &mut Spare,
    ) -> Result<Option<(Arc<Ready>, Option<bool>)>> {
        let ready = prepared.plan(&self.control.catalog(transaction)?, transaction, parameters)?;
        let Some(Direct::Read(read)) = &ready.direct else { return Ok(None) };
        self.circumstances.look_up()?;
        let there = read.point(transaction, parameters, spare)?;
        Ok(Some((ready, there)))
    }

    fn query(&mut self, prepared: &Prepared, parameters: Vec<Value>) -> Result<Source> {
        let settings = self.settings();
        if let Some(transaction) = self.control.snapshot()? {
            let catalog = self.control.catalog(&transaction)?;
            let statement = prepared.plan(&catalog, &transaction, &parameters)?;
            let columns = statement.columns.clone();
            let execution = Box::new(Execution::new(root(&statement)?, settings));
            return Ok(Source {
                columns,
                feed: Feed::Streaming {
                    transaction,
                    execution,
                    statement,
                    parameters,
                    sql: prepared.sql.clone(),
                },
            });
        }
        // The writer's own changes may go on while the rows are read: they are read now.
        let statement = self.plan(prepared, &parameters)?;
        let State::Writing(transaction) = &self.control.state else {
            return Err(Error::internal("not writing"));
        };
        let mut execution = Execution::new(root(&statement)?, settings);
        let mut batches = VecDeque::new();
        while let Some(batch) = execution.next(transaction, &statement, &parameters)? {
            batches.push_back(batch);
        }
        Ok(Source { columns: statement.columns.clone(), feed: Feed::Buffered(batches) })
    }

    fn change(&mut self, prepared: &Prepared, parameters: &[Value]) -> Result<Source> {
        let (directly, numbers, defers) =
            (self.may_directly(), self.numbers(), self.control.defers_foreign_keys);
        let Session { control, circumstances, scratch, .. } = self;
        let (columns, outcome) = control.write(|transaction, catalog, keep| {
            let ready = prepared.plan(catalog, transaction, parameters)?;
            let Plan::Change(change) = &ready.plan else { return Err(Error::internal("not a change")) };
            let columns = ready.columns.clone();
            if let (true, Some(Direct::Change(direct))) = (directly, &ready.direct) {
                circumstances.look_up()?;
                let Changed { rows, last_rowid } = direct.run(transaction, parameters, keep, scratch)?;
                return Ok((columns, Outcome { changed: rows, last_rowid, ..Outcome::default() }));
            }
            let settings = circumstances.settings(numbers, defers);
            Ok((columns, run_change(change, &ready, transaction, parameters, settings, keep)?))
        })?;
        self.control.pending.extend(outcome.pending);
        self.changes = outcome.changed;
        self.total_changes += outcome.changed;
        if let Some(rowid) = outcome.last_rowid {
            self.last_rowid = rowid;
        }
        Ok(Source { columns, feed: Feed::Buffered(outcome.returned.into()) })
    }
}

/// Columns of text.
fn texts(names: &[&str]) -> Arc<[OutputColumn]> {
    names.iter().map(|name| OutputColumn { name: (*name).to_owned(), data_type: DataType::TEXT }).collect()
}

fn root(statement: &plan::Statement) -> Result<&plan::Physical> {
    match &statement.plan {
        Plan::Query(plan) => Ok(plan),
        Plan::Change(_) => Err(Error::internal("not a query")),
    }
}

fn wrong_count(wanted: usize, given: usize) -> Error {
    Error::usage(format!("the statement has {wanted} parameters, {given} values were given"))
}

/// The values of a statement's parameters by their numbers.
pub(super) fn values(bound: Bound, prepared: &Prepared) -> Result<Vec<Value>> {
    let none = Parameters::default();
    let parameters = prepared.parsed.as_ref().map_or(&none, |parsed| &parsed.parameters);
    let wanted = parameters.len();
    match bound {
        Bound::Numbered(values) => Ok(values),
        Bound::Named(pairs) => {
            let mut out: Vec<Option<Value>> = vec![None; wanted];
            for (name, value) in pairs {
                let index = parameters.index(&name);
                let place = index.and_then(|index| out.get_mut(index));
                *place.ok_or_else(|| Error::usage(format!("the statement has no parameter {name}")))? =
                    Some(value);
            }
            let missing = |index: usize| match parameters.name(index) {
                Some(name) => Error::usage(format!("the parameter {name} has no value")),
                None => Error::usage(format!("parameter {} has no value", index + 1)),
            };
            out.into_iter().enumerate().map(|(index, value)| value.ok_or_else(|| missing(index))).collect()
        }
    }
}
