ALTER TABLE `my-project.bqml_tutorial.movie_posters_results`
SET OPTIONS (
  expiration_timestamp = NULL
)
