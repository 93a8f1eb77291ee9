CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results` AS (
  SELECT * EXCEPT (answer), answer.*
  FROM (
    SELECT
      uri, generation,
      AI.GENERATE(
        ('Which film?', ref),
        endpoint => 'gemini-2.5-flash',
        connection_id => 'us.vision',
        output_schema => 'title STRING, year INT64',
        request_type => 'DEDICATED',
        model_params => JSON '{"generation_config": {"temperature": 0.2}}'
      ) AS answer
    FROM (
      SELECT
        name AS uri,
        CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(STRING_AGG(
          CONCAT(uri, '#', CAST(generation AS STRING)), '\n' ORDER BY uri
        ))), 1, 12)) AS INT64) AS generation,
        ARRAY_AGG(ref ORDER BY uri) AS ref,
        MIN(content_type) AS content_type,
        SUM(size) AS size,
        CASE
          WHEN MIN(refusal) IS NOT NULL THEN MIN(refusal)
          WHEN COUNT(*) > 3000 THEN 'More than 3,000 images are one question.'
        END AS refusal
      FROM (
        SELECT *
        FROM (
          SELECT
            image.uri, image.generation, image.ref, image.content_type, image.size,
            CASE
              WHEN COALESCE(image.size, 0) = 0 THEN 'The file is empty.'
              WHEN image.size > 31457280 THEN 'The file is larger than 30 MB.'
              WHEN LOWER(image.content_type) IN UNNEST(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']) THEN NULL
              WHEN LOWER(COALESCE(image.content_type, '')) IN UNNEST(['', 'application/octet-stream', 'binary/octet-stream'])
                AND REGEXP_CONTAINS(image.uri, '(?i)\\.(png|jpe?g|webp|hei[cf])$') THEN NULL
              ELSE CONCAT('The model does not read the content type ', COALESCE(image.content_type, '(none)'), '.')
            END AS refusal,
            COALESCE(NULLIF(REGEXP_EXTRACT(image.uri, '^gs://films/([^/]+)/'), ''), image.uri) AS name
          FROM `my-project.bqml_tutorial.movie_posters` AS image
          WHERE TRUE
          QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1
        )
        WHERE TRUE
        QUALIFY refusal IS NULL OR COUNTIF(refusal IS NULL) OVER (PARTITION BY name) = 0
      )
      GROUP BY name
    )
  )
)
