CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT * EXCEPT (prompt)
  FROM (
    SELECT *
    FROM AI.GENERATE_TABLE(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      (
        SELECT uri, ('Which film?', ref) AS prompt
        FROM `my-project.bqml_tutorial.movie_posters`
      ),
      STRUCT(
        'title STRING, year INT64' AS output_schema,
        1.5 AS temperature
      )
    )
  )
)
