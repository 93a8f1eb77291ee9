"""What is right about images, as a CSV file, a mapping or a table in BigQuery says it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bqvision import _rest
from bqvision._text import plural
from bqvision.errors import InvalidInputError, NotFoundError
from bqvision.evaluating.expected import read_value
from bqvision.sql.truth import read_truth

if TYPE_CHECKING:
    from bqvision.dataset import Dataset
    from bqvision.field_types import FieldType

TruthSource: TypeAlias = str | Path | Mapping[str, Mapping[str, object]]
"""What says what is right: a CSV file, a table in BigQuery, or a mapping of URI or file name to field to value."""

KEYS: Final = ("uri", "file", "file_name")
"""The columns that may say which image a row is about; the first that is there does."""

_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says of one image, as it was given."""

    place: str
    """Where it stands, for errors."""
    image: str
    """The image's URI, or its file name."""
    values: Mapping[str, object]
    """By column, in lower case."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right about each image, in the types of a record's fields."""

    fields: tuple[str, ...]
    """The fields that are compared."""
    values: Mapping[str, Mapping[str, object]]
    """By URI or file name, then by field; None is for no value, and a field that isn't there isn't compared."""

    def image_of(self, uri: str) -> str | None:
        """Return the row that is about an image, by its URI or file name; None if there is none."""
        name = file_name(uri)
        return uri if uri in self.values else name if name in self.values else None

    def about(self, uris: Iterable[str]) -> Truth:
        """Return what is right about some images only."""
        images = {self.image_of(uri) for uri in uris}
        return Truth(self.fields, {image: values for image, values in self.values.items() if image in images})


