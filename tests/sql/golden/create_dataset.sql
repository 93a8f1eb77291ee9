CREATE SCHEMA `my-project.bqml_tutorial`
