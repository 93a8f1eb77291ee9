SELECT
  COUNT(*) AS images,
  COUNTIF(pending AND refusal IS NULL) AS pending,
  COUNTIF(pending AND refusal IS NOT NULL) AS refused
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
    COALESCE((done.uri IS NULL OR (done.outcome IN UNNEST(@again))) AND image.updated <= @until, FALSE) AS pending
  FROM (
    SELECT listed.uri, listed.generation, listed.ref, listed.content_type, listed.size, listed.updated
    FROM `my-project.bqml_tutorial.movie_posters` AS listed
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
-- @again ARRAY<STRING>
-- @until TIMESTAMP
-- @uris ARRAY<STRING>
-- @fingerprint STRING
