"""A remote model: Gemini, as BigQuery calls it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack, overload

from typing_extensions import override

from bqvision import _rest
from bqvision.connection import connection_of
from bqvision.errors import NotFoundError
from bqvision.questions import ModelOptions, ask_model
from bqvision.sql import models as sql
from bqvision.sql.names import ModelName

if TYPE_CHECKING:
    from typing import Self

    from bqvision.analysis import Analysis
    from bqvision.connection import Connection
    from bqvision.dataset import Dataset
    from bqvision.object_table import ObjectTable
    from bqvision.records import Extracted, PosterResult
    from bqvision.schema import P, R
    from bqvision.sql.compose import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModelInfo:
    """A remote model as BigQuery describes it."""

    name: str
    """``project.dataset.model``."""
    endpoint: str | None
    """The short name, or the URL that it stands for, as BigQuery reports it."""
    connection: str | None
    """The connection that calls the endpoint, as BigQuery writes it."""
    created: datetime | None
    location: str | None


class RemoteModel:
    """A remote model of a dataset, by name; making this object does no I/O.

    Args:
        dataset: The dataset it is in.
        name: The model's name.

    Raises:
        InvalidInputError: The name can not be one.
    """

    def __init__(self, dataset: Dataset, name: str) -> None:
        self._dataset = dataset
        ModelName.parse(name, project="placeholder", dataset="placeholder")
        self._name = name

    @property
    def dataset(self) -> Dataset:
        """The dataset it is in."""
        return self._dataset

    @property
    def name(self) -> ModelName:
        """The full name."""
        return self._dataset.model_name(self._name)

    def create_statement(
        self,
        *,
        endpoint: str,
        connection: str | Connection | None = None,
        replace: bool = False,
        exists_ok: bool = False,
    ) -> Statement:
        """Return what `create` sends, unsent."""
        chosen = connection_of(self._dataset, connection)
        return sql.create_remote_model(
            self.name, endpoint=endpoint, connection=chosen, replace=replace, if_not_exists=exists_ok
        )

    def create(
        self,
        *,
        endpoint: str,
        connection: str | Connection | None = None,
        replace: bool = False,
        exists_ok: bool = False,
    ) -> Self:
        """Create the remote model; nothing is deployed and nothing is paid for it.

        Args:
            endpoint: A Gemini model: its short name, such as ``gemini-2.5-flash``, or a URL of
                ``https://...googleapis.com/``. BigQuery knows which exist; no list is kept here. A model that Google
                has retired answers 404.
            connection: The connection that calls the endpoint, at the dataset's location. Default: the client's.
            replace: Whether a model of that name is replaced, which is how an endpoint is changed.
            exists_ok: Whether a model of that name is left as it is, with the endpoint it has.

        Returns:
            This remote model.

        Raises:
            AlreadyExistsError: The name is taken.
            InvalidInputError: An argument can not be right, or two exclude each other.
            NotFoundError: There is no such dataset, connection or endpoint.
            PermissionDeniedError: The connection may not call the endpoint.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.create_statement(
            endpoint=endpoint, connection=connection, replace=replace, exists_ok=exists_ok
        )
        self._dataset.service.execute(statement, location=self._dataset.location)
        return self

    def exists(self) -> bool:
        """Return whether a model of this name exists.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
        """
        return self._dataset.service.get_model(self.name) is not None

    def describe(self) -> RemoteModelInfo:
        """Return what BigQuery knows of the model.

        Raises:
            NotFoundError: There is none of this name.
            ServiceError: BigQuery refused, or could not be reached.
        """
        resource = self._dataset.service.get_model(self.name)
        if resource is None:
            raise NotFoundError(
                "there is no such model",
                resource=str(self.name),
                next_step="Create it with .create(endpoint=...), or check the dataset and the name.",
            )
        remote = _rest.mapping(resource, "remoteModelInfo")
        return RemoteModelInfo(
            name=str(self.name),
            endpoint=_rest.text(remote, "endpoint"),
            connection=_rest.text(remote, "connection"),
            created=_rest.time(resource, "creationTime"),
            location=_rest.text(resource, "location"),
        )

    def delete_statement(self, *, missing_ok: bool = False) -> Statement:
        """Return what `delete` sends, unsent."""
        return sql.drop_model(self.name, if_exists=missing_ok)

    def delete(self, *, missing_ok: bool = False) -> None:
        """Delete the model; the endpoint it called is not touched.

        Args:
            missing_ok: Whether it is fine if there is none.

        Raises:
            NotFoundError: There is none, and that is not fine.
            ServiceError: BigQuery refused, or could not be reached.
        """
        statement = self.delete_statement(missing_ok=missing_ok)
        self._dataset.service.execute(statement, location=self._dataset.location)

    @overload
    def analyze(
        self, images: ObjectTable, *, prompt: str, record: None = None, **options: Unpack[ModelOptions]
    ) -> Analysis[PosterResult]: ...

    @overload
    def analyze(
        self, images: ObjectTable, *, prompt: str, record: type[R], **options: Unpack[ModelOptions]
    ) -> Analysis[R]: ...

    @overload
    def analyze(
        self, images: ObjectTable, *, prompt: str, record: type[P], **options: Unpack[ModelOptions]
    ) -> Analysis[Extracted[P]]: ...

    def analyze(
        self,
        images: ObjectTable,
        *,
        prompt: str,
        record: type[Any] | None = None,
        **options: Unpack[ModelOptions],
    ) -> Analysis[Any]:
        """Say what to ask about every image of an object table; nothing is sent.

        Args:
            images: The object table.
            prompt: The question; under 16,000 tokens. Without a record it also names the wanted JSON keys.
            record: The record class of the answers, whose fields are asked for beside the prompt: a dataclass that
                extends `ImageResult`, or a Pydantic model, for records of type `Extracted`. Default: `PosterResult`,
                and the prompt is sent as it stands.
            **options: The function and its arguments; see `bqvision.ModelOptions`.

        Raises:
            InvalidInputError: An option is unknown, out of range, or not the function's, two exclude each other, or
                the record class can't be used.
        """
        return ask_model(self, images, record, prompt, options)

    @override
    def __repr__(self) -> str:
        return f"RemoteModel({self._name!r}, {self._dataset!r})"
