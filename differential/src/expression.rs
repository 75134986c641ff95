//! Expressions of a type over the columns of a scope, in what both engines have and mean alike.
//!
//! Left out, because the two differ by design: NULL order (always given), LIKE's case (letters are
//! small), comparing texts with numbers, overflow, casts of texts that are no numbers, reals made
//! integers, printing of reals, division of reals by anything but powers of two.

use crate::generator::{Generator, Scope};
use crate::world::{Type, literal};

impl Generator {
    /// An expression of a type.
    pub(crate) fn expression(&mut self, scope: &Scope, data_type: Type, depth: usize) -> String {
        if depth == 0 || self.random.chance(30) {
            return self.leaf(scope, data_type);
        }
        if self.random.chance(25) {
            return self.choice(scope, data_type, depth - 1);
        }
        match data_type {
            Type::Integer => self.integer(scope, depth - 1),
            Type::Real => self.real(scope, depth - 1),
            Type::Text => self.text(scope, depth - 1),
        }
    }

    pub(crate) fn leaf(&mut self, scope: &Scope, data_type: Type) -> String {
        let outer = !scope.outer.is_empty() && self.random.chance(15);
        let columns = if outer { &scope.outer } else { &scope.columns };
        let fitting: Vec<&String> = columns.iter().filter(|(_, t)| *t == data_type).map(|(c, _)| c).collect();
        if !fitting.is_empty() && self.random.chance(80) {
            return self.random.pick(&fitting).map_or_else(String::new, |column| (*column).clone());
        }
        if self.random.chance(6) { null(data_type) } else { literal(&mut self.random, data_type) }
    }

    /// What takes the type of what it is given.
    fn choice(&mut self, scope: &Scope, data_type: Type, depth: usize) -> String {
        let a = self.expression(scope, data_type, depth);
        let b = self.expression(scope, data_type, depth);
        match self.random.below(8) {
            5 => format!("ifnull({a}, {b})"),
            6 => format!("iif({}, {a}, {b})", self.condition(scope, 0)),
            7 => format!("{}({a}, {b})", self.random.word(&["min", "max"])),
            0 => format!("coalesce({a}, {b})"),
            1 => format!("nullif({a}, {b})"),
            2 => {
                let when = self.condition(scope, depth);
                format!("CASE WHEN {when} THEN {a} ELSE {b} END")
            }
            3 => {
                let operand = self.expression(scope, Type::Integer, 0);
                let (x, y) =
                    (literal(&mut self.random, Type::Integer), literal(&mut self.random, Type::Integer));
                format!("CASE {operand} WHEN {x} THEN {a} WHEN {y} THEN {b} END")
            }
            _ => self.scalar_query(scope, data_type),
        }
    }

    fn integer(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.expression(scope, Type::Integer, depth);
        let small = self.random.below(9);
        match self.random.below(16) {
            14 => format!("sign({a})"),
            15 => {
                let (text, part) = (self.expression(scope, Type::Text, depth), self.leaf(scope, Type::Text));
                format!("instr({text}, {part})")
            }
            0..=2 => format!("({a} + {})", self.expression(scope, Type::Integer, depth)),
            3 | 4 => format!("({a} - {})", self.expression(scope, Type::Integer, depth)),
            5 => format!("({a} * {small})"),
            6 => format!("({a} / {})", self.expression(scope, Type::Integer, depth)),
            7 => format!("({a} % {})", self.expression(scope, Type::Integer, depth)),
            8 => format!("(- {a})"),
            9 => format!("abs({a})"),
            10 => format!("length({})", self.expression(scope, Type::Text, depth)),
            11 => format!("({a} {} {small})", self.random.word(&["&", "|", "<<", ">>"])),
            12 => format!("(~ {a})"),
            _ => format!("CAST({a} AS INTEGER)"),
        }
    }

    fn real(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.expression(scope, Type::Real, depth);
        match self.random.below(7) {
            0 | 1 => format!("({a} + {})", self.expression(scope, Type::Real, depth)),
            2 => format!("({a} - {})", self.expression(scope, Type::Real, depth)),
            3 => format!("({a} * {})", self.random.word(&["2", "3", "0.5", "-1", "1.5"])),
            4 => format!("({a} / {})", self.random.word(&["2.0", "4.0", "0.5"])),
            5 => format!("({a} + {})", self.expression(scope, Type::Integer, depth)),
            _ => format!("CAST({} AS DOUBLE PRECISION)", self.expression(scope, Type::Integer, depth)),
        }
    }

