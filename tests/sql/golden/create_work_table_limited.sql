CREATE TABLE `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
CLUSTER BY batch
OPTIONS (
  expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)
)
AS (
  SELECT
    uri, generation, ref, content_type, size, attempt, refusal, output_limit,
    'my-project.bqml_tutorial.movie_posters' AS object_table, 'my-project' AS billing_project, @run_id AS run_id, FALSE AS retired,
    CASE
      WHEN refusal IS NOT NULL THEN -1
      WHEN shard = 0 AND place = 0 THEN 0
      WHEN output_limit IS NOT NULL THEN 1000000000000000 + shard * 1000000 + DIV(place, 10)
      ELSE 1 + shard * 1000000 + DIV(place, 10)
    END AS batch
  FROM (
    SELECT
      *,
      ROW_NUMBER() OVER (
        PARTITION BY refusal IS NULL, shard
        ORDER BY output_limit IS NOT NULL, attempt, uri
      ) - 1 AS place
    FROM (
      SELECT *, 0 AS shard
      FROM (
        SELECT
          image.uri, image.generation, image.ref, image.content_type, image.size,
          COALESCE(done.attempt, 0) + 1 AS attempt,
          CASE
            WHEN COALESCE(image.size, 0) = 0 THEN 'The file is empty.'
            WHEN image.size > 31457280 THEN 'The file is larger than 30 MB.'
            WHEN LOWER(image.content_type) IN UNNEST(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']) THEN NULL
            WHEN LOWER(COALESCE(image.content_type, '')) IN UNNEST(['', 'application/octet-stream', 'binary/octet-stream'])
              AND REGEXP_CONTAINS(image.uri, '(?i)\\.(png|jpe?g|webp|hei[cf])$') THEN NULL
            ELSE CONCAT('The model does not read the content type ', COALESCE(image.content_type, '(none)'), '.')
          END AS refusal,
          CAST(NULL AS INT64) AS output_limit,
          COALESCE(done.uri IS NULL OR (done.outcome IN UNNEST(@again)), FALSE) AS pending
        FROM `my-project.bqml_tutorial.movie_posters` AS image
        LEFT JOIN (
          SELECT uri, generation, attempt, outcome, run_id, output_limit
          FROM `my-project.bqml_tutorial.movie_posters_results`
          WHERE fingerprint = @fingerprint
          QUALIFY ROW_NUMBER() OVER (PARTITION BY uri, generation ORDER BY attempt DESC, analysed_at DESC) = 1
        ) AS done
        ON done.uri = image.uri AND done.generation = image.generation
        WHERE TRUE
        QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1
      )
      WHERE pending
    )
  )
  WHERE refusal IS NOT NULL OR place < 25
)
-- @run_id STRING
-- @again ARRAY<STRING>
-- @fingerprint STRING
