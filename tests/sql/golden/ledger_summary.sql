SELECT outcome, deleted, COUNT(*) AS images
FROM (
  SELECT done.outcome, image.uri IS NULL AS deleted
  FROM (
    SELECT uri, generation, outcome, object_table
    FROM `my-project.bqml_tutorial.movie_posters_results`
    WHERE fingerprint = @fingerprint
    QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
  ) AS done
  LEFT JOIN (SELECT uri, MAX(generation) AS generation FROM `my-project.bqml_tutorial.movie_posters` GROUP BY uri) AS image
  ON image.uri = done.uri
  WHERE image.generation = done.generation OR (image.uri IS NULL AND done.object_table = 'my-project.bqml_tutorial.movie_posters')
)
GROUP BY outcome, deleted
ORDER BY outcome, deleted
-- @fingerprint STRING
