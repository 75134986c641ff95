//! Every mode, on the values that are easy to get wrong.

use super::*;

fn cell(kind: CellKind, text: &str) -> Cell {
    Cell { kind, text: text.to_owned() }
}

fn show(style: &Style, columns: &[&str], rows: &[Vec<Cell>]) -> String {
    let mut out = Vec::new();
    let mut writer = begin(style, columns.iter().map(|c| (*c).to_owned()).collect(), &mut out).unwrap();
    for row in rows {
        writer.row(&mut out, row).unwrap();
    }
    writer.end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn style(mode: Mode, header: Option<bool>) -> Style {
    Style { mode, header, separator: None, null: None }
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
