//! Every mode, on the values that are easy to get wrong.

use super::cell::CellKind;
use super::*;

fn cell(kind: CellKind, text: &str) -> Cell {
    Cell { kind, text: text.to_owned() }
}

fn show(style: &Style, columns: &[&str], rows: &[Vec<Cell>]) -> String {
    show_on(None, style, columns, rows)
}

fn show_on(fit: Option<usize>, style: &Style, columns: &[&str], rows: &[Vec<Cell>]) -> String {
    let mut out = Vec::new();
    let columns: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
    let mut writer = begin(style, &columns, fit, &mut out).unwrap();
    for row in rows {
        writer.row(&mut out, row).unwrap();
    }
    writer.end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn style(mode: Mode, header: Option<bool>) -> Style {
    Style { header, ..Style::new(mode) }
}

fn rows() -> Vec<Vec<Cell>> {
    vec![
        vec![cell(CellKind::Number, "1"), cell(CellKind::Text, "a,\"b\"\nc")],
        vec![cell(CellKind::Null, ""), cell(CellKind::Text, "")],
    ]
}

#[test]
fn list() {
    assert_eq!(show(&style(Mode::List, None), &["n", "t"], &rows()), "1|a,\"b\"\nc\n|\n");
    let mut with_all = style(Mode::List, Some(true));
    with_all.separator = Some(String::from(" ; "));
    with_all.null = Some(String::from("NULL"));
    assert_eq!(show(&with_all, &["n", "t"], &rows()[1..]), "n ; t\nNULL ; \n");
}

#[test]
fn csv() {
    let text = show(&style(Mode::Csv, Some(true)), &["n", "a,b"], &rows());
    assert_eq!(text, "n,\"a,b\"\n1,\"a,\"\"b\"\"\nc\"\n,\"\"\n");
}

#[test]
fn json() {
    let text = show(&style(Mode::Json, None), &["n", "t\""], &rows());
    assert_eq!(text, "[{\"n\":1,\"t\\\"\":\"a,\\\"b\\\"\\nc\"},\n{\"n\":null,\"t\\\"\":\"\"}]\n");
    assert_eq!(show(&style(Mode::Json, None), &["n"], &[]), "[]\n");
    let others = vec![vec![cell(CellKind::Boolean, "true"), cell(CellKind::Json, "{\"a\":[]}")]];
    assert_eq!(show(&style(Mode::Json, None), &["a", "b"], &others), "[{\"a\":true,\"b\":{\"a\":[]}}]\n");
    let control = vec![vec![cell(CellKind::Text, "\u{1}\\\t")]];
    assert_eq!(show(&style(Mode::Json, None), &["a"], &control), "[{\"a\":\"\\u0001\\\\\\t\"}]\n");
}

#[test]
fn boxes() {
    let text = show(&style(Mode::Box, None), &["number", "t"], &rows());
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{2500}' => '-',
            '\u{2502}' => '|',
            c if !c.is_ascii() => '+',
            c => c,
        })
        .collect();
    let expected = "\
+--------+-------+
| number | t     |
+--------+-------+
|      1 | a,\"b\" |
|        | c     |
| NULL   |       |
+--------+-------+
";
    assert_eq!(plain, expected);
    assert_eq!(show(&style(Mode::Box, None), &["n"], &[]), "");
}

#[test]
fn boxes_count_columns_of_the_terminal() {
    let wide = vec![vec![cell(CellKind::Text, "\u{65e5}\u{672c}")], vec![cell(CellKind::Text, "e\u{301}")]];
    let text = show(&style(Mode::Box, None), &["t"], &wide);
    let widths: Vec<usize> = text.lines().map(unicode_width::UnicodeWidthStr::width).collect();
    assert!(widths.iter().all(|w| *w == 8), "{text}");
}

#[test]
fn boxes_stay_bounded() {
    let mut rows: Vec<Vec<Cell>> = (0..5000).map(|_| vec![cell(CellKind::Number, "7")]).collect();
    rows.push(vec![cell(CellKind::Number, "123456")]);
    let text = show(&style(Mode::Box, None), &["n"], &rows);
    assert_eq!(text.lines().count(), 5001 + 4);
    assert!(text.contains("123456"));
}

#[test]
fn grids_without_box_characters() {
    let table = "\
+------+-------+
| n    | t     |
+------+-------+
|    1 | a,\"b\" |
|      | c     |
| NULL |       |
+------+-------+
";
    assert_eq!(show(&style(Mode::Table, None), &["n", "t"], &rows()), table);
    let column = "n     t\n----  -----\n   1  a,\"b\"\n      c\nNULL\n";
    assert_eq!(show(&style(Mode::Column, None), &["n", "t"], &rows()), column);
    let bar = vec![vec![cell(CellKind::Number, "1"), cell(CellKind::Text, "a|b\nc")]];
    let markdown = "| n   | t         |\n|-----|-----------|\n|   1 | a\\|b<br>c |\n";
    assert_eq!(show(&style(Mode::Markdown, None), &["n", "t"], &bar), markdown);
}

#[test]
fn widths_asked_for_and_widths_that_fit() {
    let mut asked = style(Mode::Table, Some(false));
    asked.widths = vec![3, -4];
    let row = vec![vec![cell(CellKind::Text, "abcde"), cell(CellKind::Text, "x")]];
    assert_eq!(
        show(&asked, &["n", "t"], &row),
        "+-----+------+\n| abc |    x |\n| de  |      |\n+-----+------+\n"
    );
    let wide = vec![vec![cell(CellKind::Number, "123456789"), cell(CellKind::Text, &"word ".repeat(30))]];
    let text = show_on(Some(40), &style(Mode::Box, None), &["number", "text"], &wide);
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) == 40), "{text}");
    assert!(text.contains("123456789"), "{text}");
    // What cannot fit is written in another way.
    let short = [vec![cell(CellKind::Number, "123456789"), cell(CellKind::Null, "")]];
    let text = show_on(Some(12), &style(Mode::Box, None), &["number", "t"], &short);
    assert_eq!(text, "number = 123456789\n     t = NULL\n");
}

#[test]
fn rows_for_themselves() {
    let mut rows = rows();
    rows.push(vec![cell(CellKind::Blob, "\\x00ff"), cell(CellKind::Text, "it's <b>")]);
    assert_eq!(
        show(&style(Mode::Line, None), &["n", "text"], &rows[1..]),
        "   n = \ntext = \n\n   n = \\x00ff\ntext = it's <b>\n"
    );
    assert_eq!(
        show(&style(Mode::Html, Some(true)), &["n", "t"], &rows[2..]),
        "<tr><th>n</th><th>t</th></tr>\n<tr><td>\\x00ff</td><td>it's &lt;b&gt;</td></tr>\n"
    );
    assert_eq!(
        show(&style(Mode::Quote, Some(true)), &["n", "t"], &rows[1..]),
        "'n','t'\nNULL,''\nX'00ff','it''s <b>'\n"
    );
    assert_eq!(
        show(&style(Mode::Insert, None), &["n", "t"], &rows[2..]),
        "INSERT INTO \"table\" VALUES (X'00ff','it''s <b>');\n"
    );
    assert_eq!(
        show(&style(Mode::Jsonl, None), &["n", "t"], &rows[1..]),
        "{\"n\":null,\"t\":\"\"}\n{\"n\":\"\\\\x00ff\",\"t\":\"it's <b>\"}\n"
    );
    assert_eq!(show(&style(Mode::Tabs, None), &["n", "t"], &rows[1..2]), "\t\n");
}
