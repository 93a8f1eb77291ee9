SELECT `file`, `Title`
FROM `my-project.bqml_tutorial.movie_posters_results`
