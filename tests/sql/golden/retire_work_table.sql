UPDATE `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
SET retired = TRUE
WHERE run_id = @run_id AND NOT retired
-- @run_id STRING
