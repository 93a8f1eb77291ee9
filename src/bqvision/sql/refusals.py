"""Which objects are not asked about, since the model would refuse them, and for a charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bqvision.sql.compose import SQL, Literal

if TYPE_CHECKING:
    from bqvision.sql.compose import Composed

__all__ = ["refusal"]

IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
"""The image types that Gemini reads."""

MAX_IMAGE_BYTES: Final = 30 * 1024 * 1024
"""The largest file that Gemini reads from Cloud Storage."""

# Without a stored content type BigQuery goes by the name's ending, so such objects are asked about.
_UNTYPED: Final = ("", "application/octet-stream", "binary/octet-stream")
_IMAGE_NAME: Final = r"(?i)\.(png|jpe?g|webp|hei[cf])$"


def refusal() -> Composed:
    """Return the expression for why an object, `image`, is not asked about; NULL if it is."""
    return SQL("""\
CASE
  WHEN COALESCE(image.size, 0) = 0 THEN 'The file is empty.'
  WHEN image.size > {max_bytes} THEN 'The file is larger than 30 MB.'
  WHEN LOWER(image.content_type) IN UNNEST({types}) THEN NULL
  WHEN LOWER(COALESCE(image.content_type, '')) IN UNNEST({untyped})
    AND REGEXP_CONTAINS(image.uri, {image_name}) THEN NULL
  ELSE CONCAT('The model does not read the content type ', COALESCE(image.content_type, '(none)'), '.')
END""").format(
        max_bytes=Literal(MAX_IMAGE_BYTES),
        types=Literal(IMAGE_TYPES),
        untyped=Literal(_UNTYPED),
        image_name=Literal(_IMAGE_NAME),
    )
