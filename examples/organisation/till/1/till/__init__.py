"""The till: orders and what they cost."""
