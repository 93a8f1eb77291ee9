CREATE CONNECTION `my-project.us.vision` OPTIONS (connection_type = 'CLOUD_RESOURCE')
