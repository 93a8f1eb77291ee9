CREATE EXTERNAL TABLE IF NOT EXISTS `my-project.bqml_tutorial.movie_posters`
WITH CONNECTION `my-project.us.film`
OPTIONS (
  object_metadata = 'SIMPLE',
  uris = [
    'gs://posters/*',
    'gs://more.posters.example.com/2030/*.png'
  ],
  max_staleness = INTERVAL 4 HOUR,
  metadata_cache_mode = 'MANUAL',
  description = 'Posters',
  expiration_timestamp = TIMESTAMP '2030-01-02 03:04:05.000678+00:00'
)
