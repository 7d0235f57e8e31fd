"""Bookshelf: who has borrowed which book. A small web service over SQLite."""
