"""Reading GoogleSQL statements and putting them into the emulator's words: text in, values and text out."""

from bqvision.local.statements.literals import identifier, string_literal
from bqvision.local.statements.nodes import (
    CreateConnection,
    CreateObjectTable,
    CreateRemoteModel,
    CreateSchema,
    DropConnection,
    DropExternalTable,
    DropModel,
    DropSchema,
    ModelCall,
    ParsedStatement,
    Path,
    Query,
    QueryInput,
    RefreshObjectTable,
    Script,
    SignedUrlCall,
    TableInput,
    Target,
)
from bqvision.local.statements.output_schema import OutputField, OutputType, parse_output_schema
from bqvision.local.statements.parameters import QueryParameter
from bqvision.local.statements.parse import parse
from bqvision.local.statements.project_nodes import AlterProject, ChangeGrants, ProjectOptions
from bqvision.local.statements.query import model_functions
from bqvision.local.statements.rewrite import Rewritten, replaced, rewrite
from bqvision.local.statements.script import split_statements
from bqvision.local.statements.steps import Step, next_step
from bqvision.local.statements.tokens import Span, StatementError, UnsupportedStatementError
from bqvision.local.statements.values import Expression, Interval, JsonText, Struct, Value

__all__ = [
    "AlterProject",
    "ChangeGrants",
    "CreateConnection",
    "CreateObjectTable",
    "CreateRemoteModel",
    "CreateSchema",
    "DropConnection",
    "DropExternalTable",
    "DropModel",
    "DropSchema",
    "Expression",
    "Interval",
    "JsonText",
    "ModelCall",
    "OutputField",
    "OutputType",
    "ParsedStatement",
    "Path",
    "ProjectOptions",
    "Query",
    "QueryInput",
    "QueryParameter",
    "RefreshObjectTable",
    "Rewritten",
    "Script",
    "SignedUrlCall",
    "Span",
    "StatementError",
    "Step",
    "Struct",
    "TableInput",
    "Target",
    "UnsupportedStatementError",
    "Value",
    "identifier",
    "model_functions",
    "next_step",
    "parse",
    "parse_output_schema",
    "replaced",
    "rewrite",
    "split_statements",
    "string_literal",
]
