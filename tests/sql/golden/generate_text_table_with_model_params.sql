CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT *
  FROM
    ML.GENERATE_TEXT(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      TABLE `my-project.bqml_tutorial.movie_posters`,
      STRUCT(
        '{"generation_config": {"thinking_config": {"thinking_budget": 0}}}' AS model_params,
        'What is this?' AS prompt,
        TRUE AS flatten_json_output
      )
    )
)
