SELECT uri
FROM `my-project.bqml_tutorial.movie_posters`
WHERE uri IN UNNEST(@uris) OR REGEXP_EXTRACT(uri, '[^/]+$') IN UNNEST(@names)
ORDER BY uri
-- @uris ARRAY<STRING>
-- @names ARRAY<STRING>
