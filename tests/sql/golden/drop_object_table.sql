DROP EXTERNAL TABLE `my-project.bqml_tutorial.movie_posters`
