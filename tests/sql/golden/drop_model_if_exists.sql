DROP MODEL IF EXISTS `my-project.bqml_tutorial.gemini-vision`
