"""Which film is on each poster, and from which year?

With no arguments it asks the local BigQuery about the sample posters beside this file. Your own pictures:
``--images DIR``. On Google Cloud: ``--project ID --uri 'gs://bucket/posters/*'``.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

import bqvision as bv

PROMPT = (
    "For the movie represented by this poster, what is the movie title and year of release? "
    "Answer in JSON format with two keys: title, year. title should be string, year should be integer."
)
TUTORIAL_POSTERS = "gs://cloud-samples-data/vertex-ai/dataset-management/datasets/classic-movie-posters/*"


def main() -> None:
    """Run the main job and print its table."""
    options = arguments()
    with ExitStack() as stack:
        if options.project:
            client = stack.enter_context(bv.Client(project=options.project, location=options.location))
            uris = [options.uri]
        else:
            client = stack.enter_context(bv.Client.local(buckets={"posters": options.images}))
            uris = ["gs://posters/*"]
        dataset = client.dataset(options.dataset).create(exists_ok=True)
        posters = dataset.object_table("movie_posters").create(uris=uris, replace=True)
        model = dataset.remote_model("gemini-vision").create(endpoint=options.endpoint, replace=True)

        run = model.analyze(posters, prompt=PROMPT, temperature=0.2).run(into="movie_posters_results")
        print(f"{'poster':<34} {'title':<38} {'year':<6} outcome")
        for poster in run:
            name = poster.uri.rsplit("/", 1)[-1]
            year = "-" if poster.year is None else str(poster.year)
            print(f"{name:<34.34} {poster.title or '-':<38.38} {year:<6} {poster.outcome}")
        print()
        print(run.report)
        run.format(into="movie_posters_results_formatted")
        if not options.project:
            print(
                "\nRead locally: the reader takes what is printed on a poster; a year that is not printed stays '-'."
            )
        elif options.clean_up:
            dataset.delete(contents=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images", type=Path, default=Path(__file__).parent / "posters", help="a folder of pictures"
    )
    parser.add_argument(
        "--project", help="a Google Cloud project; without it, everything runs on this machine"
    )
    parser.add_argument("--location", default="US", help="where the dataset is (with --project)")
    parser.add_argument("--uri", default=TUTORIAL_POSTERS, help="which objects to ask about (with --project)")
    parser.add_argument("--dataset", default="bqml_tutorial", help="the dataset that everything goes into")
    parser.add_argument("--endpoint", default="gemini-2.5-flash", help="the Gemini model")
    parser.add_argument(
        "--clean-up", action="store_true", help="delete the dataset at the end (with --project)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
