"""The look at a project in a terminal: ``python -m bqvision.doctor --project my-project``."""

from __future__ import annotations

import argparse
import sys

from bqvision.client import Client
from bqvision.errors import BqvisionError


def main(arguments: list[str] | None = None) -> int:
    """Print what `bqvision.Client.doctor` finds.

    Args:
        arguments: The command line; None takes the process's own.

    Returns:
        The exit code: 0 if no check failed, 1 if one did or the arguments can not be right.
    """
    given = _parser().parse_args(arguments)
    try:
        with Client(project=given.project, location=given.location) as client:
            found = client.doctor(
                dataset=given.dataset,
                images=given.images,
                model=given.model,
                connection=given.connection,
                endpoint=given.endpoint,
                bucket=given.bucket,
                ask=given.ask,
            )
    except BqvisionError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(found)  # noqa: T201
    return 0 if found.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bqvision.doctor",
        description="Look at a project before the first run. Nothing is changed; only --ask costs anything.",
    )
    parser.add_argument("--project", help="the project that is billed; default: GOOGLE_CLOUD_PROJECT")
    parser.add_argument("--location", help="where the dataset is; default: BQVISION_LOCATION, else US")
    parser.add_argument("--dataset", help="dataset or project.dataset")
    parser.add_argument(
        "--table", "--images", dest="images", help="the object table, with its dataset or without"
    )
    parser.add_argument("--model", help="the remote model, with its dataset or without")
    parser.add_argument(
        "--connection", help="the connection, such as us.vision; default: BQVISION_CONNECTION"
    )
    parser.add_argument("--endpoint", help="the Gemini model, such as gemini-2.5-flash")
    parser.add_argument("--bucket", help="the bucket of the images")
    parser.add_argument("--ask", action="store_true", help="ask the model about one image, which is paid for")
    return parser


if __name__ == "__main__":
    sys.exit(main())
