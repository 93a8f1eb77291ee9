CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT *
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
