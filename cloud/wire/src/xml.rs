//! Writes the XML of the Query protocol.

/// An XML document under construction. Text is escaped. Names are not escaped, because they come from this
/// program.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// Adds `<name>text</name>`.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.element(name, |xml| xml.escape(text))
    }

    /// Adds `<name>...</name>` with the content that `content` adds.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        content(self);
        self.0.push_str("</");
        // The closing tag has no attributes.
        self.0.push_str(name.split(' ').next().unwrap_or(name));
        self.0.push('>');
        self
    }

    /// Adds `<name/>`.
    pub fn empty(&mut self, name: &str) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push_str("/>");
        self
    }

    /// Adds the content of another document.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds `<name><entry><key>..</key><value>..</value></entry>...</name>`.
    pub fn map<'a>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> &mut Self {
        self.element(name, |xml| {
            for (key, value) in entries {
                xml.element("entry", |xml| {
                    xml.text("key", key).text("value", value);
                });
            }
        })
    }

    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                // An XML parser would read an unescaped carriage return as a line feed.
                '\r' => self.0.push_str("&#13;"),
                c => self.0.push(c),
            }
        }
    }

    /// The document.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn text_is_escaped_and_tags_are_closed() {
        let mut xml = Xml::default();
        xml.element("a xmlns=\"urn:x\"", |xml| {
            xml.text("b", "1 < 2 & \"3\"");
        });
        assert_eq!(
            xml.into_string(),
            "<a xmlns=\"urn:x\"><b>1 &lt; 2 &amp; &quot;3&quot;</b></a>"
        );
    }
}
