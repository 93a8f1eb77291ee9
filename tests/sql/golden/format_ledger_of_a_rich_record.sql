CREATE OR REPLACE TABLE `my-project.library.books_formatted` AS (
  SELECT `uri`, `binding`, `edition`, `printed`, `scanned`, `subjects`, `author`, `others`, `outcome`, `error`
  FROM `my-project.library.books_results` AS done
  WHERE fingerprint = @fingerprint AND EXISTS (
    SELECT 1
    FROM `my-project.library.books` AS image
    WHERE image.uri = done.uri AND image.generation = done.generation
  )
  QUALIFY ROW_NUMBER() OVER (PARTITION BY uri ORDER BY generation DESC, attempt DESC, analysed_at DESC) = 1
)
-- @fingerprint STRING
