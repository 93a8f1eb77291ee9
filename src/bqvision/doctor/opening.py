"""From what the caller gives to a scene; what can not be right is refused here, before any request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.doctor.scene import Scene
from bqvision.errors import InvalidInputError
from bqvision.grants import bucket_names
from bqvision.sql.names import parse_connection
from bqvision.sql.options import clean_endpoint, refuse

if TYPE_CHECKING:
    from bqvision.client import Client
    from bqvision.connection import Connection
    from bqvision.dataset import Dataset
    from bqvision.object_table import ObjectTable
    from bqvision.remote_model import RemoteModel


def scene_of(
    client: Client,
    *,
    dataset: str | Dataset | None,
    images: str | ObjectTable | None,
    model: str | RemoteModel | None,
    connection: str | Connection | None,
    endpoint: str | None,
    bucket: str | None,
    ask: bool,
) -> Scene:
    """Return what is to be looked at; the arguments are those of `bqvision.Client.doctor`.

    Raises:
        InvalidInputError: One of them can not be right.
    """
    home = client.dataset(dataset) if isinstance(dataset, str) else dataset
    if isinstance(images, str):
        where, name = _place(client, home, images, "images")
        images = where.object_table(name)
    if home is None and images is not None:
        home = images.dataset
    if isinstance(model, str):
        where, name = _place(client, home, model, "model")
        model = where.remote_model(name)
    if home is None and model is not None:
        home = model.dataset
    if type(ask) is not bool:
        raise refuse("ask", ask, "True or False")
    if ask and images is None:
        raise InvalidInputError(
            "ask=True takes an object table to take an image from", next_step="Give images=... as well."
        )
    return Scene(
        client=client,
        dataset=home,
        images=images,
        model=model,
        connection=None if connection is None else parse_connection(str(connection)),
        endpoint=None if endpoint is None else clean_endpoint(endpoint),
        bucket=None if bucket is None else bucket_names((bucket,))[0],
        ask=ask,
    )


def _place(client: Client, home: Dataset | None, name: str, what: str) -> tuple[Dataset, str]:
    """The dataset that a table or model is in, and its name there."""
    in_dataset, _, own = name.rpartition(".")
    if in_dataset:
        return client.dataset(in_dataset, location=None if home is None else home.location), own
    if home is None:
        raise InvalidInputError(
            f"{what} {name[:80]!a} leaves out its dataset",
            next_step="Write dataset.name, or give dataset=...",
        )
    return home, name
