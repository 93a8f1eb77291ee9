CREATE OR REPLACE TABLE `my-project.bqml_tutorial.movie_posters_results_formatted` AS (
  SELECT `uri`, `title`, `year`, `outcome`, `error`
  FROM `my-project.bqml_tutorial.movie_posters_results` AS done
  WHERE fingerprint = @fingerprint AND EXISTS (
    SELECT 1
    FROM `my-project.bqml_tutorial.movie_posters` AS image
    WHERE image.uri = done.uri AND image.generation = done.generation
  )
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
)
-- @fingerprint STRING
