CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT uri, result
  FROM
    AI.GENERATE_TEXT(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      TABLE `my-project.bqml_tutorial.movie_posters`,
      STRUCT(
        0.2 AS temperature,
        'Which film?' AS prompt
      )
    )
)
