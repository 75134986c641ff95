//! What running operators share: the transaction, parameters, subquery answers, memory.
//!
//! `State` is owned by one execution and lives as long; `Context` borrows it, the transaction and
//! the statement for one call. Answers of subqueries are remembered by the values they read from
//! the enclosing row, so a correlated subquery runs once for each different combination.

use std::sync::Arc;
use std::time::Instant;

use hashbrown::HashMap;

use super::measure::Measures;
use super::memory::{Account, Reservation};
use super::operator::{BoxedOperator, build};
use super::stop::Stop;
use crate::encoding::{KeyOrder, encode_value};
use crate::error::{Error, ErrorKind, Result, state};
use crate::expression::{Answer, Environment, Expression, Extremes, RowSet, Subquery, SubqueryKind};
use crate::functions::{CallContext, Growth, SessionNumbers};
use crate::plan::{Physical, Statement};
use crate::storage::Transaction;
use crate::types::{Batch, Value};

/// Limits and choices of a session for its statements.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The most memory the operators of a statement may hold, in bytes.
    pub(crate) memory_limit: usize,
    /// Division by zero is NULL instead of an error.
    pub(crate) division_by_zero_is_null: bool,
    /// References wait for the end of the transaction, all of them.
    pub(crate) defer_foreign_keys: bool,
    /// When the statement must be done.
    pub(crate) deadline: Option<Instant>,
    /// By what another thread stops the statement, and how often it has done so before.
    pub(crate) stop: Arc<Stop>,
    pub(crate) interrupts_seen: u64,
    /// The moment the statement begins, in microseconds since 1970.
    pub(crate) now_us: i64,
    /// Where `random()` starts.
    pub(crate) random: u64,
    /// What the statements before have done.
    pub(crate) session: SessionNumbers,
    /// Where what operators do is written down, for EXPLAIN ANALYZE.
    pub(crate) measures: Option<Arc<Measures>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            memory_limit: 256 << 20,
            division_by_zero_is_null: false,
            defer_foreign_keys: false,
            deadline: None,
            stop: Arc::default(),
            interrupts_seen: 0,
            now_us: 0,
            random: 0,
            session: SessionNumbers::default(),
            measures: None,
        }
    }
}

impl Settings {
    /// An error when the statement was interrupted or its time is up.
    pub(crate) fn check(&self) -> Result<()> {
        self.stop.check(self.interrupts_seen)?;
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            let message = "the statement took longer than its time limit";
            return Err(Error::new(ErrorKind::Limit, state::CANCELED, message));
        }
        Ok(())
    }
}

/// The most answers of correlated subqueries remembered at a time.
const ANSWERS_MAX: usize = 10_000;

/// What one execution of a statement owns.
pub(crate) struct State {
    settings: Settings,
    call: CallContext,
    account: Arc<Account>,
    /// The values the enclosing query hands to the running subquery.
    outer: Vec<Value>,
    answers: HashMap<(usize, Vec<u8>), Answer>,
    /// Answers from before the statement wrote, of subqueries that read no enclosing row. They hold
    /// to its end.
    ahead: HashMap<usize, Answer>,
    /// The rows of the round before, of each recursive query.
    working: HashMap<usize, Vec<Batch>>,
    /// The operators of subqueries that ran before, to be run again.
    operators: HashMap<usize, BoxedOperator>,
}

impl State {
    pub(crate) fn new(settings: Settings) -> State {
        State {
            call: CallContext {
                now_us: settings.now_us,
                division_by_zero_is_null: settings.division_by_zero_is_null,
                random: settings.random,
                session: settings.session,
                growth: Growth::up_to(settings.memory_limit),
            },
            account: Account::new(settings.memory_limit, settings.stop.clone()),
            outer: Vec::new(),
            answers: HashMap::new(),
            ahead: HashMap::new(),
            working: HashMap::new(),
            operators: HashMap::new(),
            settings,
        }
    }

    /// Subqueries are asked anew, since rows were written; not those that were asked ahead.
    pub(crate) fn forget_answers(&mut self) {
        self.answers.clear();
    }

    /// Whether all references wait for the end of the transaction.
    pub(crate) fn defers_foreign_keys(&self) -> bool {
        self.settings.defer_foreign_keys
    }
}

