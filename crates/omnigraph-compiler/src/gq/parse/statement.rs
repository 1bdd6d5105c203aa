//! Settings and branch statements.

use super::cursor::QueryParser;
use crate::diagnostic::ParseResult;
use crate::gq::ast::{AstSpan, BranchAction, BranchStatement, FileItem, SetStatement, ShowStatement};
use crate::lex::TokenKind;

impl QueryParser<'_> {
    /// Parses `set name = value;`
    pub(super) fn setting(&mut self) -> ParseResult<FileItem> {
        let start = self.advance();
        let name = self.identifier("the name of a setting")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let value = self.expr()?;
        let end = self.expect(TokenKind::Semicolon, "`;`")?;
        Ok(FileItem::Set(SetStatement { name, value, at: AstSpan(start.cover(end)) }))
    }

    /// Parses `show name;` or `show all;`
    pub(super) fn show(&mut self) -> ParseResult<FileItem> {
        let start = self.advance();
        let name = self.identifier("the name of a setting or `all`")?;
        let end = self.expect(TokenKind::Semicolon, "`;`")?;
        let name = if name.text == "all" { None } else { Some(name) };
        Ok(FileItem::Show(ShowStatement { name, at: AstSpan(start.cover(end)) }))
    }

    /// Parses `branch …`
    pub(super) fn branch(&mut self) -> ParseResult<FileItem> {
        let start = self.advance();
        let action = match self.text_at(0) {
            "create" => {
                self.advance();
                let name = self.branch_name()?;
                BranchAction::Create { name, from: self.optional_name("from")? }
            }
            "list" => {
                self.advance();
                BranchAction::List
            }
            "delete" => {
                self.advance();
                BranchAction::Delete { name: self.branch_name()? }
            }
            "merge" => {
                self.advance();
                let source = self.branch_name()?;
                BranchAction::Merge { source, into: self.optional_name("into")? }
            }
            _ => return Err(self.expected_one_of(&["create", "list", "delete", "merge"])),
        };
        let at = AstSpan(start.cover(self.last_span()));
        self.eat(TokenKind::Semicolon);
        Ok(FileItem::Branch(BranchStatement { action, at }))
    }

    fn branch_name(&mut self) -> ParseResult<String> {
        Ok(self.string("the name of the branch as a string")?.node)
    }

    fn optional_name(&mut self, word: &str) -> ParseResult<Option<String>> {
        if !self.eat_word(word) {
            return Ok(None);
        }
        Ok(Some(self.branch_name()?))
    }
}
