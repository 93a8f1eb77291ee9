"""The statements of a look at a set-up, and those that it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.sql import inspection, mending
from bqvision.sql.arguments import Arguments
from bqvision.sql.names import ConnectionName, DatasetName
from tests.sql.function_samples import MODEL, POSTERS

if TYPE_CHECKING:
    from bqvision.sql.compose import Statement

STATEMENTS: dict[str, Statement] = {
    "session_user": inspection.session_user(),
    "count_refusals": inspection.count_refusals(POSTERS),
    "pick_object": inspection.pick_object(POSTERS),
    "ask_about_object": inspection.ask_about_object(
        POSTERS, "gs://posters/a.jpg", arguments=Arguments(prompt="Read it."), model=MODEL
    ),
    "create_connection": mending.create_connection(ConnectionName("vision", "us", "my-project")),
    "grant_on_dataset": mending.grant_on_dataset(
        DatasetName("my-project", "films"), role="roles/bigquery.dataEditor", member="user:a@example.com"
    ),
}
