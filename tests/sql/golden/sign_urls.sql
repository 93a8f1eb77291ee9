SELECT uri, signed_url
FROM EXTERNAL_OBJECT_TRANSFORM(TABLE `my-project.bqml_tutorial.movie_posters`, ['SIGNED_URL'])
ORDER BY uri
