"""Which of two prompts reads posters better?

With no arguments it asks both about the sample posters beside this file, on the local BigQuery, and compares answers
with posters.csv. Your own pictures: ``--images DIR --truth FILE.csv``, a file with the columns file, title and year. On
Google Cloud: ``--project ID --uri 'gs://bucket/posters/*' --truth FILE.csv``.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

import bqvision as bv

HERE = Path(__file__).parent
PROMPTS = {
    "tutorial": (
        "For the movie represented by this poster, what is the movie title and year of release? "
        "Answer in JSON format with two keys: title, year. title should be string, year should be integer."
    ),
    "title only": "What is the title of this film? Answer in JSON format with one key: title.",
}


def main() -> None:
    """Ask each prompt, print which is right more often, and what the best one got wrong."""
    options = arguments()
    with ExitStack() as stack:
        if options.project:
            client = stack.enter_context(bv.Client(project=options.project, location=options.location))
        else:
            client = stack.enter_context(bv.Client.local(buckets={"posters": options.images}))
        dataset = client.dataset(options.dataset).create(exists_ok=True)
        posters = dataset.object_table("movie_posters").create(uris=[options.uri], replace=True)
        model = dataset.remote_model("gemini-vision").create(endpoint=options.endpoint, replace=True)

        analyses = {
            name: model.analyze(posters, prompt=prompt, temperature=0.2) for name, prompt in PROMPTS.items()
        }
        comparison = bv.compare(
            analyses, options.truth, into="movie_posters_compared", max_images=options.max_images
        )
        print(comparison)
        print(f"\nThe best is {comparison.best!r}:\n")
        evaluation = comparison[comparison.best]
        print(evaluation)
        for score in evaluation.fields:
            for miss in evaluation.misses(score.field, limit=5):
                name = miss.uri.rsplit("/", 1)[-1]
                print(f"{score.field} of {name}: expected {miss.expected!r}, got {miss.got!r}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, default=HERE / "posters", help="a folder of pictures")
    parser.add_argument("--truth", type=Path, default=HERE / "posters.csv", help="what is right, a CSV file")
    parser.add_argument("--max-images", type=int, default=100, help="ask about so many that have truth")
    parser.add_argument(
        "--project", help="a Google Cloud project; without it, everything runs on this machine"
    )
    parser.add_argument("--location", default="US", help="where the dataset is (with --project)")
    parser.add_argument("--uri", default="gs://posters/*", help="which objects to ask about")
    parser.add_argument("--dataset", default="bqml_tutorial", help="the dataset that everything goes into")
    parser.add_argument("--endpoint", default="gemini-2.5-flash", help="the Gemini model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
