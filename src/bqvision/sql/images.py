"""Which images a question is about: all of an object table, some of them, or groups that are shown together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision.errors import InvalidInputError
from bqvision.sql.compose import SQL, Literal, Parameter
from bqvision.sql.options import refuse, string
from bqvision.sql.refusals import refusal

if TYPE_CHECKING:
    from datetime import datetime

    from bqvision.sql.compose import Composable
    from bqvision.sql.names import TableName

__all__ = ["Images", "clean_group_by"]

MAX_GROUP: Final = 3_000
"""The most images that Gemini takes in one prompt:
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/models/gemini/2-5-flash-lite."""

_MAX_PATTERN: Final = 1_000
_LITERAL: Final = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[^A-Za-z1-9]|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL
)
"""What stands for characters only, so that nothing in it is a sign."""
_NOT_RE2: Final = re.compile(
    r"\(\?(?:[=!(>#]|<[=!]|P=)"  # look-around, conditions, atomic groups, comments
    r"|\(\?[imsU-]*[^imsU:P<)-]"  # flags of Python alone
    r"|\\[1-9ZNGK]"  # back references, Python's end of the text, named characters
    r"|[*+?}]\+"  # possessive quantifiers
    r"|\{,"
)
"""What other patterns have and BigQuery's (RE2, https://github.com/google/re2/wiki/Syntax) have not."""
_MAX_REPEAT: Final = 1_000

# A group is named by what its images' URIs have in common; its "generation" changes when any image of it is added,
# replaced or removed. Images that the model would refuse are left out, unless there are no others.
_GROUPS: Final = SQL("""\
(
  SELECT
    name AS uri,
    CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(STRING_AGG(
      CONCAT(uri, '#', CAST(generation AS STRING)), '\\n' ORDER BY uri
    ))), 1, 12)) AS INT64) AS generation,
    ARRAY_AGG(ref ORDER BY uri) AS ref,
    MIN(content_type) AS content_type,
    SUM(size) AS size,{latest}
    CASE
      WHEN MIN(refusal) IS NOT NULL THEN MIN(refusal)
      WHEN COUNT(*) > {most} THEN {too_many}
    END AS refusal
  FROM (
    SELECT *
    FROM (
      SELECT
        image.uri, image.generation, image.ref, image.content_type, image.size,{updated}
        {refusal} AS refusal,
        COALESCE(NULLIF(REGEXP_EXTRACT(image.uri, {pattern}), ''), image.uri) AS name
      FROM {table} AS image
      WHERE TRUE
      QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1
    )
    WHERE TRUE
    QUALIFY refusal IS NULL OR COUNTIF(refusal IS NULL) OVER (PARTITION BY name) = 0
  )
  GROUP BY name
)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The images of an object table that a question is about.

    Attributes:
        table: The object table.
        group_by: A pattern of RE2; images whose URIs match it alike are shown together. None shows each by itself.
        uris: Only these images or groups, by their URIs; None for all.
        until: What was written after that moment is listed, and not asked about; None to ask about everything.
    """

    table: TableName
    group_by: str | None = None
    uris: tuple[str, ...] | None = None
    until: datetime | None = None

    @override
    def __str__(self) -> str:
        return str(self.table)

    @property
    def relation(self) -> Composable:
        """What stands in a FROM clause: columns uri, generation, ref, content_type and size, one row an image."""
        images: Composable = self.table
        columns: Composable = SQL(
            "listed.uri, listed.generation, listed.ref, listed.content_type, listed.size"
        )
        if self.until is not None:
            columns = SQL("{}, listed.updated").format(columns)
        if self.group_by is not None:
            columns = SQL("listed.*")
            images = _GROUPS.format(
                table=self.table,
                latest=SQL("") if self.until is None else SQL("\nMAX(updated) AS updated,"),
                updated=SQL("") if self.until is None else SQL(" image.updated,"),
                pattern=Literal(self.group_by),
                refusal=refusal(),
                most=Literal(MAX_GROUP),
                too_many=Literal(f"More than {MAX_GROUP:,} images are one question."),
            )
        if self.uris is None:
            return images
        return SQL("""\
(
  SELECT {}
  FROM {} AS listed
  WHERE listed.uri IN UNNEST({})
)""").format(columns, images, Parameter("uris", "ARRAY<STRING>", self.uris))

    @property
    def refusal(self) -> Composable:
        """The expression for why an image, or a group, is not asked about; NULL if it is."""
        return refusal() if self.group_by is None else SQL("image.refusal")

    @property
    def files(self) -> Composable:
        """The expression for how many files are shown in one question."""
        return SQL("1") if self.group_by is None else SQL("ARRAY_LENGTH(image.ref)")

    @property
    def unchanged(self) -> Composable | None:
        """The condition for what was there at `until` already; None if that does not matter."""
        if self.until is None:
            return None
        return SQL("image.updated <= {}").format(Parameter.timestamp("until", self.until))


def clean_group_by(pattern: str) -> str:
    """Return a pattern of RE2 that takes a group's name out of a URI.

    Raises:
        InvalidInputError: It is none, or has more than one group in brackets, which BigQuery refuses.
    """
    allowed = "a regular expression (RE2) with at most one group in brackets, such as ^gs://shop/[^/]+/"
    text = string("group_by", pattern, allowed)
    if not 0 < len(text) <= _MAX_PATTERN:
        raise refuse("group_by", text, f"{allowed}, of at most {_MAX_PATTERN:,} characters")
    bare = _LITERAL.sub("x", text)
    repeats = [int(times) for times in re.findall(r"\{(\d{1,9})", bare) + re.findall(r",(\d{1,9})\}", bare)]
    if _NOT_RE2.search(bare) or any(times > _MAX_REPEAT for times in repeats):
        raise InvalidInputError(
            "group_by has what RE2 has not: look-around, back references, possessive quantifiers, Python's flags or "
            "\\Z, or more than 1,000 repeats",
            next_step=f"Allowed: {allowed}.",
        )
    groups = len(re.findall(r"\((?!\?)|\(\?P?<", bare))
    if groups > 1 or bare.count("(") != bare.count(")") or "[" in bare:
        raise refuse("group_by", text, allowed)
    return text
