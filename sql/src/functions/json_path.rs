//! Functions of JSON, value by value: SQLite's and PostgreSQL's.

use super::json_tree::{Json, Step, parse, path, write_text};
use super::scalar::{ANY, Kind, Scalar, TEXT, bad, text};
use super::{Call, CallContext};
use crate::error::Result;
use crate::types::{DataType, Value};

/// What `json_group_object` makes of its arguments; no SQL text can name it.
pub(crate) const MEMBER: &str = "member of json";
const J: DataType = DataType::Json;
const JSON: Kind = Kind::Of(DataType::Json);

pub(super) const TABLE: &[Scalar] = &[
    Scalar::new("json", &[JSON], J, |v, _| parse(text(v, 0)).map(written)),
    Scalar::new("json_valid", &[ANY], DataType::Boolean, |v, _| {
        Ok(Value::Boolean(super::json::check(text(v, 0)).is_ok()))
    }),
    Scalar::new(MEMBER, &[ANY, ANY], DataType::Json, member as Call).sees_nulls(),
    Scalar::new("json_extract", &[JSON, TEXT], DataType::TEXT, extract as Call).repeated(),
    Scalar::new("->", &[JSON, ANY], J, |v, _| Ok(find(v)?.map_or(Value::Null, written))),
    Scalar::new("->>", &[JSON, ANY], DataType::TEXT, |v, _| Ok(find(v)?.map_or(Value::Null, plain))),
    Scalar::new("json_type", &[JSON, TEXT], DataType::TEXT, |v, _| {
        Ok(find(v)?.map_or(Value::Null, |json| Value::Text(json.kind().to_owned())))
    })
    .needs(1),
    Scalar::new("json_typeof", &[JSON], DataType::TEXT, |v, _| {
        Ok(Value::Text(parse(text(v, 0))?.kind().to_owned()))
    }),
    Scalar::new("json_array_length", &[JSON, TEXT], DataType::BigInt, |v, _| {
        Ok(match find(v)? {
            Some(Json::Array(items)) => Value::Integer(i64::try_from(items.len()).unwrap_or(i64::MAX)),
            Some(_) => Value::Integer(0),
            None => Value::Null,
        })
    })
    .needs(1),
    Scalar::new("json_quote", &[ANY], J, |v, _| Ok(written(of(&v[0])?))).sees_nulls(),
    Scalar::new("to_json", &[ANY], J, |v, _| Ok(written(of(&v[0])?))).sees_nulls(),
    Scalar::new("to_jsonb", &[ANY], J, |v, _| Ok(written(of(&v[0])?))).sees_nulls(),
    Scalar::new("json_array", &[ANY], J, array as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("json_build_array", &[ANY], J, array as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("jsonb_build_array", &[ANY], J, array as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("json_object", &[ANY], J, object as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("json_build_object", &[ANY], J, object as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("jsonb_build_object", &[ANY], J, object as Call).needs(0).repeated().sees_nulls(),
    Scalar::new("json_set", &[JSON, TEXT, ANY], J, |v, _| put(v, true, true)).repeated().sees_nulls(),
    Scalar::new("json_insert", &[JSON, TEXT, ANY], J, |v, _| put(v, true, false)).repeated().sees_nulls(),
    Scalar::new("json_replace", &[JSON, TEXT, ANY], J, |v, _| put(v, false, true)).repeated().sees_nulls(),
    Scalar::new("json_remove", &[JSON, TEXT], J, remove as Call).repeated(),
    Scalar::new("json_patch", &[JSON, JSON], J, |v, _| {
        Ok(written(patched(parse(text(v, 0))?, parse(text(v, 1))?)))
    }),
];

fn written(json: Json) -> Value {
    let mut out = String::new();
    json.write(&mut out);
    Value::Json(out)
}

/// A string without quotes, JSON's null as NULL, anything else as its text.
fn plain(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Text(text) => Value::Text(text),
        other => {
            let mut out = String::new();
            other.write(&mut out);
            Value::Text(out)
        }
    }
}

/// A value as JSON.
pub(super) fn of(value: &Value) -> Result<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Integer(_) | Value::Decimal(_) => Json::Number(value.to_string()),
        Value::Double(number) if number.is_finite() => Json::Number(value.to_string()),
        Value::Json(text) => parse(text)?,
        Value::Blob(_) => {
            return Err(bad("json cannot hold a blob").hint("encode(x, 'base64') makes it a text"));
        }
        other => Json::Text(other.to_string()),
    })
}

/// The part that the second argument means, or the whole.
fn find(values: &[Value]) -> Result<Option<Json>> {
    let json = parse(text(values, 0))?;
    let steps = match values.get(1) {
        None => return Ok(Some(json)),
        Some(Value::Integer(index)) => vec![Step::Element(*index)],
        Some(Value::Text(text)) if text.starts_with('$') => path(text)?,
        Some(Value::Text(name)) => vec![Step::Member(name.clone())],
        Some(other) => return Err(bad(format!("{other} is neither a member nor an element of json"))),
    };
    Ok(json.find(&steps).cloned())
}

fn extract(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let json = parse(text(values, 0))?;
    if values.len() == 2 {
        return Ok(json.find(&path(text(values, 1))?).cloned().map_or(Value::Null, plain));
    }
    let found = (1..values.len()).map(|index| {
        let steps = path(text(values, index))?;
        Ok(json.find(&steps).cloned().unwrap_or(Json::Null))
    });
    Ok(match written(Json::Array(found.collect::<Result<_>>()?)) {
        Value::Json(text) => Value::Text(text),
        other => other,
    })
}

fn array(values: &[Value], _: &mut CallContext) -> Result<Value> {
    values.iter().map(of).collect::<Result<_>>().map(Json::Array).map(written)
}

fn object(values: &[Value], _: &mut CallContext) -> Result<Value> {
    if !values.len().is_multiple_of(2) {
        return Err(bad("json_object takes pairs of a name and a value"));
    }
    let mut members = Vec::with_capacity(values.len() / 2);
    for pair in values.chunks(2) {
        let [name, value] = pair else { continue };
        if name.is_null() {
            return Err(bad("the name of a member of json must not be NULL"));
        }
        members.push((super::wording::plain(name), of(value)?));
    }
    Ok(written(Json::Object(members)))
}

/// A name and a value as they stand in an object.
fn member(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let [name, value] = values else { return Ok(Value::Null) };
    if name.is_null() {
        return Err(bad("the name of a member of json must not be NULL"));
    }
    let mut out = String::new();
    write_text(&mut out, &super::wording::plain(name));
    out.push(':');
    of(value)?.write(&mut out);
    Ok(Value::Json(out))
}

fn put(values: &[Value], insert: bool, replace: bool) -> Result<Value> {
    if values.first().is_none_or(Value::is_null) {
        return Ok(Value::Null);
    }
    let mut json = parse(text(values, 0))?;
    for pair in values.get(1..).unwrap_or(&[]).chunks(2) {
        let [at, value] = pair else { return Err(bad("json_set takes pairs of a path and a value")) };
        json.put(&path(&super::wording::plain(at))?, of(value)?, insert, replace);
    }
    Ok(written(json))
}

fn remove(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let mut json = parse(text(values, 0))?;
    for index in 1..values.len() {
        json.remove(&path(text(values, index))?);
    }
    Ok(written(json))
}

/// RFC 7396: members of the patch replace those of the target, null removes them.
fn patched(target: Json, patch: Json) -> Json {
    let Json::Object(changes) = patch else { return patch };
    let mut members = match target {
        Json::Object(members) => members,
        _ => vec![],
    };
    for (name, change) in changes {
        let old = members.iter().position(|(known, _)| *known == name);
        match (old, change) {
            (Some(index), Json::Null) => drop(members.remove(index)),
            (None, Json::Null) => {}
            (Some(index), change) => {
                if let Some((_, value)) = members.get_mut(index) {
                    *value = patched(std::mem::replace(value, Json::Null), change);
                }
            }
            (None, change) => members.push((name, patched(Json::Null, change))),
        }
    }
    Json::Object(members)
}
