SELECT image.batch, image.run_id, image.billing_project, image.retired
FROM `my-project.films.posters_results__work_0f1e2d3c4b5a` AS image
LEFT JOIN `my-project.films.posters_results` AS done
ON done.run_id = image.run_id AND done.uri = image.uri AND done.generation = image.generation
GROUP BY image.batch, image.run_id, image.billing_project, image.retired
HAVING COUNTIF(done.uri IS NOT NULL) = 0
ORDER BY image.batch
LIMIT 200
