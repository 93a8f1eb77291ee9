CREATE OR REPLACE EXTERNAL TABLE `my-project.bqml_tutorial.movie_posters`
WITH CONNECTION DEFAULT
OPTIONS (
  object_metadata = 'SIMPLE',
  uris = ['gs://cloud-samples-data/vertex-ai/dataset-management/datasets/classic-movie-posters/*']
)
