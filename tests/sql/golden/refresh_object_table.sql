CALL BQ.REFRESH_EXTERNAL_METADATA_CACHE('my-project.bqml_tutorial.movie_posters')
