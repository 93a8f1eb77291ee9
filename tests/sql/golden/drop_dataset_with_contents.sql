DROP SCHEMA IF EXISTS `my-project.bqml_tutorial`
CASCADE
