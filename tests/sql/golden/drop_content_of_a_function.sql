DROP FUNCTION IF EXISTS `my-project.films.best_posters`
