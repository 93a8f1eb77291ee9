SELECT image.batch, COUNT(*) AS images, MAX(done.job_id) AS job_id
FROM `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a` AS image
LEFT JOIN `my-project.bqml_tutorial.movie_posters_results` AS done
ON done.uri = image.uri AND done.run_id = @run_id
GROUP BY image.batch
ORDER BY image.batch
-- @run_id STRING
