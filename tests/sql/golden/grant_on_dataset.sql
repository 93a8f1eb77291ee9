GRANT `roles/bigquery.dataEditor` ON SCHEMA `my-project.films` TO 'user:a@example.com'
