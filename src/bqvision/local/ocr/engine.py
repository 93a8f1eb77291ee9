"""Image bytes to boxes of print, with one single-threaded RapidOCR per thread."""

from __future__ import annotations

import io
import re
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from bqvision.local.ocr.layout import Box, Page, Point, bare, page_of
from bqvision.local.vision import Image, InputRowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    Pixels: TypeAlias = "NDArray[np.uint8]"

MAX_PIXELS: Final = 80_000_000
"""Larger images are refused before they are unpacked. Pillow itself warns a little above this."""
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_MAX_SIDE: Final = 2000
"""Longer sides are reduced: print that matters is still legible, and time and memory stay bounded."""
_SLIMMEST: Final = 6
"""Slimmer images are widened: the detector brings the short side to 736 pixels, whatever the long one becomes."""
_LEAST_CONFIDENCE: Final = 0.3
_WIDTHS: Final = (0.6, 0.8, 0.5, 0.7, 0.9)
"""Letters set closer show the recogniser the gaps between words that it skips in wide print."""
_SURE: Final = 0.97
_GLUED: Final = 6
"""Letters from which on a word without a gap may be two that were read as one."""
_LOOKS: Final = 6
"""The tallest boxes that get a second look. The title is among them, and small print needs none."""


class _Result(Protocol):
    boxes: Sequence[Sequence[Point]] | None
    txts: Sequence[str] | None
    scores: Sequence[float] | None


class _RapidOCR(Protocol):
    def __call__(self, pixels: Pixels, /, *, use_det: bool, use_cls: bool, use_rec: bool) -> _Result: ...


