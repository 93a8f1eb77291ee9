CREATE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT uri, ml_generate_text_result
  FROM
    ML.GENERATE_TEXT(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      TABLE `my-project.bqml_tutorial.movie_posters`,
      STRUCT(
        0.0 AS temperature,
        0.95 AS top_p,
        500 AS max_output_tokens,
        ['END', '\''] AS stop_sequences,
        [STRUCT('HARM_CATEGORY_HARASSMENT' AS category, 'BLOCK_ONLY_HIGH' AS threshold), STRUCT('HARM_CATEGORY_HATE_SPEECH' AS category, 'BLOCK_LOW_AND_ABOVE' AS threshold)] AS safety_settings,
        'What\'s this?\nSay "no\\thing" else.' AS prompt,
        FALSE AS flatten_json_output
      )
    )
)
