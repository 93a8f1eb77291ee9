CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT * EXCEPT (answer), answer.*
  FROM (
    SELECT
      uri,
      AI.GENERATE(
        ('Which film?', ref),
        endpoint => 'gemini-2.5-flash',
        connection_id => 'us.vision',
        output_schema => 'title STRING, year INT64',
        request_type => 'DEDICATED',
        model_params => JSON '{"generation_config": {"temperature": 0.2}}'
      ) AS answer
    FROM `my-project.bqml_tutorial.movie_posters`
  )
)