class Engine:
    """Reads images. Cheap to make; each thread loads its own models at its first image."""

    def __init__(self) -> None:
        self._local = threading.local()

    def read(self, image: Image) -> Page:
        """Return the print on one image.

        Raises:
            InputRowError: The bytes are no image that can be read whole.
        """
        pixels = decode(image)
        height, width = pixels.shape[:2]
        boxes = self._boxes(pixels)
        looks = _worth_a_second_look(boxes)
        boxes = [self._looked_at_again(pixels, box) if at in looks else box for at, box in enumerate(boxes)]
        return page_of(boxes, width=width, height=height)

    def _boxes(self, pixels: Pixels) -> list[Box]:
        found = self._rapidocr()(pixels, use_det=True, use_cls=True, use_rec=True)
        if found.boxes is None or found.txts is None or found.scores is None:
            return []
        return [
            Box(
                text,
                float(score),
                cast("tuple[Point, Point, Point, Point]", tuple((float(x), float(y)) for x, y in box)),
            )
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if text.strip()
        ]

    def _looked_at_again(self, pixels: Pixels, box: Box) -> Box:
        crop = _crop(pixels, box)
        if crop is None:
            return box
        readings = [(box.text, box.confidence)]
        for share in _WIDTHS:
            if len(readings) == 3 and len({text for text, _ in readings}) == 1 and not _long_word(box.text):
                break  # three readings alike: more would say the same
            found = self._rapidocr()(_narrowed(crop, share), use_det=False, use_cls=False, use_rec=True)
            if found.txts and found.scores and found.txts[0].strip():
                readings.append((found.txts[0].strip(), float(found.scores[0])))
        text, confidence = agreed(readings)
        return Box(text, confidence, box.corners)

    def _rapidocr(self) -> _RapidOCR:
        engine: _RapidOCR | None = getattr(self._local, "engine", None)
        if engine is None:
            from rapidocr import RapidOCR

            settings = {
                "Global.log_level": "error",
                "Global.text_score": _LEAST_CONFIDENCE,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
            engine = self._local.engine = cast("_RapidOCR", RapidOCR(params=settings))
        return engine


def agreed(readings: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """Return what several readings of the same print agree on, and how sure that is.

    The letters are put to the vote, weighted by confidence. Among the readings with those letters the one
    with the most words wins, since the recogniser drops spaces but hardly ever makes them up.

    Args:
        readings: Text and confidence of each reading, the first one made of the print as it stands.
    """
    groups: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for text, confidence in readings:
        groups[bare(text)].append((text, confidence))
    group = max(groups.values(), key=lambda members: sum(confidence for _, confidence in members))
    text, _ = max(group, key=lambda member: (len(member[0].split()), member[1]))
    confidence = max(confidence for _, confidence in group)
    if 2 * sum(_numbers(other) == _numbers(text) for other, _ in readings) <= len(readings):
        confidence /= 2  # a digit has no neighbours to vouch for it
    return text, confidence


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d{4,}", text)


def decode(image: Image) -> Pixels:
    """Return an image's pixels as rows of blue, green, red.

    Raises:
        InputRowError: The bytes are empty, cut short, too large or no image at all.
    """
    import numpy as np
    import PIL.Image
    from PIL import ImageOps

    if not image.data:
        raise InputRowError("The image is empty (0 bytes).")
    too_large = f"The image has more than {MAX_PIXELS:,} pixels."
    try:
        with PIL.Image.open(io.BytesIO(image.data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise InputRowError(too_large)
            opened.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
            picture = _flattened(ImageOps.exif_transpose(opened))
    except PIL.UnidentifiedImageError:
        raise InputRowError(
            f"The object is no image that can be read (content type {image.content_type})."
        ) from None
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise InputRowError(too_large) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InputRowError(f"The image is damaged or cut short: {error}.") from error
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE))
    least = -(-max(picture.size) // _SLIMMEST)
    if min(picture.size) < least:
        ground = PIL.Image.new("RGB", (max(picture.width, least), max(picture.height, least)), "white")
        ground.paste(picture)
        picture = ground
    return np.ascontiguousarray(np.asarray(picture, dtype=np.uint8)[:, :, ::-1])


def _flattened(picture: Picture) -> Picture:
    """Return the picture in RGB, what is transparent in it on white."""
    import PIL.Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = PIL.Image.new("RGBA", picture.size, "white")
    return PIL.Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


def _worth_a_second_look(boxes: Sequence[Box]) -> frozenset[int]:
    tallest = max((box.height for box in boxes), default=0.0)
    tall = [at for at, box in enumerate(boxes) if box.height >= 0.35 * tallest and _may_be_misread(box)]
    tall.sort(key=lambda at: -boxes[at].height)
    dated = [at for at, box in enumerate(boxes) if re.search(r"\d{4}", box.text)]
    return frozenset((*tall[:_LOOKS], *dated[:_LOOKS]))


def _may_be_misread(box: Box) -> bool:
    """Say whether a box is worth five more readings: a sure short word or sure words with gaps are not."""
    letters = len(bare(box.text))
    sure = box.confidence >= _SURE and (letters < _GLUED or " " in box.text)
    return letters >= 4 and not sure


def _crop(pixels: Pixels, box: Box) -> Pixels | None:
    """Cut a box out of an image, set straight; None where it stands upright or has no size."""
    import cv2
    import numpy as np

    (x0, y0), (x1, y1), _, (x3, y3) = box.corners
    wide, tall = (
        round(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5),
        round(((x3 - x0) ** 2 + (y3 - y0) ** 2) ** 0.5),
    )
    if wide < 8 or tall < 4 or tall >= 1.5 * wide:
        return None
    straight = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(np.array(box.corners, dtype=np.float32), straight)
    cut = cv2.warpPerspective(
        pixels, turn, (wide, tall), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cast("Pixels", cut)


def _narrowed(crop: Pixels, share: float) -> Pixels:
    import cv2

    size = (max(8, round(crop.shape[1] * share)), crop.shape[0])
    return cast("Pixels", cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC))


def _long_word(text: str) -> bool:
    return max(map(len, text.split())) >= 10
