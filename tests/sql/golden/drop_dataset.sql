DROP SCHEMA `my-project.bqml_tutorial`
