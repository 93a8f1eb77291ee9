"""The reader on images that are drawn here: real OCR, no stand-ins."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from bqvision.local.ocr import OCRReader, engine
from bqvision.local.vision import (
    Image,
    InputRowError,
    JsonValue,
    PermanentRowError,
    VisionAnswer,
    VisionRequest,
)

PROMPT = "What is the movie title and year of release? Answer in JSON format with two keys: title, year."


@pytest.fixture(scope="module")
def reader() -> OCRReader:
    """One reader for all tests, so that the models are loaded once."""
    return OCRReader()


def drawn(*rows: tuple[str, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    """Return a poster with centred lines of print, given as text and size."""
    picture = Pictures.new("RGB", (420, 600), (250, 240, 220))
    pen, top = ImageDraw.Draw(picture), 40.0
    for text, size in rows:
        font = ImageFont.load_default(size)
        pen.text(((420 - pen.textlength(text, font=font)) / 2, top), text, fill=(20, 20, 60), font=font)
        top += 1.5 * size
    file = io.BytesIO()
    picture.convert(mode).save(file, kind)
    return file.getvalue()


POSTER = drawn(
    ("HAROLD LLOYD", 44), ("in", 18), ("THE FRESHMAN", 50), ("Directed by Sam Taylor", 18), ("1925", 22)
)


def asked(
    data: bytes,
    *,
    prompt: str = PROMPT,
    schema: Mapping[str, JsonValue] | None = None,
    parameters: Mapping[str, JsonValue] | None = None,
) -> VisionRequest:
    """Return a request about one image."""
    image = Image(uri="gs://posters/a.jpg", content_type="image/jpeg", data=data)
    return VisionRequest((image,), prompt, schema, {} if parameters is None else parameters)


def fields(answer: VisionAnswer) -> JsonValue:
    """Return the JSON in a fenced answer."""
    value: JsonValue = json.loads(answer.text.removeprefix("```json\n").removesuffix("\n```"))
    return value


def test_title_and_printed_year_in_fenced_json(reader: OCRReader) -> None:
    """The poster prompt is answered the way Gemini does: JSON in a Markdown fence."""
    answer = reader(asked(POSTER))
    assert answer.text.startswith("```json\n")
    assert answer.text.endswith("\n```")
    assert fields(answer) == {"title": "The Freshman", "year": 1925}
    assert answer.finish_reason == "STOP"
    assert answer.input_tokens == 258 + -(-len(PROMPT) // 4)
    assert answer.output_tokens == -(-len(answer.text) // 4)


def test_a_year_that_is_not_printed_is_null(reader: OCRReader) -> None:
    """The reader knows no films."""
    assert fields(reader(asked(drawn(("METROPOLIS", 50))))) == {"title": "Metropolis", "year": None}


def test_an_image_without_print_answers_nulls(reader: OCRReader) -> None:
    """Nothing to read is an answer, not an error."""
    assert fields(reader(asked(drawn()))) == {"title": None, "year": None}


def test_a_schema_names_the_fields(reader: OCRReader) -> None:
    """With a schema the answer is plain JSON with its keys and types; unreadable fields are null."""
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "year": {"type": "string"}, "mood": {"type": "string"}},
    }
    answer = reader(asked(POSTER, prompt="Look.", schema=schema))
    assert json.loads(answer.text) == {"title": "The Freshman", "year": "1925", "mood": None}


def test_all_text_and_lines(reader: OCRReader) -> None:
    """All print comes as text, and as lines from top to bottom."""
    answer = fields(reader(asked(POSTER, prompt="JSON with the keys text and lines.")))
    assert isinstance(answer, dict)
    assert isinstance(answer["lines"], list)
    assert [answer["lines"][0], answer["lines"][-1]] == ["HAROLD LLOYD", "1925"]
    assert answer["text"] == "\n".join(map(str, answer["lines"]))


@pytest.mark.parametrize("prompt", ["Is this film good?", "Describe the mood. Keys: mood, colours."])
def test_more_than_reading_is_refused(reader: OCRReader, prompt: str) -> None:
    """A question that print can't answer is a row error that says so, before the image is looked at."""
    with pytest.raises(PermanentRowError, match="only reads print"):
        reader(asked(b"", prompt=prompt))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"this is a text file named .jpg", "no image that can be read"),
        (drawn(("GREED", 60), kind="JPEG")[:2000], "damaged or cut short"),
        (drawn(("GREED", 60))[:1500], "damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
    ids=["empty", "text", "cut jpeg", "cut png", "png head", "postscript"],
)
def test_bad_files_are_row_errors(reader: OCRReader, data: bytes, message: str) -> None:
    """A file that is no whole image is refused with a reason."""
    with pytest.raises(InputRowError, match=message):
        reader(asked(data))