@dataclass(frozen=True, slots=True)
class Given:
    """A truth as it was given, before it is known of which types its values are."""

    columns: tuple[str, ...]
    """Its columns as they are written, without the one that says which image a row is about."""
    rows: tuple[Row, ...]

    def fields_of(
        self, types: Mapping[str, FieldType], wanted: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Return the fields of a record that there is a column for.

        Args:
            types: The record's fields.
            wanted: Those that must be among them. Default: all that are.

        Raises:
            InvalidInputError: There is none, or one that is wanted is missing.
        """
        there = {column.lower() for column in self.columns}
        found = tuple(name for name in types if name.lower() in there)
        missing = [] if wanted is None else [name for name in wanted if name not in found]
        if missing or not found:
            what = f"no {', '.join(missing)}" if missing else "nothing in common"
            raise InvalidInputError(
                f"the truth and the record have {what}: the truth has the columns "
                f"{_listed(self.columns)}; the record has the fields {_listed(types)}",
                next_step="Name the columns of the truth like the record's fields.",
            )
        return found if wanted is None else tuple(name for name in found if name in wanted)

    def typed(self, types: Mapping[str, FieldType], fields: Sequence[str]) -> Truth:
        """Read the values of some fields in their types.

        Args:
            types: The record's fields.
            fields: Those that are compared.

        Raises:
            InvalidInputError: A value is not of its field's type; the message says where it stands.
        """
        return Truth(tuple(fields), {row.image: _typed(row, types, fields) for row in self.rows})


def read(
    source: TruthSource, *, key: str | None = None, fields: Iterable[str], dataset: Dataset | None
) -> Given:
    """Read what is right.

    Args:
        source: A CSV file (a path, or a text that ends in ``.csv``), a table, or a mapping.
        key: The column that says which image a row is about. Default: the first of ``uri``, ``file``, ``file_name``.
        fields: The columns to read from a table, where it has them.
        dataset: Where a table is looked for.

    Raises:
        InvalidInputError: It can not be read, is empty, names an image twice, or does not name one.
        NotFoundError: There is no such table.
        ServiceError: BigQuery refused, or could not be reached.
    """
    if isinstance(source, Mapping):
        given = _from_mapping(source)
    elif isinstance(source, Path) or str(source).lower().endswith(".csv"):
        given = _from_csv(Path(source), key)
    elif isinstance(source, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        given = _from_table(source, key, fields, dataset)
    else:
        raise InvalidInputError(
            f"the truth is a {type(source).__name__}",
            next_step="Give the path of a CSV file, the name of a table, or a mapping {uri: {field: value}}.",
        )
    places: dict[str, str] = {}
    for row in given.rows:
        if row.image in places:
            raise InvalidInputError(
                f"the truth names {shown(row.image)} twice: in {places[row.image]} and in {row.place}",
                next_step="Leave one of them out; or tell images of the same name apart by a column uri.",
            )
        places[row.image] = row.place
    for image in places:
        if "/" in image and file_name(image) in places:
            raise InvalidInputError(
                f"two rows of the truth are about {shown(image)}: one has its URI, one its file name",
                next_step="Leave one of them out.",
            )
    if not given.rows:
        raise InvalidInputError("the truth has no rows", next_step="Give at least one image and its values.")
    return given


def file_name(uri: str) -> str:
    """Return what stands behind the last slash of a URI."""
    return uri.rpartition("/")[2]


def shown(value: object) -> str:
    """Return the beginning of a value, for a message."""
    text = value if isinstance(value, str) else repr(value)
    return ascii(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def _from_mapping(source: Mapping[str, Mapping[str, object]]) -> Given:
    rows: list[Row] = []
    columns: dict[str, str] = {}
    for image, values in source.items():
        place = f"the entry of {shown(image)}"
        if not isinstance(values, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError(
                f"{place} is no mapping of field to value", next_step="Write it as {'title': 'Greed'}."
            )
        columns.update({_key(name): name for name in values})
        rows.append(Row(place, _image(image, place), {_key(name): value for name, value in values.items()}))
    return Given(tuple(columns.values()), tuple(rows))


def _from_csv(path: Path, key: str | None) -> Given:
    lines = _lines(path)
    _, header = next(lines, (0, None))
    if header is None:
        raise InvalidInputError(
            f"the truth {path} is empty", next_step="Give it a header such as file,title,year, and rows."
        )
    image = _image_column(header, key, str(path))
    rows: list[Row] = []
    for place, cells in lines:
        if len(cells) != len(header):
            raise InvalidInputError(
                f"{place} has {plural(len(cells), 'cell')}, and the header has {len(header)}",
                next_step='Put a value that holds a comma between quotes: "Ben-Hur, A Tale".',
            )
        values = dict(zip(map(_key, header), cells, strict=True))
        rows.append(Row(place, _image(values.pop(_key(image)), place), values))
    return Given(tuple(name for name in header if name != image), tuple(rows))


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of a CSV file that hold anything, stripped, each with its place."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            for cells in lines:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield f"line {lines.line_num} of {path.name}", stripped
    except OSError as error:
        raise InvalidInputError(
            f"the truth {path} can not be read: {error.strerror}", next_step="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not UTF-8", next_step="Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise InvalidInputError(f"{path} is no CSV: {error}", next_step="Check its quotes.") from error


def _from_table(table: str, key: str | None, fields: Iterable[str], dataset: Dataset | None) -> Given:
    if dataset is None:
        raise InvalidInputError(
            f"the truth {shown(table)} is a table's name, and plain records do not say where it is",
            next_step="Give the run itself; or a path that ends in .csv, or a mapping.",
        )
    name = dataset.table_name(table)
    resource = dataset.service.get_table(name)
    if resource is None:
        raise NotFoundError(
            "there is no such table of truth",
            resource=str(name),
            next_step="Check the name; the name of a CSV file ends in .csv.",
        )
    columns = list(_rest.columns(resource))
    image = _image_column(columns, key, str(name))
    wanted = {_key(field) for field in fields}
    picked = [column for column in columns if _key(column) in wanted and column != image]
    job = dataset.service.execute(read_truth(name, columns=[image, *picked]), location=dataset.location)
    rows = tuple(
        Row(
            f"row {number} of {name.table}",
            _image(row[image], f"row {number} of {name.table}"),
            {_key(column): row[column] for column in picked},
        )
        for number, row in enumerate(dataset.service.rows(job), 1)
    )
    return Given(tuple(column for column in columns if column != image), rows)


def _image_column(columns: Sequence[str], key: str | None, where: str) -> str:
    names = {_key(column): column for column in columns}
    if len(names) < len(columns):
        raise InvalidInputError(
            f"{where} has two columns of the same name: {_listed(columns)}", next_step="Rename one of them."
        )
    found = [names[name] for name in (KEYS if key is None else (_key(key),)) if name in names]
    if not found:
        raise InvalidInputError(
            f"{where} does not say which image a row is about: it has the columns {_listed(columns)}",
            next_step=f"Name the column {', '.join(KEYS[:-1])} or {KEYS[-1]}, or give key=..."
            if key is None
            else f"Give the name of one of them instead of key={shown(key)}.",
        )
    return found[0]


def _image(value: object, place: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or ("/" in text and not text.startswith("gs://")):
        raise InvalidInputError(
            f"{place} names no image but {shown(value)}",
            next_step="Write a whole URI that begins with gs://, or what stands behind its last slash.",
        )
    return text


def _key(name: object) -> str:
    # BigQuery ignores case in column names.
    return str(name).lower()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "(none)"


def _typed(row: Row, types: Mapping[str, FieldType], fields: Sequence[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in fields:
        if (column := _key(name)) not in row.values:
            continue
        try:
            values[name] = read_value(types[name], row.values[column])
        except ValueError as error:
            raise InvalidInputError(
                f"{row.place}: {name} is {shown(row.values[column])}, and must be {error}",
                next_step="Correct it, or leave it empty if there is none.",
            ) from None
    return values
