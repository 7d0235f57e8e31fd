"""Orders in SQLite. Prices are in cents."""

import os
import sqlite3

PRICES = {"rope": 1250, "lantern": 3900, "compass": 5400}
MOST = 50


def connect(folder):
    return sqlite3.connect(os.path.join(folder, "till.db"))


def prepare(folder):
    with connect(folder) as db:
        db.execute("create table if not exists orders (id integer primary key, customer text, goods text, cents int)")


def total(goods, number):
    """What so many of these cost; nobody is paid for taking goods."""
    if goods not in PRICES or not 1 <= number <= MOST:
        raise ValueError("no such order")
    return PRICES[goods] * number


def place(folder, customer, goods, number):
    cents = total(goods, number)
    with connect(folder) as db:
        db.execute("insert into orders (customer, goods, cents) values (?, ?, ?)", (customer, goods, cents))
    return cents


def of_customer(folder, customer):
    with connect(folder) as db:
        return db.execute("select goods, cents from orders where customer = ?", (customer,)).fetchall()
