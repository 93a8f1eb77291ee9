SELECT `uri`, `generation`, `object_table`, `fingerprint`, `run_id`, `attempt`, `status`, `outcome`, `error`, `text`, `finish_reason`, `input_tokens`, `output_tokens`, `output_limit`, `job_id`, `analysed_at`, `title`, `year`
FROM `my-project.bqml_tutorial.movie_posters_results` AS done
WHERE fingerprint = @fingerprint AND EXISTS (
  SELECT 1
  FROM `my-project.bqml_tutorial.movie_posters` AS image
  WHERE image.uri = done.uri AND image.generation = done.generation
)
QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
ORDER BY uri
-- @fingerprint STRING
