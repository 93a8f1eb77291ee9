DROP TABLE IF EXISTS `my-project.films.posters_results`
