//! A catalogue in memory, with faults.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::book::{Cover, StoredBook};
use crate::isbn::Isbn;
use crate::ports::{Catalogue, CatalogueError, Page, Position, Search, Write};

/// The failure of the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fault {
    #[default]
    None,
    /// No call is answered.
    Away,
    /// The next write takes effect, and its answer says that the condition failed, as after a repetition by the SDK.
    RepeatedWrite,
    /// Somebody else changes the book just before the next write.
    Race,
    /// No picture can be removed.
    NoBucket,
    /// The handler's call panics.
    Panic,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    books: Mutex<BTreeMap<Isbn, StoredBook>>,
    /// The keys of the pictures that were removed.
    pub(super) removed: Mutex<Vec<String>>,
    pub(super) fault: Mutex<Fault>,
}

impl Memory {
    pub(super) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Sets the cover of every book, as cover-resizer does.
    pub(super) fn set_cover(&self, text: &str) {
        for book in self.books.lock().unwrap().values_mut() {
            book.cover = Cover::parse(text).unwrap();
            book.version += 1;
        }
    }

    fn fault(&self, is_of_pictures: bool) -> Result<Fault, CatalogueError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match *fault {
            Fault::Away => Err(CatalogueError::Unavailable("away".to_owned())),
            Fault::Panic => panic!("the test asked for it"),
            // This one waits for a removal of pictures.
            Fault::NoBucket if !is_of_pictures => Ok(Fault::None),
            // These wait for a write.
            _ => Ok(std::mem::take(&mut *fault)),
        }
    }

    fn write(
        &self,
        isbn: &Isbn,
        expected: Option<u64>,
        new: Option<&StoredBook>,
    ) -> Result<Write, CatalogueError> {
        let fault = self.fault(false)?;
        let mut books = self.books.lock().unwrap();
        if fault == Fault::Race
            && let Some(book) = books.get_mut(isbn)
        {
            book.version += 1;
        }
        if books.get(isbn).map(|book| book.version) != expected {
            return Ok(Write::ConditionFailed);
        }
        match new {
            Some(book) => books.insert(isbn.clone(), book.clone()),
            None => books.remove(isbn),
        };
        Ok(if fault == Fault::RepeatedWrite {
            Write::ConditionFailed
        } else {
            Write::Done
        })
    }
}

impl Catalogue for Memory {
    async fn book(&self, isbn: &Isbn) -> Result<Option<StoredBook>, CatalogueError> {
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(fault, Fault::Away | Fault::Panic) {
            self.fault(false)?;
        }
        Ok(self.books.lock().unwrap().get(isbn).cloned())
    }

    async fn insert(&self, book: &StoredBook) -> Result<Write, CatalogueError> {
        self.write(&book.book.isbn, None, Some(book))
    }

    async fn replace(&self, book: &StoredBook) -> Result<Write, CatalogueError> {
        self.write(&book.book.isbn, Some(book.version - 1), Some(book))
    }

    async fn remove(&self, isbn: &Isbn, version: u64) -> Result<Write, CatalogueError> {
        self.write(isbn, Some(version), None)
    }

    async fn remove_pictures(&self, keys: Vec<String>) -> Result<(), CatalogueError> {
        if self.fault(true)? == Fault::NoBucket {
            return Err(CatalogueError::PicturesStay("away".to_owned()));
        }
        self.removed.lock().unwrap().extend(keys);
        Ok(())
    }

    async fn list(&self, search: &Search) -> Result<Page, CatalogueError> {
        self.fault(false)?;
        let books = self.books.lock().unwrap();
        let mut all: Vec<(String, StoredBook)> = books
            .values()
            .map(|book| (book.book.title.as_str().to_lowercase(), book.clone()))
            .filter(|(title, _)| search.words.iter().all(|word| title.contains(word)))
            .filter(|(title, _)| search.after.as_ref().is_none_or(|Position(after)| title > after))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let limit = usize::from(search.limit);
        let next = (all.len() > limit).then(|| Position(all[limit - 1].0.clone()));
        all.truncate(limit);
        Ok(Page {
            books: all.into_iter().map(|(_, book)| book).collect(),
            next,
        })
    }
}
