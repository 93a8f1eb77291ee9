"""Reading rows and values by queries, while a statement is being carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.protocol import JSON, Object, as_object
from bqvision.local.statements import Expression, JsonText, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.catalog import ResourceName
    from bqvision.local.emulator import Emulator
    from bqvision.local.rows import Rows
    from bqvision.local.statements import QueryParameter, Span


class Reader:
    """Runs the queries of one job beside its own.

    Args:
        emulator: What runs them.
        project: The job's project.
        query: The job's query configuration.
    """

    def __init__(self, emulator: Emulator, project: str, query: Object) -> None:
        self._emulator = emulator
        self._project = project
        self._query = query

    def configuration(
        self, sql: str, parameters: tuple[QueryParameter, ...], replacements: Mapping[Span, str]
    ) -> Object:
        """Return the query configuration of a statement in words that the emulator understands as BigQuery does."""
        text = rewrite(sql, parameters, replacements)
        given: list[JSON] = [parameter.to_rest() for parameter in text.parameters]  # type: ignore[misc]
        return {
            **self._query,
            "query": text.sql,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": given,
        }

    async def rows(self, sql: str, parameters: tuple[QueryParameter, ...]) -> Rows:
        """Return the rows of a query.

        Raises:
            ApiError: It failed.
        """
        query = self.configuration(sql, parameters, {})
        return await self._emulator.fetch(self._project, {"query": query})

    async def table(self, name: ResourceName) -> Rows:
        """Return all rows of a table.

        Raises:
            ApiError: It can't be read.
        """
        query: Object = {"query": f"SELECT * FROM {name.sql}", "useLegacySql": False}
        return await self._emulator.fetch(self._project, {"query": query})

    async def value(self, value: object, parameters: tuple[QueryParameter, ...]) -> object:
        """Return a value that a statement states; an expression is computed.

        Raises:
            ApiError: The expression can't be computed.
        """
        if not isinstance(value, Expression):
            return value
        rows = await self.rows(f"SELECT {value.sql} AS value", parameters)
        found: object = rows.values("value")[0]
        is_json = as_object(rows.fields[0]).get("type") == "JSON"
        return JsonText(found) if is_json and isinstance(found, str) else found
