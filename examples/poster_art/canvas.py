"""A poster-sized canvas: flat shapes, curves, rays and set type, drawn large and scaled down once."""

from __future__ import annotations

import math
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 600, 900
MARK = "Sample poster drawn by the bqvision project"

_SCALE = 2
_FONTS = {
    "gothic": ("font_fjallaone", "FjallaOne-Regular.ttf"),
    "serif": ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
    "black": ("font_source_serif_pro", "SourceSerifPro-Black.ttf"),
    "italic": ("font_source_serif_pro", "SourceSerifPro-SemiboldIt.ttf"),
    "hand": ("font_amatic_sc", "AmaticSC-Bold.ttf"),
    "round": ("font_fredoka_one", "FredokaOne-Regular.ttf"),
}

Point: TypeAlias = tuple[float, float]


class Canvas:
    """A 600 x 900 poster; points run from the top left corner, colours are `#rrggbb` or `#rrggbbaa`."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE))
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def image(self) -> Image.Image:
        """Return the finished poster at its true size."""
        return self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def fill(self, colour: str) -> None:
        """Fill the whole poster."""
        self.rectangle(0, 0, WIDTH, HEIGHT, colour)

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=fill)

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        """Fill an upright rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)

    def line(self, points: Sequence[Point], width: float, fill: str) -> None:
        """Draw a line through the points, with round joints and ends."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * _SCALE), joint="curve")
        if len(fill) == len("#rrggbb"):  # a see-through end would show where it lies over the line
            for x, y in (points[0], points[-1]):
                self.disc(x, y, width / 2, fill)

    def ellipse(self, x: float, y: float, across: float, down: float, fill: str) -> None:
        """Fill an ellipse around (x, y); `across` and `down` are its two radii."""
        box = [(x - across) * _SCALE, (y - down) * _SCALE, (x + across) * _SCALE, (y + down) * _SCALE]
        self._draw.ellipse(box, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        self.ellipse(x, y, radius, radius, fill)

    def ring(self, x: float, y: float, radius: float, width: float, fill: str) -> None:
        """Draw a circle's outline, `width` wide, inside `radius`."""
        box = [(x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE]
        self._draw.ellipse(box, outline=fill, width=round(width * _SCALE))

    def bands(self, top: float, bottom: float, colours: Sequence[str]) -> None:
        """Fill the poster's width from `top` to `bottom` with level bands, as lithographs shade a sky."""
        height = (bottom - top) / len(colours)
        for number, colour in enumerate(colours):
            self.rectangle(0, top + number * height, WIDTH, top + (number + 1) * height, colour)

    def rays(self, x: float, y: float, count: int, fill: str, turn: float = 0) -> None:
        """Fill `count` wedges around (x, y), as wide as the gaps between them; `turn` is in degrees."""
        step = 360 / count
        for number in range(count):
            edges = [turn + number * step, turn + (number + 0.5) * step]
            self.polygon([(x, y), *(around(x, y, 1500, angle) for angle in edges)], fill)

    def text(
        self,
        words: str,
        y: float,
        size: float,
        fill: str,
        *,
        x: float = WIDTH / 2,
        font: str = "gothic",
        width: float = WIDTH - 60,
        tracking: float = 0,
        align: str = "m",
        shadow: str | None = None,
        drop: float = 4,
    ) -> None:
        """Set one line of type with its baseline at `y`, made smaller where it would pass `width`.

        Args:
            words: The line.
            y: The baseline.
            size: The largest size of the type.
            fill: The colour.
            x: The left end, the middle or the right end of the line, as `align` says.
            font: One of gothic, serif, black, italic, hand, round and plain.
            width: The room there is.
            tracking: Space added after each letter, as a share of the size.
            align: `l`, `m` or `r`.
            shadow: The colour of a shadow below and to the right.
            drop: The distance of the shadow.
        """
        size = min(size, size * width / _length(words, _font(font, size), tracking * size))
        face, space = _font(font, size), tracking * size
        start = x - _length(words, face, space) * {"l": 0, "m": 0.5, "r": 1}[align]
        passes = [(drop, shadow), (0, fill)] if shadow is not None else [(0, fill)]
        for offset, colour in passes:
            along = start
            for letter in words if tracking else [words]:
                place = ((along + offset) * _SCALE, (y + offset) * _SCALE)
                self._draw.text(place, letter, fill=colour, font=face, anchor="ls")
                along += _length(letter, face, 0) + space

    def mark(self) -> None:
        """Say at the foot of the poster, which is dark on all of them, who drew it."""
        self.text(MARK, HEIGHT - 12, 15, "#e6dcc4", font="plain")


def at(points: str) -> list[Point]:
    """Read points written as in SVG: `10,20 30,40`."""
    pairs = (point.split(",") for point in points.split())
    return [(float(x), float(y)) for x, y in pairs]


def spots(triples: str) -> list[tuple[float, float, float]]:
    """Read places with a size each: `10,20,5 30,40,8`."""
    values = (triple.split(",") for triple in triples.split())
    return [(float(x), float(y), float(size)) for x, y, size in values]


def fir(x: float, base: float, size: float) -> list[list[Point]]:
    """Return the three triangles of a fir tree, topmost first; the first point of each is its tip."""
    tiers: list[list[Point]] = []
    for tier in range(3):
        half, top = size * (0.24 + tier * 0.1), base - size + tier * size * 0.26
        tiers.append([(x, top), (x - half, top + size * 0.42), (x + half, top + size * 0.42)])
    return tiers


def around(x: float, y: float, radius: float, angle: float) -> Point:
    """Return the point at `angle` degrees (clockwise, 0 is right) on a circle."""
    return x + radius * math.cos(math.radians(angle)), y + radius * math.sin(math.radians(angle))


def arc(x: float, y: float, radius: float, start: float, end: float, steps: int = 40) -> list[Point]:
    """Return points along a circle from `start` to `end` degrees."""
    return [around(x, y, radius, start + (end - start) * n / steps) for n in range(steps + 1)]


def curve(points: Sequence[Point], steps: int = 12) -> list[Point]:
    """Return points along a smooth curve through the given ones (a Catmull-Rom spline)."""
    path: list[Point] = []
    for n in range(len(points) - 1):
        p0, p1, p2, p3 = points[max(n - 1, 0)], points[n], points[n + 1], points[min(n + 2, len(points) - 1)]
        for step in range(steps):
            t = step / steps
            path.append((_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t)))
    return [*path, points[-1]]


def placed(points: Sequence[Point], x: float, y: float, scale: float = 1, turn: float = 0) -> list[Point]:
    """Return the shape scaled, turned by `turn` degrees around its origin, and moved to (x, y)."""
    cos, sin = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
    return [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in points]


def mirrored(points: Sequence[Point], middle: float = WIDTH / 2) -> list[Point]:
    """Return the outline closed by its mirror image on the other side of a vertical line."""
    return [*points, *((2 * middle - x, y) for x, y in reversed(points))]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    if name == "plain":
        plain = ImageFont.load_default(size=size * _SCALE)
        assert isinstance(plain, ImageFont.FreeTypeFont), "this Pillow was built without FreeType"
        return plain
    package, file = _FONTS[name]
    with as_file(files(package) / "files" / file) as path:
        # The basic layout is the one that every build of Pillow has.
        return ImageFont.truetype(path, size * _SCALE, layout_engine=ImageFont.Layout.BASIC)


def _length(words: str, face: ImageFont.FreeTypeFont, space: float) -> float:
    return face.getlength(words) / _SCALE + space * (len(words) - 1)
