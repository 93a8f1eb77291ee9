"""What a connection's service account must be granted: as lines to run, or run when it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision.errors import InvalidInputError, NotFoundError
from bqvision.sql.connections import grant_project_role
from bqvision.sql.names import ConnectionName, parse_connection
from bqvision.sql.options import clean_uri, number, string

if TYPE_CHECKING:
    from collections.abc import Callable

    from bqvision._propagation import GrantProgress
    from bqvision.client import Client
    from bqvision.connection import ConnectionInfo
    from bqvision.sql.compose import Statement

BUCKET_ROLE: Final = "roles/storage.objectViewer"
"""The role that reads the images."""
_LONGEST_WAIT_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Roles of a connection's service account, as lines to run; its text is the lines."""

    service_account: str
    """Whom they are for."""
    statements: tuple[Statement, ...]
    """What BigQuery grants."""
    gcloud: tuple[str, ...]
    """Commands for a shell, for what BigQuery can not grant."""

    @override
    def __str__(self) -> str:
        return "\n".join((*(f"{statement.sql};" for statement in self.statements), *self.gcloud))


def bucket_names(buckets: Iterable[str]) -> tuple[str, ...]:
    """Return the names of buckets, each once.

    Args:
        buckets: Their names, or ``gs://`` URIs in them.

    Raises:
        InvalidInputError: One of them can not be one.
    """
    if isinstance(buckets, str):
        raise InvalidInputError(
            "buckets is a single string", next_step="Put the bucket into a list: buckets=['posters']."
        )
    names: dict[str, None] = {}
    for bucket in buckets:
        given = string("bucket", bucket, "a bucket's name, or gs://bucket/...")
        name = given.removeprefix("gs://").partition("/")[0]
        clean_uri(f"gs://{name}/*")
        names[name] = None
    return tuple(names)


def bucket_role_line(bucket: str, service_account: str) -> str:
    """Return the command that lets an account read a bucket.

    Args:
        bucket: The bucket's name.
        service_account: The account.
    """
    member = f"serviceAccount:{service_account}"
    return (
        f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={member} --role={BUCKET_ROLE}"
    )


class Granting(ABC):
    """What can be granted to a connection's service account."""

    __slots__ = ()

    location: str

    @property
    @abstractmethod
    def client(self) -> Client:
        """The client that works on it."""

    @abstractmethod
    def describe(self) -> ConnectionInfo:
        """Return what BigQuery knows of the connection."""

    def grant_statements(self, *, buckets: Iterable[str] = ()) -> Grants:
        """Return what the connection's account must be granted: what `grant` sends, and the lines for the buckets.

        Args:
            buckets: The buckets of the images, as names or as ``gs://`` URIs.

        Returns:
            The statement that lets it call Gemini, and a ``gcloud`` line for each bucket; print it to read them.

        Raises:
            InvalidInputError: A bucket's name can not be one.
            NotFoundError: There is no such connection.
            ServiceError: BigQuery refused, or could not be reached.
        """
        names = bucket_names(buckets)
        info = self.describe()
        name = parse_connection(info.name)
        if info.service_account is None or not isinstance(name, ConnectionName):
            raise NotFoundError(
                "the connection has no service account yet",
                resource=info.name,
                location=info.location,
                next_step="Ask again in some seconds.",
            )
        return Grants(
            service_account=info.service_account,
            statements=(grant_project_role(name, project=self.client.project),),
            gcloud=tuple(bucket_role_line(bucket, info.service_account) for bucket in names),
        )

    def grant(
        self,
        *,
        project: bool = True,
        buckets: Iterable[str] = (),
        wait_s: float = 300.0,
        progress: Callable[[GrantProgress], object] | None = None,
    ) -> Grants:
        """Grant the connection's account the role that calls Gemini, on the client's project.

        Nothing is taken away or changed, and it is no error if it has the role. Roles on buckets are not granted: the
        lines for them are returned, to be run by hand; see `granted`. For a while afterwards, remote models whose
        creation fails because the role is not seen yet are tried again.

        Args:
            project: Whether to grant it; otherwise it is returned with what is left to do.
            buckets: The buckets of the images, as names or as ``gs://`` URIs.
            wait_s: For how many seconds from now statements are tried again.
            progress: Told before each further try.

        Returns:
            What is left to do by hand.

        Raises:
            InvalidInputError: A bucket's name or the time can not be one.
            NotFoundError: There is no such connection.
            PermissionDeniedError: The caller may not grant roles on the project.
            ServiceError: BigQuery refused, or could not be reached.
        """
        _check_wait(wait_s)
        wanted = self.grant_statements(buckets=buckets)
        if not project:
            return wanted
        service, account = self.client.service, wanted.service_account
        service.propagation.expect("account", account, wait_s=wait_s, progress=progress)
        for statement in wanted.statements:
            service.execute(statement, location=self.location)
        service.propagation.expect("model role", account, wait_s=wait_s, progress=progress)
        return Grants(service_account=account, statements=(), gcloud=wanted.gcloud)

    def granted(
        self, *, wait_s: float = 300.0, progress: Callable[[GrantProgress], object] | None = None
    ) -> None:
        """Say that somebody just granted the account its roles, such as by the lines that `grant` returned.

        For a while afterwards, object tables and remote models whose creation fails because a role is not seen yet
        are tried again.

        Args:
            wait_s: For how many seconds from now statements are tried again.
            progress: Told before each further try.

        Raises:
            InvalidInputError: The time can not be one.
            NotFoundError: There is no such connection.
            ServiceError: BigQuery refused, or could not be reached.
        """
        _check_wait(wait_s)
        account = self.grant_statements().service_account
        for grant in ("model role", "bucket role"):
            self.client.service.propagation.expect(grant, account, wait_s=wait_s, progress=progress)


def _check_wait(wait_s: float) -> None:
    number("wait_s", wait_s, 0, _LONGEST_WAIT_S)
