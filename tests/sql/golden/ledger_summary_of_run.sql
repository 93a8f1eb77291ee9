SELECT
  outcome,
  COUNT(*) AS images,
  COUNTIF(error IS NOT NULL) AS with_error,
  SUM(input_tokens) AS input_tokens,
  SUM(output_tokens) AS output_tokens
FROM (
  SELECT *
  FROM `my-project.bqml_tutorial.movie_posters_results`
  WHERE fingerprint = @fingerprint AND run_id = @run_id
)
GROUP BY outcome
ORDER BY outcome
-- @fingerprint STRING
-- @run_id STRING
