"""Reading the statements about who may do what, and about the project's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bqvision.local.statements.constants import constant
from bqvision.local.statements.cursor import Cursor
from bqvision.local.statements.options import Options
from bqvision.local.statements.project_nodes import AlterProject, ChangeGrants
from bqvision.local.statements.tokens import StatementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bqvision.local.statements.parameters import QueryParameter
    from bqvision.local.statements.tokens import Token

_KINDS = ("PROJECT", "CONNECTION")


def parse_dcl(
    sql: str, tokens: tuple[Token, ...], parameters: Mapping[str, QueryParameter]
) -> ChangeGrants | AlterProject | None:
    """Reads one statement if it is among those that this module knows.

    Args:
        sql: The statement.
        tokens: Its tokens.
        parameters: Query parameters by lower-cased name.

    Returns:
        The statement; None if it is something else, also a GRANT on a dataset or table.

    Raises:
        StatementError: It is one of them, but wrong.
    """
    cursor = Cursor(sql, tokens)
    if cursor.accept("ALTER", "PROJECT"):
        project = ".".join(cursor.path())
        cursor.expect("SET")
        options = Options(cursor, parameters)
        cursor.expect_end()
        return AlterProject(project=project, options=options.values)
    for verb, preposition in (("GRANT", "TO"), ("REVOKE", "FROM")):
        if cursor.accept(verb):
            roles = tuple(_roles(cursor))
            cursor.expect("ON")
            kind = cursor.next().word
            if kind not in _KINDS:
                return None
            path = cursor.path()
            cursor.expect(preposition)
            return ChangeGrants(
                revoke=verb == "REVOKE",
                roles=roles,
                kind=kind,
                path=path,
                members=tuple(_members(cursor, parameters)),
            )
    return None


def _roles(cursor: Cursor) -> Iterator[str]:
    yield ".".join(cursor.path())
    while cursor.accept_operator(","):
        yield ".".join(cursor.path())


def _members(cursor: Cursor, parameters: Mapping[str, QueryParameter]) -> Iterator[str]:
    rest = Cursor(cursor.sql, [token for token in cursor.tokens[cursor.index :] if token.operator != ";"])
    if rest.at_end:
        raise rest.unexpected("a grantee")
    for item in rest.items():
        place = item.peek().start
        member = constant(item, parameters)
        if not isinstance(member, str):
            raise StatementError(
                'A grantee must be a string such as "user:ana@example.com"', cursor.sql, place
            )
        yield member
