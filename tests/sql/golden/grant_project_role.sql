GRANT `roles/aiplatform.user` ON PROJECT `my-project` TO 'connection:my-project.us.vision'
