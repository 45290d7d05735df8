//! Each operator, on attributes and in bodies.

use super::{accepts, accepts_body};

#[test]
fn each_operator_on_an_attribute() {
    for (condition, data_type, value, expected) in [
        (r#""a""#, "String", "a", true),
        (r#""a""#, "String", "A", false),
        ("5", "Number", "5.0", true),
        ("5", "Number", "50e-1", true),
        ("5", "String", "5", false),
        (r#""5""#, "Number", "5", false),
        ("0.1", "Number", "0.10000", true),
        ("0.30000000000000004", "Number", "0.3", false),
        ("12345678901234567890", "Number", "12345678901234567891", false),
        (r#"{"prefix": "ord"}"#, "String", "order", true),
        (r#"{"prefix": "rd"}"#, "String", "order", false),
        (r#"{"prefix": "5"}"#, "Number", "5", false),
        (r#"{"suffix": "er"}"#, "String", "order", true),
        (r#"{"suffix": "or"}"#, "String", "order", false),
        (r#"{"equals-ignore-case": "GRÜN"}"#, "String", "grün", true),
        (r#"{"equals-ignore-case": "x"}"#, "String", "y", false),
        (r#"{"wildcard": "a*c*e"}"#, "String", "abcde", true),
        (r#"{"wildcard": "a*c"}"#, "String", "abcd", false),
        (r#"{"wildcard": "a\\*c"}"#, "String", "a*c", true),
        (r#"{"wildcard": "a\\*c"}"#, "String", "abc", false),
        (r#"{"anything-but": "x"}"#, "String", "y", true),
        (r#"{"anything-but": "x"}"#, "String", "x", false),
        (r#"{"anything-but": ["x", "y"]}"#, "String", "y", false),
        (r#"{"anything-but": [100, 500]}"#, "Number", "101", true),
        (r#"{"anything-but": [100, 500]}"#, "Number", "500.0", false),
        (r#"{"anything-but": {"prefix": "or"}}"#, "String", "order", false),
        (r#"{"anything-but": {"prefix": "or"}}"#, "String", "parcel", true),
        (r#"{"exists": true}"#, "String", "x", true),
        (r#"{"exists": false}"#, "String", "x", false),
        (r#"{"numeric": ["=", 301.5]}"#, "Number", "301.500", true),
        (r#"{"numeric": ["<", 3]}"#, "Number", "3", false),
        (r#"{"numeric": ["<=", 3]}"#, "Number", "3", true),
        (r#"{"numeric": [">", 0, "<=", 100]}"#, "Number", "0", false),
        (
            r#"{"numeric": [">", 0, "<=", 100]}"#,
            "Number",
            "0.00000001",
            true,
        ),
        (r#"{"numeric": [">=", -5.5, "<", -1]}"#, "Number", "-5.5", true),
        (r#"{"numeric": [">", 0]}"#, "String", "1", false),
        (r#"{"cidr": "10.0.0.0/24"}"#, "String", "10.0.0.255", true),
        (r#"{"cidr": "10.0.0.0/24"}"#, "String", "10.0.1.0", false),
        (r#"{"cidr": "2001:db8::/32"}"#, "String", "2001:db8:1::1", true),
        (r#"{"cidr": "0.0.0.0/0"}"#, "String", "1.2.3.4", true),
        (r#"{"cidr": "0.0.0.0/0"}"#, "String", "no address", false),
        (r#""b""#, "Array", r#"["a", "b"]"#, true),
        (r#""c""#, "Array", r#"["a", "b"]"#, false),
        ("true", "Array", "[true]", true),
        ("null", "Array", "[null]", true),
        ("null", "String", "null", false),
        ("2.0", "Array", "[1, 2]", true),
        (
            r#"{"anything-but": ["rugby", "tennis"]}"#,
            "Array",
            r#"["rugby", "baseball"]"#,
            true,
        ),
        (
            r#"{"anything-but": ["rugby", "tennis"]}"#,
            "Array",
            r#"["rugby"]"#,
            false,
        ),
        (r#"{"exists": true}"#, "Array", "no array", true),
        (r#""no array""#, "Array", "no array", false),
    ] {
        let policy = format!(r#"{{"k": [{condition}]}}"#);
        assert_eq!(
            accepts(&policy, &[("k", data_type, value)]),
            expected,
            "{condition} {value}"
        );
    }
}

#[test]
fn one_value_of_each_key_must_match() {
    let policy = r#"{"store": ["a", "b"], "price": [{"numeric": [">=", 10, "<", 20]}]}"#;
    let (store, price) = (("store", "String", "b"), ("price", "Number", "10.0"));
    assert!(accepts(policy, &[store, price]));
    assert!(!accepts(policy, &[store, ("price", "Number", "20")]));
    assert!(!accepts(policy, &[("store", "String", "c"), price]));
    assert!(!accepts(policy, &[store]));
    assert!(accepts("{}", &[]));
    assert!(accepts(r#"{"k": [{"exists": false}]}"#, &[]));
    // Recorded: a missing attribute is not null, and is not anything but something.
    assert!(!accepts(r#"{"k": [null, {"anything-but": "x"}]}"#, &[]));
}

#[test]
fn or_needs_one_of_its_clauses() {
    let policy = r#"{"source": ["s"], "$or": [{"name": ["a"]}, {"type": ["t"], "$or": [{"id": [1]}, {"space": [2]}]}]}"#;
    let source = ("source", "String", "s");
    assert!(accepts(policy, &[source, ("name", "String", "a")]));
    assert!(accepts(
        policy,
        &[source, ("type", "String", "t"), ("space", "Number", "2")]
    ));
    assert!(!accepts(policy, &[source, ("type", "String", "t")]));
    assert!(!accepts(policy, &[("name", "String", "a")]));
    // With one element, or with operators, it is a key as any other.
    assert!(accepts(r#"{"$or": ["x"]}"#, &[("$or", "String", "x")]));
    let operators = r#"{"$or": [{"prefix": "a"}, {"prefix": "b"}]}"#;
    assert!(accepts(operators, &[("$or", "String", "bc")]));
}

/// The policies and bodies of a public suite, with the answers of AWS.
#[test]
fn bodies_are_matched_as_recorded() {
    let nested = r#"{"object": {"key": [{"prefix": "auto-"}, "hardcodedvalue"], "nested_key": [{"exists": false}]},
        "test": [{"exists": false}]}"#;
    let dots = r#"{"object.nested.test": ["v"]}"#;
    let records = r#"{"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}}"#;
    let or = r#"{"$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/EC2"]}],
        "detail": {"scope": ["Service"], "$or": [{"source": ["aws.cloudwatch"]}, {"type": ["Change"]}]}}"#;
    for (policy, body, expected) in [
        (nested, r#"{"object": {"key": "auto-test"}}"#, true),
        (nested, r#"{"object": {"key": "hardcodedvalue"}}"#, true),
        (nested, r#"{"object": {"key": "test-auto"}}"#, false),
        (
            nested,
            r#"{"object": {"key": "auto-test"}, "test": "just-exists"}"#,
            false,
        ),
        (
            nested,
            r#"{"object": {"key": "auto-test", "nested_key": "just-exists"}}"#,
            false,
        ),
        (nested, r#"{"object": {"test": "auto-test"}}"#, false),
        (nested, "Regular string message", false),
        (nested, r#""a JSON string""#, false),
        (dots, r#"{"object": {"nested": {"test": "v"}}}"#, true),
        (dots, r#"{"object.nested.test": "v"}"#, true),
        (dots, r#"{"object.nested": {"test": "v"}}"#, true),
        (dots, r#"{"object": {"nested.test": "v"}}"#, true),
        (dots, r#"{"object": {"nested": {"test": "w"}}}"#, false),
        (r#"{"h": {"to": ["q1"]}}"#, r#"{"h": {"to": ["q2", "q1"]}}"#, true),
        (r#"{"h": {"to": ["q1"]}}"#, r#"{"h": {"to": ["q2"]}}"#, false),
        (
            records,
            r#"{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": [[{"key": "auto-1"}]]}}]}"#,
            true,
        ),
        (
            records,
            r#"{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "home-1"}}}]}"#,
            false,
        ),
        // One element has to match all keys.
        (
            records,
            r#"{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "home-1"}}},
                {"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "auto-1"}}}]}"#,
            false,
        ),
        (
            or,
            r#"{"metricName": "CPUUtilization", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}"#,
            true,
        ),
        (
            or,
            r#"{"namespace": "AWS/EC2", "detail": {"scope": "Service", "type": "Change"}}"#,
            true,
        ),
        (
            or,
            r#"{"namespace": "AWS/EC2", "detail": {"scope": "Service"}}"#,
            false,
        ),
        (or, r#"{"detail": {"scope": "Service", "type": "Change"}}"#, false),
        (r#"{"a": [null]}"#, r#"{"a": null}"#, true),
        (r#"{"a": [null]}"#, "{}", false),
        (r#"{"a": [{"exists": true}]}"#, r#"{"a": []}"#, false),
        (r#"{"a": [{"exists": true}]}"#, r#"{"a": {"b": 1}}"#, false),
        (r#"{"a": [1.5]}"#, r#"{"a": 15e-1}"#, true),
        (r#"{"a": ["\u00fc"]}"#, r#"{"a": "ü"}"#, true),
    ] {
        assert_eq!(accepts_body(policy, body), expected, "{policy} {body}");
    }
}
