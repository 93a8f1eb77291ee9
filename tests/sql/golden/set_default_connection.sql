ALTER PROJECT `my-project`
SET OPTIONS (
  `region-europe-west4.default_cloud_resource_connection_id` = 'vision'
)
