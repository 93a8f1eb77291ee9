SELECT
  outcome,
  COUNT(*) AS images,
  COUNTIF(error IS NOT NULL) AS with_error,
  SUM(input_tokens) AS input_tokens,
  SUM(output_tokens) AS output_tokens
FROM (
  SELECT *
  FROM `my-project.bqml_tutorial.movie_posters_results`
  WHERE fingerprint = @fingerprint
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
)
GROUP BY outcome
ORDER BY outcome
-- @fingerprint STRING
