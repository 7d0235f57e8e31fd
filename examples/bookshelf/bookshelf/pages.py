"""The pages, as text."""

from html import escape

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
<form action="/search"><input name="q" aria-label="Search words"><button>Search</button></form>
{body}
</body>
</html>
"""


def page(title, body):
    return PAGE.format(title=title, body=body)


def table(books):
    rows = "".join(
        f'<tr><td><a href="/books/{number}">{escape(title)}</a></td>'
        f"<td>{escape(author)}</td><td>{escape(borrower or 'on the shelf')}</td></tr>"
        for number, title, author, borrower in books
    )
    return f"<table><tr><th>Title</th><th>Author</th><th>Where</th></tr>{rows}</table>"


def one(book):
    number, title, author, borrower = book
    form = (
        f'<form method="post" action="/books/{number}/borrow">'
        '<input name="borrower" aria-label="Your name" required><button>Borrow</button></form>'
    )
    where = f"borrowed by {escape(borrower)}" if borrower else form
    return page(escape(title), f"<p>{escape(author)}</p><p>{where}</p>")


def results(words, books):
    # Seeded weakness (CWE-79): the search words are shown as they came.
    return page("Search", f"<p>Results for {words}</p>" + table(books))
