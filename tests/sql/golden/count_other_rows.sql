SELECT COUNT(*) AS others
FROM `my-project.films.posters_results`
WHERE fingerprint IS NULL OR fingerprint != @fingerprint
-- @fingerprint STRING
