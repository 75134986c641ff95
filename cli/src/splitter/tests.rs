//! Texts whose semicolons are easy to take for the end, in chunks of every length.

use super::*;

fn split_by(input: &str, chunk: usize) -> Vec<Piece> {
    let mut splitter = Splitter::default();
    let mut pieces = Vec::new();
    for bytes in input.as_bytes().chunks(chunk) {
        splitter.push(bytes);
        pieces.extend(std::iter::from_fn(|| splitter.next_piece()));
    }
    pieces.extend(splitter.finish());
    pieces
}

fn texts(input: &str) -> Vec<String> {
    let whole = split_by(input, usize::MAX);
    for chunk in 1..8 {
        assert_eq!(split_by(input, chunk), whole, "chunks of {chunk}");
    }
    whole.into_iter().map(|p| String::from_utf8(p.text).unwrap()).collect()
}

#[test]
fn plain_statements() {
    assert_eq!(texts("SELECT 1; SELECT 2 ;\nSELECT 3"), ["SELECT 1;", "SELECT 2 ;", "SELECT 3"]);
    assert_eq!(texts(" ;; \n ; -- nothing\n /* nor /* here */ */ ;"), [""; 0]);
    assert_eq!(texts("-1;"), ["-1;"]);
    assert_eq!(texts("/"), ["/"]);
}

#[test]
fn semicolons_that_end_nothing() {
    for sql in [
        "SELECT 'a;''b;';",
        "SELECT \"a;\"\"b\", `;`, [;];",
        "SELECT E'\\';';",
        "SELECT $$;$ ;$$;",
        "SELECT $a1$;$$;$a$;$a1$;",
        "SELECT 1 /* ; /* ; */ ; */ + 1;",
        "SELECT 1 -- ;\n + 1;",
        "SELECT 1/*/;*/;",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END;",
    ] {
        assert_eq!(texts(&format!("{sql} SELECT 2;")), [sql, "SELECT 2;"]);
    }
    assert_eq!(texts("SELECT $1, a$b;SELECT $2;"), ["SELECT $1, a$b;", "SELECT $2;"]);
    assert_eq!(texts("CREATE TABLE trigger(a);END;"), ["CREATE TABLE trigger(a);", "END;"]);
}

#[test]
fn dot_commands() {
    let pieces = split_by("-- first\n.tables\nSELECT 1\n.5; .x;\n.schema a;b\n", 3);
    let kinds: Vec<_> = pieces.iter().map(|p| (p.kind, p.line)).collect();
    use PieceKind::{Dot, Sql};
    assert_eq!(kinds, [(Dot, 2), (Sql, 3), (Sql, 4), (Dot, 5)]);
}

#[test]
fn commands_without_a_dot() {
    let kinds = |input: &str| -> Vec<(PieceKind, usize)> {
        texts(input);
        split_by(input, usize::MAX).iter().map(|p| (p.kind, p.line)).collect()
    };
    use PieceKind::{Dot, Sql};
    assert_eq!(kinds("exit\nSELECT 1;\n  QUIT\r\nSELECT 2"), [(Dot, 1), (Sql, 2), (Dot, 3), (Sql, 4)]);
    assert_eq!(kinds("SELECT 1; exit; help"), [(Sql, 1), (Dot, 1), (Dot, 1)]);
    assert_eq!(kinds("\\dt\nSELECT\nexit\n;\n\\d x;y\n"), [(Dot, 1), (Sql, 2), (Dot, 5)]);
    assert_eq!(kinds("exit now\n;"), [(Sql, 1)]);
}

#[test]
fn places() {
    let pieces = split_by("\n SELECT 1; SELECT\n2; x;\n", 2);
    let places: Vec<_> =
        pieces.iter().map(|p| (p.line, String::from_utf8_lossy(&p.lead.text).into_owned())).collect();
    let expected = [(2, " "), (2, " SELECT 1; "), (3, "2; ")];
    assert_eq!(places, expected.map(|(line, lead)| (line, lead.to_owned())));
    let long = format!("{}x;", "SELECT 1;".repeat(1000));
    let last = split_by(&long, 64).pop().unwrap();
    assert_eq!(last.lead.columns + last.lead.text.len(), 9000);
    assert!(last.lead.text.len() <= LEAD_LEN_MAX);
}

#[test]
fn chunks_make_no_difference() {
    let alphabet = b";;'\"`[]$$ae1-/*\\\n\n. \xc3";
    for seed in 0..2000u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        let input: Vec<u8> = (0..60).map(|_| alphabet[next() % alphabet.len()]).collect();
        let mut whole = Splitter::default();
        whole.push(&input);
        let mut pieces: Vec<Piece> = std::iter::from_fn(|| whole.next_piece()).collect();
        pieces.extend(whole.finish());
        let mut cut = Splitter::default();
        let mut found = Vec::new();
        let mut rest = &input[..];
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(next() % 5 + 1));
            cut.push(chunk);
            found.extend(std::iter::from_fn(|| cut.next_piece()));
            rest = after;
        }
        found.extend(cut.finish());
        assert_eq!(found, pieces, "seed {seed}: {}", input.escape_ascii());
        // Every piece stands in its line where it says.
        let lines: Vec<&[u8]> = input.split(|b| *b == b'\n').collect();
        for piece in &pieces {
            let line = lines[piece.line - 1];
            let first = piece.text.split(|b| *b == b'\n').next().unwrap();
            assert!(line.starts_with(&[&piece.lead.text, first].concat()), "seed {seed}");
        }
    }
}
