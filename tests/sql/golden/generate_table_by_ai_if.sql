CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT *, IF(answer IS NULL, 'AI.IF gave NULL, which is all that it says of a row that failed', '') AS status
  FROM (
    SELECT
      uri,
      AI.IF(
        ('There is a train.', ref),
        endpoint => 'gemini-2.5-flash'
      ) AS answer
    FROM `my-project.bqml_tutorial.movie_posters`
  )
)
