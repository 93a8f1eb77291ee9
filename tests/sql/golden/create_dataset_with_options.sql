CREATE SCHEMA IF NOT EXISTS `my-project.bqml_tutorial`
OPTIONS (
  location = 'europe-west4',
  description = 'The owner\'s film posters',
  labels = [('team', 'film'), ('stage', '')],
  default_table_expiration_days = 1.5
)
