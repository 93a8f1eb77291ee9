SELECT
  image.batch, image.run_id, image.billing_project, image.retired, image.output_limit,
  COUNT(*) AS images,
  MAX(IF(done.run_id = image.run_id, done.job_id, NULL)) AS job_id,
  COUNTIF(done.run_id = image.run_id AND done.outcome IN UNNEST(['PERMISSION', 'QUOTA'])) AS turned_away,
  COUNTIF(done.run_id = image.run_id AND done.outcome = 'RETRYABLE') AS retryable,
  COUNTIF(done.run_id = image.run_id AND done.outcome = 'TRUNCATED') AS cut,
  COUNTIF(done.run_id != image.run_id) AS overtaken
FROM `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a` AS image
LEFT JOIN (
  SELECT uri, generation, attempt, run_id, job_id, outcome
  FROM `my-project.bqml_tutorial.movie_posters_results`
  WHERE fingerprint = @fingerprint
) AS done
ON done.uri = image.uri AND done.generation = image.generation AND done.attempt >= image.attempt
GROUP BY image.batch, image.run_id, image.billing_project, image.retired, image.output_limit
ORDER BY image.batch
-- @fingerprint STRING
