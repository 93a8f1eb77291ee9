ALTER PROJECT `my-project`
SET OPTIONS (
  `region-us.default_cloud_resource_connection_id` = NULL
)
