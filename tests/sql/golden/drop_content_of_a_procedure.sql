DROP PROCEDURE IF EXISTS `my-project.films.best_posters`
