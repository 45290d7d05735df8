//! Policies that are refused, and the words for it.

use super::{parse, refusal};
use crate::Scope;

/// Policies that AWS refused when its answers were recorded, with its words and the column of its position.
const RECORDED: [(&str, &str, usize); 28] = [
    (
        r#"{"key":[["value"]]}"#,
        "Match value must be String, number, true, false, or null",
        10,
    ),
    (
        r#"{"key":[{"wrong-operator":true}]}"#,
        "Unrecognized match type wrong-operator",
        31,
    ),
    (
        r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#,
        "Only one key allowed in match expression",
        37,
    ),
    (
        r#"{"key":[{"suffix":100}]}"#,
        "suffix match pattern must be a string",
        22,
    ),
    (
        r#"{"key":[{"suffix":null}]}"#,
        "suffix match pattern must be a string",
        23,
    ),
    (
        r#"{"key":[{"suffix":[]}]}"#,
        "suffix match pattern must be a string",
        20,
    ),
    (
        r#"{"key":{"suffix":"value"}}"#,
        "\"suffix\" must be an object or an array",
        19,
    ),
    (
        r#"{"key_a":"value_one"}"#,
        "\"key_a\" must be an object or an array",
        11,
    ),
    (
        r#"{"key":[{"numeric":[]}]}"#,
        "Invalid member in numeric match: ]",
        22,
    ),
    (
        r#"{"key":[{"numeric":["operator"]}]}"#,
        "Unrecognized numeric range operator: operator",
        32,
    ),
    (
        r#"{"key":[{"numeric":[1,"<="]}]}"#,
        "Invalid member in numeric match: 1",
        22,
    ),
    (
        r#"{"key":[{"numeric":["=","000"]}]}"#,
        "Value of equals must be numeric",
        26,
    ),
    (
        r#"{"key":[{"numeric":[">="]}]}"#,
        "Value of >= must be numeric",
        26,
    ),
    (
        r#"{"key":[{"numeric":["<",100,">",10]}]}"#,
        "Too many elements in numeric expression",
        30,
    ),
    (
        r#"{"key":[{"numeric":[">=",1,">",2]}]}"#,
        "Bad numeric range operator: >",
        31,
    ),
    (
        r#"{"key":[{"numeric":[">",3,"<",1]}]}"#,
        "Bottom must be less than top",
        33,
    ),
    (
        r#"{"key":[{"numeric":[">",20,"<="]}]}"#,
        "Value of <= must be numeric",
        33,
    ),
    (
        r#"{"key":[{"numeric":[">",20,30]}]}"#,
        "Bad value in numeric range: 30",
        30,
    ),
    (
        r#"{"key":[{"numeric":[">",20,"test"]}]}"#,
        "Bad numeric range operator: test",
        34,
    ),
    (
        r#"{"key":[{"numeric":[">","20","<","30"]}]}"#,
        "Value of > must be numeric",
        26,
    ),
    (
        r#"{"key":[{"numeric":[">",20,"<","30"]}]}"#,
        "Value of < must be numeric",
        33,
    ),
    (
        r#"{"key":[{"numeric":[">",20,"<",30,"<",50]}]}"#,
        "Too many terms in numeric range expression",
        36,
    ),
    (
        r#"{"key":[{"exists":null}]}"#,
        "exists match pattern must be either true or false.",
        23,
    ),
    (
        r#"{"key":[{"exists":"no"}]}"#,
        "exists match pattern must be either true or false.",
        20,
    ),
    (
        r#"{"key":[{"anything-but":{"wrong-operator":null}}]}"#,
        "Unsupported anything-but pattern: wrong-operator",
        47,
    ),
    (
        r#"{"key":[{"anything-but":{"suffix":"test"}}]}"#,
        "Unsupported anything-but pattern: suffix",
        36,
    ),
    (
        r#"{"key":[{"anything-but":{"exists":false}}]}"#,
        "Unsupported anything-but pattern: exists",
        40,
    ),
    (
        r#"{"key":[{"anything-but":{"prefix":false}}]}"#,
        "prefix match pattern must be a string",
        40,
    ),
];

#[test]
fn wrong_policies_are_refused_in_the_recorded_words() {
    for (policy, words, column) in RECORDED {
        let source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
        assert_eq!(
            refusal(policy, Scope::MessageAttributes),
            format!("FilterPolicy: {words}\n at [Source: {source}; line: 1, column: {column}]"),
            "{policy}"
        );
    }
    assert_eq!(
        refusal("{i}", Scope::MessageAttributes),
        "FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start \
         field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"
    );
}

