"""The statements that plan a run, and those of a run that is held to its plan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bqvision.sql import pending, planning, work
from bqvision.sql.images import Images
from bqvision.sql.names import TableName

if TYPE_CHECKING:
    from bqvision.sql.compose import Composable, Statement

FINGERPRINT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
MOMENT = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
POSTERS = TableName("my-project", "bqml_tutorial", "movie_posters")
RESULTS = TableName("my-project", "bqml_tutorial", "movie_posters_results")
PAGES = r"^gs://films/([^/]+)/"
SOME = ("gs://films/1.jpg", "gs://films/2.jpg")


def _scope(source: Images, ledger: Composable = RESULTS) -> pending.Scope:
    return pending.Scope(source=source, ledger=ledger, fingerprint=FINGERPRINT)


STATEMENTS: dict[str, Statement] = {
    "survey_plan": planning.survey_plan(_scope(Images(table=POSTERS))),
    "survey_plan_of_groups": planning.survey_plan(_scope(Images(table=POSTERS, group_by=PAGES))),
    "survey_plan_without_results": planning.survey_plan(
        _scope(Images(table=POSTERS), planning.ledger_as_it_is(RESULTS, missing=None))
    ),
    "survey_plan_of_an_earlier_version": planning.survey_plan(
        _scope(Images(table=POSTERS), planning.ledger_as_it_is(RESULTS, missing=["output_limit", "title"]))
    ),
    "survey_held_to_a_plan": pending.survey(_scope(Images(table=POSTERS, until=MOMENT))),
    "survey_of_some_held_to_a_plan": pending.survey(_scope(Images(table=POSTERS, uris=SOME, until=MOMENT))),
    "create_work_table_of_groups_held_to_a_plan": work.create_work_table(
        work.work_table_name(RESULTS, FINGERPRINT),
        scope=_scope(Images(table=POSTERS, group_by=PAGES, uris=SOME, until=MOMENT)),
        cut=work.Cut.of(5, batch_size=1000),
        run_id="run-1",
        billing_project="my-project",
    ),
}
