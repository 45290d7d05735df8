//! Merges the `Globals` section into functions and APIs, by SAM's rules.

use crate::error::TemplateError;
use crate::node::Node;
use crate::template_path::TemplatePath;

/// Merges the section for `kind` (`Function` or `Api`) into the properties of a resource.
///
/// SAM's rules: mappings are merged, and an entry of the resource wins. A list has the global elements first,
/// then the elements of the resource. For any other value, the value of the resource replaces the global one.
pub(crate) fn merge(globals: &[(String, Node)], kind: &str, properties: Node) -> Node {
    match globals.iter().find(|(section, _)| section == kind) {
        Some((_, global)) => merge_nodes(global.clone(), properties),
        None => properties,
    }
}

/// Returns an error for a section of `Globals` that is not supported.
pub(crate) fn check(globals: &[(String, Node)]) -> Result<(), TemplateError> {
    match globals
        .iter()
        .find(|(section, _)| !matches!(section.as_str(), "Function" | "Api"))
    {
        Some((section, _)) => Err(TemplateError::unsupported(
            &TemplatePath::root("Globals"),
            format!("the section `{section}`"),
        )),
        None => Ok(()),
    }
}

fn merge_nodes(global: Node, own: Node) -> Node {
    match (global, own) {
        (Node::Map(mut entries), Node::Map(own)) => {
            for (key, value) in own {
                match entries.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, slot)) => {
                        let inherited = std::mem::replace(slot, Node::Null);
                        *slot = merge_nodes(inherited, value);
                    }
                    None => entries.push((key, value)),
                }
            }
            Node::Map(entries)
        }
        (Node::List(mut items), Node::List(own)) => {
            items.extend(own);
            Node::List(items)
        }
        (global, Node::Null) => global,
        (_, own) => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Node {
        Node::parse(yaml_serde::from_str(text).unwrap(), &TemplatePath::root("X")).unwrap()
    }

    #[test]
    fn mappings_are_merged_lists_are_joined_and_other_values_are_replaced() {
        let Node::Map(globals) =
            parse("Function: {Timeout: 3, Layers: [a], Environment: {Variables: {A: 1, B: 1}}}")
        else {
            panic!("a mapping");
        };
        let own = parse("{Timeout: 30, Layers: [b], Environment: {Variables: {B: 2, C: 2}}}");
        assert_eq!(
            merge(&globals, "Function", own),
            parse("{Timeout: 30, Layers: [a, b], Environment: {Variables: {A: 1, B: 2, C: 2}}}")
        );
        assert_eq!(merge(&globals, "Api", parse("{Name: x}")), parse("{Name: x}"));
    }
}
