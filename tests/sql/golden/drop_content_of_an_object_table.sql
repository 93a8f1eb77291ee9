DROP EXTERNAL TABLE IF EXISTS `my-project.films.best_posters`