def test_no_image_is_a_row_error(reader: OCRReader) -> None:
    """A prompt without an image is refused."""
    with pytest.raises(InputRowError, match="no image"):
        reader(VisionRequest((), PROMPT))


def test_a_decompression_bomb_is_refused() -> None:
    """A small file that unpacks to a huge image is refused before it is unpacked."""
    file = io.BytesIO()
    Pictures.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(InputRowError, match="more than 80,000,000 pixels"):
        engine.decode(Image("gs://b/bomb.png", "image/png", file.getvalue()))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("WEBP", "RGBA"),
        ("GIF", "P"),
        ("BMP", "RGB"),
    ],
)
def test_kinds_of_images(kind: str, mode: str) -> None:
    """Every common file kind and colour mode becomes three channels."""
    assert engine.decode(Image("", "", drawn(("A", 20), kind=kind, mode=mode))).shape == (600, 420, 3)


def test_pixels_are_blue_green_red_and_transparency_is_white() -> None:
    """Pixels are in the order that the engine wants, on white."""
    file = io.BytesIO()
    picture = Pictures.new("RGBA", (20, 20), (255, 0, 0, 255))
    picture.putpixel((0, 0), (0, 0, 0, 0))
    picture.save(file, "PNG")
    pixels = engine.decode(Image("", "", file.getvalue()))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[5, 5].tolist() == [0, 0, 255]


@pytest.mark.parametrize("size", [(1, 1), (1, 2500), (5000, 3)])
def test_odd_sizes_are_bounded(size: tuple[int, int]) -> None:
    """A sliver is widened and a large image reduced, so that memory stays bounded."""
    file = io.BytesIO()
    Pictures.new("RGB", size, "white").save(file, "PNG")
    height, width, _ = engine.decode(Image("", "", file.getvalue())).shape
    assert max(height, width) <= 2000
    assert max(height, width) <= 6 * min(height, width)


def test_token_limit_cuts_the_answer(reader: OCRReader) -> None:
    """More text than the limit allows, at four characters a token, ends as MAX_TOKENS."""
    answer = reader(asked(POSTER, parameters={"max_output_tokens": 5}))
    assert answer.finish_reason == "MAX_TOKENS"
    assert (len(answer.text), answer.output_tokens) == (20, 5)


def test_stop_sequences_end_the_answer(reader: OCRReader) -> None:
    """The answer ends before the first stop sequence."""
    answer = reader(asked(POSTER, parameters={"stop_sequences": ["\n", "title"]}))
    assert (answer.text, answer.finish_reason) == ("```json", "STOP")


def test_threads_read_at_once(reader: OCRReader) -> None:
    """Several threads share one reader, and each gets the answer of its own image."""
    titles = ["SUNRISE", "METROPOLIS", "NOSFERATU", "INTOLERANCE"]
    requests = [asked(drawn((title, 44))) for title in titles]
    with ThreadPoolExecutor(2) as pool:
        answers = [fields(answer) for answer in pool.map(reader, requests)]
    assert answers == [{"title": title.capitalize(), "year": None} for title in titles]


def test_warm_up_and_repr() -> None:
    """A reader is cheap to make, can be warmed up, and shows nothing but its name."""
    fresh = OCRReader()
    fresh.warm_up()
    assert repr(fresh) == "OCRReader()"


def test_readings_vote() -> None:
    """The letters that most readings agree on win, with the most words among them."""
    assert engine.agreed([("BLONDIES", 0.95), ("BLONDES", 1.0), ("BLONDES", 0.98)]) == ("BLONDES", 1.0)
    assert engine.agreed([("IRONHORSE", 1.0), ("IRON HORSE", 0.96)]) == ("IRON HORSE", 1.0)


def test_a_number_needs_a_majority() -> None:
    """Digits that half of the readings see otherwise are doubtful."""
    assert engine.agreed([("1922", 1.0), ("1922", 1.0), ("1972", 0.9)]) == ("1922", 1.0)
    assert engine.agreed([("1922", 1.0), ("1972", 0.9)]) == ("1922", 0.5)
