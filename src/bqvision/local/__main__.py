"""The local BigQuery in a terminal: `python -m bqvision.local --bucket posters=DIR`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from bqvision.errors import BqvisionError, InvalidInputError
from bqvision.local.openai_compatible import OpenAICompatible
from bqvision.local.server import LocalServer, serve


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C.

    Args:
        arguments: The command line; None takes the process's own.

    Returns:
        The exit code.
    """
    given = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with serve(
            buckets=dict(given.bucket),
            model=_model(given),
            data_dir=given.data_dir,
            project=given.project,
            location=given.location,
            port=given.port,
            workers=given.workers,
        ) as server:
            print(_how_to(server), flush=True)  # noqa: T201
            while not stop.is_set() and server.running:
                stop.wait(0.5)
            if not stop.is_set():
                print("the local BigQuery ended by itself", file=sys.stderr)  # noqa: T201
                return 1
    except BqvisionError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bqvision.local", description="A local BigQuery over folders of images."
    )
    parser.add_argument(
        "--bucket",
        action="append",
        type=_bucket,
        default=[],
        metavar="NAME=DIR",
        help="let a folder stand for a bucket (any number of times)",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--project", default="local-project", help="project id")
    parser.add_argument("--location", default="US", help="location of datasets and jobs that name none")
    parser.add_argument("--data-dir", help="keep tables and models here from start to start")
    parser.add_argument("--workers", type=int, help="how many images are read at once; default: all cores")
    server = parser.add_argument_group(
        "a vision model on an OpenAI-compatible server (Ollama, vLLM, llama.cpp, LM Studio), for all endpoints"
    )
    server.add_argument("--openai-base-url", metavar="URL", help="its API, such as http://localhost:11434/v1")
    server.add_argument("--openai-model", metavar="NAME", help="its name for the model")
    server.add_argument(
        "--openai-api-key-env", metavar="VAR", help="the environment variable that holds its API key"
    )
    return parser


def _model(given: argparse.Namespace) -> OpenAICompatible | None:
    """Return the model that the options name; None reads the print on the images.

    Raises:
        InvalidInputError: They name half of one.
    """
    base_url, model, variable = given.openai_base_url, given.openai_model, given.openai_api_key_env
    if base_url is None and model is None and variable is None:
        return None
    if base_url is None or model is None:
        raise InvalidInputError("--openai-base-url and --openai-model are given together")
    if variable is not None and variable not in os.environ:
        raise InvalidInputError(f"the environment variable {variable}, for the API key, is not set")
    return OpenAICompatible(base_url, model, None if variable is None else os.environ[variable])


def _bucket(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=DIR")
    return name, folder


def _how_to(server: LocalServer) -> str:
    return f"""endpoint  {server.endpoint}
token     {server.token}
project   {server.project}

bqvision, in any terminal:
  export GOOGLE_CLOUD_PROJECT={server.project} BIGQUERY_EMULATOR_HOST={server.endpoint}
  export BQVISION_TOKEN={server.token}
  python -c 'import bqvision; print(list(bqvision.Client().datasets()))'
google-cloud-bigquery:
  bigquery.Client(project="{server.project}", credentials=Credentials(token="{server.token}"),
                  client_options={{"api_endpoint": "{server.endpoint}"}})
curl:
  curl -H "Authorization: Bearer {server.token}" {server.endpoint}/projects/{server.project}/datasets
where Credentials is google.oauth2.credentials.Credentials. Ctrl-C stops the server."""


if __name__ == "__main__":
    sys.exit(main())
