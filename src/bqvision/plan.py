"""What a run will send: names, fingerprint and statements; the run itself is in `bqvision.run`."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic

from bqvision import _rest
from bqvision._jobs import FinishedJob
from bqvision.decoding import decode
from bqvision.errors import IntegrityError, InvalidInputError
from bqvision.limits import Limits
from bqvision.schema import R
from bqvision.sql import batches as batch_sql
from bqvision.sql import ledger as ledger_sql
from bqvision.sql import work as work_sql
from bqvision.sql.arguments import RUN_MAX_OUTPUT_TOKENS
from bqvision.sql.images import Images
from bqvision.sql.ledger import missing_columns
from bqvision.sql.pending import UNANSWERED, Scope, count_wanted, survey

if TYPE_CHECKING:
    from datetime import datetime

    from bqvision._jobs import RunningJob, Service
    from bqvision.analysis import Analysis
    from bqvision.errors import PartialReadError
    from bqvision.records import Outcome
    from bqvision.sql.compose import Statement
    from bqvision.sql.ledger import Column
    from bqvision.sql.names import TableName

_SET_WHEN_SENT: Final = "-"
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{1,63}")
"""What BigQuery takes as a label's value, in ASCII: https://docs.cloud.google.com/bigquery/docs/labels-intro."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a run may do at most, since it was planned so."""

    at: datetime
    """When; what was added or replaced later is not asked about."""
    pending: int
    """How many images were to be asked about then."""
    asked: int
    """How many of them may be."""


