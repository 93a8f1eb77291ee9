DROP MODEL `my-project.bqml_tutorial.gemini-vision`