    fn text(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.expression(scope, Type::Text, depth);
        match self.random.below(9) {
            8 => format!("{}({a}, 'ab')", self.random.word(&["ltrim", "rtrim", "trim"])),
            0 | 1 => format!("({a} || {})", self.expression(scope, Type::Text, depth)),
            2 => format!("upper({a})"),
            3 => format!("substr({a}, {}, {})", self.random.between(1, 3), self.random.below(3)),
            4 => format!("trim({a})"),
            5 => {
                let (from, to) = (self.random.word(&["a", "b", "ab"]), self.random.word(&["", "c", "aa"]));
                format!("replace({a}, '{from}', '{to}')")
            }
            6 => format!("lower({a})"),
            _ => format!("CAST({} AS TEXT)", self.expression(scope, Type::Integer, depth)),
        }
    }

    /// A condition.
    pub(crate) fn condition(&mut self, scope: &Scope, depth: usize) -> String {
        if depth == 0 || self.random.chance(35) {
            return self.comparison(scope, depth);
        }
        let depth = depth - 1;
        match self.random.below(12) {
            0..=2 => format!("({} AND {})", self.condition(scope, depth), self.condition(scope, depth)),
            3..=5 => format!("({} OR {})", self.condition(scope, depth), self.condition(scope, depth)),
            6 => format!("NOT ({})", self.condition(scope, depth)),
            7 => self.between(scope, depth),
            8 => self.in_list(scope, depth),
            9 => self.in_query(scope, depth),
            10 => self.exists(scope, depth),
            _ => {
                let truth = self.random.word(&["TRUE", "FALSE"]);
                format!("({}) IS {}{truth}", self.condition(scope, depth), self.not())
            }
        }
    }

    pub(crate) fn not(&mut self) -> &'static str {
        self.random.word(&["", "NOT "])
    }

    fn comparison(&mut self, scope: &Scope, depth: usize) -> String {
        let data_type = self.a_type();
        let a = self.expression(scope, data_type, depth);
        match self.random.below(20) {
            0 | 1 => format!("{a} IS {}NULL", self.not()),
            2 if data_type == Type::Text => {
                let pattern = self.random.word(&["a%", "%b%", "_", "%", "a_%", "x\\_%"]);
                let escape = if pattern.contains('\\') { " ESCAPE '\\'" } else { "" };
                format!("{a} {}LIKE '{pattern}'{escape}", self.not())
            }
            3 => {
                let b = self.expression(scope, data_type, depth);
                format!("{a} IS {}DISTINCT FROM {b}", self.not())
            }
            4 if data_type == Type::Integer => format!("{a} > {}", self.expression(scope, Type::Real, depth)),
            5 => self.rows(scope),
            _ => {
                let sign = self.random.word(&["=", "=", "<", ">", "<=", ">=", "<>", "!="]);
                format!("{a} {sign} {}", self.expression(scope, data_type, depth))
            }
        }
    }

    /// Two rows compared.
    fn rows(&mut self, scope: &Scope) -> String {
        let (t, u) = (self.a_type(), self.a_type());
        let (a, b) = (self.leaf(scope, t), self.leaf(scope, u));
        let (c, d) = (self.leaf(scope, t), self.leaf(scope, u));
        let sign = self.random.word(&["=", "<>", "<", ">="]);
        format!("({a}, {b}) {sign} ({c}, {d})")
    }

    fn between(&mut self, scope: &Scope, depth: usize) -> String {
        let data_type = self.a_type();
        let a = self.expression(scope, data_type, depth);
        let (low, high) = (self.expression(scope, data_type, 0), self.expression(scope, data_type, 0));
        format!("{a} {}BETWEEN {low} AND {high}", self.not())
    }

    fn in_list(&mut self, scope: &Scope, depth: usize) -> String {
        let data_type = self.a_type();
        let a = self.expression(scope, data_type, depth);
        let list: Vec<String> =
            (0..self.random.between(0, 4)).map(|_| self.expression(scope, data_type, 0)).collect();
        format!("{a} {}IN ({})", self.not(), list.join(", "))
    }

    fn in_query(&mut self, scope: &Scope, depth: usize) -> String {
        let data_type = self.a_type();
        let a = self.expression(scope, data_type, depth);
        let inner = self.small_query(scope, &[data_type], depth);
        format!("{a} {}IN ({inner})", self.not())
    }

    fn exists(&mut self, scope: &Scope, depth: usize) -> String {
        let inner = self.small_query(scope, &[Type::Integer], depth);
        format!("{}EXISTS ({inner})", self.not())
    }

    /// Integers most of the time.
    pub(crate) fn a_type(&mut self) -> Type {
        match self.random.below(10) {
            0..=5 => Type::Integer,
            6 => Type::Real,
            _ => Type::Text,
        }
    }
}

/// NULL of a type.
fn null(data_type: Type) -> String {
    let name = match data_type {
        Type::Integer => "INTEGER",
        Type::Real => "DOUBLE PRECISION",
        Type::Text => "TEXT",
    };
    format!("CAST(NULL AS {name})")
}
