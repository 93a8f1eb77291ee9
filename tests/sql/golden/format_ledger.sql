CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results_formatted` AS (
  SELECT `uri`, `title`, `year`, `outcome`, `error`
  FROM `my-project.bqml_tutorial.movie_posters_results`
  WHERE fingerprint = @fingerprint AND uri IN (SELECT uri FROM `my-project.bqml_tutorial.movie_posters`)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
)
-- @fingerprint STRING