/// What operators get at every call.
pub(crate) struct Context<'a> {
    pub(crate) transaction: &'a Transaction,
    subplans: &'a [Physical],
    parameters: &'a [Value],
    state: &'a mut State,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        transaction: &'a Transaction,
        statement: &'a Statement,
        parameters: &'a [Value],
        state: &'a mut State,
    ) -> Context<'a> {
        Context { transaction, subplans: &statement.subplans, parameters, state }
    }

    /// An error when the statement was interrupted or its time is up.
    pub(crate) fn check(&self) -> Result<()> {
        self.state.settings.check()
    }

    pub(crate) fn measures(&self) -> Option<Arc<Measures>> {
        self.state.settings.measures.clone()
    }

    /// A reservation in the statement's memory account.
    pub(crate) fn reserve(&self) -> Reservation {
        self.state.account.reserve()
    }

    /// The rows of the round before of a recursive query.
    pub(crate) fn working(&self, number: usize) -> Option<&[Batch]> {
        self.state.working.get(&number).map(Vec::as_slice)
    }

    /// Starts the next round of a recursive query; subqueries may answer otherwise in it.
    pub(crate) fn set_working(&mut self, number: usize, rows: Vec<Batch>) {
        self.state.working.insert(number, rows);
        self.state.answers.clear();
    }

    /// The value of an expression that reads no row.
    pub(crate) fn scalar(&mut self, expression: &Expression) -> Result<Value> {
        let vector = crate::expression::evaluate(expression, &Batch::one_row(), self)?;
        Ok(vector.value(0, expression.data_type()))
    }

    /// Answers the subqueries of an expression that read no enclosing row, for good.
    pub(crate) fn ask_ahead(&mut self, expression: &Expression) -> Result<()> {
        let mut asked: Vec<&Subquery> = Vec::new();
        expression.visit(&mut |part| {
            if let Expression::Subquery(subquery) = part
                && subquery.outer.is_empty()
            {
                asked.push(subquery);
            }
        });
        for subquery in asked {
            let answer = self.subquery(subquery, Vec::new())?;
            self.state.ahead.insert(subquery.plan, answer);
        }
        Ok(())
    }

    /// Runs a subquery's plan with the current outer values.
    fn run(&mut self, subquery: &Subquery, operator: &mut BoxedOperator) -> Result<Answer> {
        let plan = self.subplans.get(subquery.plan).ok_or_else(|| Error::internal("no such subplan"))?;
        match &subquery.kind {
            SubqueryKind::Exists { .. } => {
                while let Some(batch) = operator.next(self)? {
                    if batch.len() > 0 {
                        return Ok(Answer::Exists(true));
                    }
                }
                Ok(Answer::Exists(false))
            }
            SubqueryKind::Scalar => {
                let data_type = plan.types().first().copied().unwrap_or(subquery.data_type);
                let mut answer = None;
                while let Some(batch) = operator.next(self)? {
                    if batch.len() > 1 || (batch.len() == 1 && answer.is_some()) {
                        let message = "a subquery used as a value gave more than one row";
                        return Err(
                            Error::value(state::CARDINALITY, message).hint("add LIMIT 1 or an aggregate")
                        );
                    }
                    if batch.len() == 1 {
                        answer = batch.column(0).map(|column| column.value(0, data_type));
                    }
                }
                Ok(Answer::Scalar(answer.unwrap_or(Value::Null)))
            }
            SubqueryKind::In { .. } => {
                let mut rows = RowSet::default();
                let mut reservation = self.reserve();
                while let Some(batch) = operator.next(self)? {
                    rows.add(batch);
                    reservation.set(rows.memory())?;
                }
                Ok(Answer::Set(Arc::new(rows)))
            }
            SubqueryKind::Compare { operand, .. } => {
                let mut extremes = Extremes::new(operand.data_type());
                while let Some(batch) = operator.next(self)? {
                    extremes.add(&batch)?;
                }
                Ok(Answer::Extremes(Arc::new(extremes.finish()?)))
            }
        }
    }
}

impl Environment for Context<'_> {
    fn parameter(&self, index: usize) -> Result<&Value> {
        self.parameters.get(index).ok_or_else(|| {
            Error::usage(format!("parameter {} has no value", index + 1))
                .hint("bind a value to every parameter")
        })
    }

    fn outer(&self, slot: usize) -> Result<&Value> {
        self.state.outer.get(slot).ok_or_else(|| Error::internal("no such outer value"))
    }

    fn subquery(&mut self, subquery: &Subquery, outer: Vec<Value>) -> Result<Answer> {
        if outer.is_empty()
            && let Some(answer) = self.state.ahead.get(&subquery.plan)
        {
            return Ok(answer.clone());
        }
        let mut key = Vec::new();
        for (value, expression) in outer.iter().zip(&subquery.outer) {
            encode_value(&mut key, value, expression.data_type(), KeyOrder::ASCENDING)?;
        }
        let key = (subquery.plan, key);
        if let Some(answer) = self.state.answers.get(&key) {
            return Ok(answer.clone());
        }
        self.check()?;
        let mut operator = match self.state.operators.remove(&subquery.plan) {
            Some(operator) => operator,
            None => {
                let plan = self.subplans.get(subquery.plan);
                build(
                    plan.ok_or_else(|| Error::internal("no such subplan"))?,
                    self.state.settings.measures.is_some(),
                )
            }
        };
        let enclosing = std::mem::replace(&mut self.state.outer, outer);
        let answer = self.run(subquery, &mut operator);
        self.state.outer = enclosing;
        let answer = answer?;
        operator.reset();
        self.state.operators.insert(subquery.plan, operator);
        if self.state.answers.len() >= ANSWERS_MAX {
            self.state.answers.clear();
        }
        self.state.answers.insert(key, answer.clone());
        Ok(answer)
    }

    fn call_context(&mut self) -> &mut CallContext {
        &mut self.state.call
    }
}
