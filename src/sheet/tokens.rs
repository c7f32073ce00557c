//! The tokens of an XML text by size, without holding any.

/// Counts tags and the length of the longest token, as an XML reader would cut them.
#[derive(Default)]
pub(super) struct Tokens {
    state: State,
    run: usize,
    last: [u8; 2],
    /// Bytes of the longest token.
    pub(super) longest: usize,
    /// Signs `<` that begin a token.
    pub(super) elements: u64,
    /// A byte 0, which no XML in UTF-8 has.
    pub(super) nul: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Text,
    Open,
    Tag,
    Quoted(u8),
    Bang,
    Instruction,
}

impl Tokens {
    /// Takes the next bytes of the part.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.nul |= b == 0;
            self.run += 1;
            let next = match (self.state, b) {
                (State::Text, b'<') => State::Open,
                (State::Open, b'!') => State::Bang,
                (State::Open, b'?') => State::Instruction,
                (State::Open | State::Tag, b'>') => State::Text,
                (State::Open, _) => State::Tag,
                (State::Tag, b'"' | b'\'') => State::Quoted(b),
                (State::Quoted(q), _) if q == b => State::Tag,
                (State::Bang, b'>') if self.last == *b"--" || self.last == *b"]]" => State::Text,
                (State::Instruction, b'>') if self.last[1] == b'?' => State::Text,
                (state, _) => state,
            };
            let begins = next == State::Open;
            let ends = next == State::Text && self.state != State::Text;
            if begins || ends {
                self.elements += u64::from(begins);
                self.longest = self.longest.max(self.run);
                self.run = 0;
            }
            self.state = next;
            self.last = [self.last[1], b];
        }
        self.longest = self.longest.max(self.run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_cut_as_a_reader_cuts_them() {
        for (text, elements, longest) in [
            ("<a>bb</a>", 2, 3),
            ("<a b='>>>>>>'/>", 1, 14),
            ("<!-- <a> <b> -->", 1, 15),
            ("<![CDATA[<<<<<]]>x", 1, 16),
            ("<?xml <<< ?><a/>", 2, 11),
            ("aaaa", 0, 4),
        ] {
            let mut tokens = Tokens::default();
            text.bytes().for_each(|b| tokens.feed(&[b]));
            assert_eq!((tokens.elements, tokens.longest), (elements, longest), "{text}");
        }
    }
}
