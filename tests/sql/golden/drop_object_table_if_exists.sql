DROP EXTERNAL TABLE IF EXISTS `my-project.bqml_tutorial.movie_posters`
