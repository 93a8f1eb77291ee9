DROP MODEL IF EXISTS `my-project.films.gemini`
