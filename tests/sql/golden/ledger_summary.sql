SELECT outcome, deleted, COUNT(*) AS images
FROM (
  SELECT done.outcome, image.listed IS NULL AS deleted
  FROM `my-project.bqml_tutorial.movie_posters_results` AS done
  LEFT JOIN (
    SELECT uri AS listed, MAX(generation) AS newest
    FROM `my-project.bqml_tutorial.movie_posters` AS every
    GROUP BY uri
  ) AS image
  ON image.listed = done.uri
  WHERE done.fingerprint = @fingerprint AND (image.newest = done.generation OR (image.listed IS NULL AND done.object_table = 'my-project.bqml_tutorial.movie_posters'))
  QUALIFY ROW_NUMBER() OVER (PARTITION BY done.uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
)
GROUP BY outcome, deleted
ORDER BY outcome, deleted
-- @fingerprint STRING
