"""Draw the sample posters, and the list of what they show.

Every poster is drawn by this program, none is a scan: flat shapes and free fonts, with the true titles,
years and names of films that are in the public domain in the United States.

    python examples/draw_posters.py --out DIR

writes DIR/posters/ and DIR/posters.csv; without --out they go beside this file. It needs the dependency group
`draw` (Pillow and four packages of fonts).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from poster_art import comedies, dramas, journeys, shadows
from poster_art.canvas import MARK, Canvas

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Poster:
    """One sample poster: what its film is, and how it is drawn."""

    file: str
    title: str
    year: int
    art: Callable[[Canvas], None]
    year_printed: bool = True


POSTERS = (
    Poster("a_trip_to_the_moon.jpg", "A Trip to the Moon", 1902, journeys.a_trip_to_the_moon),
    Poster("metropolis.png", "Metropolis", 1927, dramas.metropolis),
    Poster("nosferatu.jpg", "Nosferatu", 1922, shadows.nosferatu, year_printed=False),
    Poster("robin_hood.jpg", "Robin Hood", 1922, journeys.robin_hood),
    Poster("safety_last.jpg", "Safety Last!", 1923, comedies.safety_last),
    Poster("sherlock_jr.jpg", "Sherlock Jr.", 1924, comedies.sherlock_jr),
    Poster("sunrise.webp", "Sunrise", 1927, dramas.sunrise, year_printed=False),
    Poster(
        "the_cabinet_of_dr_caligari.jpg",
        "The Cabinet of Dr. Caligari",
        1920,
        shadows.the_cabinet_of_dr_caligari,
    ),
    Poster("the_cameraman.jpg", "The Cameraman", 1928, comedies.the_cameraman),
    Poster("the_general.jpg", "The General", 1926, comedies.the_general),
    Poster("the_gold_rush.png", "The Gold Rush", 1925, comedies.the_gold_rush, year_printed=False),
    Poster("the_lost_world.jpg", "The Lost World", 1925, journeys.the_lost_world),
    Poster(
        "the_phantom_of_the_opera.jpg", "The Phantom of the Opera", 1925, shadows.the_phantom_of_the_opera
    ),
    Poster("the_thief_of_bagdad.jpg", "The Thief of Bagdad", 1924, journeys.the_thief_of_bagdad),
    Poster("way_down_east.jpg", "Way Down East", 1920, dramas.way_down_east),
    Poster("wings.webp", "Wings", 1927, journeys.wings),
)


def draw(poster: Poster) -> Image.Image:
    """Draw one poster, its line at the foot included."""
    canvas = Canvas()
    poster.art(canvas)
    canvas.mark()
    return canvas.image()


def write(out: Path) -> None:
    """Write every poster to `out`/posters and their list to `out`/posters.csv."""
    folder = out / "posters"
    folder.mkdir(parents=True, exist_ok=True)
    for poster in POSTERS:
        _save(draw(poster), folder / poster.file)
    with (out / "posters.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "title", "year", "year_printed"])
        rows.writerows([p.file, p.title, p.year, "yes" if p.year_printed else "no"] for p in POSTERS)


def _save(image: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = MARK  # ImageDescription
    if path.suffix == ".png":
        image.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True, exif=exif)
    elif path.suffix == ".webp":
        image.save(path, quality=88, method=6, exif=exif)
    else:
        image.save(path, quality=82, optimize=True, exif=exif)


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw the sample posters.")
    here = Path(__file__).parent
    parser.add_argument("--out", type=Path, default=here, metavar="DIR", help="where to write")
    out: Path = parser.parse_args().out
    write(out)
    print(f"{len(POSTERS)} posters in {out / 'posters'}, their titles and years in {out / 'posters.csv'}")


if __name__ == "__main__":
    main()
