SELECT refusal, COUNT(*) AS objects
FROM (
  SELECT
    CASE
      WHEN COALESCE(image.size, 0) = 0 THEN 'The file is empty.'
      WHEN image.size > 31457280 THEN 'The file is larger than 30 MB.'
      WHEN LOWER(image.content_type) IN UNNEST(['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif']) THEN NULL
      WHEN LOWER(COALESCE(image.content_type, '')) IN UNNEST(['', 'application/octet-stream', 'binary/octet-stream'])
        AND REGEXP_CONTAINS(image.uri, '(?i)\\.(png|jpe?g|webp|hei[cf])$') THEN NULL
      ELSE CONCAT('The model does not read the content type ', COALESCE(image.content_type, '(none)'), '.')
    END AS refusal
  FROM `my-project.bqml_tutorial.movie_posters` AS image
)
GROUP BY refusal
ORDER BY objects DESC, refusal
