CREATE TABLE IF NOT EXISTS `my-project.bqml_tutorial.movie_posters_results` (
  `uri` STRING,
  `generation` INT64,
  `object_table` STRING,
  `fingerprint` STRING,
  `run_id` STRING,
  `attempt` INT64,
  `status` STRING,
  `outcome` STRING,
  `error` STRING,
  `text` STRING,
  `finish_reason` STRING,
  `input_tokens` INT64,
  `output_tokens` INT64,
  `output_limit` INT64,
  `job_id` STRING,
  `analysed_at` TIMESTAMP,
  `title` STRING,
  `pages` INT64,
  `price` FLOAT64,
  `hardback` BOOL
)
CLUSTER BY fingerprint, run_id, job_id, uri
