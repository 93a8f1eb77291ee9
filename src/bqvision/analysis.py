"""An analysis: what to ask about which images, and which records come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Unpack, overload

from bqvision import _rest
from bqvision.decoding import decode
from bqvision.errors import InvalidInputError, NotFoundError
from bqvision.estimates import clean_tokens
from bqvision.limits import Limits, RunOptions
from bqvision.plan import Plan
from bqvision.planning import RunPlan, hold_to, make_plan
from bqvision.records import Outcome
from bqvision.run import carry_out
from bqvision.schema import R
from bqvision.sql import analysis as sql
from bqvision.sql.images import Images
from bqvision.sql.pending import UNANSWERED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bqvision.dataset import Dataset
    from bqvision.estimates import Prices
    from bqvision.object_table import ObjectTable
    from bqvision.remote_model import RemoteModel
    from bqvision.run import AnalysisRun
    from bqvision.schema import RecordSchema
    from bqvision.sql.arguments import Arguments
    from bqvision.sql.compose import Statement
    from bqvision.sql.functions import FunctionName
    from bqvision.sql.names import TableName


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis(Generic[R]):
    """What to ask about every image of an object table; it does no I/O by itself.

    Made by `RemoteModel.analyze`, or by `ObjectTable.analyze` and its like.
    """

    images: ObjectTable
    arguments: Arguments
    """What is asked, by which of BigQuery's functions; checked."""
    schema: RecordSchema[R]
    """The record class and the fields that its answers hold."""
    model: RemoteModel | None = None
    """The remote model that is asked; None for a function that names its endpoint itself."""
    group_by: str | None = None
    """The pattern that takes a group's name out of a URI; None where each image is a question of its own."""

    @property
    def dataset(self) -> Dataset:
        """The dataset of tables whose names leave it out, which is the model's, or else the object table's."""
        return self.images.dataset if self.model is None else self.model.dataset

    @property
    def function(self) -> FunctionName:
        """The function that is called."""
        return self.arguments.function

    @overload
    def run(self, into: str, **options: Unpack[RunOptions]) -> AnalysisRun[R]: ...

    @overload
    def run(self, into: RunPlan[R]) -> AnalysisRun[R]: ...

    def run(self, into: str | RunPlan[R], **options: Unpack[RunOptions]) -> AnalysisRun[R]:
        """Ask about every image that has no final answer yet, and keep each answer in a results table.

        The results table is append-only, one row per image and attempt, failures included; it is made if missing. An
        image is asked about again only if it was replaced, if the question or the model changed, or if there was no
        answer for a passing reason. The images to ask about are first frozen in a work table, which another run of
        the same analysis shares, and asked in jobs of fixed ids: a lost answer, a crash or a second process end in
        the same job and pay once. Then those whose outcome is RETRYABLE are asked again, in rounds with growing waits.

        A run that meets a limit of the caller ends early, and its ``report.stopped`` says why and how to go on.

        With a plan, what was planned is done, and no more: no image is asked about that was added or replaced since,
        and no more of them than planned, over all runs of this plan. Running it again goes on, or asks nothing.

        Args:
            into: The results table, as ``table``, ``dataset.table`` or ``project.dataset.table``; or what `plan` gave,
                which has the options too.
            **options: How many at once, how often, and when to stop; see `bqvision.RunOptions`.

        Returns:
            The run, which can be iterated over for the records and has a ``report``.

        Raises:
            InvalidInputError: An argument can not be right, or ``into`` is a table of another kind, or the plan of
                another analysis or project.
            NotFoundError: The object table, the model or the dataset does not exist.
            RunError: A permission or a quota is missing, or ``max_error_ratio`` was exceeded; what was paid for is
                kept, and the error has the ``report``.
            JobError: A job did not do its work; the rows of the jobs before it are kept.
            ServiceError: BigQuery refused, or could not be reached.
        """
        if isinstance(into, RunPlan):
            if options:
                raise InvalidInputError(
                    f"a plan has its options, and {', '.join(sorted(options))} can not be given besides",
                    next_step="Give the options to .plan(...).",
                )
            limits = Limits.of(into.options)
            return carry_out(hold_to(into, self._plan(into.table, limits)))
        limits = Limits.of(options)
        self._check(limits)
        # A missing or wrong table is told before one is made for the results.
        self.images.describe()
        return carry_out(self._plan(into, limits))

    def plan(
        self,
        into: str,
        *,
        prices: Prices | None = None,
        image_tokens: int | None = None,
        output_tokens: int | None = None,
        **options: Unpack[RunOptions],
    ) -> RunPlan[R]:
        """Say what `run` would do and cost, before anything is paid for; no model is called, and nothing is made.

        One query reads the object table and, if it is there, the results table. Tokens are, unless they are given, the
        average of the same question's earlier calls in that table. Without any they follow from Gemini's published
        rules, as a range, since the object table knows bytes and no pixels: an image is 1 to 24 tiles of 258 tokens
        with Gemini 2
        (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/send-multimodal-prompts#image-requirements),
        and 1,120 tokens with later ones unless ``media_resolution`` says otherwise
        (https://ai.google.dev/gemini-api/docs/media-resolution); four characters are one token
        (https://ai.google.dev/gemini-api/docs/tokens); an answer is one token or more, up to the output limit.

        Args:
            into: See `run`.
            prices: What a million tokens cost, for the ``cost``.
            image_tokens: The tokens of one image, if you know them better.
            output_tokens: The tokens of one answer, thinking included, if you know them better.
            **options: See `run`.

        Returns:
            The plan, for ``print``, and for `run`.

        Raises:
            InvalidInputError: An argument can not be right, or ``into`` is a table of another kind.
            NotFoundError: The object table, the model or the dataset does not exist.
            ServiceError: BigQuery refused, or could not be reached.
        """
        clean_tokens("image_tokens", image_tokens)
        clean_tokens("output_tokens", output_tokens)
        limits = Limits.of(options)
        self._check(limits)
        self.images.describe()
        return make_plan(
            self._plan(into, limits),
            options=options,
            prices=prices,
            image_tokens=image_tokens,
            output_tokens=output_tokens,
        )

    def retry_failed(
        self, into: str, *, outcomes: Collection[Outcome] = UNANSWERED, **options: Unpack[RunOptions]
    ) -> AnalysisRun[R]:
        """Ask again about the images whose latest outcome is one of some outcomes; each is paid for again.

        Args:
            into: The results table of an earlier `run`.
            outcomes: Which. Default: those that never were answers, which every `run` asks again too.
            **options: As for `run`.

        Returns:
            The run, over all images as `run` gives it.

        Raises:
            InvalidInputError: No outcome is given, or OK is among them; else as `run`.
            NotFoundError: There is no such table; else as `run`.
            RunError: As `run`.
            JobError: As `run`.
            ServiceError: As `run`.
        """
        if not outcomes or Outcome.OK in outcomes:
            raise InvalidInputError(
                "outcomes must name what failed; OK is not among it",
                next_step="Give, for example, outcomes={bv.Outcome.BLOCKED, bv.Outcome.TRUNCATED}.",
            )
        limits = Limits.of(options)
        self._check(limits)
        table = self.dataset.table_name(into)
        if self.dataset.service.get_table(table) is None:
            raise NotFoundError(
                "there is no such results table",
                resource=str(table),
                next_step="Nothing has been asked yet: use .run(into=...).",
            )
        return carry_out(self._plan(into, limits, ask_again=outcomes, only_failed=True))

    def statements(self, into: str, **options: Unpack[RunOptions]) -> tuple[Statement, ...]:
        """Return all that `run` sends, unsent, with the first batch standing for every batch.

        The only request is for the model's endpoint, which is part of what makes an analysis the same one.

        Args:
            into: See `run`.
            **options: See `run`.

        Raises:
            NotFoundError: There is no such model.
            ServiceError: BigQuery refused, or could not be reached.
        """
        limits = Limits.of(options)
        self._check(limits)
        return self._plan(into, limits).statements()

    def table_statement(self, into: str, *, replace: bool = True, all_columns: bool = False) -> Statement:
        """Return what `create_table` sends, unsent."""
        table = self.dataset.table_name(into)
        arguments = self.arguments
        # Only the table functions for text take an object table as it is, and with these arguments not even they.
        beyond = self.group_by or arguments.ground_with_google_search is not None or arguments.request_type
        if self.model is not None and arguments.declared.object_tables and not beyond:
            return sql.generate_text_table(
                into=table,
                source=self.images.name,
                model=self.model.name,
                arguments=arguments,
                replace=replace,
                all_columns=all_columns,
            )
        return sql.generate_table(
            into=table,
            images=Images(table=self.images.name, group_by=self.group_by),
            model=None if self.model is None else self.model.name,
            arguments=arguments,
            replace=replace,
            all_columns=all_columns,
        )

    def create_table(self, into: str, *, replace: bool = True, all_columns: bool = False) -> str:
        """Ask about all images in one statement, as Google's tutorial does.

        Every image is paid for, each time; a job that fails leaves nothing behind. `run` is the safe way.

        Args:
            into: The table to make.
            replace: Whether a table of that name is replaced.
            all_columns: Whether all that there is on a row is kept. Else ``ML.GENERATE_TEXT`` and ``AI.GENERATE_TEXT``
                leave the URI and the answer; without the status, an image that failed can't be told from one that
                was blocked.

        Returns:
            The table's full name, for `read` and `format`.

        Raises:
            AlreadyExistsError: The name is taken, and is not to be replaced.
            NotFoundError: The object table, the model or the dataset does not exist.
            JobError: The job did not do its work; it may have been paid for all the same.
            ServiceError: BigQuery refused, or could not be reached.
        """
        dataset = self.dataset
        statement = self.table_statement(into, replace=replace, all_columns=all_columns)
        # A job that failed may have paid for its calls, so it is not run again.
        dataset.service.execute(statement, attempts=1, location=dataset.location)
        return str(dataset.table_name(into))

    def read(self, table: str) -> Iterator[R]:
        """Read a table of `run` or of `create_table` back into records, streamed, by URI.

        Of a results table of `run`, the latest row of each image of this object table for this very question is read.

        Args:
            table: The table.

        Raises:
            NotFoundError: There is no such table.
            InvalidInputError: It is neither kind of table.
            ServiceError: BigQuery refused, or could not be reached.
            PartialReadError: Some records were delivered, the rest could not be read.
        """
        name = self.dataset.table_name(table)
        columns = self._columns(name)
        if "fingerprint" in columns:
            yield from self._plan(table).records()
            return
        dataset = self.dataset
        job = dataset.service.execute(sql.read_table(name), location=dataset.location)
        for row in dataset.service.rows(job):
            yield decode(self.schema, row, self.arguments.declared)

    def format_statement(self, source: str, into: str, *, replace: bool = True) -> Statement:
        """Return what `format` sends, unsent, once it is known which kind of table ``source`` is.

        Args:
            source: See `format`.
            into: See `format`.
            replace: See `format`.

        Raises:
            NotFoundError: There is no such table.
            InvalidInputError: It is neither kind of table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        name = self.dataset.table_name(source)
        target = self.dataset.table_name(into)
        columns = self._columns(name)
        if "fingerprint" in columns:
            return self._plan(source).format(target, replace=replace)
        return sql.format_table(
            source=name,
            into=target,
            schema=self.schema,
            function=self.arguments.declared,
            columns=columns,
            replace=replace,
        )

    def format(self, source: str, into: str, *, replace: bool = True) -> str:
        """Make a table with one row per image and one typed column per field of the record, in BigQuery.

        Args:
            source: A table of `run` or of `create_table`.
            into: The table to make.
            replace: Whether a table of that name is replaced.

        Returns:
            The new table's full name.

        Raises:
            AlreadyExistsError: The name is taken, and is not to be replaced.
            NotFoundError: There is no such table.
            InvalidInputError: It is neither kind of table.
            ServiceError: BigQuery refused, or could not be reached.
        """
        dataset = self.dataset
        dataset.service.execute(
            self.format_statement(source, into, replace=replace), location=dataset.location
        )
        return str(dataset.table_name(into))

    def _check(self, limits: Limits) -> None:
        wrong = [uri for uri in limits.uris or () if not uri.startswith("gs://")]
        if wrong and self.group_by is None:
            raise InvalidInputError(
                f"uris holds {wrong[0][:80]!a}, which is no URI", next_step="Write gs://bucket/name."
            )
        if limits.max_tokens is None:
            return
        if self.arguments.flatten_json_output is True:
            raise InvalidInputError(
                "max_tokens needs token counts, which flatten_json_output=True leaves out",
                next_step="Leave flatten_json_output out, or use max_calls.",
            )
        if not self.arguments.declared.reports_usage:
            raise InvalidInputError(
                f"max_tokens needs token counts, which {self.function} does not give",
                next_step="Use max_calls.",
            )

    def _plan(
        self,
        into: str,
        limits: Limits | None = None,
        *,
        ask_again: Collection[Outcome] = UNANSWERED,
        only_failed: bool = False,
    ) -> Plan[R]:
        plan = Plan(
            analysis=self,
            ledger=self.dataset.table_name(into),
            endpoint=self._endpoint(),
            ask_again=frozenset(ask_again),
            only_failed=only_failed,
            limits=limits if limits is not None else Limits(),
        )
        plan.statements()  # what can not be right is refused before anything is sent
        return plan

    def _endpoint(self) -> str:
        if self.model is None:
            return self.arguments.endpoint or ""
        endpoint = self.model.describe().endpoint
        if endpoint is None:
            raise InvalidInputError(
                "this is no remote model: BigQuery reports no endpoint for it",
                resource=str(self.model.name),
                next_step="Give a model that was made with dataset.remote_model(...).create(endpoint=...).",
            )
        return endpoint

    def _columns(self, table: TableName) -> dict[str, str]:
        resource = self.dataset.service.get_table(table)
        if resource is None:
            raise NotFoundError(
                "there is no such table",
                resource=str(table),
                next_step="Make it with .run(into=...) or .create_table(into=...), or check the name.",
            )
        return _rest.columns(resource)
