SELECT option_value AS connection
FROM `region-us`.INFORMATION_SCHEMA.PROJECT_OPTIONS
WHERE option_name = 'default_cloud_resource_connection_id'
