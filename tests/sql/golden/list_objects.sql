SELECT uri, generation, content_type, size, md5_hash, updated
FROM `my-project.bqml_tutorial.movie_posters`
ORDER BY uri
