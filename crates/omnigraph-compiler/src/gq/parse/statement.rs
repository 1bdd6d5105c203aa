//! What may stand beside queries: settings and branch statements.

use super::cursor::{Parsed, Parser};
use crate::gq::ast::{At, BranchAction, BranchStatement, Item, Setting, Show};
use crate::lex::TokenKind;

impl Parser<'_> {
    /// `set name = value;`
    pub(super) fn setting(&mut self) -> Parsed<Item> {
        let start = self.advance();
        let name = self.identifier("the name of a setting")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let value = self.expr()?;
        let end = self.expect(TokenKind::Semicolon, "`;`")?;
        Ok(Item::Set(Setting { name, value, at: At(start.to(end)) }))
    }

    /// `show name;` or `show all;`
    pub(super) fn show(&mut self) -> Parsed<Item> {
        let start = self.advance();
        let name = self.identifier("the name of a setting or `all`")?;
        let end = self.expect(TokenKind::Semicolon, "`;`")?;
        let name = if name.text == "all" { None } else { Some(name) };
        Ok(Item::Show(Show { name, at: At(start.to(end)) }))
    }

    /// `branch …`
    pub(super) fn branch(&mut self) -> Parsed<Item> {
        let start = self.advance();
        let action = match self.text_at(0) {
            "create" => {
                self.advance();
                let (name, _) = self.string("the name of the branch as a string")?;
                BranchAction::Create { name, from: self.optional_name("from")? }
            }
            "list" => {
                self.advance();
                BranchAction::List
            }
            "delete" => {
                self.advance();
                BranchAction::Delete { name: self.string("the name of the branch as a string")?.0 }
            }
            "merge" => {
                self.advance();
                let (source, _) = self.string("the name of the branch as a string")?;
                BranchAction::Merge { source, into: self.optional_name("into")? }
            }
            _ => return Err(self.expected_one_of(&["create", "list", "delete", "merge"])),
        };
        let at = At(start.to(self.last_span()));
        self.eat(TokenKind::Semicolon);
        Ok(Item::Branch(BranchStatement { action, at }))
    }

    fn optional_name(&mut self, word: &str) -> Parsed<Option<String>> {
        if !self.eat_word(word) {
            return Ok(None);
        }
        Ok(Some(self.string("the name of the branch as a string")?.0))
    }
}
