INSERT INTO `my-project.bqml_tutorial.movie_posters_results` (
  uri, generation, object_table, fingerprint, run_id, attempt, status, outcome, error, job_id, analysed_at
)
SELECT
  uri, generation, object_table, @fingerprint, run_id, attempt,
  refusal, 'INPUT', refusal, @job_id, CURRENT_TIMESTAMP()
FROM `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
WHERE batch = -1 AND run_id = @run_id AND NOT retired
-- @fingerprint STRING
-- @job_id STRING
-- @run_id STRING
