ALTER TABLE `my-project.bqml_tutorial.movie_posters_results`
ADD COLUMN IF NOT EXISTS `year` INT64
