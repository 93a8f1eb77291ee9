"""Datasets, tables and models as BigQuery's REST API describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision._calls import About, retry_argument, translated
from bqvision._pages import pages
from bqvision.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from google.api_core.page_iterator import Iterator as PageIterator
    from google.cloud import bigquery

    from bqvision._retry import Calls, RetryPolicy
    from bqvision.sql.names import DatasetName, ModelName, TableName


class Metadata:
    """The reading part of `bqvision._jobs.Service`.

    Args:
        bigquery: Gives google's client, and makes it at the first call.
        project: Gives the project that is billed.
        location: Where jobs run unless told otherwise.
        policy: How often and how long requests are repeated; also the clock, and how to wait for a job.
        labels: Labels for every job.
        request_timeout_s: Seconds that one request may take.
    """

    def __init__(
        self,
        *,
        bigquery: Callable[[], bigquery.Client],
        project: Callable[[], str],
        location: str | None,
        policy: RetryPolicy,
        labels: Mapping[str, str],
        request_timeout_s: float = 30.0,
    ) -> None:
        self._bigquery = bigquery
        self._project = project
        self._location = location
        self._policy = policy
        self._labels = dict(labels)
        self._request_timeout_s = request_timeout_s

    def get_dataset(self, name: DatasetName) -> Mapping[str, object] | None:
        """Return a dataset as the REST API describes it, or ``None`` if there is none.

        Args:
            name: The dataset.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def get(client: bigquery.Client, calls: Calls) -> Mapping[str, object]:
            reference = _dataset_reference(name)
            return client.get_dataset(
                reference, retry=retry_argument(calls), timeout=self._request_timeout_s
            ).to_api_repr()

        return self._get(str(name), get)

    def get_table(self, name: TableName) -> Mapping[str, object] | None:
        """Return a table as the REST API describes it, or ``None`` if there is none.

        Args:
            name: The table.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def get(client: bigquery.Client, calls: Calls) -> Mapping[str, object]:
            from google.cloud.bigquery import TableReference

            reference = TableReference(_dataset_reference(name), name.table)
            return client.get_table(
                reference, retry=retry_argument(calls), timeout=self._request_timeout_s
            ).to_api_repr()

        return self._get(str(name), get)

    def get_model(self, name: ModelName) -> Mapping[str, object] | None:
        """Return a model as the REST API describes it, or ``None`` if there is none.

        Args:
            name: The model.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def get(client: bigquery.Client, calls: Calls) -> Mapping[str, object]:
            from google.cloud.bigquery import ModelReference

            reference = ModelReference.from_api_repr(
                {"projectId": name.project, "datasetId": name.dataset, "modelId": name.model}
            )
            return client.get_model(
                reference, retry=retry_argument(calls), timeout=self._request_timeout_s
            ).to_api_repr()

        return self._get(str(name), get)

    def list_datasets(self) -> Iterator[Mapping[str, object]]:
        """List the project's datasets, each as the REST API lists it.

        Raises:
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def start(client: bigquery.Client, calls: Calls) -> PageIterator:
            return client.list_datasets(
                self._project(), retry=retry_argument(calls), timeout=self._request_timeout_s
            )

        return self._list(About(), start)

    def list_tables(self, dataset: DatasetName) -> Iterator[Mapping[str, object]]:
        """List a dataset's tables, views and external tables, each as the REST API lists it.

        Args:
            dataset: The dataset.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def start(client: bigquery.Client, calls: Calls) -> PageIterator:
            return client.list_tables(
                _dataset_reference(dataset), retry=retry_argument(calls), timeout=self._request_timeout_s
            )

        return self._list(About(resource=str(dataset)), start)

    def list_models(self, dataset: DatasetName) -> Iterator[Mapping[str, object]]:
        """List a dataset's models, each as the REST API lists it.

        Args:
            dataset: The dataset.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def start(client: bigquery.Client, calls: Calls) -> PageIterator:
            return client.list_models(
                _dataset_reference(dataset), retry=retry_argument(calls), timeout=self._request_timeout_s
            )

        return self._list(About(resource=str(dataset)), start)

    def list_routines(self, dataset: DatasetName) -> Iterator[Mapping[str, object]]:
        """List a dataset's functions and procedures, each as the REST API lists it.

        Args:
            dataset: The dataset.

        Raises:
            NotFoundError: There is no such dataset.
            ServiceError: BigQuery refused, or could not be reached.
            AuthError: Credentials are missing or were refused.
        """

        def start(client: bigquery.Client, calls: Calls) -> PageIterator:
            return client.list_routines(
                _dataset_reference(dataset), retry=retry_argument(calls), timeout=self._request_timeout_s
            )

        return self._list(About(resource=str(dataset)), start)

    def _get(
        self, name: str, get: Callable[[bigquery.Client, Calls], Mapping[str, object]]
    ) -> Mapping[str, object] | None:
        calls = self._policy.begin()
        try:
            with translated(About(resource=name), calls):
                return get(self._bigquery(), calls)
        except NotFoundError as error:
            # Without BigQuery's reason it was another server that does not know the address.
            if error.reason == "notFound":
                return None
            raise

    def _list(
        self, about: About, start: Callable[[bigquery.Client, Calls], PageIterator]
    ) -> Iterator[Mapping[str, object]]:
        calls = self._policy.begin()
        with translated(about, calls):
            listing = start(self._bigquery(), calls)
        for page in pages(listing, about, calls):
            for item in page:
                yield item._properties


def _dataset_reference(name: DatasetName | TableName | ModelName) -> bigquery.DatasetReference:
    from google.cloud.bigquery import DatasetReference

    return DatasetReference(name.project, name.dataset)