@dataclass(frozen=True, kw_only=True)
class Plan(Generic[R]):
    """One run of an analysis into one results table, before anything is sent."""

    analysis: Analysis[R]
    ledger: TableName
    """The results table."""
    endpoint: str
    """The model's endpoint, as BigQuery reports it, or as the caller gave it; empty if BigQuery chooses."""
    limits: Limits = field(default_factory=Limits)
    ask_again: frozenset[Outcome] = UNANSWERED
    """Images with such an outcome are asked about again; those without any always are."""
    only_failed: bool = False
    """Whether images that were never asked about are left out."""
    planned: Planned | None = None
    """What the run is held to."""

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the question: whatever changes it makes answers that are not comparable.

        In it are the function, the prompt, the model's endpoint, the parameters and the record's fields.
        """
        arguments = self.analysis.arguments
        question: dict[str, object] = {
            "function": arguments.function,
            "endpoint": self.endpoint,
            "prompt": arguments.prompt,
            "parameters": {
                "temperature": arguments.temperature,
                "top_p": arguments.top_p,
                # What a run asks for anyway is no other question.
                "max_output_tokens": None
                if arguments.max_output_tokens == RUN_MAX_OUTPUT_TOKENS
                else arguments.max_output_tokens,
                "stop_sequences": arguments.stop_sequences,
                "safety_settings": None
                if arguments.safety_settings is None
                else dict(arguments.safety_settings),
                "model_params": arguments.model_params,
            },
            "fields": [field.signature for field in self.analysis.schema.fields],
        }
        # What is left out of most questions is no part of them, so that a further argument makes no other question.
        more: dict[str, object] = {
            "ground_with_google_search": arguments.ground_with_google_search or None,
            "categories": None if arguments.categories is None else dict(arguments.categories),
            "output_mode": arguments.output_mode,
            "group_by": self.analysis.group_by,
        }
        question |= {name: value for name, value in more.items() if value is not None}
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    @cached_property
    def work_table(self) -> TableName:
        """The table that holds what is asked; every run of the same question into the same table has it alike."""
        return work_sql.work_table_name(self.ledger, self.fingerprint)

    @property
    def service(self) -> Service:
        """The way to BigQuery."""
        return self.analysis.dataset.service

    def execute(self, statement: Statement, *, key: str | None = None, attempts: int = 3) -> FinishedJob:
        """Run a statement that calls no model, where the model is."""
        return self.service.execute(
            statement, key=key, attempts=attempts, location=self._location, labels=self.labels
        )

    def begin(self, statement: Statement, *, key: str) -> RunningJob:
        """Return the job of a statement that calls a model, not sent yet."""
        return self.service.begin(
            statement,
            key=key,
            attempts=self.limits.job_attempts,
            location=self._location,
            labels={**self.labels, "bqvision_run": self._token},
        )

    def rows(self, statement: Statement) -> Iterator[Mapping[str, object]]:
        """Run a query and read its rows."""
        return self.service.rows(self.execute(statement))

    def records(self) -> Iterator[R]:
        """Read the row that counts of each image, as a record, by URI.

        Raises:
            PartialReadError: Some records were delivered, the rest could not be read.
            IntegrityError: The pages contradict each other, or an image comes twice.
        """
        job = self.execute(self.read())
        return self._decoded(job, start=0)

    def resumed(self, error: PartialReadError) -> Iterator[R]:
        """Read the rest of records whose reading broke off, from the result that is there.

        Args:
            error: What broke it off.
        """
        job = FinishedJob(job_id=error.job_id or "", location=error.location, statement=error.statement or "")
        return self._decoded(job, start=error.rows_read)

    def _decoded(self, job: FinishedJob, *, start: int) -> Iterator[R]:
        last: str | None = None
        for row in self.service.rows(job, start=start):
            record = decode(self.analysis.schema, row)
            if record.uri == last:
                raise IntegrityError(
                    f"an image comes twice in the results: {record.uri}",
                    statement=job.statement,
                    resource=str(self.ledger),
                    job_id=job.job_id,
                    location=job.location,
                    next_step="Read the results again.",
                )
            last = record.uri
            yield record

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What the jobs are for, as far as BigQuery's rules for labels allow to say it."""
        said = {
            "bqvision_function": self.analysis.function.lower().replace(".", "_"),
            "bqvision_dataset": self.ledger.dataset,
            "bqvision_table": self.ledger.table,
        }
        return {name: value for name, value in said.items() if _LABEL_VALUE.fullmatch(value)}

    @cached_property
    def _token(self) -> str:
        """What tells the jobs of this run from those of others that share its claim."""
        return secrets.token_hex(8)

    @property
    def _location(self) -> str | None:
        return self.analysis.dataset.location

    @cached_property
    def images(self) -> Images:
        """The images that this run is about."""
        return Images(
            table=self.analysis.images.name,
            group_by=self.analysis.group_by,
            uris=self.limits.uris,
            until=None if self.planned is None else self.planned.at,
        )

    @property
    def canary(self) -> bool:
        """Whether the first of more than a few images goes alone.

        A function without a status fails the job in which no row has an answer: one image must not stand for all.
        """
        return self.analysis.arguments.declared.output.status is not None

    def scope(self) -> Scope:
        """What this run asks about at first."""
        return Scope(
            source=self.images,
            ledger=self.ledger,
            fingerprint=self.fingerprint,
            new=not self.only_failed,
            again=self.ask_again,
            usual_limit=self.analysis.arguments.output_limit,
            larger_limit=self.analysis.arguments.larger_limit if self.limits.retry_truncated else None,
        )

    def statements(self, cut: work_sql.Cut | None = None) -> tuple[Statement, ...]:
        """Return all that a run sends, with the first batch standing for every batch.

        Args:
            cut: How the images are cut into batches, once it is known how many there are.
        """
        if cut is None:
            cut = work_sql.Cut.of(1, batch_size=self.limits.batch_size, limit=self.limits.max_images)
        return (
            self.create_ledger(),
            self.survey(self.scope()),
            self.create_work(self.scope(), cut, run_id=_SET_WHEN_SENT),
            self.count_batches(),
            self.batch(work_sql.REFUSED_BATCH, run_id=_SET_WHEN_SENT),
            self.batch(0, run_id=_SET_WHEN_SENT),
            self.count_outcomes(run_id=_SET_WHEN_SENT, job_id=_SET_WHEN_SENT),
            self.drop_work(),
            self.summary(),
            self.read(),
        )

    def create_ledger(self) -> Statement:
        """Make the results table."""
        return ledger_sql.create_ledger(self.ledger, schema=self.analysis.schema)

    def keep_ledger(self) -> Statement:
        """Let the results table live for ever."""
        return ledger_sql.keep_ledger(self.ledger)

    def missing_columns(self, resource: Mapping[str, object]) -> tuple[Column, ...]:
        """Return the columns that the results table lacks, being of an earlier version or of another record.

        Args:
            resource: The table, as BigQuery describes it.

        Raises:
            InvalidInputError: It is a table of another kind.
        """
        try:
            return missing_columns(_rest.columns(resource), schema=self.analysis.schema)
        except InvalidInputError as error:
            error.resource = str(self.ledger)
            raise

    def add_column(self, column: Column) -> Statement:
        """Give the results table a column that it has not: of the record, or of a later version of bqvision."""
        return ledger_sql.add_column(self.ledger, column=column)

    def survey(self, scope: Scope) -> Statement:
        """Count what there is to ask, before anything is claimed or paid for."""
        return survey(scope)

    def create_work(self, scope: Scope, cut: work_sql.Cut, *, run_id: str) -> Statement:
        """Freeze what is asked."""
        return work_sql.create_work_table(
            self.work_table,
            scope=scope,
            cut=cut,
            run_id=run_id,
            billing_project=self.service.project,
        )

    def extend_work(self) -> Statement:
        """Keep the work table longer."""
        return work_sql.extend_work_table(self.work_table)

    def retire_work(self, *, run_id: str) -> Statement:
        """Let no job that begins from now on ask about anything of a claim."""
        return work_sql.retire_work_table(self.work_table, run_id=run_id)

    def count_wanted(self, batches: tuple[int, ...], *, run_id: str) -> Statement:
        """Count the images of some batches that are claimed, and those of them that this run would ask about."""
        return count_wanted(self.work_table, scope=self.scope(), run_id=run_id, batches=batches)

    def count_batches(self) -> Statement:
        """Count what was claimed, before anything is paid for, and say what of it is answered already."""
        return work_sql.count_batches(self.work_table, ledger=self.ledger, fingerprint=self.fingerprint)

    def batch(self, number: int, *, run_id: str, output_limit: int | None = None) -> Statement:
        """Ask about one batch; or, for the batch of refused images, put them down without asking."""
        if number == work_sql.REFUSED_BATCH:
            return batch_sql.insert_refused(
                ledger=self.ledger,
                work=self.work_table,
                fingerprint=self.fingerprint,
                run_id=run_id,
                job_id=_SET_WHEN_SENT,
            )
        arguments = self.analysis.arguments
        return batch_sql.insert_batch(
            ledger=self.ledger,
            work=self.work_table,
            batch=number,
            model=None if self.analysis.model is None else self.analysis.model.name,
            arguments=arguments if output_limit is None else arguments.with_output_limit(output_limit),
            schema=self.analysis.schema,
            fingerprint=self.fingerprint,
            run_id=run_id,
            job_id=_SET_WHEN_SENT,
        )

    def count_outcomes(self, *, run_id: str, job_id: str) -> Statement:
        """Count what one batch came to."""
        return batch_sql.count_outcomes(
            self.ledger, fingerprint=self.fingerprint, run_id=run_id, job_id=job_id
        )

    def drop_work(self) -> Statement:
        """Drop what has been asked."""
        return work_sql.drop_work_table(self.work_table)

    def summary(self) -> Statement:
        """Count images by outcome, as all of them stand."""
        return ledger_sql.ledger_summary(self.ledger, source=self.images, fingerprint=self.fingerprint)

    def read(self) -> Statement:
        """Read the row that counts of each image."""
        return ledger_sql.read_ledger(
            self.ledger,
            source=self.images,
            fingerprint=self.fingerprint,
            schema=self.analysis.schema,
        )

    def format(self, into: TableName, *, replace: bool) -> Statement:
        """Copy what counts into a table of typed columns."""
        return ledger_sql.format_ledger(
            ledger=self.ledger,
            source=self.images,
            into=into,
            schema=self.analysis.schema,
            fingerprint=self.fingerprint,
            replace=replace,
        )
