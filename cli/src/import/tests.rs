//! The reader, on what files hold.

use super::*;

/// Line and fields.
type Found = (u64, Vec<(String, bool)>);

fn read(bytes: &[u8], separator: &str) -> Result<Vec<Found>, String> {
    let name = format!("drystone-reader-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    let told = |failure| match failure {
        Failure::Text(text) => text.rsplit_once(", line ").unwrap().1.to_owned(),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::open(path.to_str().unwrap(), separator).map_err(told)?;
    std::fs::remove_file(&path).unwrap();
    let (mut records, mut record) = (vec![], Record::default());
    while reader.next(&mut record).map_err(told)? {
        let fields = record.fields().map(|(text, quoted)| (text.to_owned(), quoted));
        records.push((record.line, fields.collect()));
    }
    Ok(records)
}

fn texts(input: &str, separator: &str) -> Vec<Vec<String>> {
    let records = read(input.as_bytes(), separator).unwrap();
    records.into_iter().map(|(_, fields)| fields.into_iter().map(|(text, _)| text).collect()).collect()
}

#[test]
fn fields_and_lines() {
    assert_eq!(texts("a,b\r\nc,\n\n,d", ","), [["a", "b"], ["c", ""], ["", "d"]]);
    assert_eq!(texts("a::b::c", "::"), [["a", "b", "c"]]);
    assert_eq!(texts("a:b::c:", "::"), [["a:b", "c:"]]);
    assert_eq!(texts("\u{feff}a\n", ","), [["a"]]);
    assert_eq!(texts("", ","), [[""; 0]; 0]);
}

#[test]
fn quotes() {
    assert_eq!(
        texts("\"a,\"\"b\"\"\",\"c\nd\"\r\n\"\",e\"f\"\n", ","),
        [["a,\"b\"", "c\nd"], ["", "e\"f\""]]
    );
    let records = read(b"\"x\",x\n\"a\n\nb\",\"\"\nlast,", ",").unwrap();
    let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 5]);
    let quoted: Vec<bool> = records.iter().flat_map(|(_, fields)| fields.iter().map(|f| f.1)).collect();
    assert_eq!(quoted, [true, false, true, true, false, false]);
    assert_eq!(
        read(b"a\nb,\"c\nd\n", ",").unwrap_err(),
        "2, column 2: a quote that begins here is not closed"
    );
}

#[test]
fn what_is_no_text() {
    assert_eq!(read(b"a\nb,\xff,c\n", ",").unwrap_err(), "2, column 2: the text is not UTF-8");
    // A character cut by a separator is no character.
    assert_eq!(read(b"\xc3,\xa9\n", ",").unwrap_err(), "1, column 1: the text is not UTF-8");
}

#[test]
fn requests() {
    let parse = |line: &str, mode, separator| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Request::parse(&words, mode, separator)
    };
    let request = parse("--csv --header --null NA --skip 2 f.txt t", Mode::List, Some(";")).unwrap();
    let expected = Request {
        file: String::from("f.txt"),
        table: String::from("t"),
        separator: String::from(","),
        header: true,
        skip: 2,
        null: String::from("NA"),
    };
    assert_eq!(request, expected);
    for (file, mode, set, separator) in [
        ("x", Mode::List, None, "|"),
        ("x", Mode::Csv, None, ","),
        ("x.csv.gz", Mode::Box, None, ","),
        ("x.tsv", Mode::Box, None, "\t"),
        ("x.csv", Mode::Box, Some(";"), ";"),
    ] {
        assert_eq!(parse(&format!("{file} t"), mode, set).unwrap().separator, separator, "{file}");
    }
    for (line, told) in [
        ("--cvs f t", "did you mean --csv?"),
        ("f", "usage: .import"),
        ("--skip one f t", "--skip 1"),
        ("f t u", "usage: .import"),
    ] {
        let error = format!("{:?}", parse(line, Mode::List, None).unwrap_err());
        assert!(error.contains(told), "{line}: {error}");
    }
}
