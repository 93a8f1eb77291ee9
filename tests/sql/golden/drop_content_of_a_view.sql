DROP VIEW IF EXISTS `my-project.films.best_posters`
