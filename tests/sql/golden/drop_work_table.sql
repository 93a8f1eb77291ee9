DROP TABLE IF EXISTS `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
