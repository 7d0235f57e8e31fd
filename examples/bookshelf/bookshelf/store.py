"""The shelf itself: books and loans in SQLite."""

import os
import sqlite3

SCHEMA = """
create table if not exists book (
    id integer primary key, title text not null, author text not null, borrower text
);
"""

FIRST_BOOKS = [
    ("The Sea Around Us", "Rachel Carson"),
    ("A Pattern Language", "Christopher Alexander"),
    ("The Mythical Man-Month", "Frederick Brooks"),
]


def connect(folder):
    return sqlite3.connect(os.path.join(folder, "bookshelf.db"))


def prepare(folder):
    with connect(folder) as db:
        db.executescript(SCHEMA)
        if db.execute("select count(*) from book").fetchone()[0] == 0:
            db.executemany("insert into book (title, author) values (?, ?)", FIRST_BOOKS)


def all_books(folder):
    with connect(folder) as db:
        return db.execute("select id, title, author, borrower from book order by title").fetchall()


def book(folder, number):
    with connect(folder) as db:
        return db.execute("select id, title, author, borrower from book where id = ?", (number,)).fetchone()


def search(folder, words):
    # Seeded weakness (CWE-89): the search words become part of the statement.
    with connect(folder) as db:
        query = "select id, title, author, borrower from book where title like '%" + words + "%'"
        return db.execute(query).fetchall()


def borrow(folder, number, borrower):
    with connect(folder) as db:
        changed = db.execute(
            "update book set borrower = ? where id = ? and borrower is null", (borrower, number)
        )
        return changed.rowcount == 1


def give_back(folder, number):
    with connect(folder) as db:
        return db.execute("update book set borrower = null where id = ?", (number,)).rowcount == 1
