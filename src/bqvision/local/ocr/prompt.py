"""Which keys an answer shall have: from a JSON schema, else from the words of the prompt."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.vision import JsonValue

_LIST: Final = re.compile(
    r"\b(?:keys?|fields?|properties|columns|attributes|members)\b"
    r"(?:\s+(?:named|called|as|are|is|of))*\s*[:=-]?\s*(?P<list>[^.?!\s].*?)(?=[.?!](?:\s|$)|\n\s*\n|$)",
    re.IGNORECASE | re.DOTALL,
)
_ITEM: Final = re.compile(r"^[\W\d_]*(?:and\s+|or\s+)?[\"'`]?(?P<name>[A-Za-z_]\w*)", re.IGNORECASE)
_QUOTED_KEY: Final = re.compile(r"[\"'`](?P<name>[A-Za-z_]\w*)[\"'`]\s*:")
_NO_NAMES: Final = frozenset(
    {"and", "or", "the", "in", "a", "json", "object", "only", "following", "should", "must", "with"}
)
_READING: Final = re.compile(
    r"\b(?:read|transcribe|extract|copy|write\s+down|ocr|find|give|return|tell|what(?:'s|\s+is|\s+are|\s+does|\s+do)?)\b",
    re.IGNORECASE,
)
_MENTIONED: Final = {
    "title": re.compile(r"\btitle\b", re.IGNORECASE),
    "year": re.compile(r"\byear\b", re.IGNORECASE),
    "text": re.compile(r"\b(?:text|print|printed|words|says?|written)\b", re.IGNORECASE),
    "lines": re.compile(r"\blines\b", re.IGNORECASE),
}


def keys_of_schema(schema: Mapping[str, JsonValue]) -> dict[str, Mapping[str, JsonValue]]:
    """Return the properties of an object schema, in order: name to schema."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: of if isinstance(of, dict) else {} for name, of in properties.items()}


def keys_of_prompt(prompt: str) -> tuple[str, ...]:
    """Return the keys that a prompt names for its answer, in order; none where it names none.

    Understood are a list ("two keys: title, year"), a JSON object or JSON schema that stands in the prompt,
    and, where there is neither, a plain request to read a title, a year, lines or all text.
    """
    return _from_json(prompt) or _from_list(prompt) or _from_quoted(prompt) or _from_request(prompt)


def _from_json(prompt: str) -> tuple[str, ...]:
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", prompt):
        try:
            value = cast("JsonValue", decoder.raw_decode(prompt, brace.start())[0])
        except ValueError:
            continue
        if isinstance(value, dict):
            return tuple(keys_of_schema(value)) or tuple(value)
    return ()


def _from_list(prompt: str) -> tuple[str, ...]:
    for found in _LIST.finditer(prompt):
        names = _names(found["list"])
        if names:
            return names
    return ()


def _names(listed: str) -> tuple[str, ...]:
    """Return the first word of each item; one that is no key name ends the list."""
    names: dict[str, None] = {}
    plain = re.sub(r"\([^()]*\)", " ", listed)
    for item in re.split(r"[,;\n]|\s(?:and|&)\s", plain):
        if not item.strip():
            continue
        found = _ITEM.match(item)
        if found is None or found["name"].casefold() in _NO_NAMES:
            break
        names[found["name"]] = None
    return tuple(names)


def _from_quoted(prompt: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found["name"] for found in _QUOTED_KEY.finditer(prompt)))


def _from_request(prompt: str) -> tuple[str, ...]:
    if not _READING.search(prompt):
        return ()
    return tuple(key for key, mention in _MENTIONED.items() if mention.search(prompt))
