SELECT *
FROM `my-project.bqml_tutorial.movie_posters_results`
ORDER BY uri
