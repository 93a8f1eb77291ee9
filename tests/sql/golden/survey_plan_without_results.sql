SELECT
  asked.planned_at, asked.input_calls, asked.input_tokens, asked.output_calls, asked.output_tokens,
  part.pending, part.refusal, part.outcome, part.larger, part.images, part.files, part.bytes, part.examples
FROM (
  SELECT
    @fingerprint AS question,
    CURRENT_TIMESTAMP() AS planned_at,
    COUNT(input_tokens) AS input_calls,
    SUM(input_tokens) AS input_tokens,
    COUNT(output_tokens) AS output_calls,
    SUM(output_tokens) AS output_tokens
  FROM (
    SELECT
      CAST(NULL AS STRING) AS `uri`,
      CAST(NULL AS INT64) AS `generation`,
      CAST(NULL AS STRING) AS `fingerprint`,
      CAST(NULL AS STRING) AS `run_id`,
      CAST(NULL AS INT64) AS `attempt`,
      CAST(NULL AS STRING) AS `outcome`,
      CAST(NULL AS INT64) AS `input_tokens`,
      CAST(NULL AS INT64) AS `output_tokens`,
      CAST(NULL AS INT64) AS `output_limit`,
      CAST(NULL AS TIMESTAMP) AS `analysed_at`
    LIMIT 0
  ) AS called
  WHERE fingerprint = @fingerprint
) AS asked
LEFT JOIN (
  SELECT
    @fingerprint AS question, pending, refusal, outcome, output_limit IS NOT NULL AS larger,
    COUNT(*) AS images,
    SUM(files) AS files,
    SUM(size) AS bytes,
    ARRAY_AGG(uri ORDER BY uri LIMIT 3) AS examples
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
      COALESCE(done.uri IS NULL OR (done.outcome IN UNNEST(@again)), FALSE) AS pending,
      done.outcome, 1 AS files
    FROM `my-project.bqml_tutorial.movie_posters` AS image
    LEFT JOIN (
      SELECT uri, generation, attempt, outcome, run_id, output_limit
      FROM (
        SELECT
          CAST(NULL AS STRING) AS `uri`,
          CAST(NULL AS INT64) AS `generation`,
          CAST(NULL AS STRING) AS `fingerprint`,
          CAST(NULL AS STRING) AS `run_id`,
          CAST(NULL AS INT64) AS `attempt`,
          CAST(NULL AS STRING) AS `outcome`,
          CAST(NULL AS INT64) AS `input_tokens`,
          CAST(NULL AS INT64) AS `output_tokens`,
          CAST(NULL AS INT64) AS `output_limit`,
          CAST(NULL AS TIMESTAMP) AS `analysed_at`
        LIMIT 0
      )
      WHERE fingerprint = @fingerprint
      QUALIFY ROW_NUMBER() OVER (PARTITION BY uri, generation ORDER BY attempt DESC, analysed_at DESC) = 1
    ) AS done
    ON done.uri = image.uri AND done.generation = image.generation
    WHERE TRUE
    QUALIFY ROW_NUMBER() OVER (PARTITION BY image.uri ORDER BY image.generation DESC) = 1
  )
  GROUP BY pending, refusal, outcome, larger
) AS part
ON part.question = asked.question
ORDER BY part.pending, part.refusal, part.outcome, part.larger
-- @fingerprint STRING
-- @again ARRAY<STRING>
