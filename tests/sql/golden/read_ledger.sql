SELECT `uri`, `generation`, `object_table`, `fingerprint`, `run_id`, `attempt`, `status`, `outcome`, `error`, `text`, `finish_reason`, `input_tokens`, `output_tokens`, `output_limit`, `job_id`, `analysed_at`, `title`, `year`
FROM `my-project.bqml_tutorial.movie_posters_results`
WHERE fingerprint = @fingerprint AND uri IN (SELECT uri FROM `my-project.bqml_tutorial.movie_posters`)
QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
ORDER BY uri
-- @fingerprint STRING
