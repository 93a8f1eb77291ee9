SELECT COUNT(*) AS objects
FROM `my-project.bqml_tutorial.movie_posters`
WHERE content_type IN UNNEST(@content_types)
  AND size <= @max_size
-- @content_types ARRAY<STRING>
-- @max_size INT64
