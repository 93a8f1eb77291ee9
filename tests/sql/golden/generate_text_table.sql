CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT uri, ml_generate_text_llm_result
  FROM
    ML.GENERATE_TEXT(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      TABLE `my-project.bqml_tutorial.movie_posters`,
      STRUCT(
        0.2 AS temperature,
        'For the movie represented by this poster, what is the movie title and year of release? Answer in JSON format with two keys: title, year. title should be string, year should be integer.' AS prompt,
        TRUE AS flatten_json_output
      )
    )
)
