"""What a run will send: names, fingerprint and statements; the run itself is in `bqvision.run`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic

from bqvision.decoding import decode
from bqvision.records import Outcome
from bqvision.schema import R
from bqvision.sql import ledger as ledger_sql
from bqvision.sql import work as work_sql

if TYPE_CHECKING:
    from bqvision._jobs import FinishedJob, Service
    from bqvision.analysis import Analysis
    from bqvision.sql.compose import Statement
    from bqvision.sql.ledger import Column
    from bqvision.sql.names import TableName

FUNCTION: Final = "ML.GENERATE_TEXT"

_SET_WHEN_SENT: Final = "-"


@dataclass(frozen=True, kw_only=True)
class Plan(Generic[R]):
    """One run of an analysis into one results table, before anything is sent."""

    analysis: Analysis[R]
    ledger: TableName
    """The results table."""
    endpoint: str
    """The model's endpoint, as BigQuery reports it."""
    ask_again: frozenset[Outcome]
    """Images with such an outcome are asked about again; those without any always are."""
    only_failed: bool = False
    """Whether images that were never asked about are left out."""
    batch_size: int
    max_images: int | None = None

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the question: whatever changes it makes answers that are not comparable.

        In it are the function, the prompt, the model's endpoint, the parameters and the record's fields.
        """
        arguments = self.analysis.arguments
        question = {
            "function": FUNCTION,
            "endpoint": self.endpoint,
            "prompt": arguments.prompt,
            "parameters": {
                "temperature": arguments.temperature,
                "top_p": arguments.top_p,
                "max_output_tokens": arguments.max_output_tokens,
                "stop_sequences": arguments.stop_sequences,
                "safety_settings": None
                if arguments.safety_settings is None
                else dict(arguments.safety_settings),
                "model_params": arguments.model_params,
            },
            "fields": [(field.name, field.type, field.description) for field in self.analysis.schema.fields],
        }
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    @cached_property
    def work_table(self) -> TableName:
        """The table that holds what is asked; every run of the same question into the same table has it alike."""
        return work_sql.work_table_name(self.ledger, self.fingerprint)

    @property
    def service(self) -> Service:
        """The way to BigQuery."""
        return self.analysis.model.dataset.service

    def execute(self, statement: Statement, *, key: str | None = None, attempts: int = 3) -> FinishedJob:
        """Run a statement where the model is."""
        location = self.analysis.model.dataset.location
        return self.service.execute(statement, key=key, attempts=attempts, location=location)

    def rows(self, statement: Statement) -> Iterator[Mapping[str, object]]:
        """Run a query and read its rows."""
        return self.service.rows(self.execute(statement))

    def records(self) -> Iterator[R]:
        """Read the row that counts of each image, as a record."""
        for row in self.rows(self.read()):
            yield decode(self.analysis.schema, row)

    def statements(self) -> tuple[Statement, ...]:
        """Return all that a run sends, with the first batch standing for every batch."""
        return (
            self.create_ledger(),
            self.create_work(),
            self.count_batches(run_id=_SET_WHEN_SENT),
            self.batch(work_sql.REFUSED_BATCH, run_id=_SET_WHEN_SENT),
            self.batch(0, run_id=_SET_WHEN_SENT),
            self.drop_work(),
            self.summary(),
            self.read(),
        )

    def create_ledger(self) -> Statement:
        """Make the results table."""
        return ledger_sql.create_ledger(self.ledger, schema=self.analysis.schema)

    def add_column(self, column: Column) -> Statement:
        """Give the results table a column of the record that it has not."""
        return ledger_sql.add_column(self.ledger, column=column)

    def create_work(self) -> Statement:
        """Freeze what is asked."""
        return work_sql.create_work_table(
            self.work_table,
            source=self.analysis.images.name,
            ledger=self.ledger,
            fingerprint=self.fingerprint,
            batch_size=self.batch_size,
            again=self.ask_again,
            only_failed=self.only_failed,
            max_images=self.max_images,
            if_not_exists=False,
        )

    def count_batches(self, *, run_id: str) -> Statement:
        """Count what is asked, before anything is paid for, and say what of it is answered already."""
        return work_sql.count_batches(self.work_table, ledger=self.ledger, run_id=run_id)

    def batch(self, number: int, *, run_id: str) -> Statement:
        """Ask about one batch; or, for the batch of refused images, put them down without asking."""
        if number == work_sql.REFUSED_BATCH:
            return work_sql.insert_refused(
                ledger=self.ledger,
                work=self.work_table,
                fingerprint=self.fingerprint,
                run_id=run_id,
                job_id=_SET_WHEN_SENT,
            )
        return work_sql.insert_batch(
            ledger=self.ledger,
            work=self.work_table,
            batch=number,
            model=self.analysis.model.name,
            arguments=self.analysis.arguments,
            schema=self.analysis.schema,
            fingerprint=self.fingerprint,
            run_id=run_id,
            job_id=_SET_WHEN_SENT,
        )

    def drop_work(self) -> Statement:
        """Drop what has been asked."""
        return work_sql.drop_work_table(self.work_table)

    def summary(self, *, run_id: str | None = None) -> Statement:
        """Count images and tokens by outcome: as all images stand, or what one work table came to."""
        return ledger_sql.ledger_summary(self.ledger, fingerprint=self.fingerprint, run_id=run_id)

    def read(self) -> Statement:
        """Read the row that counts of each image."""
        return ledger_sql.read_ledger(self.ledger, fingerprint=self.fingerprint, schema=self.analysis.schema)

    def format(self, into: TableName, *, replace: bool) -> Statement:
        """Copy what counts into a table of typed columns."""
        return ledger_sql.format_ledger(
            ledger=self.ledger,
            into=into,
            schema=self.analysis.schema,
            fingerprint=self.fingerprint,
            replace=replace,
        )
