SELECT uri, generation, content_type, size, md5_hash, updated
FROM `my-project.bqml_tutorial.movie_posters`
WHERE content_type IN UNNEST(@content_types)
  AND size >= @min_size
  AND size <= @max_size
  AND updated >= @updated_after
  AND updated < @updated_before
ORDER BY uri
LIMIT 10
-- @content_types ARRAY<STRING>
-- @min_size INT64
-- @max_size INT64
-- @updated_after TIMESTAMP
-- @updated_before TIMESTAMP
