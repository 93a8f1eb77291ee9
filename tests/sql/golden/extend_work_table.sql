ALTER TABLE `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
SET OPTIONS (
  expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 168 HOUR)
)
