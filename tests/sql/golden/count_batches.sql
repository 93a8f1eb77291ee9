SELECT batch, COUNT(*) AS images
FROM `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
GROUP BY batch
ORDER BY batch
