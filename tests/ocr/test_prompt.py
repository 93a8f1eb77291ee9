"""Which keys a prompt or a schema asks for."""

from __future__ import annotations

import pytest

from bqvision.local.ocr.prompt import keys_of_prompt, keys_of_schema


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        (
            "For the movie represented by this poster, what is the movie title and year of release? Answer in JSON "
            "format with two keys: title, year. title should be string, year should be integer.",
            ("title", "year"),
        ),
        ("Return JSON with keys 'title' and 'year' only.", ("title", "year")),
        (
            "A JSON object with the fields `title` (string, or null), `director` (string).",
            ("title", "director"),
        ),
        ("Give these keys:\n- title: what it is called\n- year: when\n- genre", ("title", "year", "genre")),
        ('Answer as {"title": "...", "year": 1922}.', ("title", "year")),
        ('Answer as {"title": string, "year": integer}.', ("title", "year")),
        ('Schema: {"type": "object", "properties": {"isbn": {"type": "string"}}}', ("isbn",)),
        ("Press any key. Read all text.", ("text",)),
        ("What is the title of this book?", ("title",)),
        ("Is this film good?", ()),
        ("Is the title well chosen?", ()),
        ("", ()),
    ],
)
def test_keys_of_a_prompt(prompt: str, keys: tuple[str, ...]) -> None:
    """Lists, JSON, schemas and plain requests to read are understood; other questions name no key."""
    assert keys_of_prompt(prompt) == keys


def test_keys_of_a_schema() -> None:
    """A schema's properties are the keys, in order; anything else has none."""
    assert list(keys_of_schema({"type": "object", "properties": {"b": {"type": "string"}, "a": True}})) == [
        "b",
        "a",
    ]
    assert keys_of_schema({"type": "string"}) == {}
