SELECT COUNT(*) AS objects
FROM `my-project.bqml_tutorial.movie_posters`