/// Words that no public record has. They are those of Event Ruler.
#[test]
fn other_wrong_policies_are_refused_too() {
    for (policy, words) in [
        ("[]", "Filter is not an object"),
        ("nonsense", "failed to parse JSON"),
        (r#"{"k": []}"#, "Empty arrays are not allowed"),
        (r#"{"k": {}}"#, "Empty objects are not allowed"),
        (r#"{"k": [{}]}"#, "Match expression name not found"),
        (r#"{"k": [{"anything-but": []}]}"#, "mixed type is not supported"),
        (
            r#"{"k": [{"anything-but": [1, "x"]}]}"#,
            "mixed type is not supported",
        ),
        (
            r#"{"k": [{"anything-but": [null]}]}"#,
            "start|null|boolean is not supported",
        ),
        (
            r#"{"k": [{"anything-but": true}]}"#,
            "must be an array or single string/number value",
        ),
        (r#"{"k": [{"numeric": 1}]}"#, "Value of numeric must be an array."),
        (
            r#"{"k": [{"numeric": [">", 1000000001]}]}"#,
            "Value must be between -1.0E9 and 1.0E9",
        ),
        (
            r#"{"k": [{"cidr": "10.0.0.0"}]}"#,
            "Malformed CIDR, one '/' required",
        ),
        (
            r#"{"k": [{"cidr": "10.0.0.0/x"}]}"#,
            "mask bits must be an integer",
        ),
        (
            r#"{"k": [{"cidr": "10.0.0.0/32"}]}"#,
            "IPv4 mask bits must be < 32",
        ),
        (r#"{"k": [{"cidr": "here/8"}]}"#, "Nonstandard IP address: here"),
        (
            r#"{"k": [{"wildcard": "a**b"}]}"#,
            "Consecutive wildcard characters at pos 2",
        ),
        (
            r#"{"k": [{"wildcard": "a\\b"}]}"#,
            "Invalid escape character at pos 2",
        ),
    ] {
        let reason = refusal(policy, Scope::MessageAttributes);
        assert!(reason.contains(words), "{policy}: {reason}");
    }
}

#[test]
fn keys_and_combinations_have_limits() {
    let list = |count: usize| {
        (0..count)
            .map(|n| format!("\"v{n}\""))
            .collect::<Vec<_>>()
            .join(",")
    };
    let complex = "FilterPolicy: Filter policy is too complex";
    let attributes = Scope::MessageAttributes;
    parse(&format!(r#"{{"k": [{}]}}"#, list(150)), attributes);
    assert_eq!(
        refusal(&format!(r#"{{"k": [{}]}}"#, list(151)), attributes),
        complex
    );
    let two = format!(r#"{{"a": [{}], "b": [{}]}}"#, list(100), list(51));
    assert_eq!(refusal(&two, attributes), complex);
    let six = r#"{"1": ["v"], "2": ["v"], "3": ["v"], "4": ["v"], "5": ["v"], "6": ["v"]}"#;
    assert_eq!(
        refusal(six, attributes),
        "FilterPolicy: Filter policy can not have more than 5 keys"
    );
    // 4 x 6 + 4 x 4 x 4 + 4 x 4 x 4 = 152, recorded.
    let or = r#"{"source": [1, 2, 3, 4], "$or": [{"name": [1, 2, 3, 4, 5, 6]},
        {"type": [1, 2, 3, 4], "$or": [{"id": [1, 2, 3, 4]}, {"space": [1, 2, 3, 4]}]}]}"#;
    assert_eq!(refusal(or, attributes), complex);
    parse(&or.replace("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4]"), attributes);
    // Each array counts by its depth: 4 x 3 and 3 x 2 make 72, from the guide.
    let nested = r#"{"a": {"b": {"c": [1, 2, 3, 4]}}, "d": {"e": [1, 2, 3]}}"#;
    parse(nested, Scope::MessageBody);
    let more = nested.replace("[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7]");
    assert_eq!(refusal(&more, Scope::MessageBody), complex);
}

#[test]
fn only_bodies_have_nested_keys() {
    let policy = r#"{"object": {"key": ["v"]}}"#;
    parse(policy, Scope::MessageBody);
    let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
    assert_eq!(refusal(policy, Scope::MessageAttributes), reason);
    let in_or = r#"{"$or": [{"a": {"b": [1]}}, {"c": [1]}]}"#;
    assert_eq!(refusal(in_or, Scope::MessageAttributes), reason);
}

#[test]
fn a_position_is_that_of_its_line() {
    let reason = refusal("{\n  \"ü\": [\n    []]}", Scope::MessageAttributes);
    assert!(reason.ends_with("line: 3, column: 6]"), "{reason}");
}
