SELECT
  outcome,
  COUNT(*) AS images,
  COUNTIF(status != '') AS failed,
  SUM(input_tokens) AS input_tokens,
  SUM(output_tokens) AS output_tokens,
  MIN(NULLIF(status, '')) AS status
FROM `my-project.bqml_tutorial.movie_posters_results`
WHERE fingerprint = @fingerprint AND run_id = @run_id AND job_id = @job
GROUP BY outcome
ORDER BY outcome
-- @fingerprint STRING
-- @run_id STRING
-- @job STRING
