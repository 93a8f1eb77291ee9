CREATE TABLE `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
CLUSTER BY batch
OPTIONS (
  expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 168 HOUR)
)
AS (
  SELECT
    uri, generation, ref, content_type, size, attempt, refusal, output_limit,
    'my-project.bqml_tutorial.movie_posters' AS object_table, 'my-project' AS billing_project, @run_id AS run_id, FALSE AS retired,
    CASE
      WHEN refusal IS NOT NULL THEN -1
      WHEN output_limit IS NOT NULL THEN 1000000000000000 + shard * 1000000 + DIV(place, 1000)
      ELSE 0 + shard * 1000000 + DIV(place, 1000)
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
          image.refusal AS refusal,
          CAST(NULL AS INT64) AS output_limit,
          COALESCE((done.uri IS NULL OR (done.outcome IN UNNEST(@again))) AND image.updated <= @until, FALSE) AS pending
        FROM (
          SELECT listed.*
          FROM (
            SELECT
              name AS uri,
              CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(STRING_AGG(
                CONCAT(uri, '#', CAST(generation AS STRING)), '\n' ORDER BY uri
              ))), 1, 12)) AS INT64) AS generation,
              ARRAY_AGG(ref ORDER BY uri) AS ref,
              MIN(content_type) AS content_type,
              SUM(size) AS size,
              MAX(updated) AS updated,
              CASE
                WHEN MIN(refusal) IS NOT NULL THEN MIN(refusal)
                WHEN COUNT(*) > 3000 THEN 'More than 3,000 images are one question.'
              END AS refusal
            FROM (
              SELECT *
              FROM (
                SELECT
                  image.uri, image.generation, image.ref, image.content_type, image.size, image.updated,
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
          ) AS listed
          WHERE listed.uri IN UNNEST(@uris)
        ) AS image
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
)
-- @run_id STRING
-- @again ARRAY<STRING>
-- @until TIMESTAMP
-- @uris ARRAY<STRING>
-- @fingerprint STRING
